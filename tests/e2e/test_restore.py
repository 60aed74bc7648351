"""A store that is put back to an earlier state: its audit logs are followed by new ones."""

import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing

from harness import BIN, wait_until

VERIFIER = pathlib.Path(__file__).parents[2] / "tools" / "verify_audit_export.py"


class Backup:
    """The store as it is now, to be put back; on PostgreSQL the server must be stopped."""

    def __init__(self, server, postgres):
        self.server, self.postgres = server, postgres
        if server.database:
            self.name = server.database.rsplit("/", 1)[1]
            postgres.sql(f"CREATE DATABASE {self.name}_backup TEMPLATE {self.name}")
            return
        self.copy = pathlib.Path(tempfile.mkdtemp(dir=server.directory)) / "backup.db"
        with closing(sqlite3.connect(server.data / "quantumapi.db")) as source, closing(sqlite3.connect(self.copy)) as target:
            source.backup(target)

    def put_back(self):
        if self.server.database:
            self.postgres.sql(f"DROP DATABASE {self.name} WITH (FORCE)")
            self.postgres.sql(f"CREATE DATABASE {self.name} TEMPLATE {self.name}_backup")
            return
        done = restore(self.server, self.copy)
        assert done.returncode == 0, done.stderr


def restore(server, file):
    return subprocess.run([BIN / "quantumapid", "restore", str(file), "--data", str(server.data)], capture_output=True, text=True)


def backup_of(server, request):
    return Backup(server, request.getfixturevalue("postgres") if server.database else None)


def make_secret(server, name):
    assert server.http.post("/api/v1/secrets", json={"name": name, "value": "v"}).status_code == 201


def rotate(server):
    keys = server.http.get("/api/v1/keys?keyType=encryption").json()["keys"]
    default = next(key for key in keys if key["isDefault"])
    assert server.http.post(f"/api/v1/keys/{default['id']}/rotate", json={}).status_code == 200


def exported(server, path, log=None):
    """Exports a log, the open one without an id, and gives the lines."""
    server.qapi("audit", "export", str(path), "--force", *(["--log", log] if log else []))
    return [json.loads(line) for line in path.read_text().splitlines()]


def listed(server, **query):
    answer = server.http.get("/api/v1/audit-logs", params={"pageSize": 200, **query}).json()
    assert answer["totalCount"] == len(answer["items"]) and not answer["totalIsBounded"]
    return answer["items"]


def secrets_made(server):
    return [item["resourceName"] for item in listed(server, action="secret.create")]


def log_of(server):
    def first_line():
        answer = server.http.get("/api/v1/audit-logs/checkpoint")
        return answer.status_code == 200 and answer.text.splitlines()[0]

    return wait_until(first_line, 10, "a checkpoint").rsplit("/", 1)[1]


def openings(server, **query):
    return listed(server, action="audit.log_opened", **query)


def verified(server, path, key, memory):
    """What `qapi audit verify` and the verifier that shares no code with it say."""
    by_qapi = server.qapi("audit", "verify", str(path), "--key", str(key), "--remember", str(memory), "--output", "json",
                          check=False)
    by_python = subprocess.run([sys.executable, VERIFIER, path, "--key", key], capture_output=True, text=True)
    assert by_python.returncode == 0, by_python.stdout + by_python.stderr
    return by_qapi, by_python.stdout


def test_a_restored_store_goes_on_in_new_logs_that_name_the_old_ones(new_server, store, request, tmp_path):
    server = new_server(store).init().start()
    key, memory = tmp_path / "audit.pem", tmp_path / "memory.json"
    key.write_text(server.qapi("audit", "public-key").stdout)
    make_secret(server, "before")
    exported(server, tmp_path / "first.ndjson")
    old = log_of(server)
    assert server.stop() == 0
    backup = backup_of(server, request)

    server.start()
    assert log_of(server) == old
    rotate(server)
    make_secret(server, "lost")
    lost = tmp_path / "lost.ndjson"
    assert exported(server, lost)[0]["log"] == old
    by_qapi, _ = verified(server, lost, key, memory)
    assert by_qapi.returncode == 0, by_qapi.stderr
    assert server.stop() == 0

    backup.put_back()
    server.start()
    assert "followed by new ones" in server.logs()
    make_secret(server, "after")
    new, closed = tmp_path / "new.ndjson", tmp_path / "closed.ndjson"
    lines = exported(server, new)
    assert lines[0]["log"] == log_of(server) != old
    first = json.loads(lines[1]["record"])
    assert lines[1]["index"] == 0 and (first["action"], first["resource"]) == ("audit.log_opened", old)
    size = len([line for line in exported(server, closed, old) if line["type"] == "record"])
    statement = server.http.get("/api/v1/audit-logs/checkpoint", params={"log": old}).text.splitlines()
    assert first["resourceName"] == f"{size} {statement[2]}" and statement[1] == str(size)

    by_qapi, by_python = verified(server, new, key, memory)
    assert by_qapi.returncode == 0, by_qapi.stderr
    report = json.loads(by_qapi.stdout)
    assert (report["follows"], report["followsSize"]) == (old, size)
    assert "are lost" in by_qapi.stderr
    assert f"the first {size} records of log {old}" in by_python
    # What was remembered of the old log says what the restore cost it, now and later.
    by_qapi, by_python = verified(server, closed, key, memory)
    assert (by_qapi.returncode, json.loads(by_qapi.stdout)["fault"]) == (1, "truncated")
    assert f"to {size - 1} of {size} of log {old}" in by_python

    assert secrets_made(server) == ["after", "before"]
    assert len(openings(server)) == 1
    assert server.stop() == 0
    now = lines[0]["log"]
    server.start()
    assert log_of(server) == now and len(openings(server)) == 1
    assert "followed by new ones" not in server.logs()


