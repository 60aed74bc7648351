"""The companion services' shell calls, replayed as they stand."""

import os
import pathlib
import subprocess

from harness import BIN

SCRIPT = pathlib.Path(__file__).parent / "companion.sh"
STEPS = 18


def run(server, home, key):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUANTUMAPI", "QAPI"))}
    environment.update(PATH=f"{BIN}:{os.environ['PATH']}", HOME=str(home), no_proxy="*", QAPI_API_KEY=key,
                       QUANTUMAPI_BASE_URL=server.plain_url + "/v1")
    return subprocess.run(["bash", SCRIPT], env=environment, capture_output=True, text=True, timeout=120)


def test_the_companions_shell_calls_work(shared_server, tmp_path):
    out = run(shared_server, tmp_path, shared_server.api_key)
    assert out.returncode == 0, out.stdout + out.stderr
    assert len(out.stdout.splitlines()) == STEPS, out.stdout


def test_a_wrong_key_stops_the_script(shared_server, tmp_path):
    """A script whose calls fail must not go on with "null" for a payload."""
    out = run(shared_server, tmp_path, "qapi_wrong")
    assert out.returncode != 0 and "encrypt reads" not in out.stdout
