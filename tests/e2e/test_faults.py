"""Faults of disk, keys and database: refused clearly, nothing changed, nothing leaked."""

import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile

import httpx
import pytest

from harness import BIN, Postgres, postgres_bin, wait_until
from load import Writers, check_audit, exported


def fingerprint(directory):
    """The octets of all files: to show that a refusal changed nothing."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(pathlib.Path(directory).iterdir())
            if path.is_file() and path.name != "lock" and not path.name.endswith(("-shm", "-wal"))}


def sqlite(server):
    database = sqlite3.connect(server.data / "quantumapi.db")
    database.create_collation("C", lambda a, b: (a > b) - (a < b))
    return database


def state_of(server):
    """All files of the data directory, the journal, and each table and row of the database."""
    if server.database:
        # A connection to a store of ours leaves its mark in one table, by which it knows a crash of PostgreSQL.
        dump = subprocess.run([postgres_bin("pg_dump"), "--exclude-table-data=crash_marks", server.database], capture_output=True, text=True, check=True).stdout
        # Newer pg_dumps put a word of their own into each dump.
        rows = [line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
        journal = server.directory / "keys.journal"
    else:
        database = sqlite(server)
        rows = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        for table in [name for kind, name, _ in rows if kind == "table"]:
            rows += database.execute(f"SELECT * FROM {table}").fetchall()
        database.close()
        journal = server.data / "keys.journal"
    assert len(rows) > 20
    return fingerprint(server.data), hashlib.sha256(journal.read_bytes()).hexdigest(), rows


def serve_fails(server):
    out = subprocess.run([BIN / "quantumapid", "serve", *server.store_options(), "--listen", "127.0.0.1:0"],
                         capture_output=True, text=True, env=server.env, timeout=30)
    assert out.returncode == 1, out.stderr
    return out.stderr


def limit_files(server, octets):
    """From now on no file grows past so many octets: a full disk, to the running server."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))


def gives_nothing(server, payload, some_room=False):
    """Everything that would answer with a secret or with random octets is refused, or has its event in
    what room there was: gives the request ids of such answers."""
    given = set()
    asked = {
        "/api/v1/encrypt": {"plaintext": "the-value"},
        "/api/v1/decrypt": {"encryptedPayload": payload},
        "/api/v1/qrng/entropy": {"bytes": 32},
        "/api/v1/transit/datakey/default-encryption": {},
        "/api/v1/apikeys": {"name": "late", "scopes": ["secrets:read"]},
        "/api/v1/secrets": {"name": "late", "value": "v"},
        "/api/v1/keys": {"name": "late", "keyType": "encryption", "algorithm": "ML-KEM-768"},
    }
    for path, body in asked.items():
        answer = server.http.post(path, json=body, headers={"X-Allow-Csprng": "true"})
        if some_room and answer.status_code < 300:
            given.add(answer.headers["x-request-id"])
            continue
        assert answer.status_code == 503, (path, answer.status_code, answer.text)
        assert set(answer.json()) <= {"type", "title", "status", "detail", "instance", "error", "message"}
        assert not any(word in answer.text for word in ("the-value", "qa1.", "qapi_", "vault:")), path
    return given


def not_ready(server, part):
    answer = server.http.get("/health/ready")
    return answer.status_code == 503 and answer.json()[part] is False


def test_when_the_audit_log_cannot_be_written_nothing_leaves(new_server):
    server = new_server().init().start()
    made = server.http.post("/api/v1/secrets", json={"name": "s", "value": "the-value"}).json()
    payload = server.http.post("/api/v1/encrypt", json={"plaintext": "the-value"}).json()["encryptedPayload"]
    limit_files(server, 4096)
    refused = server.http.get(f"/api/v1/secrets/{made['id']}")
    assert refused.status_code == 503 and "the-value" not in refused.text
    assert refused.json()["error"] in ("audit_unavailable", "store_unavailable", "service_unavailable")
    gives_nothing(server, payload)
    wait_until(lambda: not_ready(server, "audit"), 20, "being not ready, for want of the audit log")
    assert "quantumapi_ready 0" in server.http.get("/metrics").text
    # With room again it recovers by itself.
    limit_files(server, resource.RLIM_INFINITY)
    wait_until(server._ready, 20, "recovery by itself")
    assert server.http.get(f"/api/v1/secrets/{made['id']}").json()["value"] == "the-value"
    assert server.http.get("/api/v1/secrets/by-name/late").status_code == 404
    assert "late" not in server.http.get("/api/v1/apikeys?pageSize=200").text
    assert "late" not in server.http.get("/api/v1/keys?pageSize=200").text


