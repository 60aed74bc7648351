"""Keys, requests, chains and revocation lists, made and read by PyPI's cryptography."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ML_DSA_65 = "2.16.840.1.101.3.4.3.18"  # RFC 9881 section 2
ML_DSA_87 = "2.16.840.1.101.3.4.3.19"


def new_key(classical=False):
    return ec.generate_private_key(ec.SECP256R1()) if classical else mldsa.MLDSA65PrivateKey.generate()


def request(key=None, common_name="", dns=(), uris=(), addresses=(), extensions=()):
    """A request as PEM text, signed by `key` or by one made for it."""
    key = key or new_key()
    name = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(name))
    names = [x509.DNSName(n) for n in dns] + [x509.UniformResourceIdentifier(u) for u in uris]
    names += [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not name)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    algorithm = hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


def certificates(pem):
    return x509.load_pem_x509_certificates(pem.encode())


def check_chain(chain_pem, roots_pem):
    """Holds each certificate against the next and the last against a root; gives the leaf."""
    chain = certificates(chain_pem)
    roots = {root.subject: root for root in certificates(roots_pem)}
    chain = [*chain, roots[chain[-1].issuer]]
    for below, above in zip(chain, chain[1:]):
        below.verify_directly_issued_by(above)
        assert above.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert above.not_valid_before_utc <= below.not_valid_before_utc
        assert below.not_valid_after_utc <= above.not_valid_after_utc
    chain[-1].verify_directly_issued_by(chain[-1])
    now = datetime.datetime.now(datetime.timezone.utc)
    assert all(one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in chain)
    return chain[0]


def names_of(certificate):
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {"dns": names.get_values_for_type(x509.DNSName), "uris": names.get_values_for_type(x509.UniformResourceIdentifier),
            "addresses": [str(a) for a in names.get_values_for_type(x509.IPAddress)]}


def common_name(certificate):
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def usages(certificate):
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return {"clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH in usage, "serverAuth": ExtendedKeyUsageOID.SERVER_AUTH in usage}


def revocation_list(der, issuer):
    """The list, its signature held against its issuer."""
    found = x509.load_der_x509_crl(der)
    try:
        assert found.is_signature_valid(issuer.public_key())
    except InvalidSignature:
        raise AssertionError("the list's signature is another's") from None
    return found
