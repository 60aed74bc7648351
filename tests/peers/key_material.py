"""What the platform alone knows of a key: its seed and secret, from the root key file and the key journal.

Written from docs/formats.md ("Root key file", "Key journal", "Wrapped key"). Who only has a public key has no secret.
"""

import base64
import hmac
import re
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_VERSION, KEY_DRAWN, ENCRYPT = 1, 10, 1


def derived(salt, key, label):
    return HKDF(hashes.SHA256(), 32, salt=salt, info=label).derive(key)


def bodies_of(journal, root_key):
    """The bodies of the frames, each of which verifies in its place."""
    key, installation = derived(b"quantumapi/root/v1", root_key, b"quantumapi/journal/v1"), journal[8:24]
    at = 72
    while at < len(journal):
        end = at + 4 + int.from_bytes(journal[at:at + 4], "big")
        body, mac = journal[at + 4:end], journal[end:end + 32]
        assert hmac.digest(key, installation + at.to_bytes(8, "big") + body, "sha256") == mac
        yield body
        at = end + 32


def entries_of(body):
    """(kind, tenant, object, version, purpose, wrapped) of each entry of a body."""
    while body:
        algorithm = 46 + 4 + int.from_bytes(body[46:50], "big")
        end = algorithm + 4 + int.from_bytes(body[algorithm:algorithm + 4], "big")
        yield body[0], body[9:25], body[25:41], body[41:45], body[45], body[algorithm + 4:end]
        body = body[end:]


def unwrapped(root_key, tenant, key, number, purpose, wrapped):
    cipher = AESGCM(derived(wrapped[17:49], root_key, b"quantumapi/wrap/v1"))
    place = b"quantumapi/wrap/v1" + bytes([purpose]) + tenant + key + number + wrapped[:17]
    return cipher.decrypt(wrapped[49:61], wrapped[61:], place)


def seed_and_secret(server, key_id, number=1):
    """Seed (64) and secret (32) of a version of an encryption key of the server."""
    root_key = base64.b64decode(re.search(r"^key: (.+)$", (server.data / "root.seal").read_text(), re.M)[1])
    journal = (server.data / "keys.journal").read_bytes()
    assert journal.startswith(b"QAPIKJ01")
    for body in bodies_of(journal, root_key):
        for kind, tenant, key, version, purpose, wrapped in entries_of(body):
            wanted = key == uuid.UUID(key_id).bytes and version == number.to_bytes(4, "big")
            if wanted and kind in (KEY_VERSION, KEY_DRAWN) and purpose == ENCRYPT:
                material = unwrapped(root_key, tenant, key, version, purpose, wrapped)
                assert len(material) == 96
                return material[:64], material[64:]
    raise AssertionError(f"version {number} of {key_id} is not in the journal")
