#!/usr/bin/env python3
"""Measures the running server over HTTP: one server core, wrk on the other.

usage: bench/http_bench.py [--seconds 10] [--connections 64] [--rounds 1] [--postgres] [--only OPERATION]

Each line is one operation with the audit durable before the answer, counted in fields where requests are
batches. The rival's figures are OpenBao 2.6.2 with its file audit device on a machine of the same size
(docs/performance.md says how they came about), for "issue" step-ca 0.30.2 with its database, 8 connections. `bare`
is AWS-LC alone on the server's core, measured beside the load. A core is the server's only in part where others use
the machine: then read `CPU us`, which is what one field or request took of it, and take several rounds over all
operations, of which the best of each is shown, for the bare primitive too.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
from postgres import Postgres, free_port  # noqa: E402: after its folder is known

BIN = ROOT / "build/release/bin"
SERVER_CORE, LOAD_CORE = 0, 1
BATCH = 100


@dataclasses.dataclass
class Load:
    """One operation: what wrk runs, the rival's rate, and what is promised."""

    name: str
    lua: str
    rival: int
    promised: str = ""
    items: int = 1  # fields in a request
    bare: str = ""  # the primitive of bench/bare_bench that the rate is held against
    tls: bool = False

LUA_HEAD = """
wrk.headers["X-Api-Key"] = os.getenv("BENCH_KEY")
wrk.headers["Content-Type"] = "application/json"
local bad = 0
function response(status) if status >= 300 then bad = bad + 1 end end
"""


def cpu_of(stat):
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """A new platform in `directory` and its server; `prepare(data, tenant)` comes between the two."""

    def __init__(self, directory, database="", prepare=None):
        self.data = pathlib.Path(directory) / "data"
        self.plain, self.tls = free_port(), free_port()
        store = ["--data", str(self.data)]
        if database:
            store += ["--database", database, "--key-journal", str(pathlib.Path(directory) / "keys.journal")]
        made = subprocess.run([BIN / "quantumapid", "init", *store, "--json"], check=True, capture_output=True, text=True)
        made = json.loads(made.stdout)
        self.key = made["api_key"]
        if prepare:
            prepare(self.data, made["tenant_id"])
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
        return cpu_of(pathlib.Path(f"/proc/{self.process.pid}/stat"))

    def threads_cpu_seconds(self):
        """Processor time by the name of the threads."""
        used = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            name = (task / "comm").read_text().strip()
            used[name] = used.get(name, 0) + cpu_of(task / "stat")
        return used

    def written(self):
        """Octets that the process had written to the disk."""
        text = pathlib.Path(f"/proc/{self.process.pid}/io").read_text()
        return int(re.search(r"^write_bytes: (\d+)", text, re.M).group(1))

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

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
    if count == 0:
        sys.exit(f"no answer within {seconds} s:\n{lua}")
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    def quantile(percent):
        found = re.search(rf"^ +{percent}% +([\d.]+)(us|ms|s|m)$", out, re.M)
        if not found:
            sys.exit(f"no {percent} % in what wrk says:\n{out}")
        number, unit = found.groups()
        return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]

    return {"count": count, "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), "p50": quantile(50), "p99": quantile(99),
            "bad": int(bad.group(1)) if bad else 0, "cpu_us": cpu / count * 1e6, "lag": max(lags)}


@contextlib.contextmanager
def database(directory):
    """The address of a new database, on a cluster whose processes stay on the load's core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {LOAD_CORE})
    postgres = Postgres(directory)
    os.sched_setaffinity(0, cores)
    try:
        yield postgres.new_database()
    finally:
        postgres.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own, on the load's core")
    parser.add_argument("--only", default="", help="one operation, e.g. encrypt")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quantumapi-bench-") as directory:
        with database(directory) if options.postgres else contextlib.nullcontext("") as url:
            server = Server(directory, url)
            try:
                run(server, options)
            finally:
                server.stop()


def bare_rate(primitive):
    """What AWS-LC alone does in a second of the server's core."""
    out = subprocess.run(["taskset", "-c", str(SERVER_CORE), BIN / "bare_bench", f"--benchmark_filter={primitive}",
                          "--benchmark_min_time=0.5", "--benchmark_format=json"],
                         capture_output=True, text=True, check=True).stdout
    return json.loads(out)["benchmarks"][0]["per_s"]


