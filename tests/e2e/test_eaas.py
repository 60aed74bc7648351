"""Keys, encryption, access and audit under what the world does to them: races, odd names, clocks, replicas."""

import base64
import concurrent.futures
import datetime
import hashlib
import json
import os
import sqlite3
import subprocess
import threading
import time
import uuid

import httpx
import pytest

from fixtures import replica_of
from harness import BIN, wait_until

CONNECTIONS = 50


def post(server, path, body, **options):
    return server.http.post("/api/v1" + path, json=body, **options)


def new_key(server, name, **more):
    made = post(server, "/keys", {"name": name, "keyType": "encryption", "algorithm": "ML-KEM-768", **more})
    assert made.status_code == 201, made.text
    return made.json()


# --- races ------------------------------------------------------------------------------------

def test_nothing_is_undecryptable_when_a_key_rotates_under_fifty_connections(server):
    """Each connection encrypts while the key rotates; every payload opens afterwards, and each version was used."""
    key = next(k for k in server.http.get("/api/v1/keys").json()["keys"] if k["keyType"] == "encryption" and k["isDefault"])
    done = threading.Event()
    sealed = []

    def encrypt(number):
        made = []
        with httpx.Client(base_url=server.plain_url, headers={"X-Api-Key": server.api_key}, timeout=60) as client:
            while not done.is_set() or not made:
                text = f"{number}-{len(made)}"
                answer = client.post("/api/v1/encrypt", json={"plaintext": text})
                assert answer.status_code == 200, answer.text
                made.append((text, answer.json()["encryptedPayload"], answer.json()["keyVersion"]))
        return made

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        workers = [pool.submit(encrypt, number) for number in range(CONNECTIONS)]
        for expected in range(key["version"] + 1, key["version"] + 7):
            assert post(server, f"/keys/{key['id']}/rotate", {}).json()["version"] == expected
        done.set()
        for worker in workers:
            sealed += worker.result()
    assert len({version for _, _, version in sealed}) > 1, "no rotation came in between"
    for start in range(0, len(sealed), 1000):
        part = sealed[start:start + 1000]
        results = post(server, "/decrypt/batch", {"items": [{"encryptedPayload": payload} for _, payload, _ in part]}).json()["results"]
        assert [result.get("plaintext") for result in results] == [text for text, _, _ in part]


def test_a_key_disabled_in_the_middle_of_a_batch_opens_nothing_once_that_is_answered(server):
    """Each item is decided when its turn comes: what came before is opened, nothing after. Disables the key until
    a batch was seen to be under way, which its answer shows."""
    key = new_key(server, "halfway")
    path = "/transit/batch/decrypt/halfway"
    ciphertext = post(server, "/transit/encrypt/halfway", {"plaintext": "eA=="}).json()["ciphertext"]
    batch = {"items": [{"ciphertext": ciphertext}] * 1000}
    sending = threading.Semaphore(0)
    disabled = threading.Event()

    def decrypt():
        answers = []
        with httpx.Client(base_url=server.plain_url, headers={"X-Api-Key": server.api_key}, timeout=60) as client:
            while not answers or not answers[-1][0]:
                after = disabled.is_set()
                sending.release()
                answers.append((after, client.post("/api/v1" + path, json=batch)))
        return answers

    def opened(after, answer):
        """How many items of an answer were opened before it was refused the rest."""
        if answer.status_code != 200:  # the whole call was refused, in words that say why
            assert answer.status_code == 403 and answer.json()["error"] == "key_revoked", answer.text
            return 0
        results = answer.json()["results"]
        assert len(results) == 1000
        count = sum(result.get("plaintext") == "eA==" and "error" not in result for result in results)
        assert all("plaintext" not in result and "the key is disabled" in result["error"] for result in results[count:])
        assert count == 0 or not after, "opened after it was disabled"
        return count

    def one_round(delay):
        disabled.clear()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            workers = [pool.submit(decrypt) for _ in range(4)]
            sending.acquire()
            time.sleep(delay)
            assert server.http.patch(f"/api/v1/keys/{key['id']}", json={"status": "disabled"}).status_code == 200
            disabled.set()
            counts = [opened(*answer) for worker in workers for answer in worker.result()]
        assert server.http.patch(f"/api/v1/keys/{key['id']}", json={"status": "active"}).status_code == 200
        return counts

    assert any(0 < count < 1000 for number in range(60) for count in one_round(number % 20 / 200)), "no batch was under way"
    assert post(server, path, batch).json()["results"][999]["plaintext"] == "eA=="


# --- names ------------------------------------------------------------------------------------

NAMES = [
    "a/b", "/a", "a//b", "a/../b", "a%2Fb", "a%b", "%", "%00", "a.b", "...", ".a", "a b", "a+b", "a?b#c", "a&b=c", "\\a", "'", '"',
    "'; DROP TABLE keys; --", "\" OR 1=1 --", "%' OR '1'='1", "$1", ":name", "{{7*7}}", "${jndi:ldap://x/a}", "<script>alert(1)</script>",
    "\u00e9", "e\u0301", "\u0430dmin", "admin", "Admin", "\uff41dmin", "\u0130", "i\u0307", "\u202eadmin", "a\u200bb", "\U0001f511", "\u65e5\u672c\u8a9e",
]


