"""Certificates, requests and revocation lists against PyPI's cryptography (OpenSSL 4.0) and Node.js."""

import datetime
import json
import subprocess

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import CRLEntryExtensionOID, ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from harness import BIN

TOOL = BIN / "x509_tool"
SPIFFE = "spiffe://example.org/ns/users-api/sa/users-api-sa"
KEY_TYPES = ["ML-DSA-65", "ML-DSA-87", "ECDSA-P256"]
NOW = datetime.datetime.now(datetime.timezone.utc)
HOUR = datetime.timedelta(hours=1)


def tool(*arguments, given=b""):
    return subprocess.run([TOOL, *map(str, arguments)], input=given, capture_output=True, timeout=30)


def read(*arguments, given=b""):
    out = tool(*arguments, given=given)
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


class Ours:
    """A hierarchy that x509_tool made, read by the peer."""

    def __init__(self, key_type, folder):
        self.folder, self.key_type = folder, key_type
        assert tool("make", key_type, folder).returncode == 0
        self.root, self.intermediate, self.leaf = (
            x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes()) for name in ("root", "intermediate", "leaf"))
        self.list = x509.load_der_x509_crl((folder / "list.crl").read_bytes())


@pytest.fixture(scope="module", params=KEY_TYPES)
def ours(request, tmp_path_factory):
    return Ours(request.param, tmp_path_factory.mktemp(request.param))


def new_key(key_type):
    if key_type == "ECDSA-P256":
        return ec.generate_private_key(ec.SECP256R1())
    return {"ML-DSA-44": mldsa.MLDSA44PrivateKey, "ML-DSA-65": mldsa.MLDSA65PrivateKey, "ML-DSA-87": mldsa.MLDSA87PrivateKey}[key_type].generate()


def digest(key):
    return hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None


# --- ours, read by cryptography -----------------------------------------------------------------

def test_each_certificate_is_signed_by_the_one_above(ours):
    ours.root.verify_directly_issued_by(ours.root)
    ours.intermediate.verify_directly_issued_by(ours.root)
    ours.leaf.verify_directly_issued_by(ours.intermediate)
    for wrong in (lambda: ours.leaf.verify_directly_issued_by(ours.root), lambda: ours.intermediate.verify_directly_issued_by(ours.intermediate)):
        with pytest.raises((InvalidSignature, ValueError, TypeError)):
            wrong()


def test_signatures_have_no_parameters(ours):
    for certificate in (ours.root, ours.intermediate, ours.leaf):
        oid = certificate.signature_algorithm_oid.dotted_string
        expected = {"ML-DSA-65": "2.16.840.1.101.3.4.3.18", "ML-DSA-87": "2.16.840.1.101.3.4.3.19", "ECDSA-P256": "1.2.840.10045.4.3.2"}
        assert oid == expected[ours.key_type]
        if ours.key_type != "ECDSA-P256":
            assert certificate.signature_algorithm_parameters is None


def extension(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind)


def test_authorities_have_their_profile(ours):
    for certificate, length in ((ours.root, 1), (ours.intermediate, 0)):
        constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
        assert constraints.critical and constraints.value.ca and constraints.value.path_length == length
        assert usage.critical and usage.value.key_cert_sign and usage.value.crl_sign and not usage.value.digital_signature
    assert ours.root.subject == ours.root.issuer


