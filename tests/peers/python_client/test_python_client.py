"""The published Python client, its current release, unchanged, against the running server."""

import datetime
import importlib.metadata
import uuid

import quantumapi
import quantumapi.errors
import pytest
from published_client import Async, Sync, name
from quantumapi.models.keys import KeyStatus, KeyType


def test_this_is_the_published_release():
    assert importlib.metadata.version("quantumapi") == "0.25.0"


def test_key_and_address_come_from_its_environment(shared_server, monkeypatch):
    monkeypatch.setenv("QUANTUMAPI_API_KEY", shared_server.api_key)
    monkeypatch.setenv("QUANTUMAPI_BASE_URL", shared_server.plain_url)
    with quantumapi.QuantumAPISyncClient() as client:
        assert client.secrets.list().page == 1


def test_health_and_version(api):
    call, client = api
    health = call(client.health.check())
    version = call(client.health.version())
    assert health.status.lower() == "healthy" and health.version == version.version
    assert version.build and version.commit


# --- entropy ------------------------------------------------------------------------------------

def test_entropy_without_a_quantum_source_is_unavailable(api):
    call, client = api
    with pytest.raises(quantumapi.ServerError) as raised:
        call(client.qrng.get_entropy(32))
    assert raised.value.status_code == 503 and raised.value.error_code == "qrng_unavailable"


@pytest.mark.parametrize("kind", ["raw", "hex"])
def test_entropy_of_the_generator_where_allowed(api, kind):
    call, client = api
    answer = call(client.qrng.get_entropy(40, format=kind, allow_csprng=True))
    assert len(answer.as_bytes()) == 40 == answer.consumed_bytes and answer.format == kind
    assert answer.source == "csprng" and not answer.is_quantum
    assert answer.as_bytes() != call(client.qrng.get_entropy(40, format=kind, allow_csprng=True)).as_bytes()
    assert uuid.UUID(answer.request_id) and answer.quota_remaining_mb <= answer.quota_limit_mb