def path_of(name):
    return "".join(c if c.isascii() and c.isalnum() else "".join(f"%{octet:02X}" for octet in c.encode()) for c in name)


def test_each_name_is_its_own_key_however_alike_it_looks(server):
    """Names compare octet by octet: no two of these are one key, and none reaches another's."""
    made = {}
    for name in NAMES:
        made[name] = new_key(server, name)
        assert made[name]["name"] == name
    assert len({key["id"] for key in made.values()}) == len(NAMES)
    for name in NAMES:
        answer = post(server, "/transit/encrypt/" + path_of(name), {"plaintext": "eA=="})
        assert answer.status_code == 200, (name, answer.text)
        assert answer.json()["keyName"] == name
        opened = post(server, "/transit/decrypt/" + path_of(name), answer.json())
        assert opened.json()["plaintext"] == "eA=="
        found = server.http.get("/api/v1/keys/" + path_of(name)).json()
        assert found["id"] == made[name]["id"], name
        refused = post(server, "/keys", {"name": name, "keyType": "encryption", "algorithm": "ML-KEM-768"})
        assert (refused.status_code, refused.json()["error"]) == (409, "key_name_conflict"), name
    other = post(server, "/transit/encrypt/" + path_of("\u00e9"), {"plaintext": "eA=="}).json()["ciphertext"]
    refused = post(server, "/transit/decrypt/" + path_of("e\u0301"), {"ciphertext": other})
    assert refused.status_code == 400, refused.text
    events = server.http.get("/api/v1/audit-logs?action=key.create&pageSize=200").json()["items"]
    assert {e.get("resourceName") for e in events} >= set(NAMES)


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "a\tb", "a\u0000b", "\u007f", "x" * 101, str(uuid.uuid4())], ids=lambda n: ascii(n)[:20])
def test_a_name_that_no_path_can_hold_or_that_reads_as_something_else_is_refused(server, name):
    before = server.http.get("/api/v1/keys").json()["total"]
    refused = post(server, "/keys", {"name": name, "keyType": "encryption", "algorithm": "ML-KEM-768"})
    assert refused.status_code == 400 and "name" in refused.json()["details"]["errors"], refused.text
    assert server.http.get("/api/v1/keys").json()["total"] == before


def test_what_callers_write_makes_no_line_of_the_servers_log(shared_server):
    """Names, user agents and paths that would forge a log line, or end its JSON, stay inside it."""
    server = shared_server
    forged = '"}\n{"time":"2026-01-01T00:00:00Z","level":"error","message":"forged"}'
    server.http.get("/api/v1/keys/" + path_of(forged.replace("\n", " ")), headers={"User-Agent": forged.replace("\n", " ")})
    server.http.get("/api/v1/secrets?search=" + path_of(forged))
    post(server, "/encrypt", {"plaintext": forged, "keyId": forged})
    post(server, "/apikeys", {"name": forged, "scopes": [forged]})
    for line in server.logs().splitlines():
        assert json.loads(line).get("message") != "forged"


# --- time -------------------------------------------------------------------------------------

def test_a_key_protects_until_the_very_second_it_expires_and_opens_ever_after(server):
    expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    new_key(server, "short-lived", expiresAt=expires.isoformat().replace("+00:00", "Z"))
    ciphertext = post(server, "/transit/encrypt/short-lived", {"plaintext": "eA=="}).json()["ciphertext"]
    late = None
    while late is None:
        before = datetime.datetime.now(datetime.timezone.utc)
        answer = post(server, "/transit/encrypt/short-lived", {"plaintext": "eA=="})
        after = datetime.datetime.now(datetime.timezone.utc)
        if answer.status_code == 200:
            assert before < expires, "it protected after its end"
        else:
            assert (answer.status_code, answer.json()["error"]) == (403, "key_expired"), answer.text
            assert after >= expires, "refused before its end"
            late = answer
        assert after < expires + datetime.timedelta(seconds=30), "it never expired"
    assert post(server, "/transit/decrypt/short-lived", {"ciphertext": ciphertext}).json()["plaintext"] == "eA=="
    assert post(server, "/transit/rewrap/short-lived", {"ciphertext": ciphertext}).status_code == 403


# --- replicas ---------------------------------------------------------------------------------

def test_a_rate_limit_is_one_budget_for_two_replicas(new_server):
    """At most a tenth above the limit, however the requests fall."""
    first = new_server("postgres").init().start()
    second = replica_of(new_server, first)
    limit = 300
    key = post(first, "/apikeys", {"name": "limited", "scopes": ["secrets:read"], "rateLimit": limit}).json()["apiKey"]
    begun = time.monotonic()

    def ask(url):
        passed = 0
        with httpx.Client(base_url=url, headers={"X-Api-Key": key}, timeout=60) as client:
            for _ in range(limit):
                answer = client.get("/api/v1/whoami")
                assert answer.status_code in (200, 429), answer.text
                if answer.status_code == 429:
                    assert answer.headers["retry-after"].isdigit() and answer.json()["error"] == "rate_limit_exceeded"
                passed += answer.status_code == 200
        return passed

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        passed = sum(pool.map(ask, [first.plain_url, second.plain_url] * 4))
    refilled = limit * (time.monotonic() - begun) / 60
    assert passed >= limit, "the limit was not reached"
    assert passed <= limit * 1.1 + refilled, (passed, refilled)


