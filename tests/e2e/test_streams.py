"""Log streams against real receivers: nothing is lost over refusals, hangs, garbage and kill -9."""

import contextlib
import gzip
import hashlib
import hmac
import http.server
import json
import pathlib
import socket
import subprocess
import sys
import threading

import pytest

from harness import BIN, wait_until

VERIFIER = pathlib.Path(__file__).parents[2] / "tools/verify_audit_export.py"


class Receiver:
    """An HTTP server that keeps what was posted to each path, and answers as it is told to."""

    def __init__(self):
        self.posts, self.status, self.answers, guard = [], 200, {}, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler):  # noqa: N802, N805
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                with guard:
                    status = self.status
                    if status == 200:
                        self.posts.append((handler.path, handler.headers, body))
                answer = self.answers.get(handler.path, b"{}")
                handler.send_response(status)
                handler.send_header("Content-Length", str(len(answer)))
                handler.end_headers()
                handler.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, path):
        return [(headers, body) for to, headers, body in list(self.posts) if to == path]

    def events(self, path, read=lambda line: line):
        """The events that came to a path, in the order in which they came."""
        return [read(json.loads(line)) for _, body in self.of(path) for line in body.splitlines()]


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()


def stream(server, name, kind, **config):
    made = server.http.post("/api/v1/log-streams", json={"name": name, "streamType": kind, "configJson": json.dumps(config)})
    assert made.status_code == 201, made.text
    return made.json()["id"]


def shown(server, stream_id):
    return server.http.get(f"/api/v1/log-streams/{stream_id}").json()


def encrypt(server, times):
    for _ in range(times):
        assert server.http.post("/api/v1/encrypt", json={"plaintext": "x"}).status_code == 200


def newest_index(server):
    """The index of the newest encryption, once it is in the log."""
    def sequenced():
        return server.http.get("/api/v1/audit-logs", params={"action": "payload.encrypt"}).json()["items"][0].get("index")
    return wait_until(sequenced, what="the sequencer")


def indexes(events):
    return [event["index"] for event in events]


def test_every_event_arrives_whatever_happens_to_receiver_and_server(server, receiver):
    """Refusals, a stop and a kill come in between; each kind of receiver has each event, in order but for repeats."""
    receiver.answers["/services/collector"] = b'{"text":"Success","code":0}'
    made = [stream(server, "hook", "Webhook", url=receiver.url + "/hook", secret="hush"),
            stream(server, "splunk", "Splunk", url=receiver.url, token="splunk-token"),
            stream(server, "datadog", "Datadog", url=receiver.url, apiKey="datadog-key"),
            stream(server, "keys only", "Webhook", url=receiver.url + "/keys", categories=["keys"])]
    reads = {"/hook": lambda line: line, "/services/collector": lambda line: line["event"]}
    encrypt(server, 20)
    wait_until(lambda: len(receiver.events("/hook")) > 10, what="the first events")
    receiver.status = 503
    encrypt(server, 20)
    wait_until(lambda: shown(server, made[0]).get("lastError") == "the receiver answered 503", what="a refusal")
    server.kill()
    server.start()
    receiver.status = 200
    encrypt(server, 20)
    server.stop()
    server.start()
    assert server.http.post("/api/v1/keys", json={"name": "streamed", "keyType": "hmac"}).status_code == 201
    encrypt(server, 20)
    last = newest_index(server)

    def datadog():
        return [json.loads(item["message"]) for _, body in receiver.of("/api/v2/logs") for item in json.loads(body)]

    for path in (*reads, "/api/v2/logs"):
        def got():
            return datadog() if path == "/api/v2/logs" else receiver.events(path, reads[path])
        wait_until(lambda: last in indexes(got()), 30, f"the newest event at {path}")
        events = got()
        numbers = indexes(events)
        assert sorted(set(numbers)) == list(range(min(numbers), max(numbers) + 1)), path
        firsts = list(dict.fromkeys(numbers))
        assert firsts == sorted(firsts), f"{path}: an event came before an older one"
        assert "log_stream.create" in [event["action"] for event in events]
        assert len({event["id"] for event in events}) == len(set(numbers))
        encryption = next(event for event in events if event["action"] == "payload.encrypt")
        assert encryption["keyVersion"] == 1 and encryption["requestId"] and "x" != encryption.get("plaintext")
    wait_until(lambda: "key.create" in [e["action"] for e in receiver.events("/keys")], what="the new key")
    assert {event["category"] for event in receiver.events("/keys")} == {"keys"}
    for headers, body in receiver.of("/hook"):
        signed = headers["X-QuantumAPI-Timestamp"].encode() + b"." + body
        assert headers["X-QuantumAPI-Signature"] == "v1=" + hmac.new(b"hush", signed, hashlib.sha256).hexdigest()
    assert {headers["Authorization"] for headers, _ in receiver.of("/services/collector")} == {"Splunk splunk-token"}
    assert {headers["DD-API-KEY"] for headers, _ in receiver.of("/api/v2/logs")} == {"datadog-key"}
    for each in made:
        assert shown(server, each)["consecutiveFailures"] == 0
    assert "hush" not in server.logs() and "splunk-token" not in server.logs()


