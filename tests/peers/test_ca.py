"""Node.js over OpenSSL 3.5 as a service of its own, with certificates of the running platform."""

import json
import pathlib
import subprocess

import httpx
import pytest

from harness import BIN
from services import Platform, counts, listening, url

HERE = pathlib.Path(__file__).parent


@pytest.fixture
def platform(new_server):
    made = Platform(new_server).start()
    made.ids = {name: made.service(name, dnsNames=["localhost"]) for name in ("gateway", "notifications")}
    yield made
    made.end()


def holder(platform, name, directory):
    """The certificate of a service whose key qapi made, as Node takes it."""
    chain, key = directory / f"{name}.pem", directory / f"{name}.key"
    platform.server.qapi("cert", "issue", name, "--key-out", str(key), "--out-chain", str(chain), key=platform.keys[name])
    return {"cert": chain.read_text(), "key": key.read_text(), "ca": platform.server.qapi("ca", "pem").stdout,
            "ecdhCurve": "X25519MLKEM768"}


def lists(platform):
    """The revocation lists of the root and of who issues: Node wants one for each of a chain."""
    authorities = platform.ok("GET", "/cas")["cas"]
    return [platform.server.http.get(f"/api/v1/cas/{one['id']}/crl?format=pem").text for one in authorities]


def test_a_node_service_calls_one_on_the_sdk(platform, node, tmp_path):
    port = listening(platform.run("notifications", "127.0.0.1", 0, platform.ids["gateway"]))

    def connect(name, **more):
        given = {"port": port, **holder(platform, name, tmp_path), "crl": lists(platform), **more}
        out = subprocess.run([node, HERE / "node/connect.js"], input=json.dumps(given), capture_output=True, text=True, timeout=30)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    got = connect("gateway")
    assert got["authorized"] and got["protocol"] == "TLSv1.3" and got["key"] == "ml-dsa-65", got
    assert platform.ids["notifications"] in got["subject"]
    assert got["reply"].startswith("HTTP/1.1 404"), "its own answer to a path that it has not"
    assert "ACCESS_DENIED" in connect("notifications")["error"], "of the same authority, but not who is awaited"
    for one in platform.certificates("notifications"):
        if one["status"] == "active":
            platform.ok("POST", f"/certificates/{one['id']}/revoke", {})
    assert connect("gateway")["error"] == "CERT_REVOKED", "read in our list"


def test_a_service_on_the_sdk_calls_one_of_node(platform, node, tmp_path):
    def serve():
        given = {**holder(platform, "notifications", tmp_path), "crl": lists(platform), "status": "202 Accepted"}
        process = subprocess.Popen([node, HERE / "node/mutual_server.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process.stdin.write(json.dumps(given))
        process.stdin.close()
        return process, int(process.stdout.readline())

    first, port = serve()
    try:
        gateway = platform.run("gateway", url(port), "127.0.0.1", 0)
        assert gateway.result(60) == 0 and counts(gateway) == (1, 0), gateway.text
        saw = json.loads(first.stdout.readline())
        assert saw["authorized"] and saw["key"] == "ml-dsa-65" and platform.ids["gateway"] in saw["subject"], saw
    finally:
        first.kill()
        first.wait()
    # Its certificate revoked, the SDK gives it no request.
    second, port = serve()
    try:
        for one in platform.certificates("notifications"):
            platform.ok("POST", f"/certificates/{one['id']}/revoke", {})
        gateway = platform.run("gateway", url(port), "127.0.0.1", 0)
        assert gateway.result(60) == 1 and counts(gateway) == (0, 1)
        assert "tls_peer_revoked" in gateway.text
    finally:
        second.kill()
        second.wait()


def test_holders_of_the_companions_certificates_trust_the_pinned_root_alone(platform, node, tmp_path):
    """A key and certificate of /pki/issue, and the PEM of /pki/ca as all the trust, in Node and in our own TLS, both ways."""
    platform.ok("PATCH", "/certificate-policy", {"serverKeys": True})
    root = httpx.get(platform.server.plain_url + "/v1/pki/ca/pem", headers={"X-Api-Key": platform.keys["gateway"]}).text
    assert root.count("BEGIN CERTIFICATE") == 1
    other = platform.ok("POST", "/cas", {"name": "another", "direct": True})["certificatePem"]
    assert other.startswith("-----BEGIN CERTIFICATE-----") and other.strip() != root.strip()

    def order(name):
        answer = httpx.post(platform.server.plain_url + "/v1/pki/issue", headers={"X-Api-Key": platform.keys[name]},
                            json={"common_name": name, "ttl": "1h", "key_type": "ml-dsa-65"})
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        (tmp_path / f"{name}.pem").write_text(data["certificatePem"])
        (tmp_path / f"{name}.key").write_text(data["privateKeyPem"])
        return {"cert": data["certificatePem"], "key": data["privateKeyPem"], "ca": root, "ecdhCurve": "X25519MLKEM768"}

    def ours(role, name, peer, *more):
        (tmp_path / "root.pem").write_text(root)
        return [BIN / "mtls_echo", role, tmp_path / f"{name}.pem", tmp_path / f"{name}.key", tmp_path / "root.pem", platform.ids[peer], *more]

    def connect(port, **options):
        out = subprocess.run([node, HERE / "node/connect.js"], input=json.dumps({"port": port, **options}), capture_output=True, text=True, timeout=30)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    server, client = order("notifications"), order("gateway")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    theirs = subprocess.Popen([node, HERE / "node/mutual_server.js"], **pipes)
    echo = subprocess.Popen(ours("serve", "notifications", "gateway"), **pipes)
    try:
        theirs.stdin.write(json.dumps(server))
        theirs.stdin.close()
        for process in (theirs, echo):
            port = int(process.stdout.readline())
            got = connect(port, **client)
            assert got["authorized"] and got["protocol"] == "TLSv1.3" and got["key"] == "ml-dsa-65", got
            assert platform.ids["notifications"] in got["subject"] and got["reply"].startswith("HTTP/1.1 200"), got
            refused = connect(port, **{**client, "ca": other})
            # Node's own server shows the root too.
            assert refused.get("error") == ("SELF_SIGNED_CERT_IN_CHAIN" if process is theirs else "UNABLE_TO_VERIFY_LEAF_SIGNATURE"), refused
            if process is theirs:
                saw = json.loads(theirs.stdout.readline())
                assert saw["authorized"] and saw["key"] == "ml-dsa-65" and platform.ids["gateway"] in saw["subject"], saw
                asked = subprocess.run(ours("ask", "gateway", "notifications", str(port)), capture_output=True, text=True, timeout=30)
                answer = json.loads(asked.stdout)
                assert answer.get("body") == "hi" and answer["peer"] == platform.ids["notifications"], asked
    finally:
        for process in (theirs, echo):
            process.kill()
            process.wait()
