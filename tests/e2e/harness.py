"""Runs the real programs for end-to-end tests: quantumapid, qapi, PostgreSQL."""

import json
import os
import pathlib
import signal
import subprocess
import time

import httpx

from postgres import Postgres, free_port, postgres_bin  # noqa: F401: tests have these from here

BIN = pathlib.Path(os.environ["QUANTUMAPI_BIN"])
START_LIMIT = 60  # seconds; a promise is polled for up to its limit, never slept for


def wait_until(check, limit=10.0, what="condition"):
    """Polls `check` until it is truthy and gives its value; fails past `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not hold within {limit} s")
        time.sleep(0.01)


class Server:
    """One quantumapid on its own data directory and free loopback ports."""

    def __init__(self, directory, database="", env=None, serve_options=()):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.database = database
        self.env = {**os.environ, **(env or {})}
        self.serve_options = list(serve_options)
        self.listen_options = ["--listen", "127.0.0.1:0", "--listen-plain", "127.0.0.1:0"]
        self.process = None
        self.log_path = self.directory / "server.log"
        self.api_key = None
        self.tenant_id = None

    def store_options(self):
        options = ["--data", str(self.data)]
        if self.database:
            options += ["--database", self.database, "--key-journal", str(self.directory / "keys.journal")]
        return options

    def init(self, *more):
        out = subprocess.run([BIN / "quantumapid", "init", *self.store_options(), "--json", *more],
                             capture_output=True, text=True, env=self.env)
        assert out.returncode == 0, out.stderr
        made = json.loads(out.stdout)
        self.api_key, self.tenant_id = made["api_key"], made["tenant_id"]
        return self

    def new_tenant(self, name, *more):
        """A further tenant, made while the server is stopped: {"api_key", "tenant_id"}."""
        out = subprocess.run([BIN / "quantumapid", "tenant", "create", *self.store_options(), "--name", name, "--json", *more],
                             capture_output=True, text=True, env=self.env)
        assert out.returncode == 0, out.stderr
        return json.loads(out.stdout)

    def launch(self, preexec_fn=None):
        """Starts the process without waiting for it to be ready."""
        self.log = open(self.log_path, "ab")
        self.log_start = self.log.tell()
        self.process = subprocess.Popen(
            [BIN / "quantumapid", "serve", *self.store_options(), *self.listen_options, *self.serve_options],
            stdout=self.log, stderr=self.log, env=self.env, preexec_fn=preexec_fn)
        return self

    def start(self, preexec_fn=None):
        self.launch(preexec_fn)
        ports = wait_until(self._ports, START_LIMIT, "listening")
        self.port, self.plain_port = ports["https"], ports["http"]
        self.url = f"https://localhost:{self.port}"
        self.plain_url = f"http://127.0.0.1:{self.plain_port}"
        self.http = httpx.Client(base_url=self.plain_url, timeout=30, headers={"X-Api-Key": self.api_key or ""})
        wait_until(lambda: self._ready(), START_LIMIT, "ready")
        return self

    def _ports(self):
        assert self.process.poll() is None, "server ended: " + self.logs()
        found = {}
        for line in self.logs().splitlines():
            if '"listening"' in line:
                entry = json.loads(line)
                found[entry["scheme"]] = entry["port"]
        return found if len(found) == 2 else None

    def _ready(self):
        try:
            return self.http.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def logs(self):
        with open(self.log_path, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode()

    def stop(self, sig=signal.SIGTERM, limit=30):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        code = self.process.wait(limit)
        self.process = None
        self.http.close()
        self.log.close()
        return code

    def kill(self):
        """SIGKILL: nothing of the process's own runs any more."""
        self.process.kill()
        self.process.wait(10)
        self.process = None
        self.log.close()

    def qapi(self, *args, stdin=None, key=None, check=True, env=None, https=False):
        environment = {
            **os.environ,
            "QUANTUMAPI_KEY": self.api_key if key is None else key,
            "QUANTUMAPI_URL": self.url if https else self.plain_url,
            "QUANTUMAPI_CA_FILE": str(self.data / "ca.pem"),
            "HOME": str(self.directory),
            "XDG_STATE_HOME": str(self.directory / "state"),
            "XDG_CONFIG_HOME": str(self.directory / "config"),
            **(env or {}),
        }
        out = subprocess.run([BIN / "qapi", *args], input=stdin, capture_output=True, text=True, env=environment, timeout=60)
        if check:
            assert out.returncode == 0, f"qapi {args[0]}: {out.stderr}"
        return out
