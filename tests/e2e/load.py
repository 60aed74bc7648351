"""Writers that remember what was acknowledged, for tests that kill the server."""

import threading

import httpx


class Writers:
    """Threads that create secrets, add versions and delete until told to stop.

    `acknowledged` maps an id to what the last acknowledged answer promised; `unsure` holds ids
    whose last request got no answer: either outcome is right for it, half of one is not.
    """

    def __init__(self, server, threads=8, tag="w"):
        self.server = server
        self.tag = tag
        self.acknowledged = {}
        self.deleted = set()
        self.unsure = set()
        self.statuses = {}
        self.encrypted = []
        self.mutex = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(threads)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

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
                except httpx.TransportError:
                    if self.server.process is None or self.server.process.poll() is not None:
                        return

    def count(self, answer):
        with self.mutex:
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        return answer

    def cycle(self, http, name):
        made = self.count(http.post("/api/v1/secrets", json={"name": name, "value": "1:" + name}))
        if made.status_code != 201:
            return
        secret = made.json()["id"]
        self.acknowledged[secret] = (1, "1:" + name)
        self.change(secret, lambda: self.put(http, secret, name))
        if hash(name) % 3 == 0:
            self.change(secret, lambda: self.delete(http, secret))
        if hash(name) % 5 == 0:
            sealed = self.count(http.post("/api/v1/encrypt", json={"plaintext": name}))
            if sealed.status_code == 200:
                self.encrypted.append((name, sealed.json()["encryptedPayload"]))
        if hash(name) % 17 == 0:
            # What is encrypted next is under a version made a moment ago; another thread may win the number.
            http.post("/api/v1/keys/default-encryption/rotate", json={})

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


def check_audit(server, writers):
    """Every acknowledged change has exactly its audit events, and the log verifies."""
    import json

    lines = [json.loads(line) for line in server.qapi("audit", "export", "-").stdout.splitlines()]
    records = [json.loads(line["record"]) for line in lines if line["type"] in ("record", "pending")]
    done = {}
    for record in records:
        if record["outcome"] == "success":
            key = (record["action"], record["resource"])
            done[key] = done.get(key, 0) + 1
    for secret, (version, _) in writers.acknowledged.items():
        assert done.get(("secret.create", secret)) == 1, (secret, "created without its event")
        if version == 2:
            assert done.get(("secret.update", secret)) == 1, (secret, "changed without its event")
        if secret in writers.deleted:
            assert done.get(("secret.delete", secret)) == 1, (secret, "deleted without its event")
