#!/usr/bin/env python3
"""Measures what the SDK adds to a request: a batch of three fields by EncryptionService, against the same request.

usage: bench/sdk_bench.py [--seconds 5]

One caller, the server on core 0, loopback without TLS, every answer behind its synced audit event. `SDK` is the median
time of encrypt_fields: strings to JSON, request, answer, payloads as strings. `bare` is the median time of the same body
on a kept connection, ready-made, its answer read and not looked into (bench/sdk_load.cc); both take turns in one run.
`in server` is the server's own mean, from the complete request to its answer
(quantumapi_http_request_duration_seconds), and `ratio` the SDK's time to it. `echo` is what the way there and back costs
where the server does nothing (bench/echo_load.cc): most of it is waking a core that sleeps, so it is measured with the
caller on the server's core, on any, and on the other one, which sleeps while it waits.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
import urllib.request

from http_bench import BIN, LOAD_CORE, SERVER_CORE, Server

PROMISED = 1.2
CALLERS = (("the server's", str(SERVER_CORE)), ("any", f"{SERVER_CORE},{LOAD_CORE}"), ("the other", str(LOAD_CORE)))
ECHOES = "20000"


def spent(server):
    """The server's seconds for batches so far, and how many they were."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.plain}/metrics") as answer:
        text = answer.read().decode()
    found = [re.search(rf'^quantumapi_http_request_duration_seconds_{part}{{[^}}]*route="/encrypt/batch"[^}}]*}} (\S+)',
                       text, re.M) for part in ("sum", "count")]
    return [float(each.group(1)) if each else 0.0 for each in found]


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options).stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quantumapi-bench-") as directory:
        server = Server(directory)
        try:
            env = {**os.environ, "QUANTUMAPI_URL": f"http://127.0.0.1:{server.plain}", "QUANTUMAPI_KEY": server.key}
            print(f"{'caller on core':<16}{'SDK us':>8}{'bare us':>9}{'in server':>11}{'ratio':>7}{'echo us':>9}{'calls':>8}"
                  f"{'promised':>10}")
            for name, cores in CALLERS:
                before = spent(server)
                seen = json.loads(run("taskset", "-c", cores, BIN / "sdk_load", str(options.seconds), env=env))
                seconds, calls = (after - begun for after, begun in zip(spent(server), before))
                inside = seconds / calls * 1e6
                echo = "" if "," in cores else f"{float(run(BIN / 'echo_load', str(SERVER_CORE), cores, ECHOES)):.0f}"
                print(f"{name:<16}{seen['sdk_us']:>8.0f}{seen['bare_us']:>9.0f}{inside:>11.0f}{seen['sdk_us'] / inside:>7.2f}"
                      f"{echo:>9}{seen['calls']:>8}{PROMISED:>10}")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
