"""The example services of the SDK, and a platform for them."""

import os
import re
import subprocess
import threading

from harness import BIN, free_port, wait_until

SCOPES = ["certificates:issue", "secrets:read", "encryption:write", "encryption:hash"]
HOST = "notifications.notifications.svc.cluster.local"


class Example:
    """One example program, its lines kept as they come. `inside` is a command that runs another, `timeout` is of its calls."""

    def __init__(self, name, key, url, roots, *arguments, inside=(), timeout=5):
        environment = {**os.environ, "QUANTUMAPI_KEY": key, "QUANTUMAPI_URL": url, "QUANTUMAPI_CA_FILE": str(roots),
                       "QUANTUMAPI_TIMEOUT": str(timeout)}
        self.process = subprocess.Popen([*inside, BIN / f"example_{name}", *map(str, arguments)], env=environment,
                                        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def text(self):
        return "\n".join(self.lines)

    def wait_for(self, pattern, limit=30):
        """The match of a line that it says, as soon as it does."""
        def said():
            assert self.process.poll() is None or re.search(pattern, self.text), self.text
            return re.search(pattern, self.text)
        return wait_until(said, limit, f"{pattern!r} in:\n{self.text}")

    def result(self, limit):
        code = self.process.wait(limit)
        self.reader.join(5)
        return code

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.result(30)


class Platform:
    """A platform at an address that stays, with services on it."""

    def __init__(self, new_server, address="127.0.0.1", store="sqlite"):
        self.port = free_port()
        self.url = f"https://{address}:{self.port}"
        self.server = new_server(store, serve_options=["--listen", f"{address}:{self.port}", "--certificate-min-seconds", "10"])
        self.server.init("--host", address)
        self.roots = self.server.data / "ca.pem"
        self.running = []
        self.keys = {}

    def start(self):
        self.server.start()
        return self

    def ok(self, method, path, body=None):
        answer = self.server.http.request(method, "/api/v1" + path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def service(self, name, lifetime="1h", **more):
        self.keys[name] = self.ok("POST", "/apikeys", {"name": name, "scopes": SCOPES})["apiKey"]
        identity = self.ok("POST", "/service-identities", {"name": name, "serviceAccount": name, "spiffeNamespace": name,
                                                          "ttl": lifetime, "maxTtl": "24h", **more})
        return identity["spiffeId"]

    def end_key(self, name):
        """Revokes the API key of a service: it gets no certificate more."""
        key = next(one for one in self.ok("GET", "/apikeys")["apiKeys"] if one["name"] == name)
        assert self.server.http.delete(f"/api/v1/apikeys/{key['id']}").status_code == 204

    def run(self, name, *arguments, key=None, **more):
        example = Example(name, key or self.keys[name], self.url, self.roots, *arguments, **more)
        self.running.append(example)
        return example

    def end(self):
        for example in self.running:
            if example.process.poll() is None:
                example.process.kill()
                example.process.wait(10)

    def said(self, *services):
        """The ends of what the services and the platform said, and its metrics: why a service failed."""
        ends = [service.text[:3000] + "\n…\n" + service.text[-1000:] for service in services]
        return "\n\n".join([*ends, self.server.logs(), self.server.http.get("/metrics").text])

    def certificates(self, identity):
        return self.ok("GET", f"/certificates?identity={identity}")["certificates"]


def listening(example):
    return int(example.wait_for(r"listening (\d+)")[1])


def url(port):
    return f"https://{HOST}:{port}/send"


def counts(example):
    answered, refused = re.search(r"answered (\d+), refused (\d+)", example.text).groups()
    return int(answered), int(refused)


def skewed(minutes):
    """Runs a program on a host whose clock is off by so much."""
    return ["env", f"LD_PRELOAD={os.environ['QUANTUMAPI_SKEWED_SHIM']}", f"SKEW_SECONDS={minutes * 60}"]