def test_receivers_that_hang_refuse_or_babble_hold_up_nobody(sqlite_server, receiver):
    server = sqlite_server
    with socket.create_server(("127.0.0.1", 0)) as hanging, socket.create_server(("127.0.0.1", 0)) as babbling:
        closed = socket.create_server(("127.0.0.1", 0))
        refusing = closed.getsockname()[1]
        closed.close()

        def babble():
            while True:
                try:
                    connection, _ = babbling.accept()
                except OSError:
                    return
                # What is read to its end is not reset, which would be another reason.
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(b"\x00\xff garbage \r\n\r\n" * 100)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass

        threading.Thread(target=babble, daemon=True).start()
        hangs = [stream(server, f"hangs {n}", "Webhook", url=f"http://127.0.0.1:{hanging.getsockname()[1]}/") for n in range(5)]
        refuses = stream(server, "refuses", "Webhook", url=f"http://127.0.0.1:{refusing}/")
        babbles = stream(server, "babbles", "Webhook", url=f"http://127.0.0.1:{babbling.getsockname()[1]}/")
        stream(server, "works", "Webhook", url=receiver.url + "/works")
        encrypt(server, 5)
        last = newest_index(server)
        # All before the first of the hanging ones is given up, which takes ten seconds.
        wait_until(lambda: last in indexes(receiver.events("/works")), 8, "the events at the one that works")
        assert [shown(server, each)["consecutiveFailures"] for each in hangs] == [0] * 5
        for each, reason in ((refuses, "refused"), (babbles, "the answer is not valid HTTP")):
            wait_until(lambda: shown(server, each)["consecutiveFailures"] > 0, what="the failure")
            assert reason in shown(server, each)["lastError"]
        wait_until(lambda: shown(server, hangs[0])["consecutiveFailures"] == 1, 20, "giving up")
        assert "time" in shown(server, hangs[0])["lastError"]


def test_a_file_stream_goes_on_in_its_file_after_a_kill(sqlite_server):
    server = sqlite_server
    made = stream(server, "archive", "File", retentionDays=7)
    encrypt(server, 10)
    first = newest_index(server)
    folder = server.data / "log-streams" / made

    def lines():
        text = b"".join(file.read_bytes() for file in sorted(folder.glob("*.ndjson")))
        return [json.loads(line) for line in text.replace(b'{"cut":', b"").splitlines()]

    wait_until(lambda: first in indexes(lines()), what="the first lines")
    server.kill()
    # What an append left whose row was never written does not count.
    with open(sorted(folder.glob("*.ndjson"))[-1], "ab") as file:
        file.write(b'{"cut":')
    server.start()
    encrypt(server, 10)
    last = newest_index(server)
    wait_until(lambda: last in indexes(lines()), what="the last lines")
    numbers = indexes(lines())
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert not any(b'{"cut":' in file.read_bytes() for file in folder.iterdir())

    def downloaded():
        days = server.http.get(f"/api/v1/log-streams/{made}/files").json()
        assert days["retentionDays"] == 7
        parts = [server.http.get(f"/api/v1/log-streams/{made}/files/{day['day']}").content for day in reversed(days["days"])]
        return indexes(json.loads(line) for part in parts for line in gzip.decompress(part).splitlines())

    # A line counts once its row is written, a moment after it stands in the file.
    wait_until(lambda: last in downloaded(), what="the last line in the download")
    assert downloaded()[:len(numbers)] == numbers


