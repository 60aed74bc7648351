"""TLS against clients of other makers: curl, Node.js over OpenSSL 3.5, PyPI's cryptography."""

import base64
import json
import pathlib
import socket
import ssl
import subprocess

import httpx
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store

from harness import wait_until

HERE = pathlib.Path(__file__).parent
ML_DSA_65 = "2.16.840.1.101.3.4.3.18"  # RFC 9881 section 2


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture
def ca(server):
    return server.data / "ca.pem"


@pytest.fixture
def connect(node, server, ca):
    def run(**options):
        given = {"port": server.port, "ca": ca.read_text(), **options}
        out = subprocess.run([node, HERE / "node/connect.js"], input=json.dumps(given), capture_output=True, text=True, timeout=30)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    return run


def counted(server, series):
    """The counters of a series by their labels, as /metrics shows them."""
    found = {}
    for line in server.http.get("/metrics").text.splitlines():
        if line.startswith(series + "{"):
            labels, value = line[len(series) + 1:].rsplit("} ", 1)
            found[labels] = float(value)
    return found


def added(server, series, act):
    """Which labels of a series went up by what `act` does, and its answer."""
    before = counted(server, series)
    answer = act()

    def more():
        now = counted(server, series)
        return {labels: value - before.get(labels, 0) for labels, value in now.items() if value != before.get(labels, 0)}

    return wait_until(more, 5, series), answer


HANDSHAKES = "quantumapi_tls_handshakes_total"
FAILURES = "quantumapi_tls_handshake_failures_total"


def curl(server, *options, url="/health"):
    return subprocess.run(["curl", "-q", "-sS", "-v", "--max-time", "20", *options, server.url + url], capture_output=True, text=True)


# --- curl ---------------------------------------------------------------------------------------

def test_curl_negotiates_tls_1_3(server, ca):
    out = curl(server, "--cacert", ca, "-o", "/dev/null", "-w", "%{http_code} %{ssl_verify_result} %{http_version}")
    assert out.stdout == "200 0 1.1", out.stderr
    assert "SSL connection using TLSv1.3" in out.stderr


def test_curl_stores_and_reads_a_secret(server, ca):
    made = curl(server, "--cacert", ca, "-H", f"X-Api-Key: {server.api_key}", "-H", "Content-Type: application/json",
                "-d", '{"name":"by-curl","value":"v"}', url="/api/v1/secrets")
    assert json.loads(made.stdout)["version"] == 1, made.stderr
    read = curl(server, "--cacert", ca, "-H", f"Authorization: Bearer {server.api_key}", url="/v1/secrets/by-name/by-curl")
    assert json.loads(read.stdout)["value"] == "v"


@pytest.mark.parametrize("newest", ["1.0", "1.1", "1.2"])
def test_older_tls_is_refused(server, ca, newest):
    labels, out = added(server, FAILURES, lambda: curl(server, "--cacert", ca, "--tls-max", newest, "--ciphers", "DEFAULT:@SECLEVEL=0"))
    assert out.returncode == 35, (out.returncode, out.stderr)
    assert out.stdout == ""
    assert labels == {'reason="protocol_version"': 1}


def test_curl_without_the_roots_refuses_the_server(server, new_server):
    other = new_server().init()
    for options in ((), ("--cacert", other.data / "ca.pem")):
        out = curl(server, *options)
        assert out.returncode == 60 and out.stdout == "", out.stderr


def test_another_name_is_refused(server, ca):
    out = subprocess.run(["curl", "-q", "-sS", "--cacert", ca, "--resolve", f"example.org:{server.port}:127.0.0.1",
                          f"https://example.org:{server.port}/health"], capture_output=True, text=True)
    assert out.returncode == 60 and out.stdout == "", out.stderr


def test_plain_http_on_the_tls_port_gets_nothing(server):
    def speak():
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = b""
            while more := raw.recv(4096):
                got += more
            return got

    labels, got = added(server, FAILURES, speak)
    assert b"HTTP" not in got and labels == {'reason="not_tls"': 1}


