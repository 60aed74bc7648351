"""The tour of README, pasted as it stands."""

import os
import pathlib
import re
import shutil
import subprocess

from harness import BIN

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_the_tour_does_what_it_says(sqlite_server, tmp_path):
    server = sqlite_server
    tour = next(block for block in re.findall(r"```sh\n(.*?)```", README.read_text(), re.S) if "qapi whoami" in block)
    place = tmp_path / "tree"
    (place / "build/release").mkdir(parents=True)
    (place / "build/release/bin").symlink_to(BIN)
    shutil.copy(README, place)
    out = subprocess.run(["bash", "-euo", "pipefail", "-c", tour], capture_output=True, text=True, timeout=120, cwd=place, env={
        **os.environ, "HOME": str(tmp_path), "QUANTUMAPI_URL": server.url, "QUANTUMAPI_KEY": server.api_key,
        "QUANTUMAPI_CA_FILE": str(server.data / "ca.pem"), "XDG_STATE_HOME": str(tmp_path / "state")})
    assert out.returncode == 0, out.stdout + out.stderr
    # Each refusal came, in its order, and nothing else was refused.
    refusals = re.findall(r'\|\| echo "(.*?)"', tour)
    said = re.findall("|".join(map(re.escape, refusals)), out.stdout)
    assert said == refusals and len(refusals) == 4
    assert len(re.findall(r"^qapi: ", out.stderr, re.M)) == len(refusals), out.stderr
    for expected in ("healthy", "s3cret-pa55", "n3w-pa55", "every line came back", "version  2", "verified    yes",
                     "secret.create", "insufficient_scope", "was altered", "ML-DSA-65", "ML-KEM-1024", "binding",
                     "spiffe://default.quantumapi.internal/ns/default/sa/shop", "revoked", '{"encryptedPayload":"qa1.'):
        assert expected in out.stdout + out.stderr, expected
    assert out.stdout.count("ada@example.org") == 2, "before and after the rotation, and never where it was refused"
