#!/usr/bin/env python3
"""Measures what the SDK adds to a request: a batch of three fields by EncryptionService, against the same request.

usage: bench/sdk_bench.py [--seconds 5]

One caller on core 1, the server on core 0, loopback without TLS, every answer behind its synced audit event. `SDK` is
the median time of encrypt_fields: strings to JSON, request, answer, payloads as strings. `bare` is the median time of
the same body on a kept connection, ready-made, its answer read and not looked into (bench/sdk_load.cc): the server's
own time and the network's. Both take turns in one run. `in server` is the server's own mean, from the complete
request to its answer (quantumapi_http_request_duration_seconds), of both.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
import urllib.request

from http_bench import BIN, LOAD_CORE, Server

PROMISED = 1.2


def mean_us(server):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.plain}/metrics") as answer:
        text = answer.read().decode()
    value = {part: float(re.search(rf'^quantumapi_http_request_duration_seconds_{part}{{[^}}]*route="/encrypt/batch"[^}}]*}} (\S+)',
                                   text, re.M).group(1)) for part in ("sum", "count")}
    return value["sum"] / value["count"] * 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quantumapi-bench-") as directory:
        server = Server(directory)
        try:
            env = {**os.environ, "QUANTUMAPI_URL": f"http://127.0.0.1:{server.plain}", "QUANTUMAPI_KEY": server.key}
            out = subprocess.run(["taskset", "-c", str(LOAD_CORE), BIN / "sdk_load", str(options.seconds)], env=env,
                                 check=True, capture_output=True, text=True).stdout
            seen = json.loads(out)
            print(f"{'three fields':<14}{'SDK us':>10}{'bare us':>10}{'ratio':>10}{'in server':>12}{'calls':>10}{'promised':>10}")
            print(f"{'':<14}{seen['sdk_us']:>10.0f}{seen['bare_us']:>10.0f}{seen['ratio']:>10.2f}{mean_us(server):>12.0f}"
                  f"{seen['calls']:>10}{PROMISED:>10}")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
