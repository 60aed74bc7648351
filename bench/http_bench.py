#!/usr/bin/env python3
"""Measures the running server over HTTP: one server core, wrk on the other.

usage: bench/http_bench.py [--seconds 10] [--connections 64] [--database URL] [--only OPERATION]

Each line is one operation with the audit durable before the answer. The rival's figures are OpenBao
2.6.2 with its file audit device on a machine of the same size (docs/performance.md says how they came about),
for "issue" step-ca 0.30.2 with its database, 8 connections.
"""

import argparse
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
RIVAL = {"encrypt": 2789, "decrypt": 3299, "secret read": 2946, "secret write": 509, "health": 19172, "issue": 466}
PROMISED = {"encrypt": 8, "secret read": 7, "secret write": 10, "issue": 5}
SERVER_CORE, LOAD_CORE = 0, 1

LUA_HEAD = """
wrk.headers["X-Api-Key"] = os.getenv("BENCH_KEY")
wrk.headers["Content-Type"] = "application/json"
local bad = 0
function response(status) if status >= 300 then bad = bad + 1 end end
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, directory, database):
        self.data = pathlib.Path(directory) / "data"
        self.plain, self.tls = free_port(), free_port()
        store = ["--data", str(self.data)]
        if database:
            store += ["--database", database, "--key-journal", str(pathlib.Path(directory) / "keys.journal")]
        made = subprocess.run([BIN / "quantumapid", "init", *store, "--json"], check=True, capture_output=True, text=True)
        self.key = json.loads(made.stdout)["api_key"]
        begun = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), BIN / "quantumapid", "serve", *store, "--io-threads", "1",
             "--listen", f"127.0.0.1:{self.tls}", "--listen-plain", f"127.0.0.1:{self.plain}"],
            stderr=subprocess.DEVNULL)
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.plain}/health/ready") as answer:
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(0.001)
        self.start_ms = (time.monotonic() - begun) * 1000

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.plain}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Api-Key": self.key, "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text).group(1)) / 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lag(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.plain}/metrics") as answer:
            found = re.search(r"^quantumapi_audit_lag_seconds (\S+)", answer.read().decode(), re.M)
            return float(found.group(1))


def wrk(server, lua, seconds, connections, tls=False):
    """Runs one load; gives requests a second, p50 and p99 in ms, errors, CPU a request, the worst audit lag."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA_HEAD + lua)
        script.flush()
        base = f"https://127.0.0.1:{server.tls}" if tls else f"http://127.0.0.1:{server.plain}"
        lags, stop = [], threading.Event()

        def watch():
            while not stop.wait(0.25):
                lags.append(server.lag())

        watcher = threading.Thread(target=watch)
        watcher.start()
        cpu = server.cpu_seconds()
        out = subprocess.run(
            ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s",
             script.name, base], capture_output=True, text=True, check=True, env={**os.environ, "BENCH_KEY": server.key}).stdout
        cpu = server.cpu_seconds() - cpu
        stop.set()
        watcher.join()
    count = int(re.search(r"(\d+) requests in", out).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    def quantile(percent):
        number, unit = re.search(rf"^ +{percent}% +([\d.]+)(us|ms|s)$", out, re.M).groups()
        return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), "p50": quantile(50), "p99": quantile(99),
            "bad": int(bad.group(1)) if bad else 0, "cpu_us": cpu / count * 1e6, "lag": max(lags, default=0)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--database", default="")
    parser.add_argument("--only", default="", help="one operation, e.g. encrypt")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quantumapi-bench-") as directory:
        server = Server(directory, options.database)
        try:
            run(server, options, directory)
        finally:
            server.process.terminate()
            server.process.wait(30)


def requests_pool(server, directory, count=64):
    """Bodies that order certificates, each for a key of its own."""
    env = {**os.environ, "QUANTUMAPI_KEY": server.key, "QUANTUMAPI_URL": f"http://127.0.0.1:{server.plain}"}
    qapi = lambda *args: subprocess.run([BIN / "qapi", *args], check=True, capture_output=True, text=True, env=env).stdout
    qapi("ca", "identity", "create", "bench", "--dns", "bench.internal")
    key = str(pathlib.Path(directory) / "bench.key")
    return [json.dumps({"identity": "bench", "csr": qapi("cert", "request", "bench", "--key-out", key)}) for _ in range(count)]


def run(server, options, directory):
    ids = [server.call("POST", "/api/v1/secrets", {"name": f"bench-{i}", "value": "v" * 32})["id"] for i in range(1000)]
    payload = server.call("POST", "/api/v1/encrypt", {"plaintext": "f" * 32})["encryptedPayload"]
    post = lambda path, body: f"wrk.method = 'POST'\nwrk.path = '{path}'\nwrk.body = [[{json.dumps(body)}]]\n"
    table = "local ids = {" + ",".join(f"'{i}'" for i in ids) + "}\n"
    loads = {
        "health": "wrk.path = '/health/live'\n",
        "encrypt": post("/api/v1/encrypt", {"plaintext": "f" * 32}),
        "decrypt": post("/api/v1/decrypt", {"encryptedPayload": payload}),
        "secret read": table + "local n = 0\nfunction request() n = n % #ids + 1\n"
                       "return wrk.format('GET', '/api/v1/secrets/' .. ids[n]) end\n",
        "secret write": "local n = 0\nlocal run = tostring(os.time())\nfunction request() n = n + 1\n"
                        "return wrk.format('POST', '/api/v1/secrets', nil, '{\"name\":\"w' .. run .. '-' .. n .. "
                        "'\",\"value\":\"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\"}') end\n",
    }
    if options.only in ("", "issue"):
        bodies = "local bodies = {" + ",".join(f"[[{body}]]" for body in requests_pool(server, directory)) + "}\n"
        loads["issue"] = bodies + ("local n = 0\nfunction request() n = n % #bodies + 1\n"
                                   "return wrk.format('POST', '/api/v1/certificates', nil, bodies[n]) end\n")
    print(f"start to first healthy answer {server.start_ms:.0f} ms; resident {server.status('VmRSS'):.0f} MiB idle")
    print(f"{'operation':<14}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'lag s':>8}{'errors':>8}{'rival':>8}{'ratio':>8}{'promised':>10}")
    for name, lua in loads.items():
        if options.only not in ("", name):
            continue
        for tls in ((False, True) if name == "encrypt" else (False,)):
            seen = wrk(server, lua, options.seconds, options.connections, tls)
            shown = name + (" TLS" if tls else "")
            print(f"{shown:<14}{seen['rate']:>9.0f}{seen['p50']:>9.2f}{seen['p99']:>9.2f}{seen['cpu_us']:>9.1f}{seen['lag']:>8.2f}"
                  f"{seen['bad']:>8}{RIVAL[name]:>8}{seen['rate'] / RIVAL[name]:>8.1f}{PROMISED.get(name, ''):>10}", flush=True)
    print(f"resident {server.status('VmRSS'):.0f} MiB after the load, peak {server.status('VmHWM'):.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