def test_what_is_refused_for_its_rate_adds_up_in_the_log(server):
    """One event a second and key, with how many it stands for; what is left comes by itself, at the latest at the end."""
    def refuse(number):
        made = post(server, "/apikeys", {"name": f"hasty {number}", "scopes": ["keys:read"], "rateLimit": 1}).json()["apiKey"]
        with httpx.Client(base_url=server.plain_url, headers={"X-Api-Key": made}, timeout=60) as client:
            assert client.get("/api/v1/whoami").status_code == 200
            codes = []
            while codes.count(429) < 1000:
                codes.append(client.get("/api/v1/whoami").status_code)
        assert set(codes) <= {200, 429}

    def recorded():
        items = server.http.get("/api/v1/audit-logs?action=apikey.whoami&pageSize=200").json()["items"]
        return sum(item["failedItems"] for item in items if item.get("error") == "rate_limit_exceeded")

    refuse(1)
    wait_until(lambda: recorded() == 1000, 10, "the sum of the events")
    refuse(2)
    assert server.stop() == 0
    server.start()
    wait_until(lambda: recorded() == 2000, 10, "the sum after the end")


def test_a_server_says_that_its_clock_is_behind_its_audit_log(new_server):
    server = new_server().init().start()
    said = lambda: [json.loads(line) for line in server.logs().splitlines() if "clock is behind the newest audit record" in line]
    assert post(server, "/encrypt", {"plaintext": "x"}).status_code == 200
    for seconds, times in ((0, 0), (-3600, 1), (3600, 0)):
        server.stop()
        server.env = {**server.env, "LD_PRELOAD": os.environ["QUANTUMAPI_SKEWED_SHIM"], "SKEW_SECONDS": str(seconds)}
        server.start()
        assert len(said()) == times, server.logs()
    server.stop()


def test_what_one_replica_changes_holds_at_the_other_within_a_second(new_server):
    first = new_server("postgres").init().start()
    second = replica_of(new_server, first)
    new_key(first, "shared")
    ciphertext = post(first, "/transit/encrypt/shared", {"plaintext": "eA=="}).json()["ciphertext"]
    assert post(second, "/transit/decrypt/shared", {"ciphertext": ciphertext}).json()["plaintext"] == "eA=="
    hashes = [post(each, "/hash/searchable", {"plaintext": "Ada"}).json() for each in (first, second)]
    assert hashes[0]["hash"] == hashes[1]["hash"] and hashes[0]["keyId"] == hashes[1]["keyId"]
    first.http.patch("/api/v1/keys/shared", json={"status": "disabled"})
    wait_until(lambda: post(second, "/transit/decrypt/shared", {"ciphertext": ciphertext}).status_code == 403, 1.5, "the disabling")


# --- a hundred thousand API keys ----------------------------------------------------------------

COPY_KEYS = """
INSERT INTO api_keys (id, tenant, account, lookup, mac_key, mac, name, role, scopes, bindings, created_by, created_at, revision)
SELECT {id}, tenant, account, lookup, mac_key, mac, name, role, scopes, bindings, created_by, created_at + i, 1
FROM api_keys, {numbers} WHERE name = 'copied'"""
COUNT_KEYS = "UPDATE counters SET n = n + 100000 WHERE kind = 'api_keys' AND shard = (SELECT min(shard) FROM counters WHERE kind = 'api_keys')"


def add_keys(server, postgres):
    """A hundred thousand rows like that of the key "copied", as so many calls would have made them."""
    if not server.database:
        with sqlite3.connect(server.data / "quantumapi.db") as store:
            numbers = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n)"
            store.execute(COPY_KEYS.format(id="randomblob(16)", numbers=numbers))
            store.execute(COUNT_KEYS)
        return
    database = server.database.rsplit("/", 1)[1]
    postgres.sql(COPY_KEYS.format(id="decode(md5(i::text), 'hex')", numbers="generate_series(1, 100000) AS n(i)"), database)
    postgres.sql(COUNT_KEYS, database)


