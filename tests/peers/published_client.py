"""The published Python client in both of its forms, for the tests of each release."""

import asyncio
import enum
import inspect
import uuid

import pytest
import quantumapi


class Sync:
    def __init__(self, **options):
        self.client = quantumapi.QuantumAPISyncClient(**options)

    def __call__(self, answer):
        return answer

    def close(self):
        self.client.close()


class Async:
    """A loop of its own: asyncio.run would change how the synchronous client works afterwards."""

    def __init__(self, **options):
        self.loop = asyncio.new_event_loop()
        self.client = quantumapi.QuantumAPIClient(**options)

    def __call__(self, answer):
        return self.loop.run_until_complete(answer)

    def close(self):
        self.loop.run_until_complete(self.client.close())
        self.loop.close()


@pytest.fixture
def connect(request, shared_server, monkeypatch):
    # Its own setting: without it each 503 is tried again for 14 seconds.
    monkeypatch.setenv("QUANTUMAPI_MAX_RETRIES", "0")
    made = []

    def make(kind, api_key=None):
        made.append(kind(api_key=api_key or shared_server.api_key, base_url=shared_server.plain_url))
        return made[-1], made[-1].client

    yield make
    for each in made:
        each.close()


@pytest.fixture(params=[Sync, Async])
def api(request, connect):
    """`call, client`: call(client.secrets.get(…)) gives the answer of either client."""
    return connect(request.param)


def name(what="secret"):
    return f"{what}-{uuid.uuid4()}"


# --- the list of calls --------------------------------------------------------------------------

class Traced:
    """A client that notes which of its methods were called: {"keys.rotate", …}."""

    def __init__(self, client, seen):
        self.client, self.seen = client, seen

    def __getattr__(self, product):
        return TracedProduct(getattr(self.client, product), product, self.seen)


class TracedProduct:
    def __init__(self, product, name, seen):
        self.product, self.name, self.seen = product, name, seen

    def __getattr__(self, method):
        self.seen.add(f"{self.name}.{method}")
        return getattr(self.product, method)


class Table:
    """What comes of each call: `outcome("keys.rotate")` holds the function that proves it."""

    def __init__(self):
        self.proofs = {}

    def outcome(self, call):
        def keep(proof):
            assert call not in self.proofs, call
            self.proofs[call] = proof
            return proof
        return keep

    def prove(self, call, api):
        run, client = api
        seen = set()
        self.proofs[call](run, Traced(client, seen))
        assert call in seen, f"the proof of {call} does not call it"


def public_methods():
    """Every public method of every product of the client: {"keys.rotate": function}."""
    client = quantumapi.QuantumAPIClient(api_key="none", base_url="http://127.0.0.1:1")
    products = {n: type(p) for n, p in vars(client).items() if not n.startswith("_") and type(p).__module__.startswith("quantumapi.")}
    return {f"{product}.{method}": function for product, kind in products.items()
            for method, function in inspect.getmembers(kind, callable) if not method.startswith("_")}


def arguments(function):
    """Arguments that the client takes, made of a method's annotations: what is asked is not served."""
    made = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.default is not inspect.Parameter.empty:
            continue
        kind = str(parameter.annotation)
        if isinstance(parameter.annotation, type) and issubclass(parameter.annotation, enum.Enum):
            made[parameter.name] = next(iter(parameter.annotation))
        elif "UUID" in kind or parameter.name.endswith("_id"):
            made[parameter.name] = uuid.uuid4()
        elif "List" in kind:
            made[parameter.name] = [{"name": "x", "value": "y"}] if "Dict" in kind else ["https://x.example.org"]
        else:
            made[parameter.name] = 1 if parameter.annotation is int else "x@example.org"
    return made
