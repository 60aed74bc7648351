"""What the platform encrypts under a key of a peer, the peer opens: by docs/formats.md and with its own libraries.

A key version is a seed, which the peer made, and a secret, which the platform draws at the import and shows to
nobody: the tests take it from the key journal (key_material.py).
"""

import base64
import itertools
import json
import pathlib
import uuid

import pytest

import key_material
import payloads
from asking import b64, exported, imported, post
from payload_peers import ALGORITHMS, EACH, Python, Refused
from payloads import BASE64, DATA_KEY, OWN, SHARED, UTF8, Version, octets_of

VECTORS = pathlib.Path(__file__).parent.parent.parent / "src/encryption/testdata/payload_v1.json"
TEXT, ROW = "Ada Lovelace \u2603", "users/7/email \u00e9"
NAMES = itertools.count()


class Byok:
    """A key that a peer made and the platform imported."""

    def __init__(self, server, peer, algorithm):
        self.peer = peer
        self.forms, self.spki, self.seed = peer.make(algorithm)
        self.name = f"byok {next(NAMES)}"
        form = "pem" if "pem" in self.forms else "jwk"
        self.key = imported(server, self.name, "encryption", algorithm, form, self.forms[form])
        self.id = self.key["id"]
        seed, secret = key_material.seed_and_secret(server, self.id)
        assert seed == self.seed
        self.version = Version(uuid.UUID(server.tenant_id), uuid.UUID(self.id), 1, algorithm, secret)

    def opens(self, text, additional=b"", kind=OWN, encoding=UTF8):
        octets = octets_of(text)
        assert octets[:payloads.HEADER] == self.version.header(kind, encoding)
        with pytest.raises(Refused):
            self.peer.open(self.version, self.seed, octets, additional + b"!")
        return self.peer.open(self.version, self.seed, octets, additional)

    def encapsulated(self, text):
        return payloads.parts_of(octets_of(text), self.version.algorithm).encapsulated


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture
def byok(server, peer, algorithm):
    return Byok(server, peer, algorithm)


def vectors():
    for vector in json.loads(VECTORS.read_text())["vectors"]:
        key = uuid.UUID(vector["tenant"]), uuid.UUID(vector["keyId"]), vector["keyVersion"]
        version = Version(*key, vector["algorithm"], bytes.fromhex(vector["secret"]))
        yield vector, version, [bytes.fromhex(vector["seed"]), octets_of(vector["payload"])]


