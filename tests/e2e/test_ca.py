"""The Certificate Authority as services meet it, held against PyPI's cryptography (OpenSSL)."""

import base64
import collections
import concurrent.futures
import contextlib
import datetime
import hashlib
import json
import re
import resource
import stat
import threading

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

import certificates
from certificates import check_chain, common_name, names_of, new_key, request, revocation_list, usages
from fixtures import replica_of
from harness import wait_until
from wire import Wire, request as wire_request

SCOPES = ["certificates:issue", "certificates:read", "certificates:revoke"]


def client(server, key):
    return httpx.Client(base_url=server.plain_url, timeout=60, headers={"X-Api-Key": key})


class Service:
    """A service account with its key and its identity."""

    def __init__(self, server, name, scopes=SCOPES, **identity):
        self.name = name
        made = ok(server.http.post("/api/v1/apikeys", json={"name": name, "scopes": list(scopes)}), 201)
        self.key = made["apiKey"]
        self.identity = ok(server.http.post("/api/v1/service-identities", json={
            "name": name, "serviceAccount": name, "dnsNames": [f"{name}.internal", f"*.{name}.internal"], **identity}), 201)
        self.http = client(server, self.key)

    def order(self, csr=None, **more):
        return self.http.post("/api/v1/certificates", json={"identity": self.name, "csr": csr or request(common_name=self.name), **more})

    def issue(self, csr=None, **more):
        return ok(self.order(csr, **more), 201)


def ok(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def assert_refused(answer, status, error, field=None):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error"] == error, body
    assert answer.headers["content-type"] == "application/problem+json"
    if field:
        assert list(body["details"]["errors"]) == [field], body


def authorities(server):
    return ok(server.http.get("/api/v1/cas"))["cas"]


def audit(server, answer):
    """The events of an answer's request: action, outcome, resource type, name, error."""
    items = ok(server.http.get("/api/v1/audit-logs?pageSize=50"))["items"]
    return [(i["action"], i["outcome"], i["resourceType"], i.get("resourceName"), i.get("error"))
            for i in items if i["requestId"] == answer.headers["x-request-id"]]


# --- issuing ------------------------------------------------------------------------------------

def test_a_request_gives_a_chain_that_another_maker_verifies(server):
    service = Service(server, "users-api")
    key = new_key()
    answer = service.order(request(key, common_name="users-api", dns=["users-api.internal", "0.users-api.internal"]))
    made = ok(answer, 201)
    leaf = check_chain(made["chainPem"], made["caPem"])
    assert leaf.public_key().public_bytes_raw() == key.public_key().public_bytes_raw()
    assert leaf.signature_algorithm_oid.dotted_string == certificates.ML_DSA_65
    issuer = certificates.certificates(made["chainPem"])[1]
    assert issuer.signature_algorithm_oid.dotted_string == certificates.ML_DSA_87
    assert common_name(leaf) == "users-api"
    assert names_of(leaf) == {"dns": ["users-api.internal", "0.users-api.internal"], "addresses": [],
                              "uris": ["spiffe://default.quantumapi.internal/ns/default/sa/users-api"]}
    assert usages(leaf) == {"clientAuth": True, "serverAuth": True}
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert f"{leaf.serial_number:032x}" == made["serialNumber"] == made["id"].replace("-", "")
    lifetime = leaf.not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(hours=23, minutes=59) < lifetime <= datetime.timedelta(hours=24)
    assert made["status"] == "active" and made["notAfter"].startswith(leaf.not_valid_after_utc.isoformat()[:19])
    assert answer.headers["location"] == "/api/v1/certificates/" + made["id"]
    assert audit(server, answer) == [("certificate.issue", "success", "certificate", "users-api", None)]
    shown = ok(service.http.get("/api/v1/certificates/" + made["id"]))
    assert (shown["chainPem"], shown["status"], shown["identity"]) == (made["chainPem"], "active", "users-api")


def test_the_hierarchy_is_what_init_promises(server):
    root, issuer = authorities(server)
    assert (root["type"], root["keyType"], root["issues"]) == ("root", "ML-DSA-87", False)
    assert (issuer["type"], issuer["keyType"], issuer["issues"], issuer["parentId"]) == ("intermediate", "ML-DSA-65", True, root["id"])
    assert (root["inForce"], issuer["inForce"]) == (False, True)
    anyone = httpx.Client(base_url=server.plain_url)
    for one in (root, issuer):
        pem = anyone.get(f"/api/v1/cas/{one['id']}/pem")
        assert pem.status_code == 200
        found = certificates.certificates(pem.text)
        assert common_name(found[0]) == one["name"]
        assert found[0].extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert anyone.get(f"/api/v1/cas/{root['id']}/issuers").json() == {
        "issuers": [{"id": issuer["id"], "certificatePem": issuer["certificatePem"], "crlPath": issuer["crlPath"]}]}
    years = lambda one: (certificates.certificates(one["certificatePem"])[0].not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)).days // 365
    assert (years(root), years(issuer)) in [(10, 1), (9, 0), (10, 0)]
    assert certificates.certificates(issuer["certificatePem"])[0].extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    # Keys of authorities are none of the keys that callers see or sign with.
    listed = ok(server.http.get("/api/v1/keys?pageSize=200"))["keys"]
    assert not [key for key in listed if key["name"].startswith("ca-")]


