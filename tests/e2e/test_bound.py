"""A key bound to a resource by id, by name or by a group reaches it in each spelling of each route, and nothing beside it."""

import json
import re
import uuid
from urllib.parse import quote

import httpx
import pytest

from fixtures import end, maker

ADMIN = ["secrets:read", "secrets:write", "keys:read", "keys:write", "encryption:encrypt", "encryption:decrypt"]
ABSENT = "00000000-0000-4000-8000-000000000000"

# What is asked of each kind of resource: method, path and body. {ref} is the resource's id, then its name; {id} and {name} are
# what a route takes in that spelling alone.
ON_ENCRYPTION = [
    ("GET", "/keys/{ref}", None),
    ("GET", "/keys/{ref}/versions", None),
    ("GET", "/keys/{ref}/public-key", None),
    ("GET", "/keys/{ref}/public", None),
    ("POST", "/keys/{ref}/rotate", {}),
    ("PATCH", "/keys/{ref}", {"labels": ["bound"], "name": "{name}"}),
    ("PUT", "/keys/{ref}/min-decryption-version", {"minDecryptionVersion": 1}),
    ("POST", "/transit/keys/{ref}/config", {"minDecryptionVersion": 1}),
    ("POST", "/keys/{ref}/generate-data-key", {}),
    ("POST", "/keys/{ref}/generate-data-key-without-plaintext", {}),
    ("POST", "/keys/{ref}/unwrap", {"wrappedKey": "{wrapped}"}),
    ("POST", "/transit/datakey/{ref}", {}),
    ("POST", "/transit/datakey/{ref}/without-plaintext", {}),
    ("POST", "/transit/encrypt/{ref}", {"plaintext": "eA=="}),
    ("POST", "/transit/decrypt/{ref}", {"ciphertext": "{vault}"}),
    ("POST", "/transit/rewrap/{ref}", {"ciphertext": "{vault}"}),
    ("POST", "/transit/batch/encrypt/{ref}", {"items": [{"plaintext": "eA=="}]}),
    ("POST", "/transit/batch/decrypt/{ref}", {"items": [{"ciphertext": "{vault}"}]}),
    ("POST", "/transit/batch/rewrap/{ref}", {"items": [{"ciphertext": "{vault}"}]}),
    ("POST", "/encrypt", {"plaintext": "x", "keyId": "{ref}"}),
    ("POST", "/encrypt/batch", {"items": [{"plaintext": "x"}, {"plaintext": "y"}], "keyId": "{ref}"}),
    ("POST", "/decrypt", {"encryptedPayload": "{payload}"}),
    ("POST", "/decrypt", {"encryptedPayload": "{vault}"}),
    ("POST", "/decrypt/batch", {"items": [{"encryptedPayload": "{payload}"}]}),
    ("POST", "/rewrap", {"encryptedPayload": "{payload}"}),
    ("POST", "/rewrap", {"encryptedPayload": "{payload}", "keyId": "{ref}"}),
    ("POST", "/rewrap/batch", {"items": [{"encryptedPayload": "{payload}"}], "keyId": "{ref}"}),
    ("DELETE", "/keys/{ref}", None),
    ("POST", "/keys/{ref}/recover", {}),
]
ON_SIGNING = [
    ("POST", "/sign", {"keyId": "{ref}", "data": "eA=="}),
    ("POST", "/sign/batch", {"keyId": "{ref}", "items": [{"data": "eA=="}]}),
    ("POST", "/verify", {"keyId": "{ref}", "data": "eA==", "encoding": "base64", "signature": "{signature}"}),
    ("POST", "/verify/batch", {"keyId": "{ref}", "items": [{"data": "eA==", "encoding": "base64", "signature": "{signature}"}]}),
    ("POST", "/transit/sign/{ref}", {"data": "eA=="}),
    ("POST", "/transit/verify/{ref}", {"data": "eA==", "signature": "{signature}"}),
]
ON_HMAC = [
    ("POST", "/hmac", {"keyId": "{ref}", "data": "x"}),
    ("POST", "/hmac/batch", {"keyId": "{ref}", "items": [{"data": "x"}]}),
    ("POST", "/transit/hmac/{ref}", {"data": "eA=="}),
]
ON_SECRET = [
    ("GET", "/secrets/{id}", None),
    ("GET", "/secrets/by-name/{name}", None),
    ("PUT", "/secrets/{id}/value", {"value": "w"}),
    ("POST", "/secrets/{id}/rollback", {"version": 1}),
    ("GET", "/secrets/{id}/history", None),
    ("GET", "/secrets/{id}/versions", None),
    ("DELETE", "/secrets/{id}", None),
]
ASKED = {"encryption": ON_ENCRYPTION, "signing": ON_SIGNING, "hmac": ON_HMAC, "secret": ON_SECRET}
# What names its resource otherwise, or none of these kinds.
ELSEWHERE = {"/secrets", "/keys", "/keys/import", "/keys/{id}/set-default"}


