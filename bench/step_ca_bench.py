#!/usr/bin/env python3
"""Measures the issuing of certificates beside step-ca, the rival, in the same run.

usage: bench/step_ca_bench.py [--seconds 8] [--step-ca PROGRAM]

Each side has one core in turn, wrk the other. Ours: a request with an ML-DSA-65 key over HTTP, stored and audited
durably before the answer. step-ca: a P-256 request with a one-time token of a JWK provisioner over HTTPS (it has no
other listener), in its badger database, which it does not sync. PROGRAM is a step-ca; without it the module is built
by the Go toolchain in PATH, once.
"""

import argparse
import base64
import datetime
import json
import os
import pathlib
import secrets
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

import http_bench

VERSION = "v0.30.2"
NAME = "bench.internal"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "quantumapi" / f"step-ca-{VERSION}"


def program():
    """step-ca, built once into the user's cache."""
    if not (CACHE / "step-ca").exists():
        print(f"building step-ca {VERSION}, once (some minutes)", flush=True)
        subprocess.run(["go", "install", f"github.com/smallstep/certificates/cmd/step-ca@{VERSION}"], check=True,
                       env={**os.environ, "GOBIN": str(CACHE), "CGO_ENABLED": "0"})
    return CACHE / "step-ca"


def pem(thing):
    if isinstance(thing, ec.EllipticCurvePrivateKey):
        return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return thing.public_bytes(serialization.Encoding.PEM)


def authority(name, key, issuer=None, issuer_key=None, path_length=1):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(True, path_length), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(issuer_key or key, hashes.SHA256()))


def text_of(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class StepCa:
    """A new step-ca in `directory`; what http_bench.wrk asks of a server."""

    key = ""

    def __init__(self, directory, binary):
        self.directory = pathlib.Path(directory)
        self.tls = http_bench.free_port()
        root_key, issuer_key, self.provisioner = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        root = authority("bench root", root_key)
        issuer = authority("bench CA", issuer_key, root, root_key, 0)
        for name, thing in (("root.crt", root), ("ca.crt", issuer), ("ca.key", issuer_key)):
            (self.directory / name).write_bytes(pem(thing))
        point = self.provisioner.public_key().public_numbers()
        jwk = {"use": "sig", "kty": "EC", "kid": "bench", "crv": "P-256", "alg": "ES256",
               "x": text_of(point.x.to_bytes(32, "big")), "y": text_of(point.y.to_bytes(32, "big"))}
        configuration = {
            "root": str(self.directory / "root.crt"), "crt": str(self.directory / "ca.crt"),
            "key": str(self.directory / "ca.key"), "address": f"127.0.0.1:{self.tls}", "dnsNames": ["127.0.0.1"],
            "db": {"type": "badgerv2", "dataSource": str(self.directory / "db")},
            "authority": {"provisioners": [{"type": "JWK", "name": "bench", "key": jwk}]}}
        (self.directory / "ca.json").write_text(json.dumps(configuration))
        self.process = subprocess.Popen(
            ["taskset", "-c", str(http_bench.SERVER_CORE), binary, self.directory / "ca.json"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        trust = ssl.create_default_context(cafile=str(self.directory / "root.crt"))
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"https://127.0.0.1:{self.tls}/health", context=trust):
                    return
            except OSError:
                time.sleep(0.1)
        sys.exit("step-ca did not become healthy within a minute")

    def token(self):
        """A one-time token: step-ca takes each once."""
        now = int(time.time())
        claims = {"iss": "bench", "aud": f"https://127.0.0.1:{self.tls}/1.0/sign", "sub": NAME, "sans": [NAME],
                  "iat": now, "nbf": now - 60, "exp": now + 280, "jti": secrets.token_hex(16)}
        signed = ".".join(text_of(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": "bench"}, claims))
        r, s = utils.decode_dss_signature(self.provisioner.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return signed + "." + text_of(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def load(self, count):
        request = (x509.CertificateSigningRequestBuilder()
                   .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
                   .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()))
        csr = pem(request).decode()
        bodies = self.directory / "bodies"
        with bodies.open("w") as file:
            for _ in range(count):
                file.write(json.dumps({"csr": csr, "ott": self.token()}) + "\n")
        return (f"local file = io.open('{bodies}')\nfunction request()\n"
                "return wrk.format('POST', '/1.0/sign', nil, file:read('l') or '{}') end\n")

    def cpu_seconds(self):
        return http_bench.cpu_of(pathlib.Path(f"/proc/{self.process.pid}/stat"))

    def lag(self):
        return 0

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--step-ca", default="")
    options = parser.parse_args()
    binary = options.step_ca or program()
    print(f"{'connections':<14}{'':<10}{'per s':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU us':>10}{'errors':>10}{'ratio':>10}")
    with tempfile.TemporaryDirectory(prefix="quantumapi-bench-") as a, tempfile.TemporaryDirectory(prefix="quantumapi-bench-") as b:
        servers = {}
        try:
            servers["step-ca"] = StepCa(a, binary)
            servers["ours"] = http_bench.Server(b)
            ours = http_bench.issue_load(servers["ours"]).lua
            for connections in (8, 64):
                seen = {"step-ca": http_bench.wrk(servers["step-ca"], servers["step-ca"].load(2_000 * options.seconds),
                                                  options.seconds, connections, tls=True),
                        "ours": http_bench.wrk(servers["ours"], ours, options.seconds, connections)}
                for name, one in seen.items():
                    print(f"{connections:<14}{name:<10}{one['rate']:>10.0f}{one['p50']:>10.2f}{one['p99']:>10.2f}"
                          f"{one['cpu_us']:>10.0f}{one['bad']:>10}{one['rate'] / seen['step-ca']['rate']:>10.2f}", flush=True)
        finally:
            for server in servers.values():
                server.stop()


if __name__ == "__main__":
    sys.exit(main())
