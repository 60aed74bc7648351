"""Payloads by docs/formats.md alone: HKDF and AES-GCM of PyPI's cryptography, ML-KEM of kems.py."""

import base64
import hashlib
import uuid
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import kems

OWN, SHARED, DATA_KEY = 0, 16, 48  # added to the parameter set's number
UTF8, BASE64 = 0, 1
HEADER, NONCE = 25, 12
NUMBERS = {"ML-KEM-512": 1, "ML-KEM-768": 2, "ML-KEM-1024": 3}
ENCAPSULATED = {"ML-KEM-512": 768, "ML-KEM-768": 1088, "ML-KEM-1024": 1568}


class Version(NamedTuple):
    """A key version, and the secret beside its seed that no public key tells."""

    tenant: uuid.UUID
    key: uuid.UUID
    number: int
    algorithm: str
    secret: bytes

    def header(self, kind=OWN, encoding=UTF8):
        return bytes([1, NUMBERS[self.algorithm] + kind, encoding, 0, 0]) + self.key.bytes + self.number.to_bytes(4, "big")


class Parts(NamedTuple):
    header: bytes
    encapsulated: bytes
    nonce: bytes
    sealed: bytes  # ciphertext and tag


def octets_of(text):
    """The octets of each text form: qa1., vault:v{n}: and plain base64."""
    if text.startswith("qa1."):
        return base64.urlsafe_b64decode(text[4:] + "=" * (-len(text[4:]) % 4))
    return base64.b64decode(text.rpartition(":")[2], validate=True)


def text_of(octets):
    return "qa1." + base64.urlsafe_b64encode(octets).decode().rstrip("=")


def transit_text_of(octets, number):
    return f"vault:v{number}:" + base64.b64encode(octets).decode()


def parts_of(octets, algorithm):
    nonce = HEADER + ENCAPSULATED[algorithm]
    return Parts(octets[:HEADER], octets[HEADER:nonce], octets[nonce:nonce + NONCE], octets[nonce + NONCE:])


def cipher_of(version, shared, header, encapsulated, nonce):
    info = header + hashlib.sha256(encapsulated).digest() + nonce
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=version.secret, info=info).derive(shared))


def associated(version, header, additional):
    return header + version.tenant.bytes + len(additional).to_bytes(8, "big") + additional


def open_payload(version, seed, octets, additional=b""):
    """The plaintext; InvalidTag where anything differs. The header is the payload's, not the version's."""
    header, encapsulated, nonce, sealed = parts_of(octets, version.algorithm)
    shared = kems.decapsulate(version.algorithm, seed, encapsulated)
    return cipher_of(version, shared, header, encapsulated, nonce).decrypt(nonce, sealed, associated(version, header, additional))


def seal_payloads(version, public_key, header, nonces, fields):
    """The octets of a payload for each (plaintext, additional data), all of one encapsulation."""
    shared, encapsulated = kems.encapsulate(version.algorithm, public_key)
    made = []
    for nonce, (plaintext, additional) in zip(nonces, fields, strict=True):
        cipher = cipher_of(version, shared, header, encapsulated, nonce)
        made.append(header + encapsulated + nonce + cipher.encrypt(nonce, plaintext, associated(version, header, additional)))
    return made
