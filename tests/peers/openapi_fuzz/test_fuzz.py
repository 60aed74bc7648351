"""Schemathesis, driven by /openapi.json, over every route: no answer that the document does not
describe, and none of 5xx. QUANTUMAPI_FUZZ_SECONDS and _SEED make a longer or another run."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading

import pytest

from harness import wait_until

HERE = pathlib.Path(__file__).parent
SECONDS = int(os.environ.get("QUANTUMAPI_FUZZ_SECONDS", "75"))
SEED = os.environ.get("QUANTUMAPI_FUZZ_SEED", "1")
LONGEST_LINE = 2_000  # of a found request, whose body may be megabytes
# All but one: a schema can't say that base64 belongs to an encoding, or a key's material to its
# format, so a request that it allows may still be refused.
EXCLUDED_CHECKS = "positive_data_acceptance"


class Qrng(threading.Thread):
    """A quantum source as the platform sees one: octets from a UNIX socket."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    @staticmethod
    def serve(peer):
        try:
            while True:
                peer.sendall(os.urandom(4096))
        except OSError:
            peer.close()


@pytest.fixture
def server(new_server, tmp_path_factory):
    # A short path: those of UNIX sockets have 107 octets at most.
    folder = pathlib.Path(subprocess.check_output(["mktemp", "-d", "-t", "quantumapi-qrng-XXXXXX"], text=True).strip())
    source = Qrng(folder / "source")
    # With a source no route may answer 503; only the entropy route would without one.
    made = new_server(serve_options=["--entropy-qrng", str(folder / "source")]).init().start()
    yield made
    source.listener.close()
    shutil.rmtree(folder)


def document_of(server, path):
    """The document without its `default` answers, so that each status must stand there by itself."""
    document = server.http.get("/openapi.json").json()
    operations = 0
    for methods in document["paths"].values():
        for operation in methods.values():
            operations += 1
            del operation["responses"]["default"]
    path.write_text(json.dumps(document))
    return operations


def test_no_answer_is_outside_the_document(server, tmp_path):
    operations = document_of(server, tmp_path / "openapi.json")
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "no_proxy": "*", "COLUMNS": "160",
                   "QUANTUMAPI_FUZZ_OWN_KEY": server.http.get("/api/v1/whoami").json()["apiKeyId"]}
    command = [pathlib.Path(sys.executable).parent / "st", "run", tmp_path / "openapi.json", "--url", server.plain_url,
               "--header", f"X-Api-Key: {server.api_key}", "--checks", "all", "--exclude-checks", EXCLUDED_CHECKS,
               "--max-time", str(SECONDS), "--request-timeout", "20", "--seed", SEED, "--generation-database", "none", "--no-color"]
    out = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS + 300)
    for line in (out.stdout[-2_000_000:] + out.stderr[-5_000:]).splitlines():
        print(line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE // 2]} … {line[-LONGEST_LINE // 2:]}")
    assert out.returncode == 0
    # That it ran: every operation, many cases, and with a key that worked to the end.
    assert re.search(rf"Tested: {operations}\b", out.stdout), "not every operation was tested"
    assert int(re.search(r"(\d+) generated", out.stdout)[1]) > 10 * operations
    assert server.http.get("/api/v1/whoami").status_code == 200

    wait_until(lambda: server.http.get("/health/ready").status_code == 200, 10, "still ready")
    errors = [line for line in server.logs().splitlines() if json.loads(line)["level"] == "error"]
    assert errors == []