class World:
    def __init__(self, server):
        self.server = server
        self.client = httpx.Client(base_url=server.plain_url, timeout=30)

    def ask(self, key, method, path, body=None):
        return self.client.request(method, "/api/v1" + path, json=body, headers={"X-Api-Key": key})

    def owner(self, method, path, body=None):
        answer = self.ask(self.server.api_key, method, path, body)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    def resource(self, kind):
        """A resource of the kind, with all that the calls on it name."""
        name = f"{kind}-{uuid.uuid4().hex[:8]}"
        if kind == "secret":
            made = self.owner("POST", "/secrets", {"name": "bound/" + name, "value": "v"})
            return {"kind": kind, "id": made["id"], "name": made["name"]}
        algorithm = {"encryption": "ML-KEM-768", "signing": "ML-DSA-44", "hmac": "HMAC-SHA256"}[kind]
        made = self.owner("POST", "/keys", {"name": name, "keyType": kind, "algorithm": algorithm})
        thing = {"kind": kind, "id": made["id"], "name": name}
        if kind == "encryption":
            thing["payload"] = self.owner("POST", "/encrypt", {"plaintext": "x", "keyId": thing["id"]})["encryptedPayload"]
            thing["vault"] = self.owner("POST", "/transit/encrypt/" + name, {"plaintext": "eA=="})["ciphertext"]
            thing["wrapped"] = self.owner("POST", f"/keys/{name}/generate-data-key", {})["encryptedKey"]
        if kind == "signing":
            thing["signature"] = self.owner("POST", "/transit/sign/" + name, {"data": "eA=="})["signature"]
        return thing

    def absent(self, thing):
        """The same as a thing that is not there: what it sealed names a key that nobody has."""
        gone = {**thing, "id": ABSENT, "name": "absent-" + uuid.uuid4().hex[:8]}
        if "payload" in thing:
            from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
            swap = lambda octets: octets.replace(uuid.UUID(thing["id"]).bytes, uuid.UUID(ABSENT).bytes)
            pad = lambda text: text + "=" * (-len(text) % 4)
            url = lambda text: "qa1." + urlsafe_b64encode(swap(urlsafe_b64decode(pad(text[4:])))).decode().rstrip("=")
            gone["payload"], gone["wrapped"] = url(thing["payload"]), url(thing["wrapped"])
            head, _, rest = thing["vault"].rpartition(":")
            gone["vault"] = head + ":" + b64encode(swap(b64decode(rest))).decode()
            assert gone["payload"] != thing["payload"] and gone["vault"] != thing["vault"]
        return gone

    def bound(self, way, thing, **options):
        kind = "secret" if thing["kind"] == "secret" else "key"
        binding = {"type": kind, way: thing.get(way)}
        if way == "group":
            group = self.owner("POST", "/resource-groups", {"name": "g-" + uuid.uuid4().hex[:8]})["id"]
            self.owner("POST", f"/resource-groups/{group}/items",
                       {"resourceType": "Secret" if kind == "secret" else "CryptoKey", "resourceId": thing["id"]})
            binding = {"type": "group", "id": group}
        return self.owner("POST", "/apikeys", {"name": "bound-" + uuid.uuid4().hex[:8], "role": "admin", "scopes": ADMIN, "bindings": [binding],
                                               **options})

    def events(self, answer):
        items = self.owner("GET", "/audit-logs?pageSize=20")["items"]
        return [{k: v for k, v in item.items() if k in ("action", "outcome", "error", "channel", "batchSize", "failedItems")}
                for item in items if item["requestId"] == answer.headers["x-request-id"]]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(request, tmp_path_factory):
    make, made = maker(request, tmp_path_factory.mktemp("bound"))
    yield World(make(request.param).init().start())
    end(made)