def test_with_a_hundred_thousand_api_keys_all_works_as_with_one(server, store, request):
    made = post(server, "/apikeys", {"name": "copied", "scopes": ["keys:read"]}).json()
    server.stop()
    add_keys(server, request.getfixturevalue("postgres") if store == "postgres" else None)
    server.start()
    with httpx.Client(base_url=server.plain_url, headers={"X-Api-Key": made["apiKey"]}) as client:
        assert client.get("/api/v1/keys").status_code == 200
    total = server.http.get("/api/v1/apikeys?pageSize=1").json()["total"]
    assert total == 100_002
    for page in (1, 250, 501):
        listed = server.http.get(f"/api/v1/apikeys?pageSize=200&page={page}").json()
        assert len(listed["apiKeys"]) == (200 if page < 501 else 2) and listed["hasMore"] == (page < 501)
    fresh = post(server, "/apikeys", {"name": "one more", "scopes": ["keys:read"]}).json()
    assert httpx.get(server.plain_url + "/api/v1/keys", headers={"X-Api-Key": fresh["apiKey"]}).status_code == 200
    assert server.http.delete(f"/api/v1/apikeys/{made['id']}").status_code == 204
    assert httpx.get(server.plain_url + "/api/v1/keys", headers={"X-Api-Key": made["apiKey"]}).json()["error"] == "key_revoked"


# --- entropy and its bounds ---------------------------------------------------------------------

def entropy(server, octets, key=None):
    return server.http.post("/api/v1/qrng/entropy", json={"bytes": octets},
                            headers={"X-Api-Key": key or server.api_key, "X-Allow-Csprng": "true"})


def test_a_key_draws_entropy_a_hundred_times_a_minute(server):
    key = post(server, "/apikeys", {"name": "drawer", "scopes": ["qrng:read", "keys:read"]}).json()["apiKey"]
    answers = [entropy(server, 16, key) for _ in range(130)]
    codes = [answer.status_code for answer in answers]
    assert codes[:100] == [200] * 100
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused and all(a.status_code == 429 and a.json()["error"] == "rate_limit_exceeded" and a.headers["retry-after"].isdigit() for a in refused)
    # Another key has its own, and other routes of this one are not counted.
    assert entropy(server, 16).status_code == 200
    assert httpx.get(server.plain_url + "/api/v1/keys", headers={"X-Api-Key": key}).status_code == 200


def test_an_operators_quota_holds_for_every_tenant_and_says_when_it_ends(new_server):
    server = new_server(serve_options=["--entropy-quota-mb", "1"]).init().start()
    drawn = [entropy(server, 65536) for _ in range(16)]
    assert [a.status_code for a in drawn] == [200] * 16
    assert drawn[0].json()["quotaLimitMb"] == 1 and drawn[15].json()["quotaRemainingMb"] == 0
    refused = entropy(server, 16)
    assert (refused.status_code, refused.json()["error"]) == (429, "quota_exceeded")
    resets = datetime.datetime.fromisoformat(refused.json()["details"]["resetsAt"].replace("Z", "+00:00"))
    now = datetime.datetime.now(datetime.timezone.utc)
    assert resets.day == 1 and resets.hour == 0 and now < resets < now + datetime.timedelta(days=32)
    assert 0 < int(refused.headers["retry-after"]) < 32 * 86400
    # Owners cannot lift what the operator set.
    assert server.http.put("/api/v1/usage/quotas", json={"entropyMb": 100}).json()["entropyLimitMb"] == 1
    assert entropy(server, 16).status_code == 429


# --- usage ------------------------------------------------------------------------------------

def test_usage_counts_what_is_stored(server):
    def categories():
        report = server.http.get("/api/v1/usage/storage").json()
        return report, {c["id"]: c for c in report["categories"]}

    report, before = categories()
    today = datetime.datetime.now(datetime.timezone.utc).date()
    assert report["periodStart"] == today.replace(day=1).isoformat() and report["asOf"] == today.isoformat()
    assert before["keys"]["items"] >= 2 and before["keys"]["bytes"] > 1000 and report["totalBytes"] >= before["keys"]["bytes"]
    made = post(server, "/secrets", {"name": "large", "value": "v" * 100_000}).json()
    server.stop()
    server.start()  # a server measures when it starts
    grown = wait_until(lambda: (lambda now: now if now["secrets"]["items"] == before["secrets"]["items"] + 1 else None)(categories()[1]), 10, "a new sample")
    assert 100_000 <= grown["secrets"]["bytes"] - before["secrets"]["bytes"] < 110_000
    assert server.http.delete(f"/api/v1/secrets/{made['id']}").status_code == 204
    for query, field in (("periodStart=2026-13-01", "periodStart"), ("periodEnd=tomorrow", "periodEnd"), ("periodStart=", "periodStart"), ("periodEnd=", "periodEnd"),
                         ("periodStart=2026-02-01&periodEnd=2026-01-01", "periodEnd"), ("periodStart=2020-01-01&periodEnd=2026-01-01", "periodEnd")):
        refused = server.http.get("/api/v1/usage/storage?" + query)
        assert refused.status_code == 400 and field in refused.json()["details"]["errors"], query


# --- audit ------------------------------------------------------------------------------------