def all_loads(server):
    ids = [server.call("POST", "/api/v1/secrets", {"name": f"bench-{i}", "value": "v" * 32})["id"] for i in range(1000)]
    payload = server.call("POST", "/api/v1/encrypt", {"plaintext": "f" * 32})["encryptedPayload"]
    signing = server.call("POST", "/api/v1/keys", {"name": "bench-signing", "keyType": "signing", "algorithm": "ML-DSA-65"})

    def post(path, body):
        return f"wrk.method = 'POST'\nwrk.path = '{path}'\nwrk.body = [[{json.dumps(body)}]]\n"

    table = "local ids = {" + ",".join(f"'{i}'" for i in ids) + "}\n"
    encrypt = post("/api/v1/encrypt", {"plaintext": "f" * 32})
    fields = [{"plaintext": "f" * 32} for _ in range(BATCH)]
    return [
        Load("health", "wrk.path = '/health/live'\n", 19172),
        Load("encrypt", encrypt, 2789, "8 x", bare="Encapsulate"),
        Load("encrypt TLS", encrypt, 3025, tls=True),
        Load("decrypt", post("/api/v1/decrypt", {"encryptedPayload": payload}), 3299),
        Load("batch", post("/api/v1/encrypt/batch", {"items": fields}), 32100, "200,000/s", items=BATCH),
        Load("batch perItem", post("/api/v1/encrypt/batch", {"items": fields, "perItem": True}), 32100, "1.5 x",
             items=BATCH, bare="Encapsulate"),
        Load("sign", post("/api/v1/sign", {"keyId": signing["id"], "data": "d" * 32}), 2925, "0.75 bare", bare="Sign"),
        Load("secret read", table + "local n = 0\nfunction request() n = n % #ids + 1\n"
             "return wrk.format('GET', '/api/v1/secrets/' .. ids[n]) end\n", 2946, "7 x"),
        Load("secret write", "local n = 0\nlocal run = tostring(os.time())\nfunction request() n = n + 1\n"
             "return wrk.format('POST', '/api/v1/secrets', nil, '{\"name\":\"w' .. run .. '-' .. n .. "
             "'\",\"value\":\"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\"}') end\n", 509, "10 x"),
    ]


def issue_load(server, count=64):
    """Orders certificates, each for a key of its own."""
    env = {**os.environ, "QUANTUMAPI_KEY": server.key, "QUANTUMAPI_URL": f"http://127.0.0.1:{server.plain}"}

    def qapi(*args):
        return subprocess.run([BIN / "qapi", *args], check=True, capture_output=True, text=True, env=env).stdout

    qapi("ca", "identity", "create", "bench", "--dns", "bench.internal")
    key = str(server.data / "bench.key")
    bodies = [json.dumps({"identity": "bench", "csr": qapi("cert", "request", "bench", "--key-out", key)}) for _ in range(count)]
    return Load("issue", "local bodies = {" + ",".join(f"[[{body}]]" for body in bodies) + "}\n"
                "local n = 0\nfunction request() n = n % #bodies + 1\n"
                "return wrk.format('POST', '/api/v1/certificates', nil, bodies[n]) end\n", 466, "5 x")


def run(server, options):
    print(f"start to first healthy answer {server.start_ms:.0f} ms; resident {server.status('VmRSS'):.0f} MiB idle")
    columns = ("per s", "p50 ms", "p99 ms", "CPU us", "lag s", "errors", "rival", "ratio", "bare", "ratio", "promised")
    print(f"{'operation':<14}" + "".join(f"{column:>10}" for column in columns))
    loads = all_loads(server)
    if options.only in ("", "issue"):
        loads.append(issue_load(server))
    loads = [load for load in loads if options.only in ("", load.name)]
    best, bare = {}, {}
    for _ in range(options.rounds):
        for load in loads:
            seen = wrk(server, load.lua, options.seconds, options.connections, load.tls)
            former = best.get(load.name, seen)
            lag = max(seen["lag"], former["lag"])  # of every round, also of those that were slower
            best[load.name] = max(seen, former, key=lambda one: one["rate"]) | {"lag": lag}
            if load.bare:
                bare[load.bare] = max(bare_rate(load.bare), bare.get(load.bare, 0))
    for load in loads:
        seen = best[load.name]
        rate = seen["rate"] * load.items
        print(f"{load.name:<14}{rate:>10.0f}{seen['p50']:>10.2f}{seen['p99']:>10.2f}{seen['cpu_us'] / load.items:>10.2f}"
              f"{seen['lag']:>10.2f}{seen['bad']:>10}{load.rival:>10}{rate / load.rival:>10.2f}"
              + (f"{bare[load.bare]:>10.0f}{rate / bare[load.bare]:>10.2f}" if load.bare else f"{'':>20}") + f"{load.promised:>10}")
    print(f"resident {server.status('VmRSS'):.0f} MiB after the load, peak {server.status('VmHWM'):.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