def test_what_a_request_may_not_ask_is_refused_by_field_and_audited(sqlite_server):
    server = sqlite_server
    service = Service(server, "users-api")
    good = request(common_name="users-api")
    forged = good[:-60] + ("A" if good[-60] != "A" else "B") + good[-59:]
    for bad in ("", "x", good[:300], forged, good.replace("CERTIFICATE REQUEST", "CERTIFICATE"), "x" * 33_000):
        assert_refused(service.order(bad or " "), 400, "validation_error", "csr")
    for forbidden in (x509.BasicConstraints(ca=True, path_length=None), x509.NameConstraints([x509.DNSName("a")], None),
                      x509.KeyUsage(False, False, False, False, False, True, False, False, False)):
        assert_refused(service.order(request(common_name="users-api", extensions=[forbidden])), 400, "validation_error", "csr")
    for names in ({"dns": ["orders.internal"]}, {"dns": ["a.b.users-api.internal"]}, {"addresses": ["192.0.2.1"]},
                  {"uris": ["spiffe://default.quantumapi.internal/ns/default/sa/orders"]}, {"common_name": "orders"}):
        answer = service.order(request(**{"common_name": "users-api", **names}))
        assert_refused(answer, 403, "name_not_allowed", "csr")
        assert audit(server, answer) == [("certificate.issue", "denied", "identity", "users-api", "name_not_allowed")]
    assert_refused(service.order(request(new_key(classical=True), common_name="users-api")), 403, "key_type_not_allowed", "csr")
    for ttl in ("299s", "25h", "1", "a day", ""):
        assert_refused(service.order(ttl=ttl), 400, "validation_error", "ttl")
    assert_refused(service.http.post("/api/v1/certificates", json={"identity": "users-api"}), 400, "validation_error", "csr")
    assert_refused(service.http.post("/api/v1/certificates", json={"csr": "x" * 70_000}), 413, "payload_too_large")
    assert ok(service.http.get("/api/v1/certificates"))["total"] == 0
    assert ok(service.http.get("/api/v1/certificates?status=pending"))["total"] == 0


def test_a_service_gets_its_own_identity_and_no_other(new_server, server):
    users, orders = Service(server, "users-api"), Service(server, "orders")
    for thief in (orders.http, server.http):
        answer = thief.post("/api/v1/certificates", json={"identity": "users-api", "csr": request(common_name="users-api")})
        assert_refused(answer, 403, "insufficient_scope")
        assert audit(server, answer) == [("certificate.issue", "denied", "identity", "users-api", "insufficient_scope")]
    made = users.issue()
    assert_refused(orders.http.post(f"/api/v1/certificates/{made['id']}/renew", json={"csr": request(common_name="users-api")}), 403, "insufficient_scope")
    assert_refused(orders.http.post(f"/api/v1/certificates/{made['id']}/revoke", json={}), 403, "insufficient_scope")
    assert ok(users.http.get("/api/v1/certificates/" + made["id"]))["status"] == "active"
    # Another installation's tenant: nothing here answers otherwise than what does not exist.
    absent = "00000000-0000-4000-8000-000000000000"
    other = new_server().init().start()
    theirs = Service(other, "users-api").issue()
    for method, path, body in (("GET", "", None), ("POST", "/renew", {"csr": request(common_name="users-api")}), ("POST", "/revoke", {})):
        answers = [users.http.request(method, f"/api/v1/certificates/{id}{path}", json=body) for id in (theirs["id"], absent)]
        for answer in answers:
            assert_refused(answer, 404, "not_found")


def test_the_identity_may_be_left_to_the_request(sqlite_server):
    service = Service(sqlite_server, "users-api")
    by_name = ok(service.http.post("/api/v1/certificates", json={"csr": request(common_name="users-api")}), 201)
    alone = ok(service.http.post("/api/v1/certificates", json={"csr": request(dns=["users-api.internal"])}), 201)
    assert by_name["identityId"] == alone["identityId"] == service.identity["id"]
    assert common_name(certificates.certificates(alone["certificatePem"])[0]) == "users-api"


def test_renewing_needs_a_new_key_and_leaves_the_old_certificate(server):
    service = Service(server, "users-api")
    key = new_key()
    first = service.issue(request(key, common_name="users-api"))
    renew = lambda csr: service.http.post(f"/api/v1/certificates/{first['id']}/renew", json={"csr": csr, "ttl": "1h"})
    assert_refused(renew(request(key, common_name="users-api")), 400, "validation_error", "csr")
    second = ok(renew(request(common_name="users-api")), 201)
    assert second["renews"] == first["id"] and second["identity"] == "users-api"
    check_chain(second["chainPem"], second["caPem"])
    assert ok(service.http.get("/api/v1/certificates/" + first["id"]))["status"] == "active"
    ok(service.http.post(f"/api/v1/certificates/{first['id']}/revoke", json={"reason": "superseded"}))
    assert_refused(renew(request(common_name="users-api")), 409, "certificate_revoked")


def test_certificates_are_found_by_identity_serial_status_and_end(server):
    users, orders = Service(server, "users-api"), Service(server, "orders")
    first, second, third = users.issue(), users.issue(ttl="1h"), orders.issue()
    ok(orders.http.post(f"/api/v1/certificates/{third['id']}/revoke"))
    found = lambda query: [c["id"] for c in ok(server.http.get("/api/v1/certificates?" + query))["certificates"]]
    assert found("") == [third["id"], second["id"], first["id"]]
    assert found("identity=users-api") == [second["id"], first["id"]]
    assert found("identity=" + orders.identity["id"]) == [third["id"]]
    serial = first["serialNumber"]
    for text in (serial, serial.upper(), ":".join(re.findall("..", serial)), first["id"]):
        assert found("serial=" + text) == [first["id"]]
    # Whatever is asked must all hold.
    for query in ("status=active", "identity=users-api", "identity=users-api&status=active"):
        assert found(f"serial={serial}&{query}") == [first["id"]]
    for query in ("status=revoked", "status=pending", "identity=orders", "expiresBefore=2020-01-01T00:00:00Z", "page=2"):
        assert found(f"serial={serial}&{query}") == []
    assert found("status=revoked") == [third["id"]] and found("status=expired") == []
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found("status=active&expiresBefore=" + soon) == [second["id"]]
    assert found("status=active&expiresAfter=" + soon) == [first["id"]]
    page = ok(server.http.get("/api/v1/certificates?pageSize=2&page=2"))
    assert (len(page["certificates"]), page["total"], page["hasMore"]) == (1, 3, False)
    assert_refused(server.http.get("/api/v1/certificates?status=odd"), 400, "validation_error", "status")
    assert_refused(server.http.get("/api/v1/certificates?serial=zz"), 400, "validation_error", "serial")


