"""Release 0.21.0 of the published client, unchanged: the list of its calls and what comes of each.

It reads answers in snake_case only, asks for more members than later releases, and cannot read
the errors 400, 401, 403, 404 and 422: it raises TypeError for each.
"""

import base64
import datetime
import importlib.metadata
import os
import uuid

import pytest
import quantumapi
from published_client import Table, arguments, name, public_methods
from quantumapi.models.keys import KeyStatus, KeyType

TABLE = Table()
outcome = TABLE.outcome

NOT_SERVED = {
    "applications.": "QuantumID", "end_users.": "QuantumID", "roles.": "QuantumID",
    "secrets.update": "PATCH /secrets/{id}", "secrets.deactivate": "POST /secrets/{id}/deactivate",
    "secrets.activate": "POST /secrets/{id}/activate", "secrets.restore": "as activate", "secrets.share": "POST /secrets/{id}/share",
    "secrets.insights": "GET /secrets/{id}/insights", "secrets.import_secrets": "POST /secrets/import",
}
# It puts a UUID into JSON, and nothing is sent.
NEVER_SENT = {
    "encryption.sign": lambda client: client.encryption.sign("x", uuid.uuid4()),
    "encryption.verify": lambda client: client.encryption.verify("x", "eA==", uuid.uuid4()),
}


def is_served(call):
    return not any(call.startswith(prefix) if prefix.endswith(".") else call == prefix for prefix in NOT_SERVED)


# --- health and entropy -------------------------------------------------------------------------

@outcome("health.check")
def _(call, client):
    health = call(client.health.check())
    assert health.status == "healthy" and health.version and datetime.datetime.fromisoformat(health.timestamp)


@outcome("health.version")
def _(call, client):
    version = call(client.health.version())
    assert version.version and version.build and version.commit


@outcome("health.rate_limit")
def _(call, client):
    rate = call(client.health.rate_limit())
    assert rate.limit >= rate.remaining >= 0 and rate.period


@outcome("qrng.get_entropy")
def _(call, client):
    assert len(call(client.qrng.get_entropy(32, allow_csprng=True)).as_bytes()) == 32


# --- encryption ---------------------------------------------------------------------------------

@outcome("encryption.encrypt")
def _(call, client):
    sealed = call(client.encryption.encrypt("ada@example.org", additional_data="row 7"))
    assert sealed.encrypted_payload.startswith("qa1.") and sealed.algorithm == "ML-KEM-768" and sealed.key_version >= 1


@outcome("encryption.decrypt")
def _(call, client):
    sealed = call(client.encryption.encrypt("text", additional_data="row 7"))
    parts = dict(ciphertext=sealed.ciphertext, encapsulated_key=sealed.encapsulated_key, nonce=sealed.nonce, tag=sealed.tag)
    assert call(client.encryption.decrypt(sealed.encrypted_payload, additional_data="row 7")).plaintext == "text"
    assert call(client.encryption.decrypt(**parts, additional_data="row 7")).plaintext == "text"
    with pytest.raises(TypeError):
        call(client.encryption.decrypt(sealed.encrypted_payload, additional_data="row 8"))


# --- keys ---------------------------------------------------------------------------------------

ALGORITHMS = {KeyType.ENCRYPTION: "ML-KEM-768", KeyType.SIGNING: "ML-DSA-65", KeyType.HMAC: "HMAC-SHA3-256"}


def new_key(call, client, kind=KeyType.ENCRYPTION, **options):
    return call(client.keys.generate(options.pop("name", name("key")), kind, ALGORITHMS[kind], **options))


@outcome("keys.generate")
def _(call, client):
    key = new_key(call, client, description="what for", labels=["a"])
    assert (key.key_type, key.purpose, key.status, key.version, key.is_default) == (KeyType.ENCRYPTION, "encryption", KeyStatus.ACTIVE, 1, False)
    assert (key.description, key.labels) == ("what for", ["a"]) and key.updated_at >= key.created_at
    with pytest.raises(quantumapi.QuantumAPIError) as raised:  # it knows no class for 409
        new_key(call, client, name=key.name)
    assert raised.value.error_code == "key_name_conflict"


@outcome("keys.import_key")
def _(call, client):
    material = base64.b64encode(os.urandom(32)).decode()
    assert call(client.keys.import_key(name("imported"), KeyType.HMAC, "HMAC-SHA3-256", material)).key_type == KeyType.HMAC


@outcome("keys.list")
def _(call, client):
    key = new_key(call, client, KeyType.HMAC)
    page = call(client.keys.list(key_type=KeyType.HMAC, status="active", page_size=200))
    assert key.id in {k.id for k in page.keys} and (page.page, page.page_size, page.has_more) == (1, 200, False)


@outcome("keys.get")
def _(call, client):
    key = new_key(call, client)
    assert call(client.keys.get(key.id)) == key


@outcome("keys.rotate")
def _(call, client):
    key = new_key(call, client)
    rotated = call(client.keys.rotate(key.id, set_as_default=False))
    assert (rotated.id, rotated.version) == (key.id, 2) and rotated.updated_at > key.updated_at


@outcome("keys.delete")
def _(call, client):
    key = new_key(call, client)
    assert call(client.keys.delete(key.id, schedule_days=7)) is None
    assert call(client.keys.get(key.id)).status == KeyStatus.SCHEDULED_DELETION


@outcome("keys.set_default")
def _(call, client):
    before = next(k for k in call(client.keys.list(key_type=KeyType.SIGNING, page_size=200)).keys if k.is_default)
    key = new_key(call, client, KeyType.SIGNING)
    assert call(client.keys.set_default(key.id, KeyType.SIGNING)) is None
    assert call(client.keys.get(key.id)).is_default
    call(client.keys.set_default(before.id, KeyType.SIGNING))


