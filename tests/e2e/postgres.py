"""A private PostgreSQL cluster, for tests and benches."""

import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile


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
