"""Further tenants of one platform, made on its host."""

import json
import subprocess

import httpx

from harness import BIN


def quantumapid(server, *args):
    command = [BIN / "quantumapid", *args[:2], *server.store_options(), *args[2:]]
    return subprocess.run(command, capture_output=True, text=True, env=server.env, timeout=60)


def test_a_second_tenant_has_keys_and_a_log_of_its_own(new_server, store):
    server = new_server(store).init("--tenant", "first", "--environment", "Production")
    second = server.new_tenant("second", "--environment", "Staging")
    server.start()
    other = httpx.Client(base_url=server.plain_url, headers={"X-Api-Key": second["api_key"]})
    tenants = [http.get("/api/v1/tenants/current").json() for http in (server.http, other)]
    assert [(t["id"], t["name"], t["environment"]) for t in tenants] == [
        (server.tenant_id, "first", "Production"), (second["tenant_id"], "second", "Staging")]
    keys = [{key["id"] for key in http.get("/api/v1/keys").json()["keys"]} for http in (server.http, other)]
    assert len(keys[0]) == len(keys[1]) == 2 and not keys[0] & keys[1]

    # The same name may be taken in both; neither sees, opens or changes what is the other's.
    ours, theirs = (http.post("/api/v1/secrets", json={"name": "db", "value": value}).json()
                    for http, value in ((server.http, "ours"), (other, "theirs")))
    assert other.get(f"/api/v1/secrets/{ours['id']}").status_code == 404
    assert other.delete(f"/api/v1/secrets/{ours['id']}").status_code == 404
    assert other.get("/api/v1/secrets/by-name/db").json()["value"] == "theirs"
    payload = server.http.post("/api/v1/encrypt", json={"plaintext": "ours"}).json()["encryptedPayload"]
    assert other.post("/api/v1/decrypt", json={"encryptedPayload": payload}).status_code == 400
    assert server.http.get(f"/api/v1/secrets/{ours['id']}").json()["value"] == "ours"
    resources = {item["resourceId"] for item in other.get("/api/v1/audit-logs?pageSize=200").json()["items"]
                 if item["outcome"] == "success"}
    assert theirs["id"] in resources and ours["id"] not in resources


def test_what_is_no_new_tenant_is_refused_and_changes_nothing(new_server):
    server = new_server().init("--tenant", "first")
    server.new_tenant("second")
    for name in ("first", "second"):
        again = quantumapid(server, "tenant", "create", "--name", name)
        assert again.returncode == 1 and "exists" in again.stderr and again.stdout == ""
    for wrong in (("--name", ""), ("--name", "x" * 101), ("--name", "a\nb"), ("--name", "x", "--environment", "Lab"), ()):
        refused = quantumapid(server, "tenant", "create", *wrong)
        assert refused.returncode in (1, 2) and refused.stdout == "" and refused.stderr, wrong
    assert quantumapid(server, "apikey", "create", "--tenant", "third").returncode == 1


def test_no_tenant_is_made_before_the_platform_or_while_it_runs(new_server):
    server = new_server()
    refused = quantumapid(server, "tenant", "create", "--name", "early")
    assert refused.returncode == 1 and refused.stderr and not server.data.exists()
    server.init().start()
    refused = quantumapid(server, "tenant", "create", "--name", "late")
    assert refused.returncode == 1 and "another process" in refused.stderr, refused.stderr


def test_a_lost_owner_key_of_any_tenant_is_replaced(new_server):
    server = new_server().init()
    second = server.new_tenant("second")
    keys = {}
    for tenant in (None, "second"):
        out = quantumapid(server, "apikey", "create", "--json", *(("--tenant", tenant) if tenant else ()))
        keys[tenant] = json.loads(out.stdout)
    server.start()
    for tenant, wanted in ((None, server.tenant_id), ("second", second["tenant_id"])):
        assert keys[tenant]["tenant_id"] == wanted
        answer = httpx.get(server.plain_url + "/api/v1/tenants/current", headers={"X-Api-Key": keys[tenant]["api_key"]})
        assert answer.json()["id"] == wanted
