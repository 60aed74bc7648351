"""Kill -9 during writes: what was acknowledged is there, nothing is half done.

Rounds: CRASH_ROUNDS_SQLITE, CRASH_ROUNDS_POSTGRES, CRASH_ROUNDS_BACKEND and CRASH_ROUNDS_UNSYNCED
(`tests/crash` runs the full numbers; `./dev test` a few).
"""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import httpx
import pytest

from harness import BIN, wait_until
from load import Writers, check_audit, listed


def rounds(name, few):
    return int(os.environ.get(f"CRASH_ROUNDS_{name}", few))


def crash_round(server, number, after_kill=lambda: None, **launch):
    writers = Writers(server, threads=6, tag=f"r{number}").start()
    wait_until(lambda: len(writers.acknowledged) >= 3, 60, "first writes")
    # The moment of the kill is the one thing left to chance.
    time.sleep(random.Random(number).uniform(0, 0.15))
    writers.kill_server()
    writers.stop()
    after_kill()
    server.start(**launch)
    writers.check(server)
    check_audit(server, writers)
    return len(writers.acknowledged)


@pytest.mark.parametrize("store, few", [("sqlite", 6), ("postgres", 3)])
def test_acknowledged_writes_survive_kill_9(new_server, store, few):
    server = new_server(store).init().start()
    assert sum(crash_round(server, i) for i in range(rounds(store.upper(), few))) > 0


