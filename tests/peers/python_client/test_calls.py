"""The list of calls that the published client can make, and what comes of each."""

import base64
import datetime
import gzip
import json
import os
import uuid

import pytest
import quantumapi
from harness import wait_until
from published_client import Table, arguments, name, public_methods
from quantumapi.models import file_stream_config
from quantumapi.models.keys import KeyStatus, KeyType

TABLE = Table()
outcome = TABLE.outcome

# Whole products and single calls that this server does not serve yet: each is a clear error.
NOT_SERVED = {
    "applications.": "QuantumID", "end_users.": "QuantumID", "roles.": "QuantumID", "compliance.": "compliance",
    "secrets.update": "PATCH /secrets/{id}", "secrets.deactivate": "POST /secrets/{id}/deactivate",
    "secrets.activate": "POST /secrets/{id}/activate", "secrets.restore": "as activate",
    "secrets.insights": "GET /secrets/{id}/insights", "secrets.import_secrets": "POST /secrets/import",
    "secrets.create_shared_link": "POST /vault/share", "secrets.share": "POST /vault/share",
    "secrets.list_shared_links": "GET /vault/share/by-secret/{id}", "secrets.revoke_shared_link": "DELETE /vault/share/{link}",
    "secrets.open_shared_link": "POST /share/{token}",
}
# What the client itself cannot do: it puts a UUID or a datetime into JSON, and nothing is sent.
NEVER_SENT = {
    "encryption.sign": lambda client: client.encryption.sign("x", uuid.uuid4()),
    "encryption.verify": lambda client: client.encryption.verify("x", "eA==", uuid.uuid4()),
    "encryption.encrypt": lambda client: client.encryption.encrypt("x", key_id=uuid.uuid4()),
    "encryption.decrypt": lambda client: client.encryption.decrypt("qa1.AAAA", key_id=uuid.uuid4()),
    "keys.import_key": lambda client: client.keys.import_key("x", KeyType.HMAC, "HMAC-SHA3-256", "AAAA", expires_at="2099-01-01T00:00:00Z"),
    "secrets.create": lambda client: client.secrets.create("x", "y", expires_at="2099-01-01T00:00:00Z"),
    "secrets.update": lambda client: client.secrets.update(uuid.uuid4(), expires_at="2099-01-01T00:00:00Z"),
}
# Calls of which nothing else is to be proven than that they are never sent.
ONLY_NEVER_SENT = {"encryption.sign", "encryption.verify"}


def is_served(call):
    return not any(call.startswith(prefix) if prefix.endswith(".") else call == prefix for prefix in NOT_SERVED)


# --- health, usage, entropy, audit --------------------------------------------------------------

@outcome("health.check")
def _(call, client):
    health = call(client.health.check())
    assert health.status == "healthy" and health.version and health.git_sha and health.service
    assert datetime.datetime.fromisoformat(health.timestamp)


@outcome("health.version")
def _(call, client):
    version = call(client.health.version())
    assert version.version and version.build and version.commit


@outcome("health.rate_limit")
def _(call, client):
    rate = call(client.health.rate_limit())
    assert rate.limit >= rate.remaining >= 0 and rate.reset >= 0 and rate.period


@outcome("qrng.get_entropy")
def _(call, client):
    answer = call(client.qrng.get_entropy(32, allow_csprng=True))
    assert len(answer.as_bytes()) == 32 and not answer.is_quantum
    with pytest.raises(quantumapi.ServerError) as raised:
        call(client.qrng.get_entropy(32))
    assert raised.value.error_code == "qrng_unavailable"


@outcome("usage.get_storage")
def _(call, client):
    usage = call(client.usage.get_storage())
    assert usage.period_start.day == 1 and usage.period_start <= usage.as_of <= usage.period_end
    secrets, keys = usage.category("secrets"), usage.category("keys")
    # Measured when the platform started and each hour since: the tenant's own keys are in, at least.
    assert keys.items >= 2 and keys.bytes > 0 and secrets.bytes >= 0
    assert usage.total_bytes == sum(category.bytes for category in usage.categories)
    assert usage.gb_months_accrued >= 0