def test_leaves_have_their_profile(ours):
    leaf = ours.leaf
    assert not extension(leaf, x509.BasicConstraints).value.ca
    usage = extension(leaf, x509.KeyUsage).value
    assert usage.digital_signature and not usage.key_cert_sign and not usage.key_encipherment
    assert set(extension(leaf, x509.ExtendedKeyUsage).value) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    names = extension(leaf, x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [SPIFFE]
    assert names.get_values_for_type(x509.DNSName) == ["users-api.internal", "localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7", "2001:db8::7"]
    points = extension(leaf, x509.CRLDistributionPoints).value
    assert [name.value for name in points[0].full_name] == ["http://ca.example/list.crl"]
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == 24 * HOUR - datetime.timedelta(seconds=1)
    issuer_id = extension(ours.intermediate, x509.SubjectKeyIdentifier).value.digest
    assert extension(leaf, x509.AuthorityKeyIdentifier).value.key_identifier == issuer_id
    assert 64 < leaf.serial_number.bit_length() <= 128, "128 random bits, which can begin with zeros"


def test_a_changed_certificate_is_refused(ours):
    der = bytearray(ours.leaf.public_bytes(Encoding.DER))
    der[-1] ^= 1
    with pytest.raises((InvalidSignature, ValueError)):
        x509.load_der_x509_certificate(bytes(der)).verify_directly_issued_by(ours.intermediate)


def test_the_chain_passes_the_strict_verification_of_the_web(ours):
    verifier = PolicyBuilder().store(Store([ours.root])).build_server_verifier(x509.DNSName("localhost"))
    assert verifier.verify(ours.leaf, [ours.intermediate])[-1] == ours.root
    clients = PolicyBuilder().store(Store([ours.root])).build_client_verifier()
    assert clients.verify(ours.leaf, [ours.intermediate]).chain[-1] == ours.root
    with pytest.raises(VerificationError):
        clients.verify(ours.leaf, [])


def test_the_revocation_list_is_its_issuers_and_holds_what_was_revoked(ours):
    listed = ours.list
    assert listed.is_signature_valid(ours.intermediate.public_key())
    assert not listed.is_signature_valid(ours.root.public_key())
    assert listed.issuer == ours.intermediate.subject
    assert listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    assert {entry.serial_number for entry in listed} == {int("41" * 16, 16), 0x8001}
    compromised = listed.get_revoked_certificate_by_serial_number(int("41" * 16, 16))
    assert compromised.extensions.get_extension_for_oid(CRLEntryExtensionOID.CRL_REASON).value.reason == x509.ReasonFlags.key_compromise
    # An unspecified reason is said by saying nothing.
    assert not list(listed.get_revoked_certificate_by_serial_number(0x8001).extensions)
    assert listed.get_revoked_certificate_by_serial_number(ours.leaf.serial_number) is None


def test_our_request_is_read_and_its_signature_holds(ours):
    request = x509.load_pem_x509_csr((ours.folder / "request.pem").read_bytes())
    assert request.is_signature_valid
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [SPIFFE]
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert request.public_key().public_bytes(*spki) == ours.leaf.public_key().public_bytes(*spki)


# --- ours, read by Node.js ----------------------------------------------------------------------

VERIFY = """
const { X509Certificate } = require('node:crypto');
const [root, intermediate, leaf] = JSON.parse(require('node:fs').readFileSync(0, 'utf8')).map((pem) => new X509Certificate(pem));
console.log(JSON.stringify({
  chain: [root.verify(root.publicKey), intermediate.verify(root.publicKey), leaf.verify(intermediate.publicKey)],
  issued: [intermediate.checkIssued(root), leaf.checkIssued(intermediate), leaf.checkIssued(root)],
  wrong: leaf.verify(root.publicKey), ca: [root.ca, intermediate.ca, leaf.ca], names: leaf.subjectAltName,
}));
"""


def test_node_verifies_the_chain(ours, node):
    pems = [certificate.public_bytes(Encoding.PEM).decode() for certificate in (ours.root, ours.intermediate, ours.leaf)]
    out = subprocess.run([node, "-e", VERIFY], input=json.dumps(pems), capture_output=True, text=True, timeout=30, check=True)
    found = json.loads(out.stdout)
    assert found["chain"] == [True, True, True] and found["wrong"] is False
    assert found["issued"] == [True, True, False] and found["ca"] == [True, True, False]
    assert f"URI:{SPIFFE}" in found["names"] and "DNS:users-api.internal" in found["names"]


# --- theirs, read by us -------------------------------------------------------------------------

def request_of(key, *extensions, name="users-api"):
    built = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"), x509.NameAttribute(NameOID.COMMON_NAME, name)]))
    for value, critical in extensions:
        built = built.add_extension(value, critical=critical)
    return built.sign(key, digest(key))


NAMES = (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SPIFFE), x509.DNSName("users-api.internal")]), False)
USAGE = (x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)
USES = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]), False)
LEAF = (x509.BasicConstraints(False, None), True)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_their_requests_are_read(key_type, encoding):
    request = request_of(new_key(key_type), NAMES, USAGE, USES, LEAF)
    assert read("request", given=request.public_bytes(encoding)) == {
        "keyType": key_type, "commonName": "users-api", "dnsNames": ["users-api.internal"], "uris": [SPIFFE], "addresses": []}


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_a_certificate_for_their_request_has_their_key(key_type, tmp_path):
    ours = Ours(key_type, tmp_path)
    key = new_key(key_type)
    out = tool("issue", tmp_path, given=request_of(key, NAMES).public_bytes(Encoding.PEM))
    assert out.returncode == 0, out.stderr
    certificate = x509.load_pem_x509_certificate(out.stdout)
    certificate.verify_directly_issued_by(ours.intermediate)
    assert certificate.public_key() == key.public_key()