def test_an_issuer_signs_for_classical_keys_only_by_opt_in(sqlite_server):
    server = sqlite_server
    service = Service(server, "postgres", keyTypes=["ECDSA-P256"])
    csr = request(new_key(classical=True), common_name="postgres")
    assert_refused(service.order(csr), 409, "no_ca")
    chain = ok(server.http.post("/api/v1/cas", json={"name": "classical", "classical": True}), 201)
    made = service.issue(csr)
    leaf = check_chain(made["chainPem"], made["caPem"])
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    for one in certificates.certificates(chain["chainPem"]):
        assert isinstance(one.public_key(), ec.EllipticCurvePublicKey)
    assert ok(server.http.get("/api/v1/certificate-policy"))["issuerId"] != chain["id"]


# --- revocation lists ---------------------------------------------------------------------------

def test_a_revocation_is_in_the_list_that_is_fetched_after_its_answer(server):
    service = Service(server, "users-api")
    made = service.issue()
    issuer = certificates.certificates(made["chainPem"])[1]
    anyone = httpx.Client(base_url=server.plain_url)
    before = anyone.get(made["crlPath"])
    assert before.headers["content-type"] == "application/pkix-crl"
    assert len(revocation_list(before.content, issuer)) == 0
    tag = before.headers["etag"]
    assert tag.startswith('"')
    for given in (tag, f'"x", {tag}', "*"):
        same = anyone.get(made["crlPath"], headers={"If-None-Match": given})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    answer = service.http.post(f"/api/v1/certificates/{made['id']}/revoke", json={"reason": "keyCompromise"})
    revoked = ok(answer)
    assert (revoked["status"], revoked["revocationReason"]) == ("revoked", "keyCompromise")
    assert audit(server, answer) == [("certificate.revoke", "success", "certificate", "users-api", None)]
    after = anyone.get(made["crlPath"], headers={"If-None-Match": tag})
    assert after.status_code == 200 and after.headers["etag"] != tag
    found = revocation_list(after.content, issuer)
    entry = found.get_revoked_certificate_by_serial_number(int(made["serialNumber"], 16))
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.key_compromise
    assert found.next_update_utc - found.last_update_utc == datetime.timedelta(hours=24)
    number = lambda one: one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    assert number(found) > number(revocation_list(before.content, issuer))
    pem = anyone.get(made["crlPath"] + "?format=pem")
    assert x509.load_pem_x509_crl(pem.content).public_bytes(Encoding.DER) == after.content
    assert pem.headers["etag"] != after.headers["etag"]
    root = authorities(server)[0]
    assert len(revocation_list(anyone.get(root["crlPath"]).content, certificates.certificates(root["certificatePem"])[0])) == 0


def test_what_is_no_reason_or_no_authority_is_refused(sqlite_server):
    service = Service(sqlite_server, "users-api")
    made = service.issue()
    for reason in ("certificateHold", "removeFromCRL", "because", ""):
        assert_refused(service.http.post(f"/api/v1/certificates/{made['id']}/revoke", json={"reason": reason}), 400, "validation_error", "reason")
    assert ok(service.http.get("/api/v1/certificates/" + made["id"]))["status"] == "active"
    for absent in ("00000000-0000-4000-8000-000000000000", "x"):
        for path in ("crl", "pem", "issuers"):
            assert_refused(httpx.get(f"{sqlite_server.plain_url}/api/v1/cas/{absent}/{path}"), 404, "not_found")
    assert_refused(httpx.get(sqlite_server.plain_url + made["crlPath"] + "?format=xml"), 400, "validation_error", "format")


def test_another_replica_lists_a_revocation_within_a_second(new_server):
    first = new_server("postgres").init().start()
    service = Service(first, "users-api")
    made = service.issue()
    second = replica_of(new_server, first)
    serials = lambda: [one.serial_number for one in x509.load_der_x509_crl(httpx.get(second.plain_url + made["crlPath"]).content)]
    assert serials() == []
    ok(service.http.post(f"/api/v1/certificates/{made['id']}/revoke"))
    wait_until(lambda: serials() == [int(made["serialNumber"], 16)], 1.0, "the revocation on another replica")


def test_revocations_survive_a_kill_and_a_restore_of_the_store(new_server, tmp_path):
    server = new_server().init().start()
    service = Service(server, "users-api")
    made = service.issue()
    server.stop()
    backup = tmp_path / "backup"
    backup.mkdir()
    for file in server.data.glob("quantumapi.db*"):
        (backup / file.name).write_bytes(file.read_bytes())
    server.start()
    later = client(server, service.key).post("/api/v1/certificates", json={"identity": "users-api", "csr": request(common_name="users-api")}).json()
    with client(server, service.key) as http:
        for one in (made, later):
            ok(http.post(f"/api/v1/certificates/{one['id']}/revoke"))
    server.kill()
    for file in server.data.glob("quantumapi.db*"):
        file.unlink()
    for file in backup.iterdir():
        (server.data / file.name).write_bytes(file.read_bytes())
    server.start()
    listed = x509.load_der_x509_crl(httpx.get(server.plain_url + made["crlPath"]).content)
    assert {f"{one.serial_number:032x}" for one in listed} == {made["serialNumber"], later["serialNumber"]}


