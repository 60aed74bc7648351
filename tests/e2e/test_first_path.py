"""The first path: a secret stored, a field encrypted, both audited."""

import json
import subprocess
import time

import pytest

from harness import wait_until

ALIASES = ["/api/v1", "/v1", "/v1/api/v1"]


def create_secret(server, name="db/password", value="pass w\u00f6rd"):
    answer = server.http.post("/api/v1/secrets", json={"name": name, "value": value})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_stored_secret_comes_back_by_id_and_by_name(server):
    made = create_secret(server)
    by_id = server.http.get(f"/api/v1/secrets/{made['id']}")
    by_name = server.http.get("/api/v1/secrets/by-name/db%2Fpassword")
    assert by_id.status_code == by_name.status_code == 200
    assert by_id.json()["value"] == by_name.json()["value"] == "pass w\u00f6rd"
    assert by_id.json()["version"] == 1


def test_a_new_version_replaces_the_value_and_the_old_one_stays_readable(server):
    made = create_secret(server)
    answer = server.http.put(f"/api/v1/secrets/{made['id']}/value", json={"value": "second"})
    assert answer.status_code == 200 and answer.json()["value"] == "second"
    assert server.http.get(f"/api/v1/secrets/{made['id']}").json()["value"] == "second"
    assert server.http.get(f"/api/v1/secrets/{made['id']}?version=1").json()["value"] == "pass w\u00f6rd"
    assert server.http.get(f"/api/v1/secrets/{made['id']}?version=3").status_code == 404


def test_a_deleted_secret_is_gone_and_its_name_is_free(server):
    made = create_secret(server)
    assert server.http.delete(f"/api/v1/secrets/{made['id']}").status_code == 204
    assert server.http.get(f"/api/v1/secrets/{made['id']}").status_code == 404
    again = create_secret(server, value="other")
    assert again["id"] != made["id"]


def test_a_taken_name_is_a_conflict(server):
    create_secret(server)
    answer = server.http.post("/api/v1/secrets", json={"name": "db/password", "value": "x"})
    assert answer.status_code == 409 and answer.json()["error"] == "secret_name_conflict"


@pytest.mark.parametrize("prefix", ALIASES)
def test_a_field_is_encrypted_and_decrypted_below_each_prefix(sqlite_server, prefix):
    for path in ("/encrypt", "/encryption/encrypt"):
        sealed = sqlite_server.http.post(prefix + path, json={"Plaintext": "ada@example.org", "Encoding": "utf8"})
        assert sealed.status_code == 200, sealed.text
        body = sealed.json()
        assert body["encryptedPayload"] == body["encrypted_payload"] == body["EncryptedPayload"]
        assert body["algorithm"] == "ML-KEM-768"
        opened = sqlite_server.http.post(prefix + path.replace("encrypt", "decrypt", 1) if path == "/encrypt" else prefix + "/encryption/decrypt",
                                         json={"encryptedPayload": body["encryptedPayload"]})
        assert opened.json() == {"plaintext": "ada@example.org"}


def test_payloads_of_before_a_rotation_still_open(server):
    before = server.http.post("/api/v1/encrypt", json={"plaintext": "old"}).json()
    rotated = server.http.post(f"/api/v1/keys/{before['keyId']}/rotate")
    assert rotated.status_code == 200 and rotated.json()["newVersion"] == 2
    after = server.http.post("/api/v1/encrypt", json={"plaintext": "new"}).json()
    assert (before["keyVersion"], after["keyVersion"]) == (1, 2)
    for body, text in ((before, "old"), (after, "new")):
        answer = server.http.post("/api/v1/decrypt", json={"encrypted_payload": body["encrypted_payload"]})
        assert answer.json()["plaintext"] == text


def test_additional_data_must_be_the_same(server):
    sealed = server.http.post("/api/v1/encrypt", json={"plaintext": "x", "additional_data": "row 7"}).json()
    payload = {"encrypted_payload": sealed["encrypted_payload"]}
    assert server.http.post("/api/v1/decrypt", json={**payload, "additional_data": "row 7"}).status_code == 200
    for wrong in ({}, {"additional_data": "row 8"}):
        assert server.http.post("/api/v1/decrypt", json={**payload, **wrong}).status_code == 400


def test_every_operation_stands_in_the_audit_log_when_its_answer_arrives(server):
    made = create_secret(server)
    server.http.get(f"/api/v1/secrets/{made['id']}")
    sealed = server.http.post("/api/v1/encrypt", json={"plaintext": "x"}).json()
    server.http.post("/api/v1/decrypt", json={"encrypted_payload": sealed["encrypted_payload"]})
    page = server.http.get("/api/v1/audit-logs?pageSize=200").json()
    actions = [item["action"] for item in page["items"]]
    for action in ("secret.create", "secret.read", "payload.encrypt", "payload.decrypt"):
        assert actions.count(action) == 1, (action, actions)
    assert all(item["outcome"] == "success" for item in page["items"])
    read = next(item for item in page["items"] if item["action"] == "secret.read")
    assert read["resourceId"] == made["id"] and read["ipAddress"] == "127.0.0.1" and read["actorType"] == "apiKey"