def test_failed_log_ins_stand_in_the_platforms_log_which_the_operator_reads(server):
    for number in range(3):
        assert httpx.get(server.plain_url + "/api/v1/secrets", headers={"X-Api-Key": f"qapi_wrong{number}", "User-Agent": "intruder/1"}).status_code == 401
    listed = json.loads(server.qapi("audit", "list", "--platform", "--output", "json").stdout)["items"]
    refused = [e for e in listed if e["action"] == "secret.list" and e["outcome"] == "denied"]
    assert len(refused) == 3 and all(e["error"] == "unauthenticated" and e["ipAddress"] == "127.0.0.1" for e in refused)
    assert server.http.get("/api/v1/audit-logs?actor=intruder").json()["totalCount"] == 0
    admin = post(server, "/apikeys", {"name": "admin", "scopes": ["audit:read"], "role": "admin"}).json()["apiKey"]
    denied = httpx.get(server.plain_url + "/api/v1/audit-logs?log=platform", headers={"X-Api-Key": admin})
    assert (denied.status_code, denied.json()["error"]) == (403, "insufficient_scope")
    metrics = server.http.get("/metrics").text
    count = next(line for line in metrics.splitlines() if line.startswith("quantumapi_failed_authentications_total "))
    assert float(count.split()[1]) >= 3


def test_a_revoked_key_that_is_used_is_named_in_the_platforms_log(server):
    made = post(server, "/apikeys", {"name": "leaked", "scopes": ["secrets:read"]}).json()
    assert server.http.delete("/api/v1/apikeys/" + made["id"]).status_code == 204
    assert httpx.get(server.plain_url + "/api/v1/secrets", headers={"X-Api-Key": made["apiKey"]}).status_code == 403
    wrong = made["apiKey"][:20] + ("A" if made["apiKey"][20] != "A" else "B") + made["apiKey"][21:]
    assert httpx.get(server.plain_url + "/api/v1/secrets", headers={"X-Api-Key": wrong}).status_code == 401
    listed = json.loads(server.qapi("audit", "list", "--platform", "--output", "json").stdout)["items"]
    used = {e["error"]: e["actor"] for e in listed if e["action"] == "secret.list"}
    assert used == {"key_revoked": "API key " + made["id"], "unauthenticated": "anonymous"}
    assert server.http.get("/api/v1/audit-logs?action=secret.list").json()["totalCount"] == 0


def test_the_platforms_log_verifies_offline_like_any_other(server, tmp_path):
    httpx.get(server.plain_url + "/api/v1/secrets", headers={"X-Api-Key": "qapi_wrong"})
    export, key = tmp_path / "platform.ndjson", tmp_path / "platform.pem"
    server.qapi("audit", "export", str(export), "--platform")
    key.write_text(server.qapi("audit", "public-key", "--platform").stdout)
    assert server.qapi("audit", "verify", str(export), "--key", str(key)).returncode == 0
    assert "unauthenticated" in export.read_text()


def test_failed_log_ins_cannot_fill_the_disk(new_server):
    server = new_server(serve_options=["--audit-platform-events", "512"]).init().start()
    with httpx.Client(base_url=server.plain_url, headers={"X-Api-Key": "qapi_wrong"}) as client, concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: client.get("/api/v1/secrets").status_code, range(1100)))
    assert codes == [401] * 1100
    dropped = wait_until(lambda: next((float(line.split()[1]) for line in server.http.get("/metrics").text.splitlines()
                                       if line.startswith("quantumapi_audit_platform_dropped_total ") and float(line.split()[1]) >= 512), None), 20, "the bound")
    assert dropped < 1100 and "platform's audit log is full" in server.logs()
    listed = json.loads(server.qapi("audit", "list", "--platform", "--output", "json").stdout)
    assert 512 <= listed["totalCount"] < 1100 and listed["items"][0]["outcome"] == "denied"