def spelled(thing, asked):
    """Each spelling of a call on the thing."""
    method, path, body = asked
    said = path + json.dumps(body)
    for ref in [thing["id"], thing["name"]] if "{ref}" in said else [thing["id"]]:
        known = {**thing, "ref": ref}
        fill = lambda text, form: re.sub(r"\{(\w+)\}", lambda m: form(known[m[1]]), text)
        yield method, fill(path, lambda text: quote(text, safe="")), \
            body and json.loads(fill(json.dumps(body), lambda text: json.dumps(text)[1:-1]))


def said_of(answer):
    problem = answer.json()
    if "results" in problem:
        return answer.status_code, [result.get("error") for result in problem["results"]]
    return answer.status_code, problem["error"], problem["detail"]


def test_the_table_has_every_route_that_takes_a_key_or_a_secret(world):
    paths = world.client.get("/openapi.json").json()["paths"]
    taking = {p.removeprefix("/api/v1") for p in paths if re.match(
        r"/api/v1/(secrets|keys|transit|encrypt|decrypt|rewrap|sign|verify|hmac)(/|$)", p)}
    asked = {re.sub(r"\{\w+\}", "{}", path) for calls in ASKED.values() for _, path, _ in calls}
    assert {re.sub(r"\{\w+\}", "{}", p) for p in taking - ELSEWHERE} == asked


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("way", ["id", "name", "group"])
def test_a_bound_key_reaches_its_resource_however_it_is_asked_for(world, way, kind):
    thing = world.resource(kind)
    key = world.bound(way, thing)["apiKey"]
    for asked in ASKED[kind]:
        for call in spelled(thing, asked):
            if asked[1].endswith("/recover"):
                world.owner("DELETE", "/keys/" + thing["id"])
            answer = world.ask(key, *call)
            assert answer.status_code in (200, 201, 204), (call, answer.text)
            if answer.content and "results" in answer.json():
                assert all("error" not in result for result in answer.json()["results"]), (call, answer.text)
            if asked[0] == "DELETE" and kind == "encryption":
                world.owner("POST", f"/keys/{thing['id']}/recover", {})


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("way", ["id", "name", "group"])
def test_a_bound_key_reaches_nothing_beside_it_and_is_not_told_what_there_is(world, way, kind):
    thing, neighbour = world.resource(kind), world.resource(kind)
    key = world.bound(way, thing)["apiKey"]
    absent = world.absent(neighbour)
    for asked in ASKED[kind]:
        for call, nowhere in zip(spelled(neighbour, asked), spelled(absent, asked)):
            answer, other = world.ask(key, *call), world.ask(key, *nowhere)
            if "results" in answer.json():
                assert all(result["error"]["code"] == "insufficient_scope" for result in answer.json()["results"]), (call, answer.text)
            else:
                assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope"), (call, answer.text)
            assert said_of(answer) == said_of(other), call
            assert world.events(answer) == world.events(other), call


@pytest.mark.parametrize("way", ["id", "name", "group"])
def test_an_item_of_a_batch_that_may_not_be_reached_fails_alone(world, way):
    mine, theirs = world.resource("encryption"), world.resource("encryption")
    key = world.bound(way, mine)["apiKey"]
    items = {"items": [{"encryptedPayload": each["payload"]} for each in (mine, theirs, mine)]}
    for path in ("/decrypt/batch", "/rewrap/batch"):
        answer = world.ask(key, "POST", path, items)
        assert answer.status_code == 200, answer.text
        assert [result.get("error", {}).get("code") for result in answer.json()["results"]] == [None, "insufficient_scope", None]


