"""Runs the real programs for end-to-end tests: quantumapid, qapi, PostgreSQL."""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import httpx

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


def free_port():
    """A free loopback port below the ephemeral range: while a server that lives there is down, a
    client that keeps trying could otherwise be given the very port and connect to itself."""
    ports = list(range(15000, 32000))
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def postgres_bin(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    assert found, f"PostgreSQL's {name} is not installed; ./dev test installs it"
    return str(found[-1])


class Postgres:
    """A private PostgreSQL cluster on loopback, durable as in production."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        self.data = self.directory / "pg"
        self.data.mkdir()
        if self.as_user:
            shutil.chown(self.data, "postgres", "postgres")
            for parent in (self.directory, *self.directory.parents):
                if parent == pathlib.Path(tempfile.gettempdir()):
                    break
                parent.chmod(parent.stat().st_mode | 0o011)
        self.run(postgres_bin("initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust", "--encoding=UTF8")
        self.count = 0
        self.options = ""
        self.start()

    def run(self, *args):
        subprocess.run([*self.as_user, *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd="/")

    def start(self):
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c max_connections=60 {self.options}"
        self.run(postgres_bin("pg_ctl"), "-D", str(self.data), "-w", "-t", "30", "-o", options, "-l", str(self.data / "log"), "start")

    def stop(self, mode="fast"):
        self.run(postgres_bin("pg_ctl"), "-D", str(self.data), "-w", "-m", mode, "stop")

    def times_ready(self):
        """How often it became ready, after a start or a recovery."""
        return (self.data / "log").read_text().count("database system is ready to accept connections")

    def sql(self, text, database="postgres"):
        out = subprocess.run(
            [postgres_bin("psql"), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
             "-U", "postgres", "-d", database, "-c", text],
            check=True, capture_output=True, text=True)
        return out.stdout.strip()

    def new_database(self):
        self.count += 1
        name = f"q{self.count}"
        self.sql(f"CREATE DATABASE {name}")
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"


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
