"""Signatures, MACs and hashes of the platform against two other libraries, in both directions.

PyPI's cryptography (OpenSSL 4.0) and node 24 (OpenSSL 3.5) share no code with AWS-LC.
"""

import base64
import hashlib
import hmac
import pathlib
import subprocess
import sys
import unicodedata

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa

from asking import b64, exported, imported, post

ROOT = pathlib.Path(__file__).parent.parent.parent
DATA = b"what is signed, authenticated and hashed"
# Our name, cryptography's way to make a key, node's name.
SIGNING = {
    "ML-DSA-44": (mldsa.MLDSA44PrivateKey.generate, "ml-dsa-44"),
    "ML-DSA-65": (mldsa.MLDSA65PrivateKey.generate, "ml-dsa-65"),
    "ML-DSA-87": (mldsa.MLDSA87PrivateKey.generate, "ml-dsa-87"),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate, "ed25519"),
    "ECDSA-P256": (lambda: ec.generate_private_key(ec.SECP256R1()), "ec"),
}


@pytest.fixture
def server(shared_server):
    return shared_server


def octets_of(vault_text):
    return base64.b64decode(vault_text.split(":", 2)[2])


def peer_verifies(public_key, signature, data):
    scheme = (ec.ECDSA(hashes.SHA256()),) if isinstance(public_key, ec.EllipticCurvePublicKey) else ()
    try:
        public_key.verify(signature, data, *scheme)
    except InvalidSignature:
        return False
    return True


def node_verifies(ask_node, pem, signature, data):
    answer, = ask_node({"what": "verify", "pem": pem, "data": data.hex(), "signature": signature.hex()})
    return answer["answer"]


@pytest.mark.parametrize("algorithm", SIGNING)
def test_what_the_platform_signs_both_peers_verify(server, ask_node, algorithm):
    key = post(server, "/keys", {"name": f"signs {algorithm}", "keyType": "signing", "algorithm": algorithm})
    signature = octets_of(post(server, "/sign", {"keyId": key["id"], "data": b64(DATA), "encoding": "base64"})["signature"])
    pem = exported(server, key, "pem")
    public_key = serialization.load_pem_public_key(pem.encode())
    assert peer_verifies(public_key, signature, DATA) and not peer_verifies(public_key, signature, DATA + b"!")
    assert node_verifies(ask_node, pem, signature, DATA) and not node_verifies(ask_node, pem, signature, DATA + b"!")


def platform_verifies(server, key, signature, data=DATA):
    return post(server, "/verify", {"keyId": key["id"], "data": b64(data), "encoding": "base64", "signature": "vault:v1:" + b64(signature)})["valid"]


@pytest.mark.parametrize("algorithm", SIGNING)
def test_what_cryptography_signs_the_platform_verifies(server, algorithm):
    generate, _ = SIGNING[algorithm]
    private_key = generate()
    pem = private_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    key = imported(server, f"cryptography {algorithm}", "signing", algorithm, "pem", pem)
    scheme = (ec.ECDSA(hashes.SHA256()),) if algorithm == "ECDSA-P256" else ()
    signature = private_key.sign(DATA, *scheme)
    assert platform_verifies(server, key, signature) and not platform_verifies(server, key, signature, DATA + b"!")
    ours = octets_of(post(server, "/sign", {"keyId": key["id"], "data": b64(DATA), "encoding": "base64"})["signature"])
    assert peer_verifies(private_key.public_key(), ours, DATA)


@pytest.mark.parametrize("algorithm", SIGNING)
def test_what_node_signs_the_platform_verifies(server, ask_node, algorithm):
    made, = ask_node({"what": "sign", "type": SIGNING[algorithm][1], "data": DATA.hex()})
    made = made["answer"]
    key = imported(server, f"node {algorithm}", "signing", algorithm, "pem", made["pkcs8"])
    signature = bytes.fromhex(made["signature"])
    assert platform_verifies(server, key, signature) and not platform_verifies(server, key, signature, DATA + b"!")
    assert exported(server, key, "der") == made["spki"]


@pytest.mark.parametrize("algorithm, theirs", [("HMAC-SHA3-256", "sha3-256"), ("HMAC-SHA256", "sha256"), ("HMAC-SHA384", "sha384"), ("HMAC-SHA512", "sha512")])
def test_macs_are_the_same_everywhere(server, ask_node, algorithm, theirs):
    material = hashlib.shake_256(algorithm.encode()).digest(48)
    key = imported(server, f"mac {algorithm}", "hmac", algorithm, "raw", b64(material))
    ours = octets_of(post(server, "/hmac", {"keyId": key["id"], "data": b64(DATA), "encoding": "base64"})["hmac"])
    assert ours == hmac.new(material, DATA, theirs.replace("-", "_") if "3-" in theirs else theirs).digest()
    answer, = ask_node({"what": "hmac", "hash": theirs, "key": material.hex(), "data": DATA.hex()})
    assert answer["answer"] == ours.hex()
    assert platform_verifies(server, key, ours) and not platform_verifies(server, key, ours[:-1] + bytes([ours[-1] ^ 1]))


def letters():
    """Every letter that has a lower case, and every white space, of the Unicode that Python knows; newer ones differ by library."""
    for point in range(0x110000):
        letter = chr(point)
        if 0xD800 <= point < 0xE000 or unicodedata.category(letter) == "Cn":
            continue
        if letter.lower() != letter or letter.isspace() or point in (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x180E):
            yield letter


def test_searchable_hashes_are_those_of_node_for_every_letter(server, ask_node):
    texts = [f"{letter}a{letter}" for letter in letters()] + ["\u039f\u0394\u039f\u03a3", " Ada\u3000", "STRA\u1e9eE", ""]
    assert len(texts) > 1400
    found = []
    for start in range(0, len(texts), 1000):
        items = [{"plaintext": text} for text in texts[start:start + 1000]]
        found += [result["hash"] for result in post(server, "/hash/searchable/batch", {"items": items, "keyed": False})["results"]]
    theirs = ask_node(*({"what": "sha3", "text": text} for text in texts))
    differing = [ascii(text) for text, ours, their in zip(texts, found, theirs) if ours != their["answer"]]
    assert differing == []


@pytest.mark.parametrize("program", ["check_payload_vector.py", "check_format_vectors.py"])
def test_every_vector_of_the_formats_opens_in_cryptography(program):
    out = subprocess.run([sys.executable, ROOT / "tools" / program], capture_output=True, text=True, timeout=60)
    assert out.returncode == 0, out.stderr