def test_the_ssl_module_of_python_connects(server, ca):
    context = ssl.create_default_context(cafile=ca)
    with httpx.Client(verify=context) as https:
        assert https.get(server.url + "/version").status_code == 200
    with socket.create_connection(("127.0.0.1", server.port)) as raw, context.wrap_socket(raw, server_hostname="localhost") as tls:
        assert tls.version() == "TLSv1.3"


# --- Node.js ------------------------------------------------------------------------------------

def test_a_client_that_offers_everything_gets_the_post_quantum_group_and_certificate(server, connect):
    labels, got = added(server, HANDSHAKES, connect)
    assert got["authorized"] and got["protocol"] == "TLSv1.3" and got["reply"].startswith("HTTP/1.1 200"), got
    assert got["key"] == "ml-dsa-65"
    assert labels == {'group="X25519MLKEM768",signature="ML-DSA-65"': 1}


GROUPS = [("X25519MLKEM768", "X25519MLKEM768"), ("X25519", "X25519"), ("P-256", "P-256"), ("X25519:X25519MLKEM768", "X25519MLKEM768"),
          ("P-256:X25519", "X25519")]


@pytest.mark.parametrize("offered, taken", GROUPS)
def test_the_best_group_that_a_client_offers_is_taken(server, connect, offered, taken):
    labels, got = added(server, HANDSHAKES, lambda: connect(ecdhCurve=offered))
    assert got["authorized"] and got["reply"].startswith("HTTP/1.1 200"), got
    assert labels == {f'group="{taken}",signature="ML-DSA-65"': 1}
    if taken == "X25519":
        assert got["group"]["name"] == "X25519"


@pytest.mark.parametrize("sigalgs, key, signature", [
    ("mldsa65", "ml-dsa-65", "ML-DSA-65"),
    ("mldsa65:ecdsa_secp256r1_sha256", "ml-dsa-65", "ML-DSA-65"),
    ("ecdsa_secp256r1_sha256:mldsa65", "ml-dsa-65", "ML-DSA-65"),
    ("ecdsa_secp256r1_sha256", "ec", "ECDSA-P256"),
    ("rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256", "ec", "ECDSA-P256"),
])
def test_the_certificate_is_of_the_best_algorithm_that_a_client_offers(server, connect, sigalgs, key, signature):
    labels, got = added(server, HANDSHAKES, lambda: connect(sigalgs=sigalgs))
    assert got["authorized"] and got["reply"].startswith("HTTP/1.1 200"), got
    assert got["key"] == key and "DNS:localhost" in got["subject"] and "IP Address:127.0.0.1" in got["subject"]
    assert labels == {f'group="X25519MLKEM768",signature="{signature}"': 1}


def test_a_client_of_today_gets_x25519_and_ecdsa(server, connect):
    labels, got = added(server, HANDSHAKES, lambda: connect(ecdhCurve="X25519", sigalgs="ecdsa_secp256r1_sha256"))
    assert got["authorized"] and got["key"] == "ec" and labels == {'group="X25519",signature="ECDSA-P256"': 1}


@pytest.mark.parametrize("options, reason", [
    ({"ecdhCurve": "P-521"}, "no_shared_group"),
    ({"sigalgs": "rsa_pss_rsae_sha256"}, "no_shared_signature"),
    ({"sigalgs": "mldsa87"}, "no_shared_signature"),
    ({"maxVersion": "TLSv1.2"}, "protocol_version"),
    ({"ALPNProtocols": ["h2"]}, None),
])
def test_a_client_with_nothing_in_common_is_refused_and_counted(server, connect, options, reason):
    labels, got = added(server, FAILURES, lambda: connect(**options))
    assert "error" in got and "reply" not in got, got
    assert sum(labels.values()) == 1
    if reason:
        assert labels == {f'reason="{reason}"': 1}