def test_a_restored_store_is_told_whatever_the_clock_said(new_server, request, tmp_path):
    """A platform whose clock was a day ahead when its logs were opened, and was put right."""
    server = new_server()
    right = server.env
    server.env = {**right, "LD_PRELOAD": os.environ["QUANTUMAPI_SKEWED_SHIM"], "SKEW_SECONDS": "86400"}
    server.init().start()
    make_secret(server, "before")
    old = log_of(server)
    for ahead in (True, False):  # the log that follows was opened by the clock that is right
        assert server.stop() == 0
        server.env = right
        backup = backup_of(server, request)
        server.start()
        assert log_of(server) == old
        rotate(server)
        make_secret(server, f"lost {ahead}")
        assert server.stop() == 0
        backup.put_back()
        server.start()
        assert "followed by new ones" in server.logs() and log_of(server) != old
        assert openings(server)[0]["resourceId"] == old
        assert secrets_made(server) == ["before"]
        old = log_of(server)


def test_a_start_that_is_killed_leaves_one_new_log(new_server, store, request):
    server = new_server(store).init().start()
    make_secret(server, "before")
    old = log_of(server)
    assert server.stop() == 0
    backup = backup_of(server, request)
    server.start()
    rotate(server)
    server.kill()

    backup.put_back()
    for _ in range(8):
        server.launch()
        time.sleep(random.uniform(0, 0.6))
        server.kill()
    server.start()
    assert log_of(server) != old
    opened = openings(server)
    assert [(item["resourceId"], item["index"]) for item in opened] == [(old, 0)]
    assert len(openings(server, log="platform")) <= 1
    assert secrets_made(server) == ["before"]


def test_crashes_and_further_replicas_open_no_log(new_server, store):
    from test_eaas import replica_of

    server = new_server(store).init().start()
    log = log_of(server)
    for i in range(3):
        make_secret(server, f"s{i}")
        rotate(server)
        made = server.http.post("/api/v1/apikeys", json={"name": f"k{i}", "scopes": ["secrets:read"]}).json()
        assert server.http.delete(f"/api/v1/apikeys/{made['id']}").status_code == 204
        server.kill()
        server.start()
    if server.database:
        other = replica_of(new_server, server)
        rotate(other)
        other.kill()
        other.start()
        assert other.stop() == 0
        other.start()
    assert log_of(server) == log and openings(server) == []


def marks(server):
    """How many frames of the key journal are a mark (docs/formats.md)."""
    octets = (server.data / "keys.journal").read_bytes()
    at, found = 72, 0
    while at < len(octets):
        found += octets[at + 4] == 11
        at += 4 + int.from_bytes(octets[at : at + 4], "big") + 32
    return found


def test_the_store_of_a_moment_ago_is_told_by_the_journal_or_by_the_checkpoint_file(new_server, request, tmp_path):
    """A backup of the running server, and a crash: no server begins or ends in between."""
    file = tmp_path / "checkpoints"
    for by_file in (False, True):
        server = new_server().init().start()
        make_secret(server, "before")
        log = log_of(server)
        assert server.stop() == 0
        server.serve_options = ["--audit-checkpoint-file", str(file)] if by_file else []
        server.start()
        backup, before = backup_of(server, request), marks(server)
        if not by_file:
            rotate(server)
        make_secret(server, "lost")
        wait_until(lambda: file.exists() if by_file else marks(server) > before, 10, "what tells")
        server.kill()
        backup.put_back()
        server.start()
        assert log_of(server) != log
        assert [item["resourceId"] for item in openings(server)] == [log]
        assert secrets_made(server) == ["before"]


