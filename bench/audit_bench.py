#!/usr/bin/env python3
"""Measures what a long audit log costs: ten million records against a log of ten thousand, and one durable event.

usage: bench/audit_bench.py [--records 10000000] [--rounds 5] [--seconds 2]

Two servers on one core take turns: the log of one has --records records, made by bench/audit_fill in the store's own
format (ten million take some ten gigabytes and minutes), that of the other ten thousand. A ratio is the median over
the rounds of the processor time that one request took of either; what is promised of it holds for the newest page of
filters that fill it at once. Filters that match little, whose cost is what has to be looked through, are shown below
without a ratio, each with how many events its page had: a log of ten thousand can't be looked through as far. The price
of a durable event is that of the threads that do nothing but write it: store-writer, store-ckpt and sequencer.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from http_bench import BIN, Server, wrk

SHORT = 10_000  # about a second of encryption, and as many as a list counts
PROMISED = 1.2
WRITERS = ("store-writer", "store-ckpt", "sequencer")
MIDDLE = 5_000  # events before the newest: in both logs
SEGMENT = 256  # events that are kept as one row, and read together
KEYS = 300
QUERIES = {  # each fills its page from the newest events, or finds that there is nothing
    "all": "",
    "category=encryption": "category=encryption",
    "action=payload.encrypt": "action=payload.encrypt",
    "category, action": "category=encryption&action=payload.encrypt",
    "a key": "keyId={often}",
    "a key, an action": "keyId={often}&action=payload.encrypt",
    "a key, a category": "keyId={often}&category=encryption",
    "all three": "keyId={often}&category=encryption&action=payload.encrypt",
    "that never meet": "category=secrets&action=payload.encrypt",
    "a key, never meet": "keyId={often}&action=secret.read",
    "two actions": "action=payload.encrypt,secret.read",
    "actor (who asks)": "actor={me}",
    "the last hour": "from={hour_ago}",
    "up to 5,000 events ago": "to={then}",
    "up to half of the log": "to={halfway}",
}
BESIDE = {  # these do not
    "a key: 6 of 10,000": "keyId={key}",
    "the same, an action": "keyId={key}&action=payload.decrypt",
    "an action of few": "action=key.create",
    "an action of none": "action=tenant.delete",
    "an actor of none": "actor=nobody-of-this-name",
    "a key, 5,000 events ago": "keyId={key}&to={then}",
}


def fill(records):
    def prepare(data, tenant):
        begun = time.monotonic()
        subprocess.run([BIN / "audit_fill", data, tenant, str(records)], check=True)
        size = sum(file.stat().st_size for file in data.iterdir())
        print(f"{records:,} records made in {time.monotonic() - begun:.0f} s: {size / 2**20:,.0f} MiB", flush=True)
    return prepare


def get(query):
    return f"wrk.path = '/api/v1/audit-logs?pageSize=50&{query}'\n"


ENCRYPT = "wrk.method = 'POST'\nwrk.path = '/api/v1/encrypt'\nwrk.body = '{\"plaintext\":\"" + "f" * 32 + "\"}'\n"


def events(server, query):
    return server.call("GET", f"/api/v1/audit-logs?{query}")


def time_of(server, records, back):
    """When the event was recorded that is `back` before the newest, or up to a segment more, so that a log of any length
    has as many events before it in its segment as the short one has."""
    back += (records - back - (SHORT - MIDDLE)) % SEGMENT
    return events(server, f"pageSize=1&page={back + 1}")["items"][0]["timestamp"]


def marks(server, records):
    """What the filters name of a server's own log."""
    events(server, "page=1")  # so that who asks is in it
    newest = events(server, "pageSize=1&action=audit.read")["items"][0]
    middle = [item for item in events(server, f"page={MIDDLE // 50}")["items"] if item["action"] == "payload.encrypt"]
    key = next(item for item in middle if not item.get("resourceName"))
    encrypted = events(server, "pageSize=200&action=payload.encrypt")["items"]
    often = next(item["resourceId"] for item in encrypted if item.get("resourceName") == "often")
    server.call("POST", "/api/v1/keys", {"name": "few", "keyType": "hmac"})
    return {"me": urllib.parse.quote(newest["actor"]), "key": key["resourceId"], "often": often,
            "then": time_of(server, records, MIDDLE), "halfway": time_of(server, records, records // 2),
            "hour_ago": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))}