@outcome("audit.list")
def _(call, client):
    key = new_key(call, client)
    call(client.transit.encrypt(key.name, b"x"))
    begun = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    some = call(client.audit.list(category="encryption", action=["payload.encrypt", "payload.decrypt"], key_id=key.id,
                                  actor="OWN", from_=begun, to=begun + datetime.timedelta(hours=2), page=1, page_size=200))
    entry, = some.items
    assert (entry.action, entry.outcome, entry.channel, entry.key_version) == ("payload.encrypt", "success", "transit", 1)
    assert (entry.resource_id, entry.algorithm, some.total_count, some.page_size) == (key.id, "ML-KEM-768", 1, 200)
    assert call(client.audit.list(to=begun, key_id=str(key.id))).items == []


# --- encryption ---------------------------------------------------------------------------------

@outcome("encryption.encrypt")
def _(call, client):
    sealed = call(client.encryption.encrypt("ada@example.org", encoding="utf8", algorithm="ML-KEM-768", additional_data="row 7"))
    assert sealed.encrypted_payload.startswith("qa1.") and sealed.algorithm == "ML-KEM-768"


@outcome("encryption.decrypt")
def _(call, client):
    sealed = call(client.encryption.encrypt("AAEC", encoding="base64"))
    assert call(client.encryption.decrypt(sealed.encrypted_payload)).plaintext == "AAEC"


# --- keys ---------------------------------------------------------------------------------------

ALGORITHMS = {KeyType.ENCRYPTION: "ML-KEM-768", KeyType.SIGNING: "ML-DSA-65", KeyType.HMAC: "HMAC-SHA3-256"}


def new_key(call, client, kind=KeyType.ENCRYPTION, **options):
    return call(client.keys.generate(options.pop("name", name("key")), kind, ALGORITHMS[kind], **options))


@outcome("keys.generate")
def _(call, client):
    soon = "2099-01-02T03:04:05+00:00"
    key = new_key(call, client, description="what for", expires_at=soon, labels=["a", "b"])
    assert (key.key_type, key.purpose, key.status, key.version) == (KeyType.ENCRYPTION, "encryption", KeyStatus.ACTIVE, 1)
    assert (key.description, key.labels, key.expires_at.isoformat()) == ("what for", ["a", "b"], soon)
    assert key.is_post_quantum and key.is_active and not key.is_default and key.state and key.version_count == 1
    with pytest.raises(quantumapi.ConflictError) as raised:
        new_key(call, client, name=key.name)
    assert raised.value.error_code == "key_name_conflict"
    default = new_key(call, client, KeyType.HMAC, set_as_default=True)
    assert default.is_default


@outcome("keys.import_key")
def _(call, client):
    material = base64.b64encode(os.urandom(32)).decode()
    key = call(client.keys.import_key(name("imported"), KeyType.HMAC, "HMAC-SHA3-256", material, description="brought",
                                      labels=["byok"], set_as_default=False))
    assert (key.key_type, key.version, key.labels) == (KeyType.HMAC, 1, ["byok"])
    with pytest.raises(quantumapi.ConflictError):
        call(client.keys.import_key(key.name, KeyType.HMAC, "HMAC-SHA3-256", material))


@outcome("keys.list")
def _(call, client):
    key = new_key(call, client, KeyType.HMAC)
    call(client.keys.rotate(key.id, set_as_default=False))
    page = call(client.keys.list(key_type=KeyType.HMAC, status="active", page=1, page_size=200))
    assert {k.key_type for k in page.keys} == {KeyType.HMAC} and page.page_size == 200 and not page.has_more
    assert [k.version for k in page.keys if k.id == key.id] == [2]
    every = call(client.keys.list(key_type=KeyType.HMAC, page_size=200, all_versions=True))
    assert sorted(k.version for k in every.keys if k.name == key.name) == [1, 2]
    assert call(client.keys.list(page=10_000)).keys == []
    with pytest.raises(AttributeError):  # a text is not what its signature asks for
        call(client.keys.list(key_type="hmac"))


@outcome("keys.get")
def _(call, client):
    key = new_key(call, client)
    assert call(client.keys.get(key.id)) == key
    with pytest.raises(quantumapi.NotFoundError):
        call(client.keys.get(uuid.uuid4()))


@outcome("keys.list_versions")
def _(call, client):
    key = new_key(call, client)
    call(client.keys.rotate(key.id, set_as_default=False))
    history = call(client.keys.list_versions(key.id))
    assert (history.key_name, history.min_decryption_version) == (key.name, 1)
    assert sorted(v.version for v in history.versions) == [1, 2] and all(v.created_at and v.state for v in history.versions)