def test_an_export_that_is_cut_anywhere_is_noticed(sqlite_server, tmp_path):
    server = sqlite_server
    for number in range(300):
        assert post(server, "/encrypt", {"plaintext": str(number)}).status_code == 200
    whole, key, cut = tmp_path / "whole", tmp_path / "key", tmp_path / "cut"
    server.qapi("audit", "export", str(whole), "--force")
    key.write_text(server.qapi("audit", "public-key").stdout)
    assert server.qapi("audit", "verify", str(whole), "--key", str(key)).returncode == 0
    octets = whole.read_bytes()
    lines = octets.splitlines(keepends=True)
    cuts = [len(octets) - 1 - n * (len(octets) // 40) for n in range(40)] + [len(b"".join(lines[:n])) for n in (1, 2, 257, len(lines) - 1)]
    for size in cuts:
        cut.write_bytes(octets[:size])
        out = server.qapi("audit", "verify", str(cut), "--key", str(key), "--output", "json", check=False)
        if octets[:size] + b"\n" == octets:
            assert out.returncode == 0  # the last newline says nothing
            continue
        assert out.returncode == 1 and json.loads(out.stdout)["verified"] is False, size


# --- holes --------------------------------------------------------------------------------------

def quantumapid(server, *args, code=0):
    out = subprocess.run([BIN / "quantumapid", *args], capture_output=True, text=True, env=server.env, timeout=60)
    assert out.returncode == code, out.stderr
    return out


def test_an_operator_goes_on_behind_lost_audit_events_and_every_log_says_so(sqlite_server, tmp_path):
    server = sqlite_server
    assert post(server, "/secrets", {"name": "before", "value": "v"}).status_code == 201
    line = next(json.loads(line) for line in server.qapi("audit", "export").stdout.splitlines() if '"index"' in line)
    frame = uuid.UUID(server.tenant_id).bytes + b"\x02" * 16 + line["record"].encode()
    server.stop()
    assert "No audit event is missing" in quantumapid(server, "audit", "hole", *server.store_options()).stdout
    # Events 0 to 4 of a stream were lost; its sixth waits.
    with sqlite3.connect(server.data / "quantumapi.db") as store:
        store.execute("INSERT INTO audit_pending (stream, n, count, frames) VALUES (?, 5, 1, ?)",
                      (b"\x01" * 16, len(frame).to_bytes(4, "big") + frame))
    server.launch()
    wait_until(lambda: "a number is missing" in server.logs(), 20, "the sequencer's stop")
    ports = wait_until(server._ports, 20, "listening")
    wait_until(lambda: httpx.get(f"http://127.0.0.1:{ports['http']}/health/ready").status_code == 503, 10, "being not ready")
    server.kill()
    shown = quantumapid(server, "audit", "hole", *server.store_options()).stdout
    assert "event 0 was expected and 5 found: 5 events are missing" in shown
    stream = str(uuid.UUID(bytes=b"\x01" * 16))
    quantumapid(server, "audit", "accept-hole", stream, "0", "4", "--reason", "x", *server.store_options(), code=1)
    quantumapid(server, "audit", "accept-hole", stream, "0", "5", *server.store_options(), code=2)
    accepted = quantumapid(server, "audit", "accept-hole", stream, "0", "5", "--reason", "the disk was replaced", *server.store_options()).stdout
    assert "recorded in every log" in accepted and "No audit event is missing" in accepted
    server.start()
    wait_until(lambda: server.http.get("/health/ready").status_code == 200, 20, "readiness")
    mine = server.http.get("/api/v1/audit-logs?action=audit.hole_accepted").json()["items"]
    assert len(mine) == 1 and "the disk was replaced" in mine[0]["resourceName"] and mine[0]["resourceId"] == stream
    lost = json.loads(server.qapi("audit", "list", "--platform", "--action", "audit.event_lost", "--output", "json").stdout)
    assert lost["totalCount"] == 5
    export, key = tmp_path / "export", tmp_path / "key"
    server.qapi("audit", "export", str(export))
    key.write_text(server.qapi("audit", "public-key").stdout)
    assert server.qapi("audit", "verify", str(export), "--key", str(key)).returncode == 0


# --- keys for export ------------------------------------------------------------------------------

def test_a_public_key_comes_as_pem_der_and_jwk_of_the_same_key(server):
    made = {}
    for algorithm, key_type in (("ML-DSA-65", "signing"), ("ML-KEM-768", "encryption"), ("Ed25519", "signing"), ("ECDSA-P256", "signing")):
        made[algorithm] = new_key(server, "exported " + algorithm, keyType=key_type, algorithm=algorithm)["id"]
    for algorithm, key in made.items():
        forms = {form: server.http.get(f"/api/v1/keys/{key}/public-key?format={form}").json()["publicKey"] for form in ("pem", "der", "jwk")}
        der = base64.b64decode(forms["der"])
        assert base64.b64decode("".join(forms["pem"].splitlines()[1:-1])) == der
        jwk = json.loads(forms["jwk"])
        raw = jwk.get("pub") or jwk.get("x")
        octets = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
        assert octets in der, algorithm
    assert server.http.get(f"/api/v1/keys/{made['ML-DSA-65']}/public-key?format=ssh").status_code == 400


def test_searchable_hashes_find_what_differs_in_case_and_margins(server):
    assert post(server, "/hash/searchable", {"plaintext": "  Ada@Example.ORG\n", "keyed": False}).json()["hash"] == hashlib.sha3_256(b"ada@example.org").hexdigest()
    first, second = (post(server, "/hash/searchable", {"plaintext": text}).json() for text in ("ADA@example.org", "ada@example.org "))
    assert first == second and len(first["hash"]) == 64
    server.stop()
    server.start()
    assert post(server, "/hash/searchable", {"plaintext": "ada@example.org"}).json() == first


# --- which key ----------------------------------------------------------------------------------

def refused(answer, status, field, *words):
    assert answer.status_code == status, answer.text
    assert list(answer.json()["details"]["errors"]) == [field], answer.text
    assert all(word in answer.json()["detail"] for word in words), answer.text


def one_of_each(server):
    algorithms = {"encryption": "ML-KEM-768", "signing": "ML-DSA-44", "hmac": "HMAC-SHA256"}
    return {kind: post(server, "/keys", {"name": "my " + kind, "keyType": kind, "algorithm": algorithm}).json()
            for kind, algorithm in algorithms.items()}


def test_a_body_names_its_key_by_id_or_by_name(sqlite_server):
    server, keys = sqlite_server, one_of_each(sqlite_server)
    key = keys["encryption"]
    for named in (key["id"], key["name"]):
        sealed = post(server, "/encrypt", {"plaintext": "x", "keyId": named}).json()
        assert sealed["keyId"] == key["id"]
        assert post(server, "/encrypt/batch", {"items": [{"plaintext": "x"}], "keyId": named}).json()["keyId"] == key["id"]
        other = post(server, "/encrypt", {"plaintext": "x"}).json()["encryptedPayload"]
        assert post(server, "/rewrap", {"encryptedPayload": other, "keyId": named}).json()["keyId"] == key["id"]
        moved = post(server, "/rewrap/batch", {"items": [{"encryptedPayload": other}], "keyId": named}).json()["results"]
        assert moved[0]["keyId"] == key["id"]
    for path, body in (("/encrypt", {"plaintext": "x"}), ("/encrypt/batch", {"items": [{"plaintext": "x"}]}), ("/rewrap", {"encryptedPayload": other}),
                       ("/rewrap/batch", {"items": [{"encryptedPayload": other}]})):
        assert post(server, path, {**body, "keyId": "nobody's"}).status_code == 404


def test_a_key_of_another_type_is_refused_by_its_type_and_a_strangers_as_absent(new_server):
    server = new_server().init()
    stranger = server.new_tenant("stranger")["api_key"]
    server.start()
    keys = one_of_each(server)
    as_stranger = lambda path, body: post(server, path, body, headers={"X-Api-Key": stranger})
    for kind in ("hmac", "signing"):
        key = keys[kind]
        for path, body in (("/transit/encrypt/{}", {"plaintext": "eA=="}), ("/transit/decrypt/{}", {"ciphertext": "vault:v1:AAAA"}),
                           ("/transit/rewrap/{}", {"ciphertext": "vault:v1:AAAA"}), ("/transit/batch/encrypt/{}", {"items": [{"plaintext": "eA=="}]}),
                           ("/transit/datakey/{}", {}), ("/transit/datakey/{}/without-plaintext", {})):
            refused(post(server, path.format(key["id"]), body), 400, "name", kind, "no encryption key")
            refused(post(server, path.format(key["name"]), body), 400, "name", kind, "no encryption key")
            assert as_stranger(path.format(key["id"]), body).status_code == 404
        for path, body in (("/keys/{}/generate-data-key", {}), ("/keys/{}/unwrap", {"wrappedKey": "qa1.AAAA"})):
            refused(post(server, path.format(key["id"]), body), 400, "id", kind)
        for path, body in (("/encrypt", {"plaintext": "x"}), ("/encrypt/batch", {"items": [{"plaintext": "x"}]})):
            for named in (key["id"], key["name"]):
                refused(post(server, path, {**body, "keyId": named}), 400, "keyId", kind, "no encryption key")
            assert as_stranger(path, {**body, "keyId": key["id"]}).status_code == 404
    signature = {"signature": "vault:v1:AAAA"}
    for verb, wrong, more in (("sign", "hmac", {}), ("sign", "encryption", {}), ("hmac", "signing", {}), ("verify", "encryption", signature)):
        refused(post(server, "/" + verb, {"data": "x", "keyId": keys[wrong]["id"], **more}), 400, "keyId", wrong)
        refused(post(server, f"/{verb}/batch", {"items": [{"data": "x", **more}], "keyId": keys[wrong]["name"]}), 400, "keyId", wrong)
        refused(post(server, f"/transit/{verb}/{keys[wrong]['name']}", {"data": "eA==", **more}), 400, "name", wrong)


def test_signing_and_macs_without_a_key_take_the_default_one(sqlite_server):
    server = sqlite_server
    keys = one_of_each(server)
    items = {"items": [{"data": "x"}]}
    refused(post(server, "/hmac", {"data": "x"}), 400, "keyId", "is required")
    refused(post(server, "/hmac/batch", items), 400, "keyId", "is required")
    for kind in ("hmac", "signing"):
        assert post(server, f"/keys/{keys[kind]['id']}/set-default", {"keyType": kind}).status_code in (200, 204)
    for path, member, key in (("/hmac", "hmac", keys["hmac"]), ("/sign", "signature", keys["signing"])):
        made = post(server, path, {"data": "x"}).json()
        assert made["keyId"] == key["id"]
        batch = post(server, path + "/batch", items).json()
        assert batch["keyId"] == key["id"]
        for signature in (made[member], batch["results"][0][member]):
            assert post(server, "/verify", {"data": "x", "signature": signature}).json()["valid"] is True
            assert post(server, "/verify", {"data": "y", "signature": signature}).json()["valid"] is False
            checked = post(server, "/verify/batch", {"items": [{"data": "x", "signature": signature}]}).json()
            assert checked["keyId"] == key["id"] and checked["results"][0]["valid"] is True
    bound = post(server, "/apikeys", {"name": "b", "scopes": ["encryption:encrypt"], "bindings": [{"type": "key", "name": keys["hmac"]["name"]}]}).json()
    with_bound = lambda path: post(server, path, {"data": "x"}, headers={"X-Api-Key": bound["apiKey"]}).status_code
    assert (with_bound("/hmac"), with_bound("/sign")) == (200, 403)
    edwards = post(server, "/keys", {"name": "ed", "keyType": "signing", "algorithm": "Ed25519", "setAsDefault": True}).json()
    signed = post(server, "/sign", {"data": "x"}).json()
    assert signed["keyId"] == edwards["id"]
    refused(post(server, "/verify", {"data": "x", "signature": signed["signature"]}), 400, "keyId", "is required")


def test_a_public_key_is_of_the_version_that_is_asked_for(sqlite_server):
    server = sqlite_server
    for kind, algorithm in (("signing", "ML-DSA-44"), ("signing", "ECDSA-P256"), ("encryption", "ML-KEM-768")):
        key = post(server, "/keys", {"name": algorithm, "keyType": kind, "algorithm": algorithm}).json()
        path = f"/api/v1/keys/{key['id']}/public-key"
        for format in ("pem", "raw", "jwk", "der"):
            shown = lambda **query: server.http.get(path, params={"format": format, **query}).json()
            before = shown()
            post(server, f"/keys/{key['id']}/rotate", {})
            assert shown(version=before["version"]) == before
            assert shown()["version"] == before["version"] + 1 and shown()["publicKey"] != before["publicKey"]
            assert shown(version=before["version"] + 1) == shown()
        for version in (0, -1, 99, "x"):
            refused(server.http.get(path, params={"version": version}), 400, "version")


def test_a_keys_end_can_be_set_and_an_expired_key_says_so(sqlite_server):
    server = sqlite_server
    key = new_key(server, "ending")
    patch = lambda end: server.http.patch("/api/v1/keys/" + key["id"], json={"expiresAt": end.isoformat().replace("+00:00", "Z")})
    now = datetime.datetime.now(datetime.timezone.utc)
    refused(patch(now - datetime.timedelta(seconds=1)), 400, "expiresAt")
    changed = patch(now + datetime.timedelta(seconds=2))
    assert changed.status_code == 200 and changed.json()["expiresAt"], changed.text
    assert any(i["action"] == "key.set_end" and i["requestId"] == changed.headers["x-request-id"]
               for i in server.http.get("/api/v1/audit-logs").json()["items"])
    wait_until(lambda: post(server, "/encrypt", {"plaintext": "x", "keyId": key["id"]}).status_code == 403, 10, "expiry")
    listed = lambda status: [k["id"] for k in server.http.get("/api/v1/keys", params={"status": status}).json()["keys"]]
    bound = post(server, "/apikeys", {"name": "b", "scopes": ["keys:read"], "bindings": [{"type": "key", "id": key["id"]}]}).json()["apiKey"]
    for headers in ({}, {"X-Api-Key": bound}):
        shown = next(k for k in server.http.get("/api/v1/keys", headers=headers).json()["keys"] if k["id"] == key["id"])
        assert (shown["status"], shown["isActive"], shown["state"]) == ("inactive", False, "active")
        listed = lambda status: [k["id"] for k in server.http.get("/api/v1/keys", params={"status": status}, headers=headers).json()["keys"]]
        assert key["id"] in listed("inactive") and key["id"] not in listed("active")
    rotated = post(server, f"/keys/{key['id']}/rotate", {})
    assert (rotated.status_code, rotated.json()["error"]) == (409, "key_expired"), rotated.text
    assert patch(now + datetime.timedelta(days=1)).status_code == 200
    assert post(server, f"/keys/{key['id']}/rotate", {}).status_code == 200
    assert post(server, "/encrypt", {"plaintext": "x", "keyId": key["id"]}).status_code == 200


def test_a_check_says_by_which_algorithm_a_mac_is(sqlite_server):
    server = sqlite_server
    post(server, "/keys", {"name": "m", "keyType": "hmac", "algorithm": "HMAC-SHA256"})
    for asked, algorithm in ((None, "HMAC-SHA256"), ("sha256", "HMAC-SHA256"), ("sha384", "HMAC-SHA384"), ("sha512", "HMAC-SHA512")):
        mac = post(server, "/hmac", {"keyId": "m", "data": "x", **({"algorithm": asked} if asked else {})}).json()["hmac"]
        checked = post(server, "/verify", {"keyId": "m", "data": "x", "signature": mac}).json()
        assert (checked["valid"], checked["algorithm"]) == (True, algorithm)
        assert post(server, "/verify/batch", {"keyId": "m", "items": [{"data": "x", "signature": mac}]}).json()["algorithm"] == algorithm


def test_too_much_content_is_refused_with_the_limit(sqlite_server):
    server = sqlite_server
    for path, limit in (("/rewrap/batch", 2 * 2**20), ("/keys", 2 * 2**20)):
        for content in (b" " * (limit + 1), iter([b" " * 2**20] * (limit // 2**20 + 1))):
            answer = server.http.post("/api/v1" + path, content=content)
            assert answer.status_code == 413 and str(limit) in answer.json()["detail"], answer.text
