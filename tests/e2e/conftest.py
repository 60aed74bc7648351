import os
import subprocess
import tempfile

import pytest

from harness import Postgres, Server


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    cluster = Postgres(tempfile.mkdtemp(prefix="quantumapi-pg-"))
    yield cluster
    cluster.stop("immediate")
    subprocess.run(["rm", "-rf", str(cluster.directory)], check=True)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request):
    """The name of each store; tests that take it run on both."""
    return request.param


@pytest.fixture
def new_server(tmp_path, request):
    """Makes servers that are ended with the test."""
    made = []

    def make(store="sqlite", **options):
        database = request.getfixturevalue("postgres").new_database() if store == "postgres" else ""
        directory = tmp_path / f"server{len(made)}"
        directory.mkdir()
        made.append(Server(directory, database, **options))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None:
            server.kill()


@pytest.fixture
def server(new_server, store):
    """An initialised, running server on each store."""
    return new_server(store).init().start()


@pytest.fixture
def sqlite_server(new_server):
    return new_server().init().start()
