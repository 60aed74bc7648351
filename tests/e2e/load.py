"""Writers that remember what was acknowledged, for tests that kill the server."""

import collections
import json
import threading

import httpx

from harness import wait_until


class Writers:
    """Threads that create secrets and keys, add versions, read and delete until told to stop.

    `acknowledged` maps an id to what the last acknowledged answer promised; `unsure` holds ids
    whose last request got no answer: either outcome is right for it, half of one is not.
    `answered` holds the request ids of all answers of success, which must stand in the audit log,
    and `broken` the requests that got no answer while the server was to give them one.
    """

    def __init__(self, server, threads=8, tag="w"):
        self.server = server
        self.tag = tag
        self.acknowledged = {}
        self.deleted = set()
        self.unsure = set()
        self.statuses = {}
        self.encrypted = []
        self.keys = {}
        self.answered = []
        self.broken = []
        self.killing = False
        self.mutex = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(threads)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def kill_server(self):
        """From here on a request without an answer is what is to be expected."""
        self.killing = True
        self.server.kill()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()

    def run(self, number):
        with httpx.Client(base_url=self.server.plain_url, timeout=15, headers={"X-Api-Key": self.server.api_key}) as http:
            step = 0
            while not self.stopping.is_set():
                step += 1
                try:
                    self.cycle(http, f"{self.tag}-{number}-{step}")
                except httpx.TransportError as error:
                    if self.killing:
                        return
                    self.broken.append(repr(error))

    def count(self, answer):
        with self.mutex:
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        if answer.status_code < 300:
            self.answered.append(answer.headers["x-request-id"])
        if answer.status_code == 503:
            self.check_refusal(answer)
        return answer

    def check_refusal(self, answer):
        """A 503 that a client can act on: the envelope whole, and nothing but it."""
        try:
            body = answer.json()
            assert answer.headers["content-type"] == "application/problem+json"
            assert body["status"] == 503 and body["error"] and body["message"] and body["title"]
            assert body["instance"] == "urn:uuid:" + answer.headers["x-request-id"]
            assert set(body) <= {"type", "title", "status", "detail", "instance", "error", "message"}
        except (AssertionError, KeyError, ValueError) as error:
            self.broken.append(f"a 503 of another form: {error!r} {answer.text}")

    def cycle(self, http, name):
        made = self.count(http.post("/api/v1/secrets", json={"name": name, "value": "1:" + name}))
        if made.status_code != 201:
            return
        secret = made.json()["id"]
        self.acknowledged[secret] = (1, "1:" + name)
        if hash(name) % 4 == 0:
            self.count(http.get("/api/v1/secrets/by-name/" + name))
        self.change(secret, lambda: self.put(http, secret, name))
        if hash(name) % 3 == 0:
            self.change(secret, lambda: self.delete(http, secret))
        if hash(name) % 5 == 0:
            sealed = self.count(http.post("/api/v1/encrypt", json={"plaintext": name}))
            if sealed.status_code == 200:
                self.encrypted.append((name, sealed.json()["encryptedPayload"]))
        if hash(name) % 7 == 0:
            key = self.count(http.post("/api/v1/keys", json={"name": "k-" + name, "keyType": "encryption", "algorithm": "ML-KEM-768"}))
            if key.status_code == 201:
                self.keys[key.json()["id"]] = "k-" + name
        if hash(name) % 17 == 0:
            # What is encrypted next is under a version made a moment ago; another thread may win the number.
            self.count(http.post("/api/v1/keys/default-encryption/rotate", json={}))

    def change(self, secret, call):
        self.unsure.add(secret)
        if call():
            self.unsure.discard(secret)

    def put(self, http, secret, name):
        answer = self.count(http.put(f"/api/v1/secrets/{secret}/value", json={"value": "2:" + name}))
        if answer.status_code == 200:
            self.acknowledged[secret] = (2, "2:" + name)
        return answer.status_code == 200

    def delete(self, http, secret):
        answer = self.count(http.delete(f"/api/v1/secrets/{secret}"))
        if answer.status_code == 204:
            self.deleted.add(secret)
        return answer.status_code == 204

    def check(self, server):
        """Holds the restarted server against every acknowledged answer."""
        for secret, (version, value) in list(self.acknowledged.items()):
            answer = server.http.get(f"/api/v1/secrets/{secret}")
            if secret in self.deleted:
                assert answer.status_code == 404, (secret, "revived")
            elif secret in self.unsure:
                assert answer.status_code in (200, 404), (secret, answer.status_code, answer.text)
                if answer.status_code == 200:
                    body = answer.json()
                    assert body["value"].startswith(f"{body['version']}:"), (secret, "half done")
                    assert body["version"] >= version
            else:
                assert answer.status_code == 200, (secret, "acknowledged and lost", answer.text)
                assert (answer.json()["version"], answer.json()["value"]) == (version, value)
        for name, payload in self.encrypted:
            assert server.http.post("/api/v1/decrypt", json={"encryptedPayload": payload}).json()["plaintext"] == name
        there = {key["id"]: key["name"] for key in listed(server, "keys")}
        for key, name in self.keys.items():
            assert there.get(key) == name, (key, "acknowledged and lost")
        assert not [name for name in there.values() if name.startswith("restored-")], "a key that nobody made"


def listed(server, what):
    """All secrets or keys that there are."""
    found, page = [], 1
    while True:
        answer = server.http.get(f"/api/v1/{what}?pageSize=200&page={page}").json()
        found += answer[what]
        if len(answer[what]) < 200:
            return found
        page += 1


def exported(server):
    """The log's records once all of them are in the tree; the log verifies with the public key alone."""
    export, key = server.directory / "audit.ndjson", server.directory / "audit.pem"
    key.write_text(server.qapi("audit", "public-key").stdout)

    def whole():
        server.qapi("audit", "export", str(export), "--force")
        lines = export.read_text().splitlines()
        # An export is an event itself, which it may find waiting.
        waiting = [line for line in lines if '"type":"pending"' in line and "audit.export" not in line]
        return lines if '"checkpoint"' in lines[-1] and not waiting else None

    lines = [json.loads(line) for line in wait_until(whole, 60, "all events in the tree")]
    report = json.loads(server.qapi("audit", "verify", str(export), "--key", str(key), "--output", "json").stdout)
    records = [json.loads(line["record"]) for line in lines if line["type"] == "record"]
    assert report["verified"] is True and report["records"] == len(records)
    return records


def check_audit(server, *writers):
    """Each answer of success has its event, each change that is there has its own and no other has
    one, whether it was acknowledged or not; and the log verifies."""
    records = [record for record in exported(server) if record["outcome"] == "success"]
    requests = {record["request"] for record in records}
    for one in writers:
        assert not set(one.answered) - requests, "answered without an event"
    done = collections.Counter((record["action"], record["resource"]) for record in records)
    of = lambda action: {resource for did, resource in done if did == action}
    assert all(times == 1 for (action, _), times in done.items()
               if action in ("secret.create", "secret.update", "secret.delete", "key.create")), done
    secrets = {secret["id"]: secret for secret in listed(server, "secrets")}
    assert set(secrets) == of("secret.create") - of("secret.delete"), "secrets and their events differ"
    for secret, row in secrets.items():
        assert row["version"] == 1 + done["secret.update", secret], (secret, "its versions and their events differ")
    keys = {key["id"] for key in listed(server, "keys") if key["name"].startswith("k-")}
    assert keys == {record["resource"] for record in records
                    if record["action"] == "key.create" and record.get("resourceName", "").startswith("k-")}, "keys and their events differ"
    for one in writers:
        assert not one.broken, one.broken
