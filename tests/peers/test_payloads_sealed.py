"""What a peer seals to an exported public key by docs/formats.md, the platform opens.

A public key alone seals nothing that opens: the secret beside the seed goes into each payload's key. The tests take
it, and nothing else, from the key journal (key_material.py).
"""

import base64
import uuid

import pytest

import key_material
import payloads
from asking import b64, exported, post, refusal
from payload_peers import ALGORITHMS, EACH
from payloads import BASE64, DATA_KEY, SHARED, Version, text_of, transit_text_of

TEXT, ROW = "Ada Lovelace \u2603", "users/7/email \u00e9"
FIELDS = [(TEXT.encode(), ROW.encode()), (b"two", b""), (b"", b"")]
FORMS = ["pem", "der", "jwk"]


class Ours:
    """A key that the platform made, with what its public key does not tell."""

    def __init__(self, server, algorithm):
        body = {"name": f"ours {algorithm}", "keyType": "encryption", "algorithm": algorithm, "setAsDefault": True}
        self.key = post(server, "/keys", body)
        self.id, self.name = self.key["id"], self.key["name"]
        secret = key_material.seed_and_secret(server, self.id)[1]
        self.version = Version(uuid.UUID(server.tenant_id), uuid.UUID(self.id), 1, algorithm, secret)
        self.public = {form: exported(server, self.key, form) for form in FORMS}

    def sealed(self, peer, fields=FIELDS[:1], form="pem", version=None, **how):
        return peer.seal(version or self.version, form, self.public[form], fields, **how)


@pytest.fixture(scope="module")
def server(shared_server):
    return shared_server


@pytest.fixture(scope="module")
def keys(server):
    return {algorithm: Ours(server, algorithm) for algorithm in ALGORITHMS}


@pytest.fixture
def ours(keys, algorithm):
    return keys[algorithm]


def decrypted(server, payload, additional=None):
    body = {"encryptedPayload": payload}
    return post(server, "/decrypt", body if additional is None else {**body, "additionalData": additional})["plaintext"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_the_platform_opens_what_a_peer_seals_to_each_form_of_its_public_key(server, ours, peer, form):
    sealed, = ours.sealed(peer, form=form)
    for text in (text_of(sealed), b64(sealed), transit_text_of(sealed, 1)):
        assert decrypted(server, text, ROW) == TEXT
    plain, = ours.sealed(peer, [(b"\0\xff", b"")], form, encoding=BASE64)
    assert decrypted(server, text_of(plain)) == b64(b"\0\xff")
    moved = post(server, "/rewrap", {"encryptedPayload": text_of(sealed), "additionalData": ROW})["encryptedPayload"]
    assert decrypted(server, moved, ROW) == TEXT


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_the_platform_opens_a_peers_payload_in_parts(server, ours, peer, algorithm):
    parts = payloads.parts_of(ours.sealed(peer)[0], algorithm)
    body = {"encapsulatedKey": b64(parts.encapsulated), "nonce": b64(parts.nonce), "ciphertext": b64(parts.sealed[:-16]),
            "tag": b64(parts.sealed[-16:]), "keyVersion": 1, "additionalData": ROW}
    assert post(server, "/decrypt", body)["plaintext"] == TEXT
    assert refusal(server, "/decrypt", {**body, "tag": b64(bytes(16))}) == "decryption_failed"


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_the_platform_opens_a_peers_batch_of_one_encapsulation(server, ours, peer):
    batch = [text_of(each) for each in ours.sealed(peer, FIELDS, kind=SHARED)]
    items = [{"encryptedPayload": each, "additionalData": bound.decode()} for each, (_, bound) in zip(batch, FIELDS)]
    items.append({"encryptedPayload": batch[0], "additionalData": "another row"})
    results = post(server, "/decrypt/batch", {"items": items})["results"]
    assert [each.get("plaintext") for each in results] == [TEXT, "two", "", None]
    assert results[3]["error"]["code"] == "decryption_failed"
    assert decrypted(server, batch[1]) == "two"


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_transit_opens_what_a_peer_seals(server, ours, peer):
    texts = [transit_text_of(each, 1) for each in ours.sealed(peer, FIELDS, encoding=BASE64)]
    items = [{"ciphertext": each, "associatedData": b64(bound)} for each, (_, bound) in zip(texts, FIELDS)]
    assert base64.b64decode(post(server, f"/transit/decrypt/{ours.name}", items[0])["plaintext"]) == TEXT.encode()
    results = post(server, f"/transit/batch/decrypt/{ours.name}", {"items": items})["results"]
    assert [base64.b64decode(each["plaintext"]) for each in results] == [plaintext for plaintext, _ in FIELDS]
    other = {**items[0], "associatedData": b64(b"another row")}
    assert refusal(server, f"/transit/decrypt/{ours.name}", other) == "decryption_failed"


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_the_platform_unwraps_data_keys_that_a_peer_wraps(server, ours, peer):
    data_key = bytes(range(32))
    wrapped, = ours.sealed(peer, [(data_key, b"disk 7")], kind=DATA_KEY, encoding=BASE64)
    body = {"encryptedKey": text_of(wrapped), "context": b64(b"disk 7")}
    assert base64.b64decode(post(server, f"/keys/{ours.id}/unwrap", body)["keyMaterial"]) == data_key
    assert refusal(server, f"/keys/{ours.id}/unwrap", {**body, "context": b64(b"disk 8")}) == "decryption_failed"
    assert refusal(server, "/decrypt", {"encryptedPayload": text_of(wrapped), "additionalData": "disk 7"}) == "decryption_failed"


def changes(payload, algorithm):
    """The payload with a bit changed: in each octet of the header, at both ends of each other part, and of its kind."""
    start = payloads.HEADER + payloads.ENCAPSULATED[algorithm]
    ends = (payloads.HEADER, start - 1, start, start + 11, start + 12, len(payload) - 17, len(payload) - 16, len(payload) - 1)
    for at, bit in [*((at, 1) for at in (*range(payloads.HEADER), *ends)), (1, SHARED), (1, DATA_KEY)]:
        changed = bytearray(payload)
        changed[at] ^= bit
        yield at, bit, bytes(changed)


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_a_peers_payload_with_one_bit_changed_is_refused(server, ours, peer, algorithm):
    sealed, = ours.sealed(peer)
    body = {"encryptedPayload": text_of(sealed), "additionalData": ROW}
    for at, bit, changed in changes(sealed, algorithm):
        refused = refusal(server, "/decrypt", {**body, "encryptedPayload": text_of(changed)})
        # Of what its header alone rules out (version, algorithm, reserved octets, key version 0) it may say so.
        assert refused == "decryption_failed" or (bit == 1 and at in (0, 1, 3, 4, 24) and refused == "validation_error"), at
    for additional in ("users/7/email \u00e8", "users/6/email \u00e9", ""):
        assert refusal(server, "/decrypt", {**body, "additionalData": additional}) == "decryption_failed"
    assert post(server, "/decrypt", body)["plaintext"] == TEXT


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_a_public_key_without_its_secret_or_for_another_tenant_seals_nothing_that_opens(server, ours, peer):
    for wrong in ({"secret": bytes(32)}, {"tenant": uuid.uuid4()}):
        sealed, = ours.sealed(peer, version=ours.version._replace(**wrong))
        assert refusal(server, "/decrypt", {"encryptedPayload": text_of(sealed), "additionalData": ROW}) == "decryption_failed"
