#!/usr/bin/env python3
"""Opens the payload test vectors with another implementation of everything.

Usage: python3 tools/check_payload_vector.py [FILE]

Needs PyPI `cryptography` 50 or later (ML-KEM from a seed). Exit code 0 when
every vector opens and every changed one is refused, 1 otherwise, 3 when the
library is missing or too old.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import sys
import uuid

HEADER = 25
NONCE = 12
TAG = 16
ALGORITHMS = {"ML-KEM-512": (1, 768), "ML-KEM-768": (2, 1088), "ML-KEM-1024": (3, 1568)}
ENCODINGS = {"utf8": 0, "base64": 1}


def private_key(algorithm, seed):
    """Gives the key of `seed`; None where the library lacks the parameter set."""
    from cryptography.hazmat.primitives.asymmetric import mlkem

    name = algorithm.replace("ML-KEM-", "MLKEM") + "PrivateKey"
    made = getattr(mlkem, name, None)
    return made.from_seed_bytes(seed) if made else None


def expand(prk, info):
    """HKDF-Expand of RFC 5869 with SHA-256, 32 octets: one block."""
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def header_of(vector):
    return (
        bytes([1, ALGORITHMS[vector["algorithm"]][0], ENCODINGS[vector["encoding"]], 0, 0])
        + uuid.UUID(vector["keyId"]).bytes
        + vector["keyVersion"].to_bytes(4, "big")
    )


def open_payload(vector, payload, shared_secret):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    kem_size = ALGORITHMS[vector["algorithm"]][1]
    header, rest = payload[:HEADER], payload[HEADER:]
    encapsulated, rest = rest[:kem_size], rest[kem_size:]
    nonce, sealed = rest[:NONCE], rest[NONCE:]
    prk = hmac.new(bytes.fromhex(vector["secret"]), shared_secret, hashlib.sha256).digest()
    key = expand(prk, header + hashlib.sha256(encapsulated).digest() + nonce)
    additional = bytes.fromhex(vector["additionalData"])
    associated = (
        header + uuid.UUID(vector["tenant"]).bytes + len(additional).to_bytes(8, "big") + additional
    )
    return AESGCM(key).decrypt(nonce, sealed, associated)


def check(vector):
    """Gives what is wrong with a vector, or None; and whether the KEM was checked too."""
    from cryptography.exceptions import InvalidTag

    text = vector["payload"]
    if not text.startswith("qa1."):
        return "does not begin with qa1.", False
    encoded = text[4:]
    payload = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    if payload[:HEADER] != header_of(vector):
        return "the header differs", False
    kem_size = ALGORITHMS[vector["algorithm"]][1]
    key = private_key(vector["algorithm"], bytes.fromhex(vector["seed"]))
    shared = bytes.fromhex(vector["sharedSecret"])
    if key and key.decapsulate(payload[HEADER : HEADER + kem_size]) != shared:
        return "the shared secret differs", True
    if open_payload(vector, payload, shared) != bytes.fromhex(vector["plaintext"]):
        return "the plaintext differs", bool(key)
    for at in (0, HEADER, HEADER + kem_size, len(payload) - 1):
        changed = bytearray(payload)
        changed[at] ^= 1
        try:
            open_payload(vector, bytes(changed), shared)
            return f"opens with octet {at} changed", bool(key)
        except InvalidTag:
            pass
    return None, bool(key)


def main():
    try:
        private_key("ML-KEM-768", bytes(64))
    except (ImportError, AttributeError) as error:
        print(f"not checked: cryptography 50 or later is needed ({error})")
        return 3
    default = pathlib.Path(__file__).parent.parent / "src/encryption/testdata/payload_v1.json"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    failed = 0
    for number, vector in enumerate(json.loads(path.read_text())["vectors"]):
        wrong, with_kem = check(vector)
        scope = "" if with_kem else " (shared secret taken from the file: the library lacks this set)"
        print(f"{number} {vector['algorithm']}: {wrong or 'opens'}{scope}")
        failed += wrong is not None
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
