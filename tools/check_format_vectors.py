#!/usr/bin/env python3
"""Makes and opens the vectors of the stored formats with another implementation of everything.

Usage: python3 tools/check_format_vectors.py [--make]

Written from docs/formats.md: wraps, key journal, root key file, sealed objects, personal data,
API keys, searchable hashes. The vectors in src/keyring/testdata and src/access/testdata were made
by --make, and the rooms' unit tests open them, so each format is agreed on by two
implementations. Needs PyPI `cryptography` 50 or later. Exit code 0 when every vector opens and
every changed one is refused, 1 otherwise, 3 when the library is missing or too old.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import sys
import uuid
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEYRING = ROOT / "src/keyring/testdata"
ACCESS = ROOT / "src/access/testdata"

ROOT_ID = uuid.UUID("01920000-0000-7000-8000-0000000000a0")
ROOT_KEY = bytes(range(32))
INSTALLATION = uuid.UUID("01920000-0000-7000-8000-0000000000b0")
TENANT = uuid.UUID("01920000-0000-7000-8000-000000000001")
KEY = uuid.UUID("01920000-0000-7000-8000-000000000002")
SECRET = uuid.UUID("01920000-0000-7000-8000-000000000003")
PRINCIPAL = uuid.UUID("01920000-0000-7000-8000-000000000004")
TIME = 1_800_000_000_000_000  # microseconds since 1970
PURPOSES = {"encrypt": 1, "sign": 2, "hmac": 3, "image": 4, "token": 5, "ca": 6, "audit": 7,
            "vault": 8, "personal": 9, "lookup": 10, "server": 11, "search": 12}
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def number(value, size):
    return value.to_bytes(size, "big")


def field(octets):
    return number(len(octets), 4) + octets


def extract(salt, material):
    return hmac.new(salt, material, hashlib.sha256).digest()


def expand(prk, info):
    """HKDF-Expand of RFC 5869 with SHA-256, 32 octets: one block."""
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def derive(label):
    return expand(extract(b"quantumapi/root/v1", ROOT_KEY), label)


def filled(text, size):
    """Octets that look random and are the same each time."""
    return hashlib.shake_256(text.encode()).digest(size)


def aead(key):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


# --- wrapped key ---------------------------------------------------------------------------------

def wrap_parts(purpose, tenant, obj, version, wrapped):
    """The key and associated data that a wrap is sealed with."""
    key = expand(extract(wrapped[17:49], ROOT_KEY), b"quantumapi/wrap/v1")
    associated = (b"quantumapi/wrap/v1" + number(PURPOSES[purpose], 1) + tenant.bytes + obj.bytes
                  + number(version, 4) + wrapped[:17])
    return aead(key), associated


def wrap(purpose, tenant, obj, version, material):
    head = b"\x01" + ROOT_ID.bytes + filled(f"salt {purpose}", 32)
    nonce = filled(f"nonce {purpose}", 12)
    cipher, associated = wrap_parts(purpose, tenant, obj, version, head)
    return head + nonce + cipher.encrypt(nonce, material, associated)


def unwrap(purpose, tenant, obj, version, wrapped):
    cipher, associated = wrap_parts(purpose, tenant, obj, version, wrapped)
    return cipher.decrypt(wrapped[49:61], wrapped[61:], associated)


def make_wraps():
    sizes = {"encrypt": 96, "vault": 96, "sign": 32, "hmac": 32, "personal": 32, "lookup": 32, "search": 32}
    return [{"purpose": purpose, "tenant": str(TENANT), "object": str(KEY), "version": 3,
             "material": filled(f"material {purpose}", size).hex(),
             "wrapped": wrap(purpose, TENANT, KEY, 3, filled(f"material {purpose}", size)).hex()}
            for purpose, size in sizes.items()]


def check_wraps(vectors):
    for vector in vectors:
        place = (vector["purpose"], uuid.UUID(vector["tenant"]), uuid.UUID(vector["object"]), vector["version"])
        wrapped = bytes.fromhex(vector["wrapped"])
        expect(unwrap(*place, wrapped).hex() == vector["material"], "a wrap opens")
        refused(lambda: unwrap(*place, wrapped[:-1] + bytes([wrapped[-1] ^ 1])), "a changed wrap")
        refused(lambda: unwrap(*place[:3], 4, wrapped), "a wrap of another version")


# --- key journal ---------------------------------------------------------------------------------

def journal_mac(offset, body):
    key = derive(b"quantumapi/journal/v1")
    return hmac.new(key, INSTALLATION.bytes + number(offset, 8) + body, hashlib.sha256).digest()


def entry(kind, obj, version=0, purpose="encrypt", algorithm="", wrapped=b"", tenant=TENANT):
    return (number(kind, 1) + number(TIME, 8) + tenant.bytes + obj.bytes + number(version, 4)
            + number(PURPOSES[purpose], 1) + field(algorithm.encode()) + field(wrapped))


def make_journal():
    wraps = {w["purpose"]: bytes.fromhex(w["wrapped"]) for w in make_wraps()}
    header = b"QAPIKJ01" + INSTALLATION.bytes + ROOT_ID.bytes
    out = header + journal_mac(0, header)
    frames = [entry(8, uuid.UUID("01920000-0000-7000-8000-0000000000c0"), tenant=uuid.UUID(int=0)),
              entry(1, KEY, 3, "encrypt", "ML-KEM-768", wraps["encrypt"]) + entry(1, KEY, 3, "search", "HMAC-SHA3-256", wraps["search"]),
              entry(2, KEY), entry(3, SECRET), entry(4, SECRET), entry(5, PRINCIPAL)]
    for body in frames:
        out += field(body) + journal_mac(len(out), body)
    return out


def check_journal(octets):
    expect(octets[40:72] == journal_mac(0, octets[:40]), "the journal's header verifies")
    at, kinds = 72, []
    while at < len(octets):
        size = int.from_bytes(octets[at:at + 4], "big")
        body = octets[at + 4:at + 4 + size]
        expect(octets[at + 4 + size:at + 36 + size] == journal_mac(at, body), "a frame verifies in its place")
        kinds.append(body[0])
        at += 36 + size
    expect(kinds == [8, 1, 2, 3, 4, 5], "the frames stand in their order")


# --- root key file -------------------------------------------------------------------------------

def make_root_file():
    text = (f"quantumapi-root-key-file-1\nid: {ROOT_ID}\ncreated: 2026-01-01T00:00:00.000000Z\n"
            f"key: {base64.b64encode(ROOT_KEY).decode()}\n")
    return text + f"crc: {zlib.crc32(text.encode()):08x}\n"


# --- sealed object -------------------------------------------------------------------------------

def kem_key():
    from cryptography.hazmat.primitives.asymmetric import mlkem

    return mlkem.MLKEM768PrivateKey.from_seed_bytes(filled("material encrypt", 96)[:64])


def object_cipher(vector, encapsulated, shared):
    prk = extract(filled("material encrypt", 96)[64:], shared)
    context = (field(vector["kind"].encode()) + field(uuid.UUID(vector["tenant"]).bytes)
               + field(uuid.UUID(vector["object"]).bytes) + field(number(vector["version"], 4)))
    return aead(expand(prk, context + hashlib.sha256(encapsulated).digest()))


def make_objects():
    out = []
    for kind, text in (("secret.value", b"s3cret-pa55"), ("secret.fields", b"{}")):
        vector = {"kind": kind, "tenant": str(TENANT), "object": str(SECRET), "version": 2,
                  "keyId": str(KEY), "keyVersion": 3, "plaintext": text.hex()}
        shared, encapsulated = kem_key().public_key().encapsulate()
        head, nonce = b"\x01" + KEY.bytes + number(3, 4), filled("nonce " + kind, 12)
        sealed = object_cipher(vector, encapsulated, shared).encrypt(nonce, text, head)
        out.append({**vector, "sealed": (head + encapsulated + nonce + sealed).hex()})
    return out


def open_object(vector, sealed):
    encapsulated, nonce = sealed[21:1109], sealed[1109:1121]
    return object_cipher(vector, encapsulated, kem_key().decapsulate(encapsulated)).decrypt(nonce, sealed[1121:], sealed[:21])


def check_objects(vectors):
    for vector in vectors:
        sealed = bytes.fromhex(vector["sealed"])
        expect(open_object(vector, sealed).hex() == vector["plaintext"], "an object opens")
        refused(lambda: open_object({**vector, "object": str(KEY)}, sealed), "an object in another place")
        for at in (0, 20, 21, 1108, 1109, len(sealed) - 1):
            changed = bytearray(sealed)
            changed[at] ^= 1
            refused(lambda: open_object(vector, bytes(changed)), "a changed object")


# --- personal data, API key, hashes ----------------------------------------------------------------

def make_personal():
    text = field(b"users-api") + field(b"203.0.113.7") + field(b"curl/8.5")
    nonce = filled("nonce personal data", 12)
    sealed = aead(filled("material personal", 32)).encrypt(nonce, text, b"quantumapi/personal/v1" + PRINCIPAL.bytes)
    return {"principal": str(PRINCIPAL), "key": filled("material personal", 32).hex(), "label": "users-api",
            "address": "203.0.113.7", "userAgent": "curl/8.5", "sealed": (nonce + sealed).hex()}


def check_personal(vector):
    sealed = bytes.fromhex(vector["sealed"])
    text = aead(bytes.fromhex(vector["key"])).decrypt(sealed[:12], sealed[12:], b"quantumapi/personal/v1" + uuid.UUID(vector["principal"]).bytes)
    parts = [vector[name].encode() for name in ("label", "address", "userAgent")]
    expect(text == b"".join(field(part) for part in parts), "personal data opens")


def base62(value, digits):
    out = ""
    for _ in range(digits):
        value, rest = divmod(value, 62)
        out = ALPHABET[rest] + out
    return out


def row_id(digits):
    """The UUID of version 8 that the row of an API key has."""
    value = 0
    for digit in digits:
        value = value * 62 + ALPHABET.index(digit)
    upper, lower = value >> 62, value & (1 << 62) - 1
    return uuid.UUID(int=(upper << 16 | 0x8000) << 64 | 1 << 63 | lower)


def make_api_key():
    body = ("qapi_" + base62(int.from_bytes(filled("api key id", 16), "big"), 15)
            + base62(int.from_bytes(filled("api key secret", 32), "big"), 43))
    text = body + base62(zlib.crc32(body.encode()), 6)
    lookup = filled("material lookup", 32)
    return {"text": text, "id": str(row_id(text[5:20])), "lookupKey": lookup.hex(),
            "mac": hmac.new(lookup, text.encode(), hashlib.sha3_256).hexdigest()}


def check_api_key(vector):
    text = vector["text"]
    expect(len(text) == 69 and text[63:] == base62(zlib.crc32(text[:63].encode()), 6), "an API key's checksum")
    expect(str(row_id(text[5:20])) == vector["id"], "an API key's row")
    mac = hmac.new(bytes.fromhex(vector["lookupKey"]), text.encode(), hashlib.sha3_256).hexdigest()
    expect(mac == vector["mac"], "an API key's MAC")


# --- all -------------------------------------------------------------------------------------------

FAULTS = []


def expect(holds, what):
    if not holds:
        FAULTS.append(what + " does not hold")


def refused(attempt, what):
    try:
        attempt()
    except Exception:  # whatever the library calls it
        return
    FAULTS.append(what + " is not refused")


def make():
    KEYRING.mkdir(exist_ok=True)
    ACCESS.mkdir(exist_ok=True)
    vectors = {"rootKey": ROOT_KEY.hex(), "rootKeyId": str(ROOT_ID), "installation": str(INSTALLATION),
               "kemMaterial": filled("material encrypt", 96).hex(),
               "wraps": make_wraps(), "objects": make_objects(), "personal": make_personal()}
    (KEYRING / "formats_v1.json").write_text(json.dumps(vectors, indent=1) + "\n")
    (KEYRING / "journal_v1.bin").write_bytes(make_journal())
    (KEYRING / "root_key_v1.seal").write_text(make_root_file())
    (ACCESS / "api_key_v1.json").write_text(json.dumps(make_api_key(), indent=1) + "\n")


def check():
    vectors = json.loads((KEYRING / "formats_v1.json").read_text())
    check_wraps(vectors["wraps"])
    check_objects(vectors["objects"])
    check_personal(vectors["personal"])
    check_journal((KEYRING / "journal_v1.bin").read_bytes())
    expect((KEYRING / "root_key_v1.seal").read_text() == make_root_file(), "the root key file")
    check_api_key(json.loads((ACCESS / "api_key_v1.json").read_text()))
    for fault in FAULTS:
        print(fault, file=sys.stderr)
    if not FAULTS:
        print("every vector opens, and every changed one is refused")
    return 1 if FAULTS else 0


def main():
    try:
        from cryptography.hazmat.primitives.asymmetric import mlkem  # noqa: F401
    except ImportError:
        print("PyPI cryptography 50 or later is needed", file=sys.stderr)
        return 3
    if sys.argv[1:] == ["--make"]:
        make()
    return check()


if __name__ == "__main__":
    sys.exit(main())