def terminate(postgres, database):
    killed = postgres.sql(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'")
    assert int(killed) > 0


def kill_one(postgres, database):
    """After this PostgreSQL ends all its backends and recovers from its log, as after a power cut."""
    found = postgres.sql(f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid() "
                         "ORDER BY state_change DESC LIMIT 1")
    ready = postgres.times_ready()
    os.kill(int(found), signal.SIGKILL)
    wait_until(lambda: postgres.times_ready() > ready, 60, "PostgreSQL's recovery")


@pytest.mark.parametrize("end", [terminate, kill_one])
def test_acknowledged_writes_survive_the_end_of_postgres_backends(new_server, postgres, end):
    server = new_server("postgres").init().start()
    database = server.database.rsplit("/", 1)[1]
    for number in range(rounds("BACKEND", 2)):
        writers = Writers(server, threads=6, tag=f"b{number}").start()
        wait_until(lambda: len(writers.acknowledged) >= 3, 60, "first writes")
        end(postgres, database)
        before = len(writers.acknowledged)
        wait_until(lambda: len(writers.acknowledged) >= before + 3, 60, "writes go on by themselves")
        writers.stop()
        assert set(writers.statuses) <= {200, 201, 204, 503}, writers.statuses
        wait_until(server._ready, 60, "ready again")
        writers.check(server)
        check_audit(server, writers)


def killable(server, **kill):
    """Lets the preload library kill the server's process behind one of its syncs."""
    (server.directory / "shadow").mkdir(exist_ok=True)
    server.env.update(LD_PRELOAD=os.environ["QUANTUMAPI_UNSYNCED_SHIM"], UNSYNCED_DIR=str(server.directory),
                      UNSYNCED_SHADOW=str(server.directory / "shadow"),
                      **{f"UNSYNCED_KILL_{name.upper()}": str(value) for name, value in kill.items()})
    return server


# Syncs of the journal: a key is in it drawn, then made; a tenant's owner and three of its keys are before its row.
@pytest.mark.parametrize("path, body, at", [("/api/v1/keys", {"name": "cut", "keyType": "encryption", "algorithm": "ML-KEM-768"}, 1),
                                            ("/api/v1/keys", {"name": "cut", "keyType": "encryption", "algorithm": "ML-KEM-768"}, 2),
                                            ("/api/v1/tenants", {"name": "cut", "environment": "Production"}, 4)])
def test_a_creation_that_was_cut_is_done_or_not_and_leaves_no_other_key(new_server, store, path, body, at):
    server = new_server(store)
    cut = server.directory / "cut"
    killable(server, at=at, file="keys.journal", when=cut).init().start()
    before = {key["id"]: key["name"] for key in listed(server, "keys")}
    cut.touch()
    with pytest.raises(httpx.TransportError):
        server.http.post(path, json=body)
    server.kill()
    cut.unlink()
    server.start()
    assert "went further than the store" not in server.logs()
    after = {key["id"]: key["name"] for key in listed(server, "keys")}
    made = [name for key, name in after.items() if key not in before]
    assert made == (["cut"] if at == 2 else []) and before.items() <= after.items()
    answer = server.http.post(path, json=body)
    assert answer.status_code == (409 if made else 201), answer.text


def test_an_init_that_was_cut_anywhere_is_finished_by_the_next(new_server, store):
    cuts = 0
    for at in range(1, 200, 5):
        server = killable(new_server(store), at=at)
        init = [BIN / "quantumapid", "init", *server.store_options(), "--json"]
        cut = subprocess.run(init, capture_output=True, text=True, env=server.env)
        server.env.pop("UNSYNCED_KILL_AT")
        if cut.returncode == 0:
            break
        cuts += 1
        assert cut.returncode == -signal.SIGKILL, cut.stderr
        finished = "tenant_id" in cut.stdout and not (server.data / "init.unfinished").exists()
        if finished:  # the last syncs are behind the key
            server.api_key = json.loads(cut.stdout)["api_key"]
        else:
            server.init()
        server.start()
        shown = [server.api_key] + ([json.loads(cut.stdout)["api_key"]] if cut.stdout else [])
        for key in shown:
            answer = server.http.post("/api/v1/encrypt", json={"plaintext": "v"}, headers={"X-Api-Key": key})
            assert answer.status_code == 200, (at, answer.text)
        assert len(server.http.get("/api/v1/cas").json()["cas"]) == 2, at
        assert not [key for key in listed(server, "keys") if key["name"].startswith("restored-")], at
        assert server.stop() == 0
        again = subprocess.run(init, capture_output=True, text=True, env=server.env)
        assert again.returncode == 1 and not again.stdout, at
        assert f"quantumapid apikey create --data {server.data}" in again.stderr
    assert cuts >= 4


def test_an_init_whose_key_could_not_be_shown_is_finished_by_the_next(new_server):
    server = new_server()
    with open("/dev/full", "w") as full:
        init = subprocess.run([BIN / "quantumapid", "init", *server.store_options(), "--json"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert init.returncode == 1 and "could not be written: run init again" in init.stderr
    server.init().start()
    assert server.http.get("/api/v1/secrets").status_code == 200


def durable_names(shadow):
    """Which copy of the preload library stands for which name."""
    names = shadow / "names"
    return dict(reversed(line.split(" ", 1)) for line in names.read_text().splitlines()) if names.exists() else {}


def lose_unsynced(data, shadow):
    """Makes of a directory what a power cut would have left of it."""
    left = {name: (shadow / content).read_bytes() if (shadow / content).exists() else b""
            for name, content in durable_names(shadow).items() if name != "lock" and not name.endswith("-shm")}
    for path in data.iterdir():
        if path.is_file() and path.name != "lock" and path.name not in left:
            path.unlink()
    for path in shadow.iterdir():
        path.unlink()
    with open(shadow / "names", "w") as names:
        for name, octets in left.items():
            (data / name).write_bytes(octets)
            (data / name).chmod(0o600)
            content = f"i{(data / name).stat().st_ino}"
            (shadow / content).write_bytes(octets)
            names.write(f"{content} {name}\n")


def test_acknowledged_writes_survive_the_loss_of_what_was_never_synced(new_server, tmp_path):
    """The preload library keeps what was synced, octets and names; that replaces the files."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    server = new_server()
    server.env.update(LD_PRELOAD=os.environ["QUANTUMAPI_UNSYNCED_SHIM"], UNSYNCED_DIR=str(server.data), UNSYNCED_SHADOW=str(shadow))
    server.init()
    # The key that init printed needs the root key's seal, the journal and the store.
    lose_unsynced(server.data, shadow)
    assert {"root.seal", "keys.journal", "quantumapi.db", "ca.pem"} <= {path.name for path in server.data.iterdir()}
    assert not (server.data / "init.unfinished").exists()
    server.start()
    for number in range(rounds("UNSYNCED", 4)):
        assert crash_round(server, number, lambda: lose_unsynced(server.data, shadow)) > 0


SYNC = "d = os.open('.', os.O_RDONLY); os.fsync(d)"
KEEP = "f = os.open('f', os.O_CREAT | os.O_WRONLY); os.write(f, b'kept'); os.fsync(f)"


@pytest.mark.parametrize("program, left", [
    (f"{KEEP}; {SYNC}; os.write(f, b'lost')", {"f": b"kept"}),
    (KEEP, {}),
    (f"{KEEP}; {SYNC}; os.rename('f', 'g')", {"f": b"kept"}),
    (f"{KEEP}; os.rename('f', 'g'); {SYNC}", {"g": b"kept"}),
    (f"{KEEP}; {SYNC}; os.unlink('f'); g = os.open('g', os.O_CREAT | os.O_WRONLY); os.write(g, b'new'); os.fsync(g)", {"f": b"kept"}),
    (f"{KEEP}; {SYNC}; g = os.open('g', os.O_CREAT | os.O_WRONLY); os.write(g, b'new'); os.fsync(g); os.rename('g', 'f')", {"f": b"kept"}),
    (f"{KEEP}; {SYNC}; g = os.open('g', os.O_CREAT | os.O_WRONLY); os.write(g, b'new'); os.rename('g', 'f'); os.fsync(d)", {"f": b""}),
])
def test_the_preload_library_does_drop_unsynced_writes_and_names(tmp_path, program, left):
    """Without this the test above could not fail."""
    shadow, data = tmp_path / "shadow", tmp_path / "data"
    shadow.mkdir()
    data.mkdir()
    # As the server does, by whole paths.
    program = program.replace("'.'", f"'{data}'").replace("'f'", f"'{data}/f'").replace("'g'", f"'{data}/g'")
    subprocess.run([sys.executable, "-c", "import os; " + program], check=True,
                   env={**os.environ, "LD_PRELOAD": os.environ["QUANTUMAPI_UNSYNCED_SHIM"], "UNSYNCED_DIR": str(data),
                        "UNSYNCED_SHADOW": str(shadow)})
    lose_unsynced(data, shadow)
    assert {path.name: path.read_bytes() for path in data.iterdir()} == left
