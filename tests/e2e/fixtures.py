"""Servers and stores for tests; conftest.py of each folder takes them over."""

import pathlib
import subprocess
import tempfile

import pytest

from harness import Postgres, Server


@pytest.fixture(scope="session")
def postgres():
    cluster = Postgres(tempfile.mkdtemp(prefix="quantumapi-pg-"))
    yield cluster
    cluster.stop("immediate")
    subprocess.run(["rm", "-rf", str(cluster.directory)], check=True)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request):
    """The name of each store; tests that take it run on both."""
    return request.param


def maker(request, directory):
    """Gives a function that makes servers, and the list of those it made."""
    made = []

    def make(store="sqlite", **options):
        database = request.getfixturevalue("postgres").new_database() if store == "postgres" else ""
        place = pathlib.Path(directory) / f"server{len(made)}"
        place.mkdir()
        made.append(Server(place, database, **options))
        return made[-1]

    return make, made


def replica_of(new_server, server):
    """A second server over the same database, with a journal and a data directory of its own."""
    second = new_server()
    second.database = server.database
    second.data = second.directory / "data"
    second.data.mkdir()
    for name in ("root.seal", "ca.pem"):
        (second.data / name).write_bytes((server.data / name).read_bytes())
        (second.data / name).chmod(0o600)
    second.data.chmod(0o700)
    second.api_key, second.tenant_id = server.api_key, server.tenant_id
    return second.start()


def end(made):
    for server in made:
        if server.process is not None:
            server.kill()


@pytest.fixture
def new_server(tmp_path, request):
    """Makes servers that are ended with the test."""
    make, made = maker(request, tmp_path)
    yield make
    end(made)


@pytest.fixture
def server(new_server, store):
    """An initialised, running server on each store."""
    return new_server(store).init().start()


@pytest.fixture
def sqlite_server(new_server):
    return new_server().init().start()


@pytest.fixture(scope="module")
def shared_server(request, tmp_path_factory):
    """One running server for all tests of a file, over SQLite and logging each request."""
    make, made = maker(request, tmp_path_factory.mktemp("shared"))
    yield make(serve_options=["--log-level", "debug"]).init().start()
    end(made)