@pytest.mark.parametrize("kind, size, low, high", [("int32", 4, -2**31, 2**31), ("int64", 8, -2**63, 2**63)])
def test_entropy_as_integers(api, kind, size, low, high):
    call, client = api
    answer = call(client.qrng.get_entropy(64 * size, format=kind, allow_csprng=True))
    assert len(answer.entropy) == 64 and all(low <= number < high for number in answer.entropy)
    assert any(n < 0 for n in answer.entropy) and any(n > high // 4 for n in answer.entropy)


def test_entropy_as_uuids(api):
    call, client = api
    answer = call(client.qrng.get_entropy(16 * 8, format="uuid", allow_csprng=True))
    assert len({uuid.UUID(text) for text in answer.entropy}) == 8


def test_too_much_entropy_is_refused(api):
    call, client = api
    with pytest.raises(quantumapi.ValidationError) as raised:
        call(client.qrng.get_entropy(65537, allow_csprng=True))
    assert raised.value.error_code == "invalid_request" and "bytes" in raised.value.details["errors"]
    with pytest.raises(quantumapi.ValidationError) as raised:
        call(client.qrng.get_entropy(16, format="octal", allow_csprng=True))
    assert raised.value.error_code == "invalid_format"


# --- encryption ---------------------------------------------------------------------------------

@pytest.mark.parametrize("text, encoding", [("ada@example.org", "utf8"), ("", "utf8"), ("\u00e9\U0001f600\n\"\\", "utf8"), ("AAECAw==", "base64"), ("x" * 100_000, "utf8")])
def test_a_field_is_encrypted_and_decrypted(api, text, encoding):
    call, client = api
    sealed = call(client.encryption.encrypt(text, encoding=encoding))
    assert sealed.algorithm == "ML-KEM-768" and sealed.key_version >= 1 and sealed.encrypted_payload.startswith("qa1.")
    assert call(client.encryption.decrypt(encrypted_payload=sealed.encrypted_payload)).plaintext == text


def test_a_field_is_decrypted_from_its_parts(api):
    call, client = api
    sealed = call(client.encryption.encrypt("in parts", additional_data="row 7"))
    parts = dict(ciphertext=sealed.ciphertext, encapsulated_key=sealed.encapsulated_key, nonce=sealed.nonce, tag=sealed.tag)
    for version in (sealed.key_version, None):
        opened = call(client.encryption.decrypt(**parts, key_version=version, additional_data="row 7"))
        assert opened.plaintext == "in parts"
    with pytest.raises(quantumapi.ValidationError):
        call(client.encryption.decrypt(**parts, additional_data="row 8"))
    with pytest.raises(quantumapi.ValidationError):
        call(client.encryption.decrypt(**{**parts, "tag": parts["nonce"]}, additional_data="row 7"))


def test_additional_data_must_be_the_same(api):
    call, client = api
    sealed = call(client.encryption.encrypt("bound", additional_data="row 7")).encrypted_payload
    assert call(client.encryption.decrypt(sealed, additional_data="row 7")).plaintext == "bound"
    with pytest.raises(quantumapi.ValidationError):
        call(client.encryption.decrypt(sealed))


def test_another_algorithm_is_refused(api):
    call, client = api
    with pytest.raises(quantumapi.ValidationError) as raised:
        call(client.encryption.encrypt("x", algorithm="RSA-4096"))
    assert "algorithm" in raised.value.details["errors"]


# --- secrets ------------------------------------------------------------------------------------

FIELDS = dict(description="what it is for", content_type="login", labels=["production", "database"], username="ada",
              notes="two\nlines", urls=[{"name": "console", "url": "https://db.example.org/\u00e9"}],
              custom_fields=[{"name": "port", "value": 5432, "hidden": False, "nested": {"deep": [1, None, 2.5]}}],
              totp_secret="JBSWY3DPEHPK3PXP")


def test_a_secret_is_created_with_every_field_and_read_back(api):
    call, client = api
    wanted = name()
    made = call(client.secrets.create(name=wanted, value="pa\u00df w\u00f6rd", **FIELDS))
    assert (made.name, made.value, made.version) == (wanted, "pa\u00df w\u00f6rd", 1)
    whole = call(client.secrets.get(made.id, include=["all"]))
    for field, value in FIELDS.items():
        assert getattr(whole, field) == value, field
    assert whole.value == made.value and whole.has_totp and whole.is_active and not whole.is_favorite
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs(now - whole.created_at) < datetime.timedelta(minutes=1)


def test_include_gives_only_what_was_asked_for(api):
    call, client = api
    made = call(client.secrets.create(name=name(), value="v", **FIELDS))
    plain = call(client.secrets.get(made.id))
    assert plain.value == "v" and plain.notes is None and plain.totp_secret is None and plain.custom_fields is None
    some = call(client.secrets.get(made.id, include=["notes", "customFields"]))
    assert some.notes == FIELDS["notes"] and some.custom_fields == FIELDS["custom_fields"] and some.totp_secret is None
    metadata = call(client.secrets.get(made.id, include=["metadata"]))
    assert metadata.notes == FIELDS["notes"] and metadata.labels == FIELDS["labels"]
    assert metadata.totp_secret is None  # a seed is a secret, not metadata


def test_a_secret_without_optional_fields(api):
    call, client = api
    made = call(client.secrets.create(name=name(), value=""))
    read = call(client.secrets.get(made.id, include=["all"]))
    assert read.value == "" and not read.has_totp and not read.labels and read.username is None


def test_a_new_value_is_a_new_version_and_old_ones_stay(api):
    call, client = api
    made = call(client.secrets.create(name=name(), value="one"))
    for value, version in (("two", 2), ("three", 3)):
        changed = call(client.secrets.update_value(made.id, value))
        assert (changed.id, changed.version) == (made.id, version)
    assert call(client.secrets.get(made.id)).value == "three"
    assert [call(client.secrets.get(made.id, version=v)).value for v in (1, 2, 3)] == ["one", "two", "three"]
    assert call(client.secrets.get_version(made.id, 2)).value == "two"
    history = call(client.secrets.list_versions(made.id))
    assert history.secret_id == made.id and [v.version for v in history.versions] == [3, 2, 1]
    assert [v.version for v in call(client.secrets.list_versions(made.id, max_versions=2)).versions] == [3, 2]
    with pytest.raises(quantumapi.NotFoundError):
        call(client.secrets.get(made.id, version=4))


def test_a_rollback_is_a_further_version(api):
    call, client = api
    made = call(client.secrets.create(name=name(), value="one"))
    call(client.secrets.update_value(made.id, "two"))
    assert call(client.secrets.rollback(made.id, 1)).version == 3
    assert call(client.secrets.get(made.id)).value == "one"


def test_secrets_are_listed_by_filters_and_pages(api):
    call, client = api
    mark = uuid.uuid4().hex
    for i in range(5):
        call(client.secrets.create(name=f"{mark}-{i}", value="v", labels=[mark, f"n{i}"], content_type=mark if i < 2 else "other"))

    def found(**filters):
        return [secret.name for secret in call(client.secrets.list(**filters)).secrets]

    everyone = [f"{mark}-{i}" for i in range(5)]
    assert found(label=mark) == found(search=mark) == found(search=mark.upper()) == everyone
    assert found(content_type=mark) == everyone[:2]
    assert found(label=mark, search=f"{mark}-3") == [f"{mark}-3"]
    assert found(label=mark[:-1]) == []
    first = call(client.secrets.list(label=mark, page=1, page_size=2))
    last = call(client.secrets.list(label=mark, page=3, page_size=2))
    assert (first.total, first.page, first.page_size, first.has_more) == (5, 1, 2, True)
    assert ([s.name for s in last.secrets], last.has_more) == (everyone[4:], False)
    assert [s.name for s in first.secrets] == everyone[:2] and first.secrets[0].labels == [mark, "n0"]
    assert call(client.secrets.list()).total >= 5


def test_a_deleted_secret_is_gone(api):
    call, client = api
    wanted = name()
    made = call(client.secrets.create(name=wanted, value="v"))
    assert call(client.secrets.delete(made.id)) is None
    for gone in (lambda: client.secrets.get(made.id), lambda: client.secrets.delete(made.id),
                 lambda: client.secrets.update_value(made.id, "w"), lambda: client.secrets.list_versions(made.id)):
        with pytest.raises(quantumapi.NotFoundError):
            call(gone())
    assert call(client.secrets.list(search=wanted)).total == 0
    assert call(client.secrets.create(name=wanted, value="again")).id != made.id


# --- keys and audit -----------------------------------------------------------------------------

def test_default_keys_are_listed_and_rotated(api):
    call, client = api
    keys = {key.key_type: key for key in call(client.keys.list()).keys if key.is_default}
    assert keys[KeyType.ENCRYPTION].algorithm == "ML-KEM-768" and keys[KeyType.SIGNING].algorithm == "ML-DSA-65"
    assert set(keys) == {KeyType.ENCRYPTION, KeyType.SIGNING}
    before = call(client.encryption.encrypt("before"))
    key = call(client.keys.get(before.key_id))
    assert key.status == KeyStatus.ACTIVE and key.version == before.key_version
    rotated = call(client.keys.rotate(key.id))
    assert (rotated.id, rotated.version) == (key.id, key.version + 1)
    assert call(client.encryption.encrypt("after")).key_version == key.version + 1
    assert call(client.encryption.decrypt(before.encrypted_payload)).plaintext == "before"


def test_the_audit_log_is_listed_and_filtered(api):
    call, client = api
    made = call(client.secrets.create(name=name(), value="v"))
    page = call(client.audit.list(page_size=200))
    entry = next(item for item in page.items if item.resource_id == made.id)
    assert (entry.outcome, entry.actor_type, entry.resource_name) == ("success", "apiKey", made.name)
    assert entry.user_agent == "quantumapi-python/0.25.0" and entry.ip_address == "127.0.0.1"
    assert page.total_count >= len(page.items)
    some = call(client.audit.list(action=entry.action)).items
    assert some and {item.action for item in some} == {entry.action}


def test_the_audit_log_is_filtered_as_the_clients_document_does(api):
    call, client = api
    call(client.encryption.decrypt(call(client.encryption.encrypt("x")).encrypted_payload))
    for action in (["Encrypt", "Decrypt"], "Encrypt,Decrypt", "payload.encrypt, payload.decrypt"):
        category = "keys" if "Encrypt" in action else None
        assert {item.action for item in call(client.audit.list(category=category, action=action)).items} == {"payload.encrypt", "payload.decrypt"}
    assert call(client.audit.list(category="keys", action="KeyRetired")).items == [], "one that nothing here is called"
    for wrong in ({"category": "KEYS"}, {"action": "encryption"}):
        with pytest.raises(quantumapi.QuantumAPIError) as raised:
            call(client.audit.list(**wrong))
        assert type(raised.value) is quantumapi.ValidationError and next(iter(wrong)) in str(raised.value.details) + str(raised.value)


# --- errors -------------------------------------------------------------------------------------

def raises(kind, call, make, code=None):
    with pytest.raises(quantumapi.QuantumAPIError) as raised:
        call(make())
    assert type(raised.value) is kind, raised.value
    assert raised.value.message and raised.value.error_code not in (None, "unknown_error")
    if code:
        assert raised.value.error_code == code
    return raised.value


def test_errors_arrive_as_its_classes(api):
    call, client = api
    made = call(client.secrets.create(name=name(), value="v"))
    raises(quantumapi.NotFoundError, call, lambda: client.secrets.get(uuid.uuid4()), "not_found")
    raises(quantumapi.ConflictError, call, lambda: client.secrets.create(name=made.name, value="w"), "secret_name_conflict")
    refused = raises(quantumapi.ValidationError, call, lambda: client.secrets.create(name="..", value="v"))
    assert "name" in refused.details["errors"] and "name" in refused.message
    raises(quantumapi.ValidationError, call, lambda: client.encryption.decrypt("qa1.AAAA"))
    assert call(client.secrets.get(made.id)).value == "v"


@pytest.mark.parametrize("kind", [Sync, Async])
@pytest.mark.parametrize("key", ["qapi_" + "0" * 64, "nonsense", "qid_0123456789abcdef0123456789abcdef"])
def test_a_wrong_key_is_an_authentication_error(connect, kind, key):
    call, client = connect(kind, key)
    raises(quantumapi.AuthenticationError, call, lambda: client.secrets.list(), "unauthenticated")


@pytest.mark.parametrize("kind", [Sync, Async])
def test_a_missing_scope_and_a_revoked_key_are_permission_errors(connect, kind, shared_server):
    made = shared_server.http.post("/api/v1/apikeys", json={"name": name("key"), "scopes": ["secrets:read"]}).json()
    call, client = connect(kind, made["apiKey"])
    assert call(client.secrets.list()).page == 1
    raises(quantumapi.InsufficientScopeError, call, lambda: client.secrets.create(name=name(), value="v"), "insufficient_scope")
    raises(quantumapi.InsufficientScopeError, call, lambda: client.encryption.encrypt("x"), "insufficient_scope")
    assert issubclass(quantumapi.InsufficientScopeError, quantumapi.PermissionError)
    assert shared_server.http.delete(f"/api/v1/apikeys/{made['id']}").status_code == 204
    raises(quantumapi.KeyRevokedError, call, lambda: client.secrets.list(), "key_revoked")


def test_a_kept_connection_is_closed_with_notice_when_the_server_drains(new_server, monkeypatch):
    """A connection closed without notice is an error to this client, which it does not try again."""
    monkeypatch.setenv("QUANTUMAPI_MAX_RETRIES", "0")
    server = new_server().init().start()
    with quantumapi.QuantumAPISyncClient(api_key=server.api_key, base_url=server.plain_url) as client:
        made = client.secrets.create(name=name(), value="v")
        assert server.stop() == 0
        server.serve_options += ["--listen-plain", f"127.0.0.1:{server.plain_port}"]
        server.start()
        assert client.secrets.get(made.id).value == "v"