@pytest.mark.parametrize("way", ["id", "name", "group"])
def test_a_key_bound_to_the_default_key_uses_it_unnamed(world, way):
    keys = world.owner("GET", "/keys?keyType=encryption")["keys"]
    default = {**next(key for key in keys if key["isDefault"]), "kind": "encryption"}
    key, other = world.bound(way, default)["apiKey"], world.bound(way, world.resource("encryption"))["apiKey"]
    sealed = world.ask(key, "POST", "/encrypt", {"plaintext": "x"})
    assert sealed.status_code == 200, sealed.text
    parts = {name: sealed.json()[name] for name in ("ciphertext", "encapsulatedKey", "nonce", "tag")}
    assert world.ask(key, "POST", "/encrypt/batch", {"items": [{"plaintext": "x"}]}).status_code == 200
    for version in (1, None):
        opened = world.ask(key, "POST", "/decrypt", {**parts, **({"keyVersion": version} if version else {})})
        assert opened.json() == {"plaintext": "x"}
    for path, body in (("/encrypt", {"plaintext": "x"}), ("/decrypt", parts)):
        assert world.ask(other, "POST", path, body).status_code == 403


@pytest.mark.parametrize("kind", ["secret", "encryption"])
@pytest.mark.parametrize("way", ["id", "name", "group"])
def test_explain_and_lists_say_what_the_routes_do(world, way, kind):
    thing, neighbour = world.resource(kind), world.resource(kind)
    made = world.bound(way, thing)
    of = "secrets" if kind == "secret" else "keys"
    listed = world.ask(made["apiKey"], "GET", "/" + of).json()[of]
    assert [each["id"] for each in listed] == [thing["id"]]
    for each, reaches in ((thing, True), (neighbour, False)):
        for spelling in ("id", "name"):
            explained = world.owner("GET", f"/access/explain?type={of[:-1]}&{spelling}={quote(each[spelling], safe='')}")
            found = [reach for reach in explained["keys"] if reach["keyId"] == made["id"]]
            assert bool(found) == reaches
            assert not found or found[0]["through"] == ("group" if way == "group" else "binding")


def test_a_binding_by_name_waits_for_what_is_made_by_it(world):
    for kind, path, body in (("secret", "/secrets", {"value": "v"}), ("key", "/keys", {"keyType": "encryption", "algorithm": "ML-KEM-768"})):
        name = "later-" + uuid.uuid4().hex[:8]
        key = world.bound("name", {"kind": kind, "name": name})["apiKey"]
        assert world.ask(key, "POST", path, {**body, "name": name + "x"}).status_code == 403
        made = world.ask(key, "POST", path, {**body, "name": name})
        assert made.status_code == 201, made.text
        assert world.ask(key, "GET", f"{path}/{made.json()['id']}").status_code == 200


def test_a_key_bound_by_id_cannot_give_its_key_a_name_that_others_may_be_bound_to(world):
    thing = world.resource("encryption")
    key = world.bound("id", thing)["apiKey"]
    for method, path in (("PATCH", "/keys/{ref}"), ("POST", "/keys/{ref}/rotate")):
        for call in spelled(thing, (method, path, {"name": "of-others"})):
            assert world.ask(key, *call).status_code == 403


def test_a_binding_that_gives_id_and_name_names_one_resource(world):
    for kind in ("secret", "encryption"):
        one, other = world.resource(kind), world.resource(kind)
        of = "secret" if kind == "secret" else "key"
        make = lambda **binding: world.ask(world.server.api_key, "POST", "/apikeys", {
            "name": "both", "scopes": ["secrets:read"], "bindings": [{"type": of, **binding}]})
        assert make(id=one["id"], name=one["name"]).status_code == 201
        for binding in ({"id": one["id"], "name": other["name"]}, {"id": ABSENT, "name": one["name"]}, {"id": one["id"], "name": "nobody's"}):
            refused = make(**binding)
            assert refused.status_code == 400 and "bindings.0" in refused.json()["detail"], refused.text