@pytest.mark.parametrize("peer", ["python", "node"], indirect=True)
def test_both_peers_open_the_payload_vectors_and_refuse_changed_ones(peer):
    sets = set()
    for vector, version, seed_and_payload in vectors():
        additional = bytes.fromhex(vector["additionalData"])
        assert peer.open(version, *seed_and_payload, additional).hex() == vector["plaintext"]
        with pytest.raises(Refused):
            peer.open(version, *seed_and_payload, additional + b"\0")
        sets.add(version.algorithm)
    assert sets == set(ALGORITHMS)


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_each_form_of_a_peers_private_key_is_the_same_key_here(server, byok, algorithm):
    assert len(byok.forms) == (2 if byok.peer is Python and algorithm == "ML-KEM-512" else 5)
    for form, material in byok.forms.items():
        key = imported(server, f"{byok.name} {form}", "encryption", algorithm, form, material)
        assert base64.b64decode(exported(server, key, "der")) == byok.spki, form
        assert byok.spki.endswith(b"\0" + base64.b64decode(exported(server, key, "raw"))), form
        assert key_material.seed_and_secret(server, key["id"])[0] == byok.seed, form


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_the_peer_opens_single_fields(server, byok):
    sealed = post(server, "/encrypt", {"plaintext": TEXT, "keyId": byok.id})
    assert byok.opens(sealed["encryptedPayload"]) == TEXT.encode()
    parts = [base64.b64decode(sealed[name]) for name in ("encapsulatedKey", "nonce", "ciphertext", "tag")]
    assert byok.opens(b64(byok.version.header() + b"".join(parts))) == TEXT.encode()

    bound = post(server, "/encrypt", {"plaintext": b64(b"\0\xff"), "encoding": "base64", "additionalData": ROW, "keyId": byok.name})
    assert byok.opens(bound["encryptedPayload"], ROW.encode(), encoding=BASE64) == b"\0\xff"
    assert byok.opens(post(server, "/encrypt", {"plaintext": "", "keyId": byok.id})["encryptedPayload"]) == b""


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
@pytest.mark.parametrize("per_item", [False, True])
def test_the_peer_opens_each_field_of_a_batch(server, byok, per_item):
    items = [{"plaintext": "one"}, {"plaintext": b64(b"\xfe"), "encoding": "base64"}, {"plaintext": TEXT, "additionalData": ROW}]
    results = post(server, "/encrypt/batch", {"items": items, "keyId": byok.id, "perItem": per_item})["results"]
    one, two, three = (result["encryptedPayload"] for result in results)
    kind = OWN if per_item else SHARED
    assert byok.opens(one, kind=kind) == b"one"
    assert byok.opens(two, kind=kind, encoding=BASE64) == b"\xfe"
    assert byok.opens(three, ROW.encode(), kind=kind) == TEXT.encode()
    assert len({byok.encapsulated(each) for each in (one, two, three)}) == (3 if per_item else 1)


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_the_peer_opens_what_transit_encrypts_by_the_keys_name(server, byok):
    item = {"plaintext": b64(TEXT.encode()), "associatedData": b64(ROW.encode())}
    sealed = post(server, f"/transit/encrypt/{byok.name}", item)["ciphertext"]
    assert sealed.startswith("vault:v1:") and byok.opens(sealed, ROW.encode(), encoding=BASE64) == TEXT.encode()
    text = post(server, f"/transit/encrypt/{byok.name}", {"plaintext": TEXT, "encoding": "utf8"})["ciphertext"]
    assert byok.opens(text) == TEXT.encode()
    results = post(server, f"/transit/batch/encrypt/{byok.name}", {"items": [item, {"plaintext": ""}]})["results"]
    assert byok.opens(results[0]["ciphertext"], ROW.encode(), encoding=BASE64) == TEXT.encode()
    assert byok.opens(results[1]["ciphertext"], encoding=BASE64) == b""


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_the_peer_unwraps_data_keys(server, byok):
    for size in (16, 24, 32):
        made = post(server, f"/keys/{byok.id}/generate-data-key", {"keyBytes": size, "context": b64(b"disk 7")})
        plain = byok.opens(made["encryptedKey"], b"disk 7", DATA_KEY, BASE64)
        assert plain == base64.b64decode(made["plaintextKey"]) and len(plain) == size
    wrapped = post(server, f"/transit/datakey/{byok.name}/without-plaintext", {})["encryptedKey"]
    plain = post(server, f"/keys/{byok.id}/unwrap", {"encryptedKey": wrapped})["keyMaterial"]
    assert byok.opens(wrapped, kind=DATA_KEY, encoding=BASE64) == base64.b64decode(plain)


@pytest.mark.parametrize("peer, algorithm", EACH, indirect=["peer"])
def test_a_rotation_leaves_the_peers_seed_with_the_first_version(server, byok):
    first = post(server, "/encrypt", {"plaintext": TEXT, "additionalData": ROW, "keyId": byok.id})["encryptedPayload"]
    post(server, f"/keys/{byok.id}/rotate", {})
    second = octets_of(post(server, "/rewrap", {"encryptedPayload": first, "additionalData": ROW})["encryptedPayload"])
    assert byok.opens(first, ROW.encode()) == TEXT.encode()
    seed, secret = key_material.seed_and_secret(server, byok.id, 2)
    newer = byok.version._replace(number=2, secret=secret)
    assert seed != byok.seed and second[:payloads.HEADER] == newer.header()
    assert byok.peer.open(newer, seed, second, ROW.encode()) == TEXT.encode()
    with pytest.raises(Refused):
        byok.peer.open(newer, byok.seed, second, ROW.encode())