class SmallDisk(Postgres):
    """A cluster that has a folder on a small disk which only it sees."""

    def start(self):
        self.disk = self.directory / "disk"
        self.disk.mkdir(exist_ok=True)
        mount = f'mount -t tmpfs -o size=48m,mode=0700,uid=$(id -u postgres) tmpfs {self.disk} && exec "$@"'
        outer, self.as_user = self.as_user, ["unshare", "-m", "sh", "-c", mount, "sh", *self.as_user]
        try:
            super().start()
        finally:
            self.as_user = outer


@pytest.mark.skipif(os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0,
                    reason="a small disk is mounted by root alone")
def test_when_postgres_has_no_room_nothing_leaves(new_server, tmp_path_factory):
    cluster = SmallDisk(tempfile.mkdtemp(prefix="quantumapi-small-"))
    try:
        cluster.sql(f"CREATE TABLESPACE small LOCATION '{cluster.disk}'")
        server = new_server()
        server.database = cluster.new_database()
        name = server.database.rsplit("/", 1)[1]
        cluster.sql(f"ALTER DATABASE {name} SET TABLESPACE small")
        server.init().start()
        secret = server.http.post("/api/v1/secrets", json={"name": "s", "value": "the-value"}).json()["id"]
        payload = server.http.post("/api/v1/encrypt", json={"plaintext": "the-value"}).json()["encryptedPayload"]
        cluster.sql("CREATE TABLE filler (octets TEXT)", name)
        with pytest.raises(subprocess.CalledProcessError):
            cluster.sql("ALTER TABLE filler ALTER octets SET STORAGE PLAIN; "
                        "INSERT INTO filler SELECT repeat('x', 7000) FROM generate_series(1, 20000)", name)
        wait_until(lambda: server.http.get(f"/api/v1/secrets/{secret}").status_code == 503, 60, "a full disk")
        # PostgreSQL finds room here and there in the pages it has.
        given = gives_nothing(server, payload, some_room=True)
        cluster.sql("DROP TABLE filler", name)
        wait_until(server._ready, 60, "recovery by itself")
        assert server.http.get(f"/api/v1/secrets/{secret}").json()["value"] == "the-value"
        assert given <= {record["request"] for record in exported(server)}
        server.stop()
    finally:
        cluster.stop("immediate")
        shutil.rmtree(cluster.directory)


def test_a_wrong_root_key_is_refused_and_nothing_changes(new_server, store):
    server, other = new_server(store).init(), new_server().init()
    shutil.copy(other.data / "root.seal", server.data / "root.seal")
    before = state_of(server)
    assert "root key" in serve_fails(server)
    assert state_of(server) == before


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
    assert not server.data.exists()
    server.data.mkdir()
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
    before = state_of(server)
    out = subprocess.run([BIN / "quantumapid", "init", *server.store_options(), "--json"], capture_output=True, text=True)
    assert out.returncode == 1 and "api_key" not in out.stdout
    assert state_of(server) == before


def undone():
    """Statements that make of a store what the version before the last migration left."""
    *earlier, last = sorted((pathlib.Path(__file__).resolve().parents[2] / "src/store/migrations").glob("*.sql"))
    text = re.sub(r"--.*", "", last.read_text())
    found = [f"DROP INDEX {index}" for index in re.findall(r"CREATE INDEX (\w+)", text)]
    found += [f"ALTER TABLE {table} DROP COLUMN {column}" for table, column in re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", text)]
    found += [f"DROP TABLE {table}" for table in dict.fromkeys(re.findall(r"CREATE TABLE (\w+)", text))]
    before = "".join(one.read_text() for one in earlier)
    found += [re.search(rf"CREATE TABLE {table} \(.*?\n\)", before, re.S)[0] for table in re.findall(r"DROP TABLE (\w+)", text)]
    assert found, f"{last.name} is to be undone in a way of its own here"
    return [*found, f"DELETE FROM schema_migrations WHERE number = {int(last.name[:4])}"]


@pytest.mark.parametrize("older", [False, True])
def test_the_journal_of_another_installation_is_refused_and_nothing_changes(new_server, store, postgres, older):
    server, other = new_server(store).init(), new_server().init()
    if older and store == "postgres":
        postgres.sql(";".join(undone()), server.database.rsplit("/", 1)[1])
    elif older:
        with sqlite(server) as database:
            for statement in undone():
                database.execute(statement)
        database.close()
    journal = (server.directory if server.database else server.data) / "keys.journal"
    mine = journal.read_bytes()
    shutil.copy(other.data / "keys.journal", journal)
    before = state_of(server)
    assert "journal" in serve_fails(server)
    after = state_of(server)
    assert after[:2] == before[:2] and [row for row in after[2] if row not in before[2]] == []
    assert after == before
    journal.write_bytes(mine)
    server.start()


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