@outcome("keys.set_min_decryption_version")
def _(call, client):
    key = new_key(call, client)
    call(client.keys.rotate(key.id, set_as_default=False))
    config = call(client.keys.set_min_decryption_version(key.id, 2))
    assert (config.key_name, config.latest_version, config.min_decryption_version) == (key.name, 2, 2)
    for bad in (0, 3):
        with pytest.raises(quantumapi.ValidationError) as raised:
            call(client.keys.set_min_decryption_version(key.id, bad))
        assert raised.value.error_code == "invalid_min_decryption_version"


@outcome("keys.rotate")
def _(call, client):
    key = new_key(call, client)
    before = call(client.transit.encrypt(key.name, b"before"))
    renamed = name("renamed")
    rotated = call(client.keys.rotate(key.id, name=renamed, set_as_default=False))
    assert (rotated.id, rotated.name, rotated.version) == (key.id, renamed, 2) and rotated.last_rotated_at
    assert call(client.transit.decrypt(renamed, before.ciphertext)).plaintext_bytes == b"before"


@outcome("keys.delete")
def _(call, client):
    key = new_key(call, client)
    assert call(client.keys.delete(key.id, schedule_days=7)) is None
    gone = call(client.keys.get(key.id))
    days = (gone.scheduled_deletion_date - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 86400
    assert gone.status == KeyStatus.SCHEDULED_DELETION and 6.9 < days < 7.1
    with pytest.raises(quantumapi.PermissionError) as raised:
        call(client.transit.encrypt(key.name, b"x"))
    assert type(raised.value) is quantumapi.KeyRevokedError


@outcome("keys.set_default")
def _(call, client):
    before = next(k for k in call(client.keys.list(key_type=KeyType.SIGNING, page_size=200)).keys if k.is_default)
    key = new_key(call, client, KeyType.SIGNING)
    assert call(client.keys.set_default(key.id, KeyType.SIGNING)) is None
    assert call(client.keys.get(key.id)).is_default and not call(client.keys.get(before.id)).is_default
    with pytest.raises(quantumapi.ValidationError):
        call(client.keys.set_default(key.id, KeyType.HMAC))
    call(client.keys.set_default(before.id, KeyType.SIGNING))


@outcome("keys.update")
def _(call, client):
    key = new_key(call, client)
    renamed = name("renamed")
    changed = call(client.keys.update(key.id, name=renamed, description="new", status="disabled"))
    assert (changed.id, changed.name, changed.description, changed.status) == (key.id, renamed, "new", KeyStatus.INACTIVE)
    with pytest.raises(quantumapi.KeyRevokedError):
        call(client.transit.encrypt(renamed, b"x"))
    assert call(client.keys.update(key.id, status="active")).status == KeyStatus.ACTIVE
    call(client.transit.encrypt(renamed, b"x"))


@outcome("keys.export_public_key")
def _(call, client):
    key = new_key(call, client, KeyType.SIGNING)
    assert call(client.keys.export_public_key(key.id)).startswith("-----BEGIN PUBLIC KEY-----\n")
    assert base64.b64decode(call(client.keys.export_public_key(key.id, format="der")), validate=True)[0] == 0x30


@outcome("keys.get_public_key")
def _(call, client):
    key = new_key(call, client, KeyType.SIGNING, description="d", labels=["l"])
    plain = call(client.keys.get_public_key(key.id))
    assert (plain.key_id, plain.algorithm, plain.version) == (key.id, "ML-DSA-65", 1) and plain.public_key and plain.name is None
    some = call(client.keys.get_public_key(key.id, include=["name", "labels"], format="der"))
    assert (some.name, some.labels, some.format, some.key_type) == (key.name, ["l"], "der", None)
    for token in ("all", "metadata"):
        whole = call(client.keys.get_public_key(key.id, include=[token]))
        assert (whole.name, whole.description, whole.key_type, whole.labels) == (key.name, "d", KeyType.SIGNING, ["l"])
        assert whole.is_active and whole.is_post_quantum and whole.is_default is False and whole.created_at and whole.state
    raw = call(client.keys.get_public_key(key.id, format="raw"))
    assert len(base64.b64decode(raw.public_key)) == 1952


def holds_data_key(made, key, size):
    assert (made.key_id, made.key_version, made.algorithm) == (key.id, 1, f"AES-{size * 8}-GCM")
    assert made.plaintext_key is None or len(base64.b64decode(made.plaintext_key, validate=True)) == size
    return made


CONTEXT = base64.b64encode(b"row 7").decode()


@outcome("keys.generate_data_key")
def _(call, client):
    key = new_key(call, client)
    assert holds_data_key(call(client.keys.generate_data_key(key.id)), key, 32).plaintext_key
    made = holds_data_key(call(client.keys.generate_data_key(key.id, key_bytes=16, algorithm="AES-128-GCM", context=CONTEXT)), key, 16)
    assert call(client.keys.unwrap(key.id, made.encrypted_key, context=CONTEXT)).key_material == made.plaintext_key
    with pytest.raises(quantumapi.ValidationError):
        call(client.keys.generate_data_key(key.id, key_bytes=17))


@outcome("keys.generate_data_key_without_plaintext")
def _(call, client):
    key = new_key(call, client)
    made = holds_data_key(call(client.keys.generate_data_key_without_plaintext(key.id, key_bytes=24)), key, 24)
    assert made.plaintext_key is None
    assert len(base64.b64decode(call(client.keys.unwrap(key.id, made.encrypted_key)).key_material)) == 24


@outcome("keys.generate_transit_data_key")
def _(call, client):
    key = new_key(call, client)
    made = holds_data_key(call(client.keys.generate_transit_data_key(key.name, algorithm="AES-256-GCM")), key, 32)
    assert call(client.keys.unwrap(key.id, made.encrypted_key)).key_material == made.plaintext_key


@outcome("keys.generate_transit_data_key_without_plaintext")
def _(call, client):
    key = new_key(call, client)
    made = call(client.keys.generate_transit_data_key_without_plaintext(key.name, key_bytes=32, context=CONTEXT))
    assert holds_data_key(made, key, 32).plaintext_key is None


@outcome("keys.unwrap")
def _(call, client):
    key, other = new_key(call, client), new_key(call, client)
    made = call(client.keys.generate_data_key(key.id, context=CONTEXT))
    opened = call(client.keys.unwrap(key.id, made.encrypted_key, context=CONTEXT))
    assert (opened.key_material, opened.key_id, opened.key_version) == (made.plaintext_key, key.id, 1)
    for wrong in (dict(key_id=key.id), dict(key_id=other.id, context=CONTEXT), dict(key_id=key.id, context="AAAA")):
        with pytest.raises(quantumapi.ValidationError):
            call(client.keys.unwrap(wrapped_key=made.encrypted_key, **wrong))
    call(client.keys.update(key.id, status="disabled"))
    with pytest.raises(quantumapi.KeyRevokedError):
        call(client.keys.unwrap(key.id, made.encrypted_key, context=CONTEXT))


@outcome("keys.check")
def _(call, client):
    key = new_key(call, client)
    report = call(client.keys.check(key.id))
    assert (report.key_id, report.status, report.version, report.healthy) == (str(key.id), "active", 1, True)
    call(client.keys.update(key.id, status="disabled"))
    assert not call(client.keys.check(key.id)).healthy


# --- transit ------------------------------------------------------------------------------------

@outcome("transit.create_key")
def _(call, client):
    key = call(client.transit.create_key(name("transit"), "signing", "ML-DSA-44", description="d", labels=["l"]))
    assert (key.key_type, key.algorithm, key.version, key.description, key.labels) == ("signing", "ML-DSA-44", 1, "d", ["l"])
    strange = call(client.transit.create_key("a/b c%2F" + name()))
    sealed = call(client.transit.encrypt(strange.name, b"x"))
    assert call(client.transit.decrypt(strange.name, sealed.ciphertext)).plaintext_bytes == b"x"


@outcome("transit.get_key")
def _(call, client):
    made = call(client.transit.create_key(name("transit")))
    key = call(client.transit.get_key(made.id))
    assert (key.name, key.is_active, key.is_post_quantum, key.min_decryption_version) == (made.name, True, True, 1)


@outcome("transit.encrypt")
def _(call, client):
    key = new_key(call, client)
    for plaintext, encoding, octets in ((b"\x00\xff", None, b"\x00\xff"), ("AAE=", None, b"\x00\x01"), ("\u00e9", "utf8", "\u00e9".encode()), (b"", None, b"")):
        sealed = call(client.transit.encrypt(key.name, plaintext, encoding=encoding))
        assert sealed.ciphertext.startswith("vault:v1:") and (sealed.key_name, sealed.key_version) == (key.name, 1)
        assert call(client.transit.decrypt(key.name, sealed.ciphertext)).plaintext_bytes == octets
    with pytest.raises(quantumapi.NotFoundError):
        call(client.transit.encrypt(name("absent"), b"x"))


@outcome("transit.decrypt")
def _(call, client):
    key, other = new_key(call, client), new_key(call, client)
    old = call(client.transit.encrypt(key.name, b"old")).ciphertext
    assert call(client.transit.decrypt(key.name, old)).plaintext == base64.b64encode(b"old").decode()
    with pytest.raises(quantumapi.ValidationError):
        call(client.transit.decrypt(other.name, old))
    call(client.transit.rotate_key(key.id))
    call(client.transit.set_min_decryption_version(key.name, 2))
    with pytest.raises(quantumapi.errors.KeyVersionBelowMinimumError):
        call(client.transit.decrypt(key.name, old))


@outcome("transit.rewrap")
def _(call, client):
    key = new_key(call, client)
    old = call(client.transit.encrypt(key.name, b"kept")).ciphertext
    call(client.transit.rotate_key(key.id))
    new = call(client.transit.rewrap(key.name, old))
    assert new.ciphertext.startswith("vault:v2:") and new.key_version == 2
    assert call(client.transit.decrypt(key.name, new.ciphertext)).plaintext_bytes == b"kept"
    call(client.transit.set_min_decryption_version(key.name, 2))
    with pytest.raises(quantumapi.errors.KeyVersionBelowMinimumError):
        call(client.transit.rewrap(key.name, old))


@outcome("transit.generate_data_key")
def _(call, client):
    key = new_key(call, client)
    made = holds_data_key(call(client.transit.generate_data_key(key.name, key_bytes=32, algorithm="AES-256-GCM", context=CONTEXT)), key, 32)
    assert call(client.keys.unwrap(key.id, made.encrypted_key, context=CONTEXT)).key_material == made.plaintext_key
    assert holds_data_key(call(client.transit.generate_data_key(key.name, include_plaintext=False)), key, 32).plaintext_key is None


@outcome("transit.hmac")
def _(call, client):
    key = new_key(call, client, KeyType.HMAC)
    for algorithm in (None, "sha256", "sha384", "sha512"):
        mac = call(client.transit.hmac(key.name, b"data", algorithm=algorithm))
        assert mac.hmac == call(client.transit.hmac(key.name, base64.b64encode(b"data").decode(), algorithm=algorithm)).hmac
        assert mac.hmac != call(client.transit.hmac(key.name, b"datb", algorithm=algorithm)).hmac
        assert mac.key_version == 1 and mac.algorithm in (algorithm, "HMAC-SHA3-256")
        assert call(client.transit.verify(key.name, b"data", mac.hmac)).valid
    with pytest.raises(quantumapi.ValidationError):
        call(client.transit.hmac(key.name, b"data", algorithm="md5"))


@outcome("transit.sign")
def _(call, client):
    key = new_key(call, client, KeyType.SIGNING)
    signed = call(client.transit.sign(key.name, b"data", algorithm="sha256"))
    assert (signed.algorithm, signed.key_name, signed.key_version) == ("ML-DSA-65", key.name, 1)
    assert call(client.transit.verify(key.name, b"data", signed.signature)).valid
    with pytest.raises(quantumapi.ValidationError):
        call(client.transit.sign(new_key(call, client).name, b"data"))


@outcome("transit.verify")
def _(call, client):
    key, other = new_key(call, client, KeyType.SIGNING), new_key(call, client, KeyType.SIGNING)
    signature = call(client.transit.sign(key.name, b"data")).signature
    assert call(client.transit.verify(key.name, b"data", signature)).valid
    assert not call(client.transit.verify(key.name, b"date", signature)).valid
    assert not call(client.transit.verify(other.name, b"data", signature)).valid
    call(client.transit.rotate_key(key.id))
    assert call(client.transit.verify(key.name, b"data", signature)).valid
    call(client.transit.set_min_decryption_version(key.name, 2))
    with pytest.raises(quantumapi.errors.KeyVersionBelowMinimumError):
        call(client.transit.verify(key.name, b"data", signature))


@outcome("transit.batch_encrypt")
def _(call, client):
    key = new_key(call, client)
    made = call(client.transit.batch_encrypt(key.name, [b"a", "not base64!", "Yg=="]))
    assert (made.key_name, made.key_version) == (key.name, 1) and [r.index for r in made.results] == [0, 1, 2]
    first, bad, last = made.results
    assert bad.error and bad.ciphertext is None and first.error is None
    assert call(client.transit.decrypt(key.name, first.ciphertext)).plaintext_bytes == b"a"
    assert call(client.transit.decrypt(key.name, last.ciphertext)).plaintext_bytes == b"b"
    full = call(client.transit.batch_encrypt(key.name, ["x"] * 100, encoding="utf8"))
    assert len({r.ciphertext for r in full.results}) == 100


@outcome("transit.batch_decrypt")
def _(call, client):
    key = new_key(call, client)
    old = call(client.transit.encrypt(key.name, b"old")).ciphertext
    call(client.transit.rotate_key(key.id))
    new = call(client.transit.encrypt(key.name, b"new")).ciphertext
    opened = call(client.transit.batch_decrypt(key.name, [old, "vault:v1:AAAA", new])).results
    assert [r.index for r in opened] == [0, 1, 2] and opened[1].error and opened[1].plaintext is None
    assert [base64.b64decode(opened[i].plaintext) for i in (0, 2)] == [b"old", b"new"]
    call(client.transit.set_min_decryption_version(key.name, 2))
    with pytest.raises(quantumapi.errors.KeyVersionBelowMinimumError):
        call(client.transit.batch_decrypt(key.name, [new, old]))


@outcome("transit.set_min_decryption_version")
def _(call, client):
    key = new_key(call, client)
    call(client.transit.rotate_key(key.id))
    config = call(client.transit.set_min_decryption_version(key.name, 2))
    assert (config.key_name, config.latest_version, config.min_decryption_version) == (key.name, 2, 2)
    assert call(client.transit.get_key(key.id)).min_decryption_version == 2
    with pytest.raises(quantumapi.ValidationError) as raised:
        call(client.transit.set_min_decryption_version(key.name, 3))
    assert raised.value.error_code == "invalid_min_decryption_version"


@outcome("transit.rotate_key")
def _(call, client):
    key = new_key(call, client)
    rotated = call(client.transit.rotate_key(key.id))
    assert (rotated.key_id, rotated.new_version, rotated.previous_version) == (key.id, 2, 1) and rotated.rotated_at


# --- resource groups ----------------------------------------------------------------------------

def new_group(call, client, **options):
    return call(client.resource_groups.create(name("group"), **options))


@outcome("resource_groups.create")
def _(call, client):
    group = new_group(call, client, description="d")
    assert group.description == "d" and group.created_at
    assert (group.item_count, group.api_key_count, group.crypto_key_count, group.secret_count) == (0, 0, 0, 0)


@outcome("resource_groups.list")
def _(call, client):
    group = new_group(call, client)
    groups = call(client.resource_groups.list())
    assert group.id in {g.id for g in groups.groups} and groups.total_count == len(groups.groups)


@outcome("resource_groups.get")
def _(call, client):
    group = new_group(call, client, description="d")
    shown = call(client.resource_groups.get(group.id))
    assert (shown.name, shown.description, shown.items) == (group.name, "d", [])
    with pytest.raises(quantumapi.NotFoundError):
        call(client.resource_groups.get(uuid.uuid4()))


@outcome("resource_groups.update")
def _(call, client):
    group = new_group(call, client)
    wanted = name("group")
    changed = call(client.resource_groups.update(group.id, wanted, description="new"))
    assert (changed.id, changed.name, changed.description) == (group.id, wanted, "new") and changed.updated_at


@outcome("resource_groups.delete")
def _(call, client):
    group = new_group(call, client)
    assert call(client.resource_groups.delete(group.id)) is None
    with pytest.raises(quantumapi.NotFoundError):
        call(client.resource_groups.get(group.id))


@outcome("resource_groups.add_item")
def _(call, client):
    group, key = new_group(call, client), new_key(call, client)
    secret = call(client.secrets.create(name(), "v"))
    assert call(client.resource_groups.add_item(group.id, "Secret", secret.id)) is None
    assert call(client.resource_groups.add_item(group.id, "CryptoKey", key.id)) is None
    shown = call(client.resource_groups.get(group.id))
    assert {(i.resource_type, i.resource_id, i.resource_name) for i in shown.items} == {
        ("Secret", secret.id, secret.name), ("CryptoKey", key.id, key.name)}
    listed = next(g for g in call(client.resource_groups.list()).groups if g.id == group.id)
    assert (listed.item_count, listed.secret_count, listed.crypto_key_count) == (2, 1, 1)
    with pytest.raises(quantumapi.ValidationError):
        call(client.resource_groups.add_item(group.id, "Planet", secret.id))


@outcome("resource_groups.remove_item")
def _(call, client):
    group, key = new_group(call, client), new_key(call, client)
    call(client.resource_groups.add_item(group.id, "CryptoKey", key.id))
    item, = call(client.resource_groups.get(group.id)).items
    assert call(client.resource_groups.remove_item(group.id, item.id)) is None
    assert call(client.resource_groups.get(group.id)).items == []


# --- log streams --------------------------------------------------------------------------------

HOOK = json.dumps({"url": "https://hook.example.org/events", "secret": "s3cret"})


def new_stream(call, client, kind="File", config=""):
    return call(client.log_streams.create(name("stream"), kind, config))


@outcome("log_streams.create")
def _(call, client):
    archive = new_stream(call, client, "File", file_stream_config(365))
    assert archive.stream_type == "File" and archive.retention_days == 365 and archive.is_active
    assert new_stream(call, client).retention_days == 30
    hook = new_stream(call, client, "Webhook", HOOK)
    assert hook.config["url"] == "https://hook.example.org/events" and "s3cret" not in hook.config_json
    for kind, config in (("Pigeon", ""), ("Webhook", ""), ("File", '{"retentionDays":8}'), ("File", "{")):
        with pytest.raises(quantumapi.ValidationError):
            new_stream(call, client, kind, config)


@outcome("log_streams.list")
def _(call, client):
    stream = new_stream(call, client)
    streams = call(client.log_streams.list())
    assert stream.id in {s.id for s in streams.items} and streams.total_count == len(streams.items)


@outcome("log_streams.get")
def _(call, client):
    stream = new_stream(call, client)
    assert call(client.log_streams.get(stream.id)).name == stream.name
    with pytest.raises(quantumapi.NotFoundError):
        call(client.log_streams.get(uuid.uuid4()))


@outcome("log_streams.update")
def _(call, client):
    stream = new_stream(call, client)
    wanted = name("stream")
    changed = call(client.log_streams.update(stream.id, wanted, "File", file_stream_config(7)))
    assert (changed.id, changed.name, changed.retention_days) == (stream.id, wanted, 7) and changed.updated_at


@outcome("log_streams.delete")
def _(call, client):
    stream = new_stream(call, client)
    assert call(client.log_streams.delete(stream.id)) is True
    with pytest.raises(quantumapi.NotFoundError):
        call(client.log_streams.get(stream.id))


@outcome("log_streams.test")
def _(call, client):
    assert call(client.log_streams.test(new_stream(call, client).id)).success
    refused = call(client.log_streams.test(new_stream(call, client, "Webhook", json.dumps({"url": "https://127.0.0.1:9/"})).id))
    assert not refused.success and refused.error


@outcome("log_streams.deactivate")
def _(call, client):
    stream = new_stream(call, client)
    assert not call(client.log_streams.deactivate(stream.id)).is_active
    assert not call(client.log_streams.get(stream.id)).is_active


@outcome("log_streams.activate")
def _(call, client):
    stream = new_stream(call, client)
    call(client.log_streams.deactivate(stream.id))
    assert call(client.log_streams.activate(stream.id)).is_active


def archived(call, client):
    """A stream of type File with a day that holds its own making and a secret's, and that day."""
    stream = new_stream(call, client)
    call(client.secrets.create(name(), "v"))

    def both_kept():  # each look is an event of the stream too: their number says nothing
        days = call(client.log_streams.list_files(stream.id)).days
        return days if days and {"log_stream.create", "secret.create"} <= {event["action"] for event in kept(call, client, stream, days[0])} else None

    return stream, wait_until(both_kept, 20, "a day's file")[0]


def kept(call, client, stream, day):
    return [json.loads(line) for line in gzip.decompress(call(client.log_streams.download_file(stream.id, day.day))).splitlines()]


@outcome("log_streams.list_files")
def _(call, client):
    stream, day = archived(call, client)
    files = call(client.log_streams.list_files(stream.id))
    assert files.retention_days == 30 and files.total_size_bytes > 0
    assert day.day == datetime.datetime.now(datetime.timezone.utc).date() and day.line_count >= 1 and day.first_event_at <= day.last_event_at
    with pytest.raises(quantumapi.NotFoundError):
        call(client.log_streams.list_files(new_stream(call, client, "Webhook", HOOK).id))


@outcome("log_streams.download_file")
def _(call, client):
    stream, day = archived(call, client)
    events = kept(call, client, stream, day)
    assert len(events) >= day.line_count and any(event["action"] == "secret.create" for event in events)
    with pytest.raises(quantumapi.NotFoundError):
        call(client.log_streams.download_file(stream.id, "2001-01-01"))


@outcome("log_streams.download_file_to")
def _(call, client):
    import tempfile
    stream, day = archived(call, client)
    with tempfile.TemporaryDirectory() as folder:
        path = call(client.log_streams.download_file_to(stream.id, day.day.isoformat(), folder))
        assert path == os.path.join(folder, f"auth-logs-{day.day}.ndjson.gz") and gzip.open(path).readline()


# --- secrets ------------------------------------------------------------------------------------

def new_secret(call, client, value="v", **options):
    return call(client.secrets.create(name(), value, **options))


@outcome("secrets.create")
def _(call, client):
    made = new_secret(call, client, "p\u00e4ss", content_type="password", labels=["a"])
    assert (made.value, made.version, made.content_type, made.labels, made.is_active) == ("p\u00e4ss", 1, "password", ["a"], True)


@outcome("secrets.list")
def _(call, client):
    made = new_secret(call, client)
    assert [s.id for s in call(client.secrets.list(search=made.name)).secrets] == [made.id]


@outcome("secrets.get")
def _(call, client):
    made = new_secret(call, client, notes="n")
    assert call(client.secrets.get(made.id, include=["notes"])).notes == "n"


@outcome("secrets.update_value")
def _(call, client):
    made = new_secret(call, client)
    assert call(client.secrets.update_value(made.id, "w")).version == 2 and call(client.secrets.get(made.id)).value == "w"


@outcome("secrets.delete")
def _(call, client):
    made = new_secret(call, client)
    assert call(client.secrets.delete(made.id)) is None
    with pytest.raises(quantumapi.NotFoundError):
        call(client.secrets.get(made.id))


@outcome("secrets.list_versions")
def _(call, client):
    made = new_secret(call, client)
    call(client.secrets.update_value(made.id, "w"))
    history = call(client.secrets.list_versions(made.id, max_versions=20))
    assert history.secret_id == made.id and [v.version for v in history.versions] == [2, 1] and history.versions[0].changed_by


@outcome("secrets.get_version")
def _(call, client):
    made = new_secret(call, client)
    call(client.secrets.update_value(made.id, "w"))
    assert call(client.secrets.get_version(made.id, 1)).value == "v"


@outcome("secrets.rollback")
def _(call, client):
    made = new_secret(call, client)
    call(client.secrets.update_value(made.id, "w"))
    assert call(client.secrets.rollback(made.id, 1)).version == 3 and call(client.secrets.get(made.id)).value == "v"
    told = call(client.audit.list(action="secret.rollback", page_size=200))
    assert made.id in {item.resource_id for item in told.items}


@outcome("secrets.share_url")
def _(call, client):
    assert client.secrets.share_url("TOKEN", "https://portal.example.org") == "https://portal.example.org/share/TOKEN"


# --- the list ----------------------------------------------------------------------------------

def test_every_public_method_is_accounted_for():
    methods = set(public_methods())
    accounted = set(TABLE.proofs) | ONLY_NEVER_SENT
    assert {m for m in methods if is_served(m)} == accounted
    assert set(NEVER_SENT) <= methods
    for prefix in NOT_SERVED:
        assert any(m == prefix or m.startswith(prefix) and prefix.endswith(".") for m in methods), prefix


@pytest.mark.parametrize("call", sorted(TABLE.proofs))
def test_a_call_works(api, call):
    TABLE.prove(call, api)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("call", sorted(m for m in public_methods() if not is_served(m)))
def test_what_is_not_served_is_a_clear_error(api, call):
    run, client = api
    product, method = call.split(".")
    function = getattr(getattr(client, product), method)
    with pytest.raises(quantumapi.QuantumAPIError) as raised:
        run(function(**arguments(public_methods()[call])))
    assert (raised.value.status_code, raised.value.error_code) in ((404, "not_found"), (405, "method_not_allowed"))
    assert raised.value.message


@pytest.mark.parametrize("call", NEVER_SENT)
def test_what_the_client_cannot_write_is_never_sent(api, call, shared_server):
    run, client = api
    shared_server.http.get("/api/v1/whoami")
    before = shared_server.http.get("/api/v1/audit-logs?pageSize=1").json()["totalCount"]
    with pytest.raises(TypeError):
        run(NEVER_SENT[call](client))
    # The count's own reading is the one event since.
    assert shared_server.http.get("/api/v1/audit-logs?pageSize=1").json()["totalCount"] == before + 1
