"""Mutual TLS against Node.js over OpenSSL 3.5, with certificates that PyPI's cryptography made."""

import datetime
import json
import pathlib
import select
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness import BIN, wait_until

HERE = pathlib.Path(__file__).parent
OURS = "spiffe://example.org/ns/users-api/sa/users-api-sa"
THEIRS = "spiffe://example.org/ns/gateway/sa/gateway-sa"
NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


class Holder:
    """A key with its certificate, below `issuer` or self-signed."""

    def __init__(self, name, issuer=None, spiffe=None, classical=False, begin=-DAY, end=DAY, uses=("client", "server")):
        self.key = ec.generate_private_key(ec.SECP256R1()) if classical else mldsa.MLDSA65PrivateKey.generate()
        self.issuer = issuer
        signer = issuer or self
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        authority = spiffe is None
        public = self.key.public_key()
        above = signer.key.public_key()
        built = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.certificate.subject if issuer else subject)
                 .public_key(public).serial_number(x509.random_serial_number())
                 .not_valid_before(NOW + begin).not_valid_after(NOW + end)
                 .add_extension(x509.BasicConstraints(authority, None), critical=True)
                 .add_extension(x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False), critical=True)
                 .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
                 .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False))
        if not authority:
            oids = {"client": ExtendedKeyUsageOID.CLIENT_AUTH, "server": ExtendedKeyUsageOID.SERVER_AUTH}
            built = built.add_extension(x509.ExtendedKeyUsage([oids[use] for use in uses]), critical=False)
            names = [x509.UniformResourceIdentifier(one) for one in ([spiffe] if isinstance(spiffe, str) else spiffe)]
            built = built.add_extension(x509.SubjectAlternativeName([*names, x509.DNSName("localhost")]), critical=False)
        self.certificate = built.sign(signer.key, hashes.SHA256() if isinstance(signer.key, ec.EllipticCurvePrivateKey) else None)

    @property
    def pem(self):
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def chain(self):
        """The certificate and those above it, the root excluded."""
        return self.pem + (self.issuer.chain if self.issuer and self.issuer.issuer else "")

    @property
    def key_pem(self):
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def files(self, directory, name):
        chain, key = directory / f"{name}.pem", directory / f"{name}.key"
        chain.write_text(self.chain)
        key.write_text(self.key_pem)
        return [str(chain), str(key)]

    def node(self, **options):
        return {"cert": self.chain, "key": self.key_pem, **options}


@pytest.fixture(scope="module")
def root():
    return Holder("root")


@pytest.fixture(scope="module")
def intermediate(root):
    return Holder("intermediate", root)


@pytest.fixture(scope="module")
def ours(intermediate):
    return Holder("users-api", intermediate, OURS)


@pytest.fixture(scope="module")
def theirs(intermediate):
    return Holder("gateway", intermediate, THEIRS)


@pytest.fixture
def roots(root, tmp_path):
    path = tmp_path / "roots.pem"
    path.write_text(root.pem)
    return path