def test_the_file_that_a_server_appends_checkpoints_to_holds_an_export_to_what_was_seen(new_server, tmp_path):
    """It has the logs of all tenants, each under a key of its own, and may hold what a crash cut."""
    file, key, whole = tmp_path / "checkpoints", tmp_path / "audit.pem", tmp_path / "whole.ndjson"
    server = new_server(serve_options=["--audit-checkpoint-file", str(file)]).init().start()
    encrypt(server, 300)
    wait_until(lambda: '"checkpoint"' in server.qapi("audit", "export").stdout, 10, "a checkpoint")
    server.http.get("/api/v1/secrets", headers={"X-Api-Key": "qapi_nobody"})  # an event of the platform's log
    log = server.http.get("/api/v1/audit-logs/checkpoint").text.split("\n")[0]
    logs = lambda: {line for line in file.read_text().split("\n") if line.startswith("quantumapi/audit/")} if file.exists() else set()
    assert server.stop() == 0 and log in logs(), "all that is due is written at the end"
    assert len(logs()) > 1, "another log, under another key"
    server.start()
    key.write_text(server.http.get("/api/v1/audit-logs/public-key").text)
    wait_until(lambda: '"checkpoint"' in server.qapi("audit", "export").stdout, 10, "a checkpoint")
    whole.write_text(server.qapi("audit", "export").stdout)
    assert server.stop() == 0

    def verify(remembered):
        (tmp_path / "kept").write_bytes(remembered)
        return subprocess.run([sys.executable, VERIFIER, whole, "--key", key, "--remember", tmp_path / "kept"],
                              capture_output=True, text=True)

    entries = [b"quantumapi/audit/" + entry for entry in file.read_bytes().split(b"quantumapi/audit/")[1:]]
    size = int(next(line for line in whole.read_text().splitlines() if '"checkpoint"' in line).split("\\n")[1])
    ours = [entry for entry in entries if entry.startswith(log.encode()) and int(entry.split(b"\n")[1]) <= size]
    others = [entry for entry in entries if not entry.startswith(log.encode())]
    kept = b"".join(others + ours)
    assert verify(kept).returncode == 0, verify(kept).stdout
    assert f"the {len(ours)} checkpoints of this log" in verify(kept).stdout
    # Cut anywhere, at the end or with others after it: the whole ones count.
    for at in (5, 17, 30, len(log), len(log) + 1, len(log) + 4, 140, 200, len(ours[0]) - 100, len(ours[0]) - 2):
        for text in (kept + ours[0][:at], ours[0][:at] + kept, others[0] + ours[0][:at] + ours[0]):
            assert verify(text).returncode == 0, (at, verify(text).stdout)
            assert f"the {len(ours) if text.endswith(kept) or text.startswith(kept) else 1} checkpoints of" in verify(text).stdout, at
    altered = ours[0].replace(b"\n" + ours[0].split(b"\n")[1] + b"\n", b"\n1\n", 1)
    assert "bad_signature" in verify(others[0] + altered).stdout


def test_checkpoints_are_posted_outside_and_hold_an_export_to_what_was_seen(new_server, receiver, tmp_path):
    """A receiver that only kept what was posted to it tells a cut log from a whole one, with the public key alone."""
    server = new_server(serve_options=["--audit-checkpoint-url", receiver.url + "/checkpoints"]).init().start()
    encrypt(server, 300)
    wait_until(lambda: receiver.of("/checkpoints"), 10, "a checkpoint outside")
    key, posted, whole = tmp_path / "audit.pem", tmp_path / "posted", tmp_path / "whole.ndjson"
    key.write_text(server.http.get("/api/v1/audit-logs/public-key").text)
    wait_until(lambda: '"checkpoint"' in server.qapi("audit", "export").stdout, 10, "a checkpoint")
    whole.write_text(server.qapi("audit", "export").stdout)

    def verify(remembered):
        posted.write_text(remembered)
        return subprocess.run([sys.executable, VERIFIER, whole, "--key", key, "--remember", posted],
                              capture_output=True, text=True)

    log = json.loads(whole.read_text().splitlines()[0])["log"]
    headers, text = next((headers, body.decode()) for headers, body in receiver.of("/checkpoints") if log.encode() in body)
    assert headers["Content-Type"].startswith("text/plain") and "Authorization" not in headers and "X-Api-Key" not in headers
    assert verify(text).returncode == 0, verify(text)
    lines = text.split("\n")
    of_more = "\n".join([lines[0], str(10**6), *lines[2:]])  # what it says must be signed
    assert "bad_signature" in verify(of_more).stdout
    assert verify(text.rstrip("\n")).returncode == 0, "a receiver may keep the text without its last line feed"

    refused = subprocess.run([BIN / "quantumapid", "serve", *server.store_options(), "--listen", "127.0.0.1:0",
                              "--audit-checkpoint-url", "http://siem.example/in"], capture_output=True, text=True)
    assert refused.returncode != 0 and "--audit-checkpoint-url" in refused.stderr and "plain http" in refused.stderr
