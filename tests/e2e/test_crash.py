"""Kill -9 during writes: what was acknowledged is there, nothing is half done.

Rounds: CRASH_ROUNDS_SQLITE, CRASH_ROUNDS_POSTGRES, CRASH_ROUNDS_BACKEND and CRASH_ROUNDS_UNSYNCED
(`tests/crash` runs the full numbers; `./dev test` a few).
"""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from harness import wait_until
from load import Writers, check_audit


def rounds(name, few):
    return int(os.environ.get(f"CRASH_ROUNDS_{name}", few))


def crash_round(server, number, after_kill=lambda: None, **launch):
    writers = Writers(server, threads=6, tag=f"r{number}").start()
    wait_until(lambda: len(writers.acknowledged) >= 3, 60, "first writes")
    # The moment of the kill is the one thing left to chance.
    time.sleep(random.Random(number).uniform(0, 0.15))
    server.kill()
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


def test_acknowledged_writes_survive_the_loss_of_what_was_never_synced(new_server, tmp_path):
    """The preload library keeps copies that hold only synced octets; they replace the files."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    server = new_server()
    shim = {"LD_PRELOAD": os.environ["QUANTUMAPI_UNSYNCED_SHIM"], "UNSYNCED_DIR": str(server.data), "UNSYNCED_SHADOW": str(shadow)}
    server.env.update(shim)
    server.init()

    def lose_unsynced():
        for path in server.data.iterdir():
            if path.name in ("lock", "ca.pem"):
                continue
            kept = shadow / path.name
            if kept.exists():
                shutil.copyfile(kept, path)
            elif path.name.endswith("-shm"):
                path.unlink()
            else:
                path.write_bytes(b"")
        for path in shadow.iterdir():
            path.unlink()
        for path in server.data.iterdir():
            if path.name not in ("lock", "ca.pem") and not path.name.endswith("-shm"):
                shutil.copyfile(path, shadow / path.name)

    # The key that init printed needs the root key's seal, the journal and the store.
    lose_unsynced()
    server.start()
    for number in range(rounds("UNSYNCED", 4)):
        assert crash_round(server, number, lose_unsynced) > 0


def test_the_preload_library_does_drop_unsynced_writes(tmp_path):
    """Without this the test above could not fail."""
    shadow = tmp_path / "shadow"
    data = tmp_path / "data"
    shadow.mkdir()
    data.mkdir()
    program = ("import os; f = os.open('%s/f', os.O_CREAT | os.O_WRONLY); os.write(f, b'kept'); os.fsync(f);"
               "os.write(f, b'lost')" % data)
    subprocess.run([sys.executable, "-c", program], check=True,
                   env={**os.environ, "LD_PRELOAD": os.environ["QUANTUMAPI_UNSYNCED_SHIM"], "UNSYNCED_DIR": str(data),
                        "UNSYNCED_SHADOW": str(shadow)})
    assert (data / "f").read_bytes() == b"keptlost"
    assert (shadow / "f").read_bytes() == b"kept"