class Echo:
    """Our server, as mtls_echo runs it."""

    def __init__(self, holder, roots, directory, peer=THEIRS, groups=()):
        self.process = subprocess.Popen([BIN / "mtls_echo", "serve", *holder.files(directory, "echo"), str(roots), peer, *groups],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def tell(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline().rstrip("\n")) != "done":
            assert self.process.poll() is None
            lines.append(line)
        return lines

    def count(self, series, reason):
        wanted = f'{series}{{reason="{reason}"}} '
        return sum(float(line[len(wanted):]) for line in self.tell("metrics") if line.startswith(wanted))

    def end(self):
        """Ends the server and gives what it logged."""
        _, log = self.process.communicate(timeout=20)
        return [json.loads(line) for line in log.splitlines()]


@pytest.fixture
def echo(ours, roots, tmp_path):
    made = []

    def start(holder=None, **options):
        made.append(Echo(holder or ours, roots, tmp_path, **options))
        return made[-1]

    yield start
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


@pytest.fixture
def connect(node, root):
    """A Node client of mutual TLS; what it negotiated and was answered."""
    def run(port, holder, **options):
        given = {"port": port, "ca": root.pem, "ecdhCurve": "X25519MLKEM768", **(holder.node() if holder else {}), **options}
        out = subprocess.run([node, HERE / "node/connect.js"], input=json.dumps(given), capture_output=True, text=True, timeout=30)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    return run


class NodeServer:
    def __init__(self, node, options):
        self.process = subprocess.Popen([node, HERE / "node/mutual_server.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(options))
        self.process.stdin.close()
        self.port = int(self.process.stdout.readline())

    def saw(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 20)
        assert ready, "the server saw nothing"
        return json.loads(self.process.stdout.readline())


@pytest.fixture
def node_server(node, root):
    made = []

    def start(holder, **options):
        made.append(NodeServer(node, {"ca": root.pem, "ecdhCurve": "X25519MLKEM768", **holder.node(**options)}))
        return made[-1]

    yield start
    for each in made:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def ask(roots, tmp_path):
    """Our client, as mtls_echo runs it."""
    def run(port, holder, peer=OURS, groups=(), part="ask"):
        out = subprocess.run([BIN / "mtls_echo", part, *holder.files(tmp_path, "ask"), str(roots), peer, str(port), *groups],
                             capture_output=True, text=True, timeout=30)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    return run


FAILURES = "quantumapi_tls_handshake_failures_total"


# --- our server, a client of Node ---------------------------------------------------------------

def test_node_is_let_in_by_its_certificate(echo, connect, theirs):
    server = echo()
    got = connect(server.port, theirs)
    assert got["authorized"] and got["protocol"] == "TLSv1.3" and got["key"] == "ml-dsa-65", got
    assert got["reply"].startswith("HTTP/1.1 200") and got["reply"].endswith(THEIRS), got
    assert any('group="X25519MLKEM768",signature="ML-DSA-65"} 1' in line for line in server.tell("metrics"))


@pytest.mark.parametrize("group", ["MLKEM768", "MLKEM1024"])
def test_node_exchanges_keys_by_pure_ml_kem(echo, connect, theirs, group):
    got = connect(echo(groups=[group]).port, theirs, ecdhCurve=group)
    assert got.get("reply", "").endswith(THEIRS), got


def test_node_gets_no_ticket(echo, node, theirs, root):
    program = """const tls=require('tls');let n=0;const o=JSON.parse(require('fs').readFileSync(0,'utf8'));
      const s=tls.connect({host:'127.0.0.1',servername:'localhost',...o});s.on('session',()=>n++);s.on('data',()=>{});
      s.on('end',()=>console.log(n));s.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')"""
    given = {"port": echo().port, "ca": root.pem, **theirs.node()}
    out = subprocess.run([node, "-e", program], input=json.dumps(given), capture_output=True, text=True, timeout=30)
    assert out.stdout.strip() == "0", out.stderr


REFUSED = {  # what is wrong: how it is made, the alert, the reason
    "none": (None, "CERTIFICATE_REQUIRED", "none"),
    "expired": (lambda issuer: Holder("x", issuer, THEIRS, end=-DAY / 24), "CERTIFICATE_EXPIRED", "expired"),
    "not yet valid": (lambda issuer: Holder("x", issuer, THEIRS, begin=DAY / 24), "CERTIFICATE_EXPIRED", "not_yet_valid"),
    "another identity": (lambda issuer: Holder("x", issuer, "spiffe://example.org/ns/x/sa/x"), "ACCESS_DENIED", "wrong_identity"),
    "another use": (lambda issuer: Holder("x", issuer, THEIRS, uses=("server",)), "ACCESS_DENIED", "wrong_identity"),
    "two identities": (lambda issuer: Holder("x", issuer, [THEIRS, OURS]), "BAD_CERTIFICATE", "malformed"),
    "another root": (lambda issuer: Holder("x", Holder("root"), THEIRS), "UNKNOWN_CA", "unknown_ca"),
    "too deep": (lambda issuer: Holder("x", Holder("third", Holder("second", issuer)), THEIRS), "UNKNOWN_CA", "unknown_ca"),
    "a classical key": (lambda issuer: Holder("x", issuer, THEIRS, classical=True), "UNSUPPORTED_CERTIFICATE", "classical"),
    "a classical issuer": (lambda issuer: Holder("x", Holder("old", issuer, classical=True), THEIRS), "UNSUPPORTED_CERTIFICATE", "classical"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_node_is_told_why_it_is_refused(echo, connect, intermediate, wrong):
    make, alert, reason = REFUSED[wrong]
    server = echo()
    got = connect(server.port, make(intermediate) if make else None)
    assert alert in got["error"] and "reply" not in got, got
    wait_until(lambda: server.count(FAILURES, reason) == 1, 10, reason)
    logged = [line for line in server.end() if line["message"] == "a TLS handshake failed"]
    assert [line["reason"] for line in logged] == [reason]
    assert logged[0]["address"] == "127.0.0.1"
    assert logged[0]["identity"] == {"none": "", "another identity": "spiffe://example.org/ns/x/sa/x"}.get(wrong, THEIRS)


def test_a_revoked_node_is_cut_off_and_not_let_in_again(echo, node, connect, theirs, root):
    program = """const tls=require('tls');const o=JSON.parse(require('fs').readFileSync(0,'utf8'));
      const s=tls.connect({host:'127.0.0.1',servername:'localhost',...o},()=>s.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'));
      s.on('data',()=>console.log('answered'));s.on('error',(e)=>console.log(e.code));s.on('close',()=>console.log('closed'))"""
    server = echo()
    client = subprocess.Popen([node, "-e", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    client.stdin.write(json.dumps({"port": server.port, "ca": root.pem, **theirs.node()}))
    client.stdin.close()
    try:
        assert client.stdout.readline().strip() == "answered"
        server.tell("revoke")
        assert "CERTIFICATE_REVOKED" in client.stdout.readline()
        assert client.stdout.readline().strip() == "closed"
    finally:
        client.kill()
        client.wait()
    assert "CERTIFICATE_REVOKED" in connect(server.port, theirs)["error"]
    assert server.count("quantumapi_tls_peers_ended_total", "revoked") == 1


def test_node_sees_a_renewed_certificate(echo, connect, intermediate, theirs, tmp_path):
    server = echo()
    connect(server.port, theirs)
    renewed = Holder("users-api", intermediate, OURS + "-renewed")
    assert server.tell("reload", *renewed.files(tmp_path, "renewed")) == []
    got = connect(server.port, theirs)
    assert OURS + "-renewed" in got["subject"], got


# --- our client, a server of Node ---------------------------------------------------------------

def test_our_client_is_let_in_by_node(node_server, ask, ours, theirs):
    server = node_server(ours)
    got = ask(server.port, theirs)
    assert got == {"body": "hi", "group": "X25519MLKEM768", "signature": "mldsa65", "peer": OURS}
    saw = server.saw()
    assert saw["authorized"] and saw["protocol"] == "TLSv1.3" and saw["key"] == "ml-dsa-65", saw
    assert THEIRS in saw["subject"] and not saw["resumed"]


@pytest.mark.parametrize("group", ["MLKEM768", "MLKEM1024"])
def test_our_client_exchanges_keys_by_pure_ml_kem(node_server, ask, ours, theirs, group):
    got = ask(node_server(ours, ecdhCurve=group).port, theirs, groups=[group])
    assert got.get("body") == "hi" and got["group"] == group, got


@pytest.mark.parametrize("reason, make", [
    ("wrong_identity", lambda issuer: Holder("x", issuer, "spiffe://example.org/ns/x/sa/x")),
    ("wrong_identity", lambda issuer: Holder("x", issuer, OURS, uses=("client",))),
    ("expired", lambda issuer: Holder("x", issuer, OURS, end=-DAY / 24)),
    ("not_yet_valid", lambda issuer: Holder("x", issuer, OURS, begin=DAY / 24)),
    ("malformed", lambda issuer: Holder("x", issuer, [OURS, THEIRS])),
    ("unknown_ca", lambda issuer: Holder("x", Holder("third", Holder("second", issuer)), OURS)),
    ("classical", lambda issuer: Holder("x", Holder("old", issuer, classical=True), OURS)),
    ("unknown_ca", lambda issuer: Holder("x", Holder("root"), OURS)),
    ("classical", lambda issuer: Holder("x", issuer, OURS, classical=True)),
])
def test_our_client_refuses_a_wrong_server(node_server, ask, intermediate, theirs, reason, make):
    got = ask(node_server(make(intermediate)).port, theirs)
    assert got["reason"] == f"tls_peer_{reason}" and "body" not in got, got


def test_our_client_refuses_a_revoked_server(node_server, ask, ours, theirs):
    got = ask(node_server(ours).port, theirs, part="ask-revoked")
    assert got["reason"] == "tls_peer_revoked" and "body" not in got, got


def test_our_client_gets_nothing_from_a_node_that_refuses_it(node_server, ask, ours):
    server = node_server(ours)
    got = ask(server.port, Holder("x", Holder("root"), THEIRS))
    # Node looks at the certificate after the handshake and closes without an alert.
    assert got["reason"] == "connection_closed" and "body" not in got, got
    assert "error" in server.saw()