# --- many, and faults ---------------------------------------------------------------------------

def test_a_thousand_services_renew_at_once(server):
    service = Service(server, "fleet")
    count, threads = 1000, 16
    key = new_key()
    keys = [new_key() for _ in range(8)]
    requests = [request(one, common_name="fleet") for one in keys]
    first = service.issue(request(key, common_name="fleet"))
    pool = httpx.Client(base_url=server.plain_url, timeout=120, headers={"X-Api-Key": service.key}, limits=httpx.Limits(max_connections=threads))

    def renew(number):
        return pool.post(f"/api/v1/certificates/{first['id']}/renew", json={"csr": requests[number % len(requests)]})

    with concurrent.futures.ThreadPoolExecutor(threads) as executor:
        answers = list(executor.map(renew, range(count)))
    assert collections.Counter(answer.status_code for answer in answers) == {201: count}, "nobody is told to come again"
    done = [answer.json() for answer in answers]
    assert len({one["id"] for one in done}) == count
    listed = ok(server.http.get("/api/v1/certificates?identity=fleet&pageSize=1"))
    assert listed["total"] == count + 1, "what was answered, and nothing half done"
    for one in done[:: count // 10]:
        check_chain(one["chainPem"], one["caPem"])


def test_a_thousand_identities_renew_at_once(server):
    """Each by a service account, an API key and two private keys of its own, on a connection of its own; all ask before one reads."""
    names = [f"service-{number:03}" for number in range(1000)]
    with httpx.Client(base_url=server.plain_url, timeout=120, limits=httpx.Limits(max_connections=32)) as http, \
            concurrent.futures.ThreadPoolExecutor(32) as executor:
        owner = {"X-Api-Key": server.api_key}

        def begin(name):
            account = ok(http.post("/api/v1/apikeys", json={"name": name, "scopes": SCOPES}, headers=owner), 201)
            ok(http.post("/api/v1/service-identities", json={"name": name, "serviceAccount": name}, headers=owner), 201)
            own = {"X-Api-Key": account["apiKey"]}
            first = ok(http.post("/api/v1/certificates", json={"csr": request(common_name=name)}, headers=own), 201)
            key = new_key()
            return own, first["id"], key.public_key().public_bytes_raw(), request(key, common_name=name)

        held = list(executor.map(begin, names))
    with contextlib.ExitStack() as open_ones:
        wires = [open_ones.enter_context(Wire(server)) for _ in held]
        for wire, (own, first, _, csr) in zip(wires, held):
            wire.send(wire_request("POST", f"/api/v1/certificates/{first}/renew", own["X-Api-Key"], body={"csr": csr}))
        renewed = [wire.answer() for wire in wires]
    assert collections.Counter(answer.status for answer in renewed) == {201: len(names)}
    assert len({public for _, _, public, _ in held}) == len(names)
    for number, (name, (_, before, public, _), answer) in enumerate(zip(names, held, renewed)):
        one = answer.json()
        assert (one["identity"], one["renews"]) == (name, before)
        leaf = certificates.certificates(one["certificatePem"])[0]
        assert (common_name(leaf), leaf.public_key().public_bytes_raw()) == (name, public)
        if number % 100 == 0:
            check_chain(one["chainPem"], one["caPem"])
    assert len({answer.json()["serialNumber"] for answer in renewed}) == len(names)
    assert ok(server.http.get("/api/v1/certificates?status=active&pageSize=1"))["total"] == 2 * len(names)


def test_a_kill_in_the_middle_leaves_nothing_half_done(server):
    service = Service(server, "users-api")
    csr = request(common_name="users-api")
    answered, stop = [], threading.Event()

    def work():
        with client(server, service.key) as http:
            while not stop.is_set():
                try:
                    answer = http.post("/api/v1/certificates", json={"identity": "users-api", "csr": csr})
                except httpx.TransportError:
                    return
                if answer.status_code == 201:
                    answered.append(answer.json()["id"])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answered) > 40, 30, "certificates being issued")
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()
    server.start()
    known = {}
    for status in ("active", "pending"):
        page = 1
        while True:
            found = ok(server.http.get(f"/api/v1/certificates?status={status}&pageSize=200&page={page}"))
            known.update({one["id"]: status for one in found["certificates"]})
            page += 1
            if not found["hasMore"]:
                break
    assert all(known.get(id) == "active" for id in answered), "acknowledged and lost"
    for id, status in known.items():
        shown = server.http.get("/api/v1/certificates/" + id)
        if status == "active":
            assert "certificatePem" in ok(shown), "issued without its certificate"
        else:
            assert_refused(shown, 404, "not_found")
    records = {}
    for line in server.qapi("audit", "export", "-").stdout.splitlines():
        entry = json.loads(line)
        if entry["type"] in ("record", "pending"):
            record = json.loads(entry["record"])
            if record["action"] == "certificate.issue" and record["outcome"] == "success":
                records[record["resource"]] = records.get(record["resource"], 0) + 1
    assert records == {id: 1 for id, status in known.items() if status == "active"}