def refused(request, why):
    out = tool("request", given=request.public_bytes(Encoding.PEM))
    assert out.returncode == 1 and out.stdout == b"" and why in out.stderr.decode(), out


@pytest.mark.parametrize("extensions, why", [
    ([(x509.BasicConstraints(True, 0), True)], "CA"),
    ([(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)], "keyUsage"),
    ([(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)], "extendedKeyUsage"),
    ([(x509.SubjectAlternativeName([x509.RFC822Name("ada@example.org")]), False)], "no DNS name, URI or IP"),
    ([(x509.SubjectAlternativeName([x509.UniformResourceIdentifier("spiffe://a/b"), x509.UniformResourceIdentifier("spiffe://a/c")]), False)],
     "more than one SPIFFE ID"),
    ([(x509.NameConstraints([x509.DNSName("a")], None), True)], "not given"),
])
def test_their_requests_for_more_are_refused(extensions, why):
    refused(request_of(new_key("ML-DSA-65"), *extensions), why)


def test_their_requests_with_other_attributes_or_keys_are_refused():
    key = new_key("ML-DSA-65")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "users-api")])
    built = x509.CertificateSigningRequestBuilder().subject_name(name)
    refused(built.add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"s3cret").sign(key, None), "one attribute")
    refused(request_of(new_key("ML-DSA-44"), NAMES), "public key")
    refused(request_of(ec.generate_private_key(ec.SECP384R1()), NAMES), "public key")
    refused(x509.CertificateSigningRequestBuilder().subject_name(name).sign(new_key("ECDSA-P256"), hashes.SHA384()), "algorithm")


class Theirs:
    """A root, an intermediate and a leaf that cryptography made."""

    def __init__(self, folder, key_types=("ML-DSA-65",) * 3, uses=(ExtendedKeyUsageOID.CLIENT_AUTH,), begin=-HOUR, end=HOUR):
        self.keys = [new_key(key_type) for key_type in key_types]
        self.root = self.made("Their root", 0, 0, [(x509.BasicConstraints(True, 1), True)])
        self.intermediate = self.made("Their issuer", 1, 0, [(x509.BasicConstraints(True, 0), True)])
        self.leaf = self.made("their leaf", 2, 1, [LEAF, NAMES, (x509.ExtendedKeyUsage(uses), False)], begin, end)
        (folder / "roots.pem").write_bytes(self.root.public_bytes(Encoding.PEM))
        (folder / "chain.pem").write_bytes(self.leaf.public_bytes(Encoding.PEM) + self.intermediate.public_bytes(Encoding.PEM))
        self.paths = (folder / "roots.pem", folder / "chain.pem")

    def made(self, name, own, above, extensions, begin=-HOUR, end=HOUR):
        def named(text):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        key, signer, authority = self.keys[own].public_key(), self.keys[above], own < 2
        issuer = named(name) if own == above else (self.root if above == 0 else self.intermediate).subject
        built = (x509.CertificateBuilder().subject_name(named(name)).issuer_name(issuer).public_key(key)
                 .serial_number(x509.random_serial_number()).not_valid_before(NOW + begin).not_valid_after(NOW + end)
                 .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
                 .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
                 .add_extension(x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False), critical=True))
        for value, critical in extensions:
            built = built.add_extension(value, critical=critical)
        return built.sign(signer, digest(signer))


