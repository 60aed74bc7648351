"""ML-KEM in Python: 768 and 1024 of cryptography (OpenSSL), 512, which it lacks, of kyber-py (pure Python)."""

import base64
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mlkem
from kyber_py.ml_kem import ML_KEM_512

PRIVATE = {"ML-KEM-768": mlkem.MLKEM768PrivateKey, "ML-KEM-1024": mlkem.MLKEM1024PrivateKey}
PUBLIC = {"ML-KEM-768": mlkem.MLKEM768PublicKey, "ML-KEM-1024": mlkem.MLKEM1024PublicKey}
# RFC 9935 section 4: what stands before the 800 octets of an ML-KEM-512 public key.
SPKI_512 = bytes.fromhex("30820332300b06096086480165030404010382032100")


def b64url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def decapsulate(algorithm, seed, encapsulated):
    if algorithm == "ML-KEM-512":
        return ML_KEM_512.decaps(ML_KEM_512.key_derive(seed)[1], encapsulated)
    return PRIVATE[algorithm].from_seed_bytes(seed).decapsulate(encapsulated)


def encapsulate(algorithm, public_key):
    """The shared secret, and its ciphertext."""
    if algorithm == "ML-KEM-512":
        return ML_KEM_512.encaps(public_key)
    return PUBLIC[algorithm].from_public_bytes(public_key).encapsulate()


def private_forms(algorithm, seed):
    """What /keys/import takes, by format: {format: keyMaterial}; and the public key in DER. kyber-py writes no PKCS#8."""
    key = None if algorithm == "ML-KEM-512" else PRIVATE[algorithm].from_seed_bytes(seed)
    public = key.public_key().public_bytes_raw() if key else ML_KEM_512.key_derive(seed)[0]
    jwk = {"kty": "AKP", "alg": algorithm, "pub": b64url(public), "priv": b64url(seed)}
    forms = {"raw": base64.b64encode(seed).decode(), "jwk": json.dumps(jwk)}
    if not key:
        return forms, SPKI_512 + public
    pkcs8 = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, *pkcs8).decode()
    der = base64.b64encode(key.private_bytes(serialization.Encoding.DER, *pkcs8)).decode()
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {**forms, "pem": pem, "pkcs8": der, "der": der}, spki


def public_octets(algorithm, form, text):
    """The octets of a public key as the platform exports it."""
    if form == "jwk":
        jwk = json.loads(text)
        assert (jwk["kty"], jwk["alg"]) == ("AKP", algorithm)
        return base64.urlsafe_b64decode(jwk["pub"] + "=" * (-len(jwk["pub"]) % 4))
    lines = text.splitlines()
    if form == "pem":
        assert (lines[0], lines[-1]) == ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
    der = base64.b64decode("".join(lines[1:-1]) if form == "pem" else text)
    if algorithm == "ML-KEM-512":
        assert der.startswith(SPKI_512) and len(der) == len(SPKI_512) + 800
        return der[len(SPKI_512):]
    return serialization.load_der_public_key(der).public_bytes_raw()