def test_without_the_audit_log_no_certificate_leaves(new_server):
    server = new_server().init().start()
    service = Service(server, "users-api")
    csr = request(common_name="users-api")
    issued = {service.issue(csr)["id"]}
    server.stop()
    size = (server.data / "quantumapi.db").stat().st_size
    # Room for the start, then the log's file may grow no further.
    limit = max(size, 65536) + 400_000
    server.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    http = client(server, service.key)

    def refused():
        answer = http.post("/api/v1/certificates", json={"identity": "users-api", "csr": csr})
        if answer.status_code == 201:
            issued.add(answer.json()["id"])
        return answer if answer.status_code != 201 else None

    answer = wait_until(refused, 60, "a full disk")
    assert answer.status_code == 503 and "BEGIN CERTIFICATE" not in answer.text
    server.stop()
    server.start()
    page = ok(server.http.get("/api/v1/certificates?status=active&pageSize=200"))
    assert {one["id"] for one in page["certificates"]} == issued


# --- the contract's routes ----------------------------------------------------------------------

def chunked(server, path, key, body):
    """As the companion's .NET client sends it: Bearer, chunked."""
    text = json.dumps(body).encode()
    head = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json; charset=utf-8\r\n"
            "Transfer-Encoding: chunked\r\n\r\n").encode()
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (text[:7], text[7:])) + b"0\r\n\r\n"
    with Wire(server) as wire:
        wire.send(head + parts)
        return wire.answer()


ORDER = {"common_name": "users-api", "ttl": "24h", "key_type": "ml-dsa-65"}


def forms_of(pem):
    """What to look for where a private key may have been left behind: its octets, and how they may be written."""
    body = pem.splitlines()[1:-1]
    seed = load_pem_private_key(pem.encode(), None).private_bytes_raw()
    assert len(seed) == 32
    return {"seed": seed, "hex": seed.hex().encode(), "HEX": seed.hex().upper().encode(), "PKCS#8": base64.b64decode("".join(body)),
            "PEM": "".join(body).encode(), "PEM's first line": body[0].encode(),
            "base64": base64.b64encode(seed).rstrip(b"="), "base64url": base64.urlsafe_b64encode(seed).rstrip(b"=")}


def written(server, cluster):
    """Every file that holds what a server wrote: its folder with store, write-ahead log, journal and log, and its cluster's."""
    for folder in (server.directory, cluster.directory) if server.database else (server.directory,):
        for file in folder.rglob("*"):
            try:
                if file.is_file():
                    yield file, file.read_bytes()
            except FileNotFoundError:
                continue  # a cluster's files come and go