def test_refusals_are_audited_with_their_reason(server):
    member = server.http.post("/api/v1/apikeys", json={"name": "reader", "scopes": ["secrets:read"]}).json()
    answer = server.http.post("/api/v1/encrypt", json={"plaintext": "x"}, headers={"X-Api-Key": member["apiKey"]})
    assert answer.status_code == 403 and answer.json()["error"] == "insufficient_scope"
    items = server.http.get("/api/v1/audit-logs").json()["items"]
    denied = [item for item in items if item["outcome"] == "denied"]
    assert [(item["action"], item["error"]) for item in denied] == [("payload.encrypt", "insufficient_scope")]


def test_an_export_verifies_offline_and_each_kind_of_change_is_named(server, tmp_path):
    for i in range(20):
        create_secret(server, name=f"s{i}")
    export, key = tmp_path / "audit.ndjson", tmp_path / "audit.pem"
    wait_until(lambda: '"checkpoint"' in server.qapi("audit", "export", "-").stdout.splitlines()[-1]
               and len([l for l in server.qapi("audit", "export", "-").stdout.splitlines() if '"type":"record"' in l]) > 20,
               5, "records in the tree within a second or so")
    server.qapi("audit", "export", str(export))
    key.write_text(server.qapi("audit", "public-key").stdout)
    verify = lambda path: server.qapi("audit", "verify", str(path), "--key", str(key), check=False,
                                      env={"XDG_STATE_HOME": str(tmp_path / f"state-{path.name}")})
    assert verify(export).returncode == 0, verify(export).stderr
    lines = export.read_text().splitlines(keepends=True)
    records = [i for i, line in enumerate(lines) if '"type":"record"' in line]
    third, fourth = records[2], records[3]
    changes = {
        "altered": lines[:third] + [lines[third].replace("secret.create", "secret.remove", 1).replace("tenant.create", "tenant.remove", 1)] + lines[third + 1:],
        "missing": lines[:third] + lines[fourth:],
        "reordered": lines[:third] + [lines[fourth], lines[third]] + lines[fourth + 1:],
        "truncated": lines[:records[-1]] + lines[records[-1] + 1:],
    }
    for kind, changed in changes.items():
        assert changed != lines, kind
        path = tmp_path / f"{kind}.ndjson"
        path.write_text("".join(changed))
        out = verify(path)
        assert out.returncode == 1, (kind, out.stdout, out.stderr)


def test_a_revoked_key_is_refused_at_once(server):
    made = server.http.post("/api/v1/apikeys", json={"name": "short", "scopes": ["secrets:read"]}).json()
    headers = {"X-Api-Key": made["apiKey"]}
    assert server.http.get("/api/v1/secrets", headers=headers).status_code == 200
    assert server.http.delete(f"/api/v1/apikeys/{made['id']}").status_code == 204
    answer = server.http.get("/api/v1/secrets", headers=headers)
    assert answer.status_code == 403 and answer.json()["error"] == "key_revoked"


def test_everything_survives_a_restart(server):
    made = create_secret(server)
    sealed = server.http.post("/api/v1/encrypt", json={"plaintext": "x"}).json()
    assert server.stop() == 0
    server.start()
    assert server.http.get(f"/api/v1/secrets/{made['id']}").json()["value"] == "pass w\u00f6rd"
    assert server.http.post("/api/v1/decrypt", json={"encrypted_payload": sealed["encrypted_payload"]}).status_code == 200


def test_no_value_stands_in_store_or_log(sqlite_server):
    value = "Zx9-plain-value-that-must-not-stand-anywhere"
    create_secret(sqlite_server, value=value)
    sqlite_server.http.post("/api/v1/encrypt", json={"plaintext": value})
    sqlite_server.http.post("/api/v1/encrypt", content=('{"plaintext": "' + value).encode())
    sqlite_server.stop()
    import base64
    forms = [value.encode(), value.encode().hex().encode(), value.encode("utf-16-le"), sqlite_server.api_key.encode(),
             *(base64.b64encode(b"\0" * pad + value.encode())[4:-4] for pad in range(3))]
    for path in [*sqlite_server.data.iterdir(), sqlite_server.log_path]:
        octets = path.read_bytes() if path.is_file() else b""
        for form in forms:
            assert form not in octets, path