def compare(name, lua_of, servers, options, connections):
    """Both in turn, so that what else the machine does weighs on both alike."""
    seen = {label: [] for label in servers}
    for _ in range(options.rounds):
        for label, server in servers.items():
            seen[label].append(wrk(server, lua_of(label), options.seconds, connections))
    bad = sum(one["bad"] for runs in seen.values() for one in runs)
    ratio = statistics.median(full["cpu_us"] / short["cpu_us"] for short, full in zip(seen["short"], seen["full"]))
    column = {label: (statistics.median(one["cpu_us"] for one in runs), statistics.median(one["p50"] for one in runs))
              for label, runs in seen.items()}
    print(f"{name:<24}" + "".join(f"{cpu:>12.1f}{p50:>10.2f}" for cpu, p50 in column.values())
          + f"{ratio:>9.2f}{PROMISED:>10}{bad:>8}", flush=True)


def one_by_one(server, query, seconds):
    """A page asked for again and again, as one may take longer than a round of wrk: its events, CPU us, median ms."""
    took, begun, cpu = [], time.monotonic(), server.cpu_seconds()
    while not took or time.monotonic() - begun < seconds:
        asked = time.monotonic()
        page = events(server, query)
        took.append(time.monotonic() - asked)
    found = str(len(page["items"])) + (" (part)" if page["totalIsBounded"] and len(page["items"]) < 50 else "")
    return found, (server.cpu_seconds() - cpu) / len(took) * 1e6, statistics.median(took) * 1e3


def show_beside(name, query, servers, named, options):
    line = f"{name:<24}"
    for label, server in servers.items():
        found, cpu, median = one_by_one(server, "pageSize=50&" + query.format(**named[label]), options.seconds)
        line += f"{found:>10}{cpu:>12.1f}{median:>10.2f}"
    print(line, flush=True)


def of_many_keys(server):
    """Encryption under each of more keys in turn than one segment of the log has events."""
    made = [server.call("POST", "/api/v1/keys", {"name": f"of-many-{n}", "keyType": "encryption",
                                                 "algorithm": "ML-KEM-768"})["id"] for n in range(KEYS)]
    listed = ", ".join(f"'{key}'" for key in made)
    return (f"wrk.method = 'POST'\nlocal keys, n = {{{listed}}}, 0\nfunction request()\n  n = n % #keys + 1\n"
            "  return wrk.format(nil, '/api/v1/encrypt', nil,\n"
            f"    '{{\"plaintext\":\"{'f' * 32}\",\"keyId\":\"' .. keys[n] .. '\"}}')\nend\n")


def price(name, lua, server, options):
    cpu, written = server.threads_cpu_seconds(), server.written()
    load = wrk(server, lua, options.rounds * options.seconds, 64)
    count = load["count"]
    time.sleep(3)  # what waits for the sequencer and the checkpoint is part of it
    after = server.threads_cpu_seconds()
    used = sum(after.get(name, 0) - cpu.get(name, 0) for name in WRITERS)
    print(f"{name}: {used / count * 1e6:.1f} us of processor time in {', '.join(WRITERS)}; "
          f"{(server.written() - written) / count:,.0f} octets written ({count:,} events, {load['bad']} errors, 64 connections)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quantumapi-bench-") as short, \
            tempfile.TemporaryDirectory(prefix="quantumapi-bench-") as full:
        servers = {}
        try:
            servers["short"] = Server(short, prepare=fill(SHORT))
            servers["full"] = Server(full, prepare=fill(options.records))
            print(f"{'newest page':<24}{'short us':>12}{'p50 ms':>10}{'full us':>12}{'p50 ms':>10}{'ratio':>9}{'promised':>10}"
                  f"{'errors':>8}")
            named = {"short": marks(servers["short"], SHORT), "full": marks(servers["full"], options.records)}
            for name, query in QUERIES.items():
                compare(name, lambda label, query=query: get(query.format(**named[label])), servers, options, 4)
            compare("encrypt", lambda _: ENCRYPT, servers, options, 64)
            print(f"\n{'matches little':<24}" + "".join(f"{label:>10}{'us':>12}{'ms':>10}" for label in servers))
            for name, query in BESIDE.items():
                show_beside(name, query, servers, named, options)
            price("a durable event", ENCRYPT, servers["short"], options)
            price("each of another key", of_many_keys(servers["short"]), servers["short"], options)
        finally:
            for server in servers.values():
                server.stop()


if __name__ == "__main__":
    sys.exit(main())