def test_the_companions_calls_work_as_they_stand(server, postgres):
    service = Service(server, "users-api")
    refused = chunked(server, "/v1/pki/issue", service.key, ORDER)
    assert (refused.status, refused.json()["error"]) == (403, "server_keys_disabled")
    turned_on = server.http.patch("/api/v1/certificate-policy", json={"serverKeys": True})
    ok(turned_on)
    assert sorted(audit(server, turned_on), key=str) == [("ca.create", "success", "ca", "pki", None),
                                                         ("ca.policy_update", "success", "tenant", None, None)]
    made = []
    for prefix in ("/v1", "/api/v1", "/v1/api/v1"):
        answer = chunked(server, prefix + "/pki/issue", service.key, ORDER)
        assert answer.status == 200, answer.body
        data = answer.json()["data"]
        for camel, snake in (("certificatePem", "certificate_pem"), ("privateKeyPem", "private_key_pem")):
            assert data[camel] == data[snake]
        key = load_pem_private_key(data["privateKeyPem"].encode(), None)
        assert data["privateKeyPem"].startswith("-----BEGIN PRIVATE KEY-----\n")
        roots = httpx.get(f"{server.plain_url}{prefix}/pki/ca/pem", headers={"Authorization": "Bearer " + service.key})
        assert roots.status_code == 200
        root, = certificates.certificates(roots.text)
        leaf, = certificates.certificates(data["certificatePem"])
        root.verify_directly_issued_by(root)
        leaf.verify_directly_issued_by(root)
        assert key.public_key().public_bytes_raw() == leaf.public_key().public_bytes_raw()
        assert common_name(leaf) == "users-api" and usages(leaf)["clientAuth"]
        assert data["expiration"].startswith(leaf.not_valid_after_utc.isoformat()[:19])
        made.append((leaf.serial_number, data["privateKeyPem"]))
    assert len({serial for serial, _ in made}) == 3
    page = ok(server.http.get("/api/v1/certificates?identity=users-api&status=active"))
    assert page["total"] == 3 and all(one["serverKey"] for one in page["certificates"]), "earlier ones stay"
    # The key was answered once and is kept nowhere, while the server runs and once it has ended.
    secrets = [forms_of(pem) for _, pem in made]
    kept = [hashlib.sha256(load_pem_private_key(pem.encode(), None).public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest() for _, pem in made]
    for running in (True, False):
        if not running:
            server.stop()
        found = set()
        for file, octets in written(server, postgres):
            for forms in secrets:
                assert not [form for form, secret in forms.items() if secret in octets], file
            found.update(one for one in kept if one in octets)
        assert found == set(kept), "what is kept of each key, its public half's digest, is where the search looks"


def test_the_companions_calls_name_what_is_wrong(sqlite_server):
    server = sqlite_server
    service, other = Service(server, "users-api"), Service(server, "orders")
    ok(server.http.patch("/api/v1/certificate-policy", json={"serverKeys": True}))
    post = lambda http, **change: http.post("/v1/pki/issue", json={**ORDER, **change})
    assert_refused(post(service.http, common_name="Not A Name"), 400, "validation_error", "commonName")
    assert_refused(post(service.http, ttl="forever"), 400, "validation_error", "ttl")
    assert_refused(post(service.http, key_type="rsa-2048"), 400, "validation_error", "keyType")
    assert_refused(post(service.http, key_type="ec-p256"), 403, "key_type_not_allowed", "keyType")
    assert_refused(post(other.http), 403, "insufficient_scope")
    assert_refused(post(service.http, common_name="nobody"), 404, "not_found")
    assert ok(server.http.get("/api/v1/certificates?identity=users-api"))["total"] == 0
    admin = client(server, ok(server.http.post("/api/v1/apikeys", json={"name": "admin", "role": "admin", "scopes": ["*"]}), 201)["apiKey"])
    assert_refused(admin.patch("/api/v1/certificate-policy", json={"serverKeys": False}), 403, "insufficient_scope")


def test_a_tenant_may_issue_from_one_root(sqlite_server):
    server = sqlite_server
    made = ok(server.http.post("/api/v1/cas", json={"name": "one-root", "direct": True, "setDefault": True}), 201)
    service = Service(server, "users-api")
    leaf, = certificates.certificates(service.issue()["chainPem"])
    root, = certificates.certificates(service.http.get("/v1/pki/ca/pem").text)
    leaf.verify_directly_issued_by(root)
    assert common_name(root) == made["name"] == "one-root"


# --- qapi ---------------------------------------------------------------------------------------

def qapi_key(server, service):
    return lambda *args, **options: server.qapi(*args, key=service.key, **options)


def test_qapi_makes_the_key_here_and_gets_its_certificate(server, tmp_path):
    server.qapi("ca", "identity", "create", "web", "--dns", "web.internal", "--ttl", "1h")
    chain, key, roots = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "roots.pem"
    out = server.qapi("cert", "issue", "web", "--key-out", str(key), "--out-chain", str(chain), "--out-ca", str(roots), "--output", "json")
    made = json.loads(out.stdout)
    leaf = check_chain(chain.read_text(), roots.read_text())
    own = load_pem_private_key(key.read_bytes(), None)
    assert own.public_key().public_bytes_raw() == leaf.public_key().public_bytes_raw()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "PRIVATE KEY" not in out.stdout + out.stderr
    assert f"{leaf.serial_number:032x}" == made["serialNumber"]
    inspected = json.loads(server.qapi("cert", "inspect", str(chain), "--output", "json").stdout)
    assert (inspected["keyType"], inspected["isCa"], inspected["keyUsages"]) == ("ML-DSA-65", False, ["digitalSignature"])
    assert set(inspected["extendedKeyUsages"]) == {"clientAuth", "serverAuth"}
    above, = inspected["chain"]
    assert above["isCa"] and above["subject"] == inspected["issuer"] and above["keyUsages"] == ["keyCertSign", "cRLSign"]
    text = server.qapi("cert", "inspect", str(chain)).stdout
    assert re.findall(r"(?m)^CA +(\w+)", text) == ["no", "yes"], text
    assert inspected["serialNumber"] == made["serialNumber"] and "web.internal" in inspected["names"]
    renewed = server.qapi("cert", "renew", made["serialNumber"], "--key-out", "-", "--out-chain", str(chain)).stdout
    assert renewed.startswith("-----BEGIN PRIVATE KEY-----\n") and renewed.count("BEGIN") == 1
    listed = server.qapi("cert", "list", "--identity", "web", "--output", "value").stdout.split()
    assert server.qapi("cert", "list", "--expires-before", "25h", "--output", "value").stdout.split()
    assert not server.qapi("cert", "list", "--expires-before", "1m", "--output", "value").stdout.split()
    assert server.qapi("cert", "list", "--identity", "wbe", check=False).returncode == 6
    assert len(listed) == 2 and made["serialNumber"] in listed
    assert server.qapi("ca", "pem").stdout == roots.read_text()


def test_qapi_writes_no_key_that_was_not_asked_for(sqlite_server, tmp_path):
    server = sqlite_server
    server.qapi("ca", "identity", "create", "web")
    missing = server.qapi("cert", "issue", "web", check=False)
    assert missing.returncode == 2 and "--key-out" in missing.stderr
    unwritable = server.qapi("cert", "issue", "web", "--key-out", str(tmp_path / "no" / "key.pem"), "--out-chain", "-", check=False)
    assert unwritable.returncode == 2 and "no/key.pem" in unwritable.stderr
    nowhere = server.qapi("cert", "issue", "web", "--key-out", str(tmp_path / "key.pem"), check=False)
    assert nowhere.returncode == 2 and "--out-chain" in nowhere.stderr and not (tmp_path / "key.pem").exists()
    assert ok(server.http.get("/api/v1/certificates"))["total"] == 0, "nothing is issued whose key could not be kept"
    key = new_key()
    csr = tmp_path / "web.csr"
    csr.write_text(request(key, common_name="web"))
    chain = server.qapi("cert", "issue", "web", "--csr", str(csr), "--out-chain", "-").stdout
    der = tmp_path / "csr.der"
    der.write_bytes(x509.load_pem_x509_csr(csr.read_bytes()).public_bytes(Encoding.DER))
    assert server.qapi("cert", "issue", "web", "--csr", str(der), "--out-chain", "-").stdout.startswith("-----BEGIN CERTIFICATE-----")
    assert certificates.certificates(chain)[0].public_key().public_bytes_raw() == key.public_key().public_bytes_raw()
    both = server.qapi("cert", "issue", "web", "--csr", str(csr), "--key-out", "-", check=False)
    assert both.returncode == 2


def test_qapi_makes_requests_that_need_no_platform(sqlite_server, tmp_path):
    server = sqlite_server
    key = tmp_path / "key.pem"
    for kind, public in (("ML-DSA-65", mldsa.MLDSA65PublicKey), ("ECDSA-P256", ec.EllipticCurvePublicKey)):
        made = server.qapi("cert", "request", "web", "--key-out", str(key), "--key-type", kind, "--dns", "a.internal",
                           key="", env={"QUANTUMAPI_URL": "http://127.0.0.1:9"}).stdout
        csr = x509.load_pem_x509_csr(made.encode())
        assert csr.is_signature_valid and isinstance(csr.public_key(), public)
        assert common_name(csr) == "web" and names_of(csr)["dns"] == ["a.internal"]
        own = load_pem_private_key(key.read_bytes(), None).public_key()
        spki = lambda one: one.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert spki(own) == spki(csr.public_key())


def test_qapi_verifies_by_more_roots_than_a_chain_may_hold(server, tmp_path):
    server.qapi("ca", "identity", "create", "web")
    for number in range(11):
        server.qapi("ca", "create", f"direct {number}", "--direct")
    chain, roots, crl = (tmp_path / name for name in ("chain", "roots", "crl"))
    made = json.loads(server.qapi("cert", "issue", "web", "--key-out", str(tmp_path / "key"), "--out-chain", str(chain),
                                  "--out-ca", str(roots), "--output", "json").stdout)
    assert roots.read_text().count("-----BEGIN CERTIFICATE-----") == 12
    issuer = next(one["name"] for one in authorities(server) if one["id"] == made["caId"])
    crl.write_text(server.qapi("ca", "crl", issuer).stdout)
    for options in ((), ("--roots", str(roots), "--crl", str(crl))):
        verified = json.loads(server.qapi("cert", "verify", str(chain), *options, "--output", "json").stdout)
        assert verified["verified"] and verified["revocationChecked"]
    shown = json.loads(server.qapi("cert", "inspect", str(roots), "--output", "json").stdout)
    assert len(shown["chain"]) == 11


def test_qapi_says_why_a_chain_is_not_verified(server, tmp_path):
    server.qapi("ca", "identity", "create", "web")
    server.qapi("ca", "create", "classical", "--classical")
    server.qapi("ca", "identity", "create", "old", "--key-type", "ECDSA-P256")
    files = {name: tmp_path / name for name in ("chain", "roots", "crl", "old", "other")}
    made = json.loads(server.qapi("cert", "issue", "web", "--key-out", str(tmp_path / "key"), "--out-chain", str(files["chain"]),
                                  "--out-ca", str(files["roots"]), "--output", "json").stdout)
    server.qapi("cert", "issue", "old", "--key-type", "ECDSA-P256", "--key-out", str(tmp_path / "key2"), "--out-chain", str(files["old"]),
                "--out-ca", str(files["other"]))
    issuer = next(one["name"] for one in authorities(server) if one["id"] == made["caId"])
    files["crl"].write_text(server.qapi("ca", "crl", issuer).stdout)

    def verdict(code, *args):
        out = server.qapi("cert", "verify", *map(str, args), "--output", "json", check=False)
        assert out.returncode == code, (args, out)
        return json.loads(out.stdout) if out.stdout else None

    verified = verdict(0, files["chain"])
    assert verified["verified"] and verified["revocationChecked"] and verified["commonName"] == "web"
    assert verdict(0, files["chain"], "--roots", files["roots"]) == {**verified, "revocationChecked": False}
    assert verdict(0, files["chain"], "--roots", files["roots"], "--crl", files["crl"]) == verified
    # A list of another authority says nothing of the certificate, whoever brings that authority along.
    root = next(one["name"] for one in authorities(server) if one["id"] == next(a["parentId"] for a in authorities(server) if a["id"] == made["caId"]))
    server.qapi("ca", "create", "second")
    foreign, longer = tmp_path / "foreign", tmp_path / "longer"
    longer.write_text(files["chain"].read_text() + server.qapi("ca", "pem", "second").stdout)
    for chain, of in ((files["chain"], root), (longer, "second")):
        foreign.write_text(server.qapi("ca", "crl", of).stdout)
        seen = verdict(1, chain, "--roots", files["roots"], "--crl", foreign)
        assert (seen["verified"], seen["revocationChecked"], seen["reason"]) == (False, False, "foreign_crl")
        assert verdict(0, chain, "--roots", files["roots"], "--crl", foreign, "--crl", files["crl"]) == verified
    foreign.write_text("no list")
    assert verdict(1, files["chain"], "--roots", files["roots"], "--crl", foreign)["reason"] == "malformed_crl"
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=25)).strftime("%Y-%m-%dT%H:%M:%SZ")
    earlier = "2020-01-01T00:00:00Z"
    whole = files["chain"].read_text()
    cut = tmp_path / "cut"
    cut.write_text(whole[: whole.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n")
    forged = tmp_path / "forged"
    place = whole.index("-----END CERTIFICATE-----") - 70
    forged.write_text(whole[:place] + ("A" if whole[place] != "A" else "B") + whole[place + 1:])
    empty = tmp_path / "empty"
    empty.write_text("")
    leaf = tmp_path / "leaf.der"
    leaf.write_bytes(x509.load_pem_x509_certificate(whole.encode()).public_bytes(Encoding.DER))
    inspected = json.loads(server.qapi("cert", "inspect", leaf, "--output", "json").stdout)
    assert inspected["serialNumber"] == verified["serialNumber"] and inspected["chain"] == []
    for reason, args in (("expired", [files["chain"], "--at", later]), ("not_yet_valid", [files["chain"], "--at", earlier]),
                         ("unknown_ca", [files["chain"], "--roots", files["other"], "--allow-classical"]),
                         ("unknown_ca", [forged, "--roots", files["roots"]]),
                         ("classical", [files["old"], "--roots", files["other"]]),
                         ("unknown_ca", [cut, "--roots", files["roots"]]),
                         ("unknown_ca", [leaf, "--roots", files["roots"]]),
                         ("none", [empty, "--roots", files["roots"]])):
        seen = verdict(1, *args)
        assert (seen["verified"], seen["reason"]) == (False, reason), (args, seen)
    assert verdict(0, files["old"], "--roots", files["other"], "--allow-classical")["verified"]
    server.qapi("cert", "revoke", made["id"], "--reason", "keyCompromise", "--yes")
    assert verdict(1, files["chain"])["reason"] == "revoked"
    files["crl"].write_text(server.qapi("ca", "crl", issuer).stdout)
    assert verdict(1, files["chain"], "--roots", files["roots"], "--crl", files["crl"])["reason"] == "revoked"
    # What could not be told is no verdict.
    assert verdict(3, tmp_path / "absent") is None
    assert verdict(3, files["chain"], "--roots", tmp_path / "absent") is None
    assert verdict(3, files["chain"], "--roots", empty) is None
    unreachable = server.qapi("cert", "verify", str(files["chain"]), "--url", "http://127.0.0.1:9", check=False)
    assert unreachable.returncode == 3


def test_qapi_manages_authorities_and_identities(sqlite_server):
    server = sqlite_server
    assert "ML-DSA-87" in server.qapi("ca", "list").stdout
    made = json.loads(server.qapi("ca", "create", "second", "--output", "json").stdout)
    server.qapi("ca", "policy", "--issuer", "second", "--trust-domain", "example.org")
    assert json.loads(server.qapi("ca", "policy", "--output", "json").stdout)["issuerId"] == made["id"]
    assert json.loads(server.qapi("ca", "show", "second", "--output", "json").stdout)["id"] == made["id"]
    renewed = json.loads(server.qapi("ca", "renew", "second", "--output", "json").stdout)
    assert renewed["parentId"] == made["parentId"] and renewed["name"] == "second #2" and renewed["inForce"]
    again = json.loads(server.qapi("ca", "renew", "second", "--output", "json").stdout)
    assert again["inForce"] and json.loads(server.qapi("ca", "policy", "--output", "json").stdout)["issuerId"] == again["id"]
    assert certificates.certificates(server.qapi("ca", "pem", "second").stdout)[0].subject is not None
    server.qapi("ca", "identity", "create", "web", "--namespace", "gateway", "--spiffe-name", "web-sa", "--dns", "web.internal")
    shown = json.loads(server.qapi("ca", "identity", "show", "web", "--output", "json").stdout)
    assert shown["spiffeId"] == "spiffe://example.org/ns/gateway/sa/web-sa"
    server.qapi("ca", "identity", "update", "web", "--ttl", "2h")
    assert json.loads(server.qapi("ca", "identity", "show", "web", "--output", "json").stdout)["ttl"] == "2h"
    assert "web" in server.qapi("ca", "identity", "list").stdout
    server.qapi("ca", "identity", "delete", "web")
    assert server.qapi("ca", "identity", "show", "web", check=False).returncode == 6
    assert server.qapi("ca", "show", "absent", check=False).returncode == 6


# --- what is measured ---------------------------------------------------------------------------

def test_metrics_tell_how_long_certificates_last(sqlite_server):
    server = sqlite_server
    service = Service(server, "users-api")
    service.issue(ttl="1h")
    made = service.issue(ttl="2h")
    service.order("x")

    def series(name):
        text = server.http.get("/metrics").text
        return {labels: float(value) for labels, value in re.findall(rf"^{name}{{([^}}]*)}} (\S+)$", text, re.M)}

    assert series("quantumapi_certificates_total") == {'outcome="issued"': 2, 'outcome="refused"': 1, 'outcome="failed"': 0}
    left = wait_until(lambda: series("quantumapi_certificate_expiry_seconds"), 20, "the ends of certificates")
    (labels, seconds), = left.items()
    assert 'identity="users-api"' in labels and server.tenant_id in labels
    assert 7000 < seconds <= 7200, "the newest"
    assert len(series("quantumapi_ca_expiry_seconds")) == 2
    ok(service.http.post(f"/api/v1/certificates/{made['id']}/revoke"))
    wait_until(lambda: list(series("quantumapi_certificate_expiry_seconds").values())[0] < 3600, 20, "the newest that lives")


def test_a_tenants_policy_allows_certificates_of_a_minute(server):
    service = Service(server, "users-api")
    assert_refused(service.order(ttl="60s"), 400, "validation_error", "ttl")
    for bad in ("59s", "91d", "367d", "soon"):
        assert_refused(server.http.patch("/api/v1/certificate-policy", json={"minTtl": bad}), 400, "validation_error", "minTtl")
    assert json.loads(server.qapi("ca", "policy", "--output", "json").stdout)["minTtl"] == "5m"
    assert json.loads(server.qapi("ca", "policy", "--min-ttl", "60s", "--output", "json").stdout)["minTtl"] == "1m"
    leaf, *_ = certificates.certificates(service.issue(ttl="60s")["chainPem"])
    left = leaf.not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(seconds=50) < left <= datetime.timedelta(seconds=60)
    server.stop()
    server.start()
    assert json.loads(server.qapi("ca", "policy", "--output", "json").stdout)["minTtl"] == "1m"
    assert json.loads(server.qapi("ca", "policy", "--min-ttl", "default", "--output", "json").stdout)["minTtl"] == "5m"
    assert_refused(Service(server, "orders-api").order(ttl="60s"), 400, "validation_error", "ttl")


def test_lists_name_their_address_where_the_server_is_told_its_own(new_server):
    server = new_server(serve_options=["--public-url", "https://pki.example.org"]).init().start()
    made = Service(server, "users-api").issue()
    leaf = certificates.certificates(made["certificatePem"])[0]
    point, = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name[0].value == "https://pki.example.org" + made["crlPath"]
