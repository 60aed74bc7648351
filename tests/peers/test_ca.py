"""Node.js over OpenSSL 3.5 as a service of its own, with certificates of the running platform."""

import json
import pathlib
import subprocess

import pytest

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