def test_what_a_crash_left_is_not_replayed_over_a_backup(new_server):
    server = new_server().init().start()
    make_secret(server, "before")
    backup = Backup(server, None)
    for number in range(100):
        answer = server.http.post("/api/v1/secrets", json={"name": f"after-{number}", "value": "v" * 20_000})
        assert answer.status_code == 201
    server.kill()
    assert (server.data / "quantumapi.db-wal").stat().st_size > 100 * 20_000, "the crash left what a copy would be ruined by"
    backup.put_back()
    assert not list(server.data.glob("quantumapi.db*[!b]")), "nothing of the old store or of the copy is left"
    assert (server.data / "quantumapi.db").stat().st_mode & 0o777 == 0o600
    server.start()
    assert [one["name"] for one in server.http.get("/api/v1/secrets").json()["secrets"]] == ["before"]
    make_secret(server, "later")
    assert sorted(secrets_made(server)) == ["before", "later"]
    assert "malformed" not in server.logs()


def test_a_restore_that_fails_at_its_end_leaves_the_store_of_before_with_its_last_commits(new_server):
    server = new_server().init().start()
    make_secret(server, "before")
    backup = Backup(server, None)
    make_secret(server, "after")
    server.kill()
    log = (server.data / "quantumapi.db-wal").read_bytes()
    assert log
    in_the_way = server.data / "quantumapi.db-shm"  # can't be removed: it is not empty
    in_the_way.unlink()
    (in_the_way / "folder").mkdir(parents=True)
    done = restore(server, backup.copy)
    assert done.returncode != 0 and "quantumapi.db-shm" in done.stderr, done.stderr
    assert (server.data / "quantumapi.db-wal").read_bytes() == log
    assert not list(server.data.glob("*.restored*"))
    (in_the_way / "folder").rmdir()
    in_the_way.rmdir()
    server.start()
    assert sorted(one["name"] for one in server.http.get("/api/v1/secrets").json()["secrets"]) == ["after", "before"]


def test_only_a_whole_backup_of_a_platform_is_restored(new_server, tmp_path):
    server = new_server().init().start()
    make_secret(server, "kept")
    backup = Backup(server, None)
    whole = backup.copy.read_bytes()

    def refused(content, what, name="bad.db"):
        bad = tmp_path / name
        bad.write_bytes(content)
        done = restore(server, bad)
        assert done.returncode != 0 and what in done.stderr, done.stderr

    running = restore(server, backup.copy)
    assert running.returncode != 0 and "another process serves" in running.stderr
    server.stop()
    before = {path.name: path.read_bytes() for path in server.data.iterdir()}
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as other:
        other.execute("CREATE TABLE theirs (n)")
    refused(b"no database at all" * 1000, "bad.db")
    refused(b"", "is not the store of a platform")
    refused(foreign.read_bytes(), "is not the store of a platform")
    refused(whole[: len(whole) // 2], "malformed")
    damaged = bytearray(whole)
    damaged[8192 * 5 : 8192 * 6] = bytes(8192)
    refused(bytes(damaged), "damaged")
    (tmp_path / "bad.db-wal").write_bytes(b"something")
    refused(whole, "a write-ahead log lies beside it")
    done = restore(server, tmp_path / "none.db")
    assert done.returncode != 0 and "none.db is no file" in done.stderr
    for options, what in ((["--data", str(tmp_path / "none")], "is no directory"),
                          (["--data", str(server.data), "--database", "postgres://u@127.0.0.1/q", "--key-journal", "j"], "the store is in PostgreSQL")):
        done = subprocess.run([BIN / "quantumapid", "restore", str(backup.copy), *options], capture_output=True, text=True)
        assert done.returncode != 0 and what in done.stderr, done.stderr
    assert not (tmp_path / "none").exists()
    assert {path.name: path.read_bytes() for path in server.data.iterdir()} == before
    backup.put_back()
    server.start()
    assert [one["name"] for one in server.http.get("/api/v1/secrets").json()["secrets"]] == ["kept"]


def test_a_damaged_audit_log_makes_the_platform_unready(new_server):
    server = new_server().init().start()
    make_secret(server, "one")
    log_of(server)
    server.stop()
    with closing(sqlite3.connect(server.data / "quantumapi.db")) as store, store:
        store.execute("UPDATE audit_segments SET count = count + 1")
    server.start()
    make_secret(server, "two")  # durable, but it will not get into its log
    answer = wait_until(lambda: (lambda a: a.status_code == 503 and a)(server.http.get("/health/ready")), 30, "not ready")
    assert answer.json()["audit"] is False and answer.json()["store"] is True, answer.text
    assert "does not match its head" in server.logs()
