import fcntl
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from counting import pytest_terminal_summary  # noqa: E402,F401
from fixtures import *  # noqa: E402,F401,F403


@pytest.fixture(scope="session")
def node():
    """The pinned Node.js, installed once into the user's cache."""
    lock = json.loads((HERE / "node/package-lock.json").read_text())
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    version = lock["packages"][f"node_modules/node-linux-{machine}"]["version"]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "quantumapi"
    place = cache / f"node-{version}"
    program = place / f"node_modules/node-linux-{machine}/bin/node"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "node.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not program.exists():
            assert shutil.which("npm"), "npm is missing: ./dev test installs it (Debian: nodejs, npm)"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / "node" / name, place)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place, check=True, capture_output=True)
    assert subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip() == f"v{version}"
    return program