@pytest.mark.parametrize("sigalgs", ["mldsa65", "ecdsa_secp256r1_sha256"])
def test_a_client_that_lacks_the_root_refuses_the_server(connect, new_server, sigalgs):
    other = new_server().init()
    got = connect(ca=(other.data / "ca.pem").read_text(), sigalgs=sigalgs)
    assert "error" in got and "reply" not in got, got


def test_each_root_verifies_its_own_certificate_only(connect, ca):
    roots = {key_of(root): root.public_bytes(Encoding.PEM).decode() for root in x509.load_pem_x509_certificates(ca.read_bytes())}
    assert connect(ca=roots["ml-dsa-65"], sigalgs="mldsa65")["authorized"]
    assert connect(ca=roots["ec"], sigalgs="ecdsa_secp256r1_sha256")["authorized"]
    assert "error" in connect(ca=roots["ec"], sigalgs="mldsa65")
    assert "error" in connect(ca=roots["ml-dsa-65"], sigalgs="ecdsa_secp256r1_sha256")


# --- cryptography -------------------------------------------------------------------------------

def key_of(certificate):
    if certificate.public_key_algorithm_oid.dotted_string == ML_DSA_65:
        return "ml-dsa-65"
    return "ec" if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey) else "other"


@pytest.fixture
def roots(ca):
    return {key_of(root): root for root in x509.load_pem_x509_certificates(ca.read_bytes())}


def leaf_of(node, server, sigalgs):
    """The certificate that the server shows to a client of these algorithms."""
    program = "const t=require('tls');const s=t.connect({host:'127.0.0.1',servername:'localhost',port:+process.argv[1],sigalgs:process.argv[2]," \
              "rejectUnauthorized:false},()=>{console.log(s.getPeerCertificate(true).raw.toString('base64'));s.end()})"
    out = subprocess.run([node, "-e", program, str(server.port), sigalgs], capture_output=True, text=True, check=True, timeout=30)
    return x509.load_der_x509_certificate(base64.b64decode(out.stdout))


def test_ca_pem_holds_one_root_of_each_algorithm(roots, ca):
    assert set(roots) == {"ml-dsa-65", "ec"} and ca.read_text().count("BEGIN CERTIFICATE") == 2
    assert "PRIVATE" not in ca.read_text()
    for root in roots.values():
        constraints = root.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical and constraints.value.ca
        usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.key_cert_sign and not usage.digital_signature
        assert root.issuer == root.subject


def test_the_ml_dsa_root_is_signed_by_itself(roots):
    root = roots["ml-dsa-65"]
    assert root.signature_algorithm_oid.dotted_string == ML_DSA_65 and root.signature_algorithm_parameters is None
    key = root.public_key()
    assert isinstance(key, mldsa.MLDSA65PublicKey)
    key.verify(root.signature, root.tbs_certificate_bytes)
    root.verify_directly_issued_by(root)
    changed = bytearray(root.tbs_certificate_bytes)
    changed[-1] ^= 1
    with pytest.raises(InvalidSignature):
        key.verify(root.signature, bytes(changed))


@pytest.mark.parametrize("sigalgs, kind", [("mldsa65", "ml-dsa-65"), ("ecdsa_secp256r1_sha256", "ec")])
def test_each_leaf_is_signed_by_its_root(node, server, roots, sigalgs, kind):
    leaf = leaf_of(node, server, sigalgs)
    assert key_of(leaf) == kind
    leaf.verify_directly_issued_by(roots[kind])
    other = next(root for name, root in roots.items() if name != kind)
    with pytest.raises((InvalidSignature, ValueError, TypeError)):
        leaf.verify_directly_issued_by(other)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert x509.ExtendedKeyUsageOID.SERVER_AUTH in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert leaf.not_valid_after_utc <= roots[kind].not_valid_after_utc


def test_the_ecdsa_chain_passes_the_strict_verification_of_the_web(node, server, roots):
    verifier = PolicyBuilder().store(Store([roots["ec"]])).build_server_verifier(x509.DNSName("localhost"))
    chain = verifier.verify(leaf_of(node, server, "ecdsa_secp256r1_sha256"), [])
    assert chain[-1] == roots["ec"]