@pytest.mark.parametrize("key_types", [("ML-DSA-65",) * 3, ("ML-DSA-87", "ML-DSA-65", "ML-DSA-65"), ("ECDSA-P256",) * 3])
def test_their_chains_are_verified(tmp_path, key_types):
    theirs = Theirs(tmp_path, key_types)
    classical = ["classical"] if "ECDSA-P256" in key_types else []
    peer = read("verify", *theirs.paths, "client", *classical)
    assert peer["spiffeId"] == SPIFFE and peer["commonName"] == "their leaf" and peer["dnsNames"] == ["users-api.internal"]
    assert int(peer["serial"], 16) == theirs.leaf.serial_number
    assert peer["sha256"] == theirs.leaf.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize("options, why", [
    ({"key_types": ("ECDSA-P256",) * 3}, "classical"),
    ({"key_types": ("ML-DSA-65", "ECDSA-P256", "ML-DSA-65")}, "classical"),
    ({"key_types": ("ML-DSA-65", "ML-DSA-65", "ECDSA-P256")}, "classical"),
    ({"uses": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "wrong_identity"),
    ({"begin": -2 * HOUR, "end": -HOUR}, "expired"),
    ({"begin": HOUR, "end": 2 * HOUR}, "not_yet_valid"),
])
def test_their_chains_are_refused_by_name(tmp_path, options, why):
    out = tool("verify", *Theirs(tmp_path, **options).paths, "client")
    assert (out.returncode, out.stderr.decode().strip()) == (1, why)


def test_their_chain_to_another_root_is_unknown(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, other = Theirs(tmp_path / "a"), Theirs(tmp_path / "b")
    out = tool("verify", other.paths[0], one.paths[1], "client")
    assert (out.returncode, out.stderr.decode().strip()) == (1, "unknown_ca")


def their_list(theirs, reason=x509.ReasonFlags.superseded, signer=None):
    entry = (x509.RevokedCertificateBuilder().serial_number(theirs.leaf.serial_number).revocation_date(NOW)
             .add_extension(x509.CRLReason(reason), critical=False).build())
    issuer_key = theirs.keys[1]
    return (x509.CertificateRevocationListBuilder().issuer_name(theirs.intermediate.subject).last_update(NOW).next_update(NOW + HOUR)
            .add_revoked_certificate(entry).add_extension(x509.CRLNumber(9), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .sign(signer or issuer_key, digest(signer or issuer_key)).public_bytes(Encoding.DER))


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_their_revocation_lists_are_read(tmp_path, key_type):
    theirs = Theirs(tmp_path, (key_type,) * 3)
    (tmp_path / "issuer.pem").write_bytes(theirs.intermediate.public_bytes(Encoding.PEM))
    shown = read("crl", tmp_path / "issuer.pem", given=their_list(theirs))
    assert shown["number"] == 9 and shown["reasons"] == ["superseded"]
    assert [int(serial, 16) for serial in shown["serials"]] == [theirs.leaf.serial_number]
    for wrong in (their_list(theirs, x509.ReasonFlags.certificate_hold), their_list(theirs, signer=theirs.keys[0])):
        assert tool("crl", tmp_path / "issuer.pem", given=wrong).returncode == 1
