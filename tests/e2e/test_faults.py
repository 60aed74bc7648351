"""Faults of disk, keys and database: refused clearly, nothing changed, nothing leaked."""

import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess

import httpx
import pytest

from harness import BIN, wait_until
from load import Writers, check_audit


def fingerprint(directory):
    """The octets of all files: to show that a refusal changed nothing."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(pathlib.Path(directory).iterdir())
            if path.is_file() and path.name != "lock" and not path.name.endswith(("-shm", "-wal"))}


def serve_fails(server):
    out = subprocess.run([BIN / "quantumapid", "serve", *server.store_options(), "--listen", "127.0.0.1:0"],
                         capture_output=True, text=True, env=server.env, timeout=30)
    assert out.returncode == 1, out.stderr
    return out.stderr


def limit_files(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_when_the_audit_log_cannot_be_written_nothing_leaves(new_server):
    server = new_server().init().start()
    made = server.http.post("/api/v1/secrets", json={"name": "s", "value": "the-value"}).json()
    server.stop()
    size = (server.data / "quantumapi.db").stat().st_size
    # Room for the start, then the log's file may grow no further.
    server.start(preexec_fn=limit_files(max(size, 65536) + 200_000))
    refused = wait_until(lambda: next(
        (a for a in (server.http.get(f"/api/v1/secrets/{made['id']}") for _ in range(200)) if a.status_code != 200), None),
        60, "a full disk")
    assert refused.status_code == 503 and "the-value" not in refused.text
    assert refused.json()["error"] in ("audit_unavailable", "store_unavailable", "service_unavailable")
    write = server.http.post("/api/v1/secrets", json={"name": "t", "value": "v"})
    assert write.status_code == 503
    sealed = server.http.post("/api/v1/encrypt", json={"plaintext": "x"})
    assert sealed.status_code == 503 and "qa1." not in sealed.text
    server.stop()
    server.start()
    assert server.http.get(f"/api/v1/secrets/{made['id']}").json()["value"] == "the-value"
    assert server.http.get("/api/v1/secrets/by-name/t").status_code == 404


def test_a_wrong_root_key_is_refused_and_nothing_changes(new_server, store):
    server, other = new_server(store).init(), new_server().init()
    shutil.copy(other.data / "root.seal", server.data / "root.seal")
    before = fingerprint(server.data)
    assert "root key" in serve_fails(server)
    assert fingerprint(server.data) == before


def test_a_foreign_database_is_refused_and_nothing_changes(new_server):
    server = new_server().init()
    (server.data / "quantumapi.db").unlink()
    for left in server.data.glob("quantumapi.db-*"):
        left.unlink()
    with sqlite3.connect(server.data / "quantumapi.db") as database:
        database.execute("CREATE TABLE customers (id INTEGER, name TEXT)")
    database.close()
    before = fingerprint(server.data)
    assert "holds tables that are not ours; nothing was changed" in serve_fails(server)
    init = subprocess.run([BIN / "quantumapid", "init", *server.store_options()], capture_output=True, text=True)
    assert init.returncode == 1 and "holds tables that are not ours" in init.stderr
    assert fingerprint(server.data) == before


def test_a_foreign_postgres_database_is_refused_and_nothing_changes(new_server, postgres):
    server = new_server("postgres")
    name = server.database.rsplit("/", 1)[1]
    postgres.sql("CREATE TABLE customers (id INTEGER)", name)
    out = subprocess.run([BIN / "quantumapid", "init", *server.store_options()], capture_output=True, text=True)
    assert out.returncode == 1 and "holds tables that are not ours" in out.stderr
    assert "holds tables that are not ours" in serve_fails(server)
    assert postgres.sql("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'", name) == "customers"


def test_serving_an_empty_postgres_database_says_that_init_is_missing(new_server, postgres):
    server = new_server("postgres")
    server.data.mkdir()
    assert "run quantumapid init first" in serve_fails(server)
    name = server.database.rsplit("/", 1)[1]
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name) == "0"


def test_serving_an_empty_directory_is_refused_and_makes_nothing(new_server):
    server = new_server()
    assert "init" in serve_fails(server)
    server.data.mkdir()
    assert "init" in serve_fails(server)
    assert list(server.data.iterdir()) == [] or [p.name for p in server.data.iterdir()] == ["lock"]


def test_a_second_init_is_refused_and_nothing_changes(new_server, store):
    server = new_server(store).init()
    before = fingerprint(server.data)
    out = subprocess.run([BIN / "quantumapid", "init", *server.store_options(), "--json"], capture_output=True, text=True)
    assert out.returncode == 1 and "api_key" not in out.stdout
    assert fingerprint(server.data) == before


def test_a_changed_journal_of_another_installation_is_refused(new_server):
    server, other = new_server().init(), new_server().init()
    shutil.copy(other.data / "keys.journal", server.data / "keys.journal")
    assert "journal" in serve_fails(server)


def copy_store(server):
    """A backup as an operator makes it from a stopped SQLite server: the database file alone."""
    copy = server.directory / "backup.db"
    shutil.copyfile(server.data / "quantumapi.db", copy)
    return copy


def put_back(server, copy):
    for left in server.data.glob("quantumapi.db-*"):
        left.unlink()
    shutil.copyfile(copy, server.data / "quantumapi.db")


def test_a_restored_older_store_revives_nothing_and_loses_no_key(new_server):
    server = new_server().init().start()
    secret = server.http.post("/api/v1/secrets", json={"name": "gone", "value": "v"}).json()["id"]
    key = server.http.post("/api/v1/apikeys", json={"name": "leaked", "scopes": ["secrets:read"]}).json()
    headers = {"X-Api-Key": key["apiKey"]}
    assert server.http.get(f"/api/v1/secrets/{secret}", headers=headers).status_code == 200
    assert server.stop() == 0
    copy = copy_store(server)

    server.start()
    default = next(k for k in server.http.get("/api/v1/keys?keyType=encryption").json()["keys"] if k["isDefault"])
    assert server.http.post(f"/api/v1/keys/{default['id']}/rotate", json={}).json()["version"] == 2
    sealed = server.http.post("/api/v1/encrypt", json={"plaintext": "after the backup"}).json()
    made = server.http.post("/api/v1/keys", json={"name": "new", "keyType": "encryption", "algorithm": "ML-KEM-768"}).json()
    assert server.http.delete(f"/api/v1/apikeys/{key['id']}").status_code == 204
    assert server.http.delete(f"/api/v1/secrets/{secret}").status_code == 204
    assert server.stop() == 0

    put_back(server, copy)
    server.start()
    assert "went further than the store" in server.logs()
    refused = server.http.get(f"/api/v1/secrets/{secret}", headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (403, "key_revoked")
    assert server.http.get(f"/api/v1/secrets/{secret}").status_code == 404
    opened = server.http.post("/api/v1/decrypt", json={"encryptedPayload": sealed["encryptedPayload"]})
    assert opened.json()["plaintext"] == "after the backup"
    assert server.http.get(f"/api/v1/keys/{made['id']}").json()["name"] == f"restored-{made['id']}"
    # A number that once meant a version is not taken again.
    assert server.http.post(f"/api/v1/keys/{default['id']}/rotate", json={}).json()["version"] == 3
    assert server.stop() == 0
    server.start()
    assert "went further than the store" not in server.logs()


def test_a_journal_that_lacks_what_the_store_has_seen_is_refused_until_it_is_accepted(new_server):
    server = new_server().init().start()
    assert server.stop() == 0
    journal = server.data / "keys.journal"
    early = journal.read_bytes()
    server.start()
    server.http.post("/api/v1/keys", json={"name": "later", "keyType": "encryption", "algorithm": "ML-KEM-768"})
    assert server.stop() == 0
    whole = journal.read_bytes()
    assert len(whole) > len(early)
    for lacking in (early, b""):
        journal.write_bytes(lacking)
        before = fingerprint(server.data)
        error = serve_fails(server)
        assert "keys.journal" in error and "--accept-key-journal" in error, error
        if lacking:
            assert fingerprint(server.data) == before
    journal.unlink()
    assert "--accept-key-journal" in serve_fails(server)
    journal.write_bytes(whole)
    server.start()
    assert server.stop() == 0
    journal.unlink()
    server.serve_options = ["--accept-key-journal"]
    server.start()
    assert server.stop() == 0
    server.serve_options = []
    server.start()


def test_a_journal_that_others_may_write_or_that_is_a_link_is_refused(new_server):
    server = new_server().init()
    journal = server.data / "keys.journal"
    journal.chmod(0o620)
    assert "mode 0600" in serve_fails(server)
    journal.chmod(0o600)
    journal.rename(server.directory / "elsewhere")
    journal.symlink_to(server.directory / "elsewhere")
    assert "is a link" in serve_fails(server)


def test_a_seal_that_others_may_read_is_refused(new_server):
    server = new_server().init()
    assert (server.data / "root.seal").stat().st_mode & 0o777 == 0o600
    (server.data / "root.seal").chmod(0o644)
    assert "root.seal" in serve_fails(server)


def test_two_servers_on_one_directory_are_refused(new_server):
    server = new_server().init().start()
    assert serve_fails(server)
    assert server.http.get("/health/ready").status_code == 200


def idle_connections(server, number):
    made = []
    for _ in range(number):
        made.append(socket.create_connection(("127.0.0.1", server.plain_port), 10))
    return made


def test_idle_clients_do_not_use_up_the_open_files(new_server):
    # The hard limit is what counts: a service's soft one is 1,024, whatever it may have.
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, 700))
    server = new_server().init().start(preexec_fn=few)
    assert server.http.post("/api/v1/secrets", json={"name": "a", "value": "v"}).status_code == 201
    idle = idle_connections(server, 800)
    # Over the limit a client is told so and nothing breaks, while those let in are served.
    told = wait_until(lambda: any(b"too_many_connections" in first(client) for client in idle[440:]), 60, "a refusal")
    assert told
    assert server.http.post("/api/v1/secrets", json={"name": "b", "value": "v"}).status_code == 201
    assert server.http.get("/api/v1/secrets/by-name/b").json()["value"] == "v"
    assert "Too many open files" not in server.logs()
    for client in idle:
        client.close()
    wait_until(lambda: httpx.get(server.plain_url + "/health/ready").status_code == 200, 30, "new clients")


def first(client):
    client.settimeout(0.05)
    try:
        return client.recv(4096)
    except OSError:
        return b""


def test_postgres_restarted_under_load_gives_clean_503s_and_recovers(new_server, postgres):
    server = new_server("postgres").init().start()
    writers = Writers(server, threads=6).start()
    wait_until(lambda: len(writers.acknowledged) >= 5, 20, "first writes")
    postgres.stop("immediate")
    wait_until(lambda: writers.statuses.get(503), 20, "a 503 while the database is down")
    assert server.http.get("/health/live").status_code == 200
    wait_until(lambda: server.http.get("/health/ready").status_code == 503, 10, "not ready")
    postgres.start()
    before = len(writers.acknowledged)
    wait_until(lambda: len(writers.acknowledged) >= before + 5, 30, "recovery by itself")
    writers.stop()
    assert set(writers.statuses) <= {200, 201, 204, 503}, writers.statuses
    writers.check(server)
    check_audit(server, writers)


def test_sigterm_under_load_drains_without_a_broken_answer(new_server):
    server = new_server().init().start()
    writers = Writers(server, threads=4)
    broken = []
    original = writers.cycle

    def watched(http, name):
        try:
            original(http, name)
        except httpx.ConnectError:
            raise
        except httpx.TransportError as error:
            broken.append(repr(error))
            raise

    writers.cycle = watched
    writers.start()
    wait_until(lambda: len(writers.acknowledged) >= 10, 20, "first writes")
    assert server.stop() == 0
    writers.stop()
    assert broken == []