@outcome("keys.update")
def _(call, client):
    key = new_key(call, client)
    changed = call(client.keys.update(key.id, description="new", status="disabled"))
    assert (changed.description, changed.status) == ("new", KeyStatus.INACTIVE)


@outcome("keys.export_public_key")
def _(call, client):
    assert call(client.keys.export_public_key(new_key(call, client).id)).startswith("-----BEGIN PUBLIC KEY-----\n")


@outcome("keys.get_public_key")
def _(call, client):
    key = new_key(call, client)
    shown = call(client.keys.get_public_key(key.id, include=["name"], format="der"))
    assert (shown.key_id, shown.name, shown.format) == (key.id, key.name, "der")


@outcome("keys.check")
def _(call, client):
    assert call(client.keys.check(new_key(call, client).id)).healthy


# --- resource groups ----------------------------------------------------------------------------

def new_group(call, client):
    return call(client.resource_groups.create(name("group"), description="d"))


@outcome("resource_groups.create")
def _(call, client):
    assert new_group(call, client).item_count == 0


@outcome("resource_groups.list")
def _(call, client):
    group = new_group(call, client)
    assert group.id in {g.id for g in call(client.resource_groups.list()).groups}


@outcome("resource_groups.get")
def _(call, client):
    group = new_group(call, client)
    assert call(client.resource_groups.get(group.id)).name == group.name


@outcome("resource_groups.update")
def _(call, client):
    wanted = name("group")
    assert call(client.resource_groups.update(new_group(call, client).id, wanted)).name == wanted


@outcome("resource_groups.delete")
def _(call, client):
    assert call(client.resource_groups.delete(new_group(call, client).id)) is None


@outcome("resource_groups.add_item")
def _(call, client):
    group, key = new_group(call, client), new_key(call, client)
    assert call(client.resource_groups.add_item(group.id, "CryptoKey", key.id)) is None
    assert [i.resource_id for i in call(client.resource_groups.get(group.id)).items] == [key.id]


@outcome("resource_groups.remove_item")
def _(call, client):
    group, key = new_group(call, client), new_key(call, client)
    call(client.resource_groups.add_item(group.id, "CryptoKey", key.id))
    item, = call(client.resource_groups.get(group.id)).items
    assert call(client.resource_groups.remove_item(group.id, item.id)) is None
    assert call(client.resource_groups.get(group.id)).items == []


# --- secrets ------------------------------------------------------------------------------------

def new_secret(call, client, value="v", **options):
    return call(client.secrets.create(name(), value, **options))


@outcome("secrets.create")
def _(call, client):
    made = new_secret(call, client, "p\u00e4ss", content_type="login", username="ada", labels=["a"], urls=[{"url": "https://x.example.org"}],
                      custom_fields=[{"port": 1}], totp_secret="JBSWY3DPEHPK3PXP")
    assert (made.value, made.version, made.content_type, made.is_active, made.has_totp) == ("p\u00e4ss", 1, "login", True, True)


@outcome("secrets.list")
def _(call, client):
    made = new_secret(call, client, labels=["a"])
    page = call(client.secrets.list(search=made.name, label="a"))
    assert ([s.id for s in page.secrets], page.total, page.page_size, page.has_more) == ([made.id], 1, 50, False)


@outcome("secrets.get")
def _(call, client):
    made = new_secret(call, client, notes="n")
    read = call(client.secrets.get(made.id, include=["notes"]))
    assert (read.value, read.notes) == ("v", "n") and read.updated_at >= read.created_at
    with pytest.raises(TypeError):
        call(client.secrets.get(uuid.uuid4()))


@outcome("secrets.update_value")
def _(call, client):
    made = new_secret(call, client)
    changed = call(client.secrets.update_value(made.id, "w"))
    assert (changed.id, changed.version, changed.value) == (made.id, 2, "w")


@outcome("secrets.delete")
def _(call, client):
    made = new_secret(call, client)
    assert call(client.secrets.delete(made.id)) is None
    assert call(client.secrets.list(search=made.name)).total == 0


@outcome("secrets.list_versions")
def _(call, client):
    made = new_secret(call, client)
    for i in range(6):
        call(client.secrets.update_value(made.id, f"w{i}"))
    versions = call(client.secrets.list_versions(made.id)).versions
    assert [v.version for v in versions] == [7, 6, 5, 4, 3, 2, 1] and all(v.created_at for v in versions)


@outcome("secrets.rollback")
def _(call, client):
    made = new_secret(call, client, "one")
    call(client.secrets.update_value(made.id, "two"))
    restored = call(client.secrets.rollback(made.id, 1))
    assert (restored.id, restored.version, restored.value) == (made.id, 3, "one")
    assert call(client.secrets.get(made.id)).value == "one"


# --- the list ----------------------------------------------------------------------------------

def test_this_is_the_release():
    assert importlib.metadata.version("quantumapi") == "0.21.0"


def test_every_public_method_is_accounted_for():
    assert {m for m in public_methods() if is_served(m)} == set(TABLE.proofs) | set(NEVER_SENT)


@pytest.mark.parametrize("call", sorted(TABLE.proofs))
def test_a_call_works(api, call):
    TABLE.prove(call, api)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("call", sorted(m for m in public_methods() if not is_served(m)))
def test_what_is_not_served_is_an_error(api, call):
    run, client = api
    product, method = call.split(".")
    with pytest.raises((TypeError, quantumapi.QuantumAPIError)):  # 404, 405
        run(getattr(getattr(client, product), method)(**arguments(public_methods()[call])))


@pytest.mark.parametrize("call", NEVER_SENT)
def test_what_the_client_cannot_write_is_never_sent(api, call):
    run, client = api
    with pytest.raises(TypeError):
        run(NEVER_SENT[call](client))
