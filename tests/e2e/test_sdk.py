"""The example services of the SDK on a real platform: fields, secrets, and mutual TLS between them."""

import os
import re
import time

import pytest

from fixtures import replica_of
from harness import wait_until
from services import HOST, Platform, counts, listening, skewed, url


@pytest.fixture
def platform(new_server):
    made = Platform(new_server)
    yield made
    made.end()


def test_a_service_reads_its_secret_and_seals_and_opens_a_row(platform):
    platform.start().service("users-api")
    platform.ok("POST", "/secrets", {"name": "users-api/db", "value": "postgres://users-api:s3cret@db/users"})
    done = platform.run("users_api", "users-api/db", "Ada@Example.org", "+49 30 1", key=platform.keys["users-api"])
    assert done.result(60) == 0, done.text
    stored = re.search(r"stored ([0-9a-f]{64}) qa1\.", done.text)
    assert stored and "opened 2 fields" in done.text
    again = platform.run("users_api", "users-api/db", " ada@example.ORG ", "+49 30 2", key=platform.keys["users-api"])
    assert again.result(60) == 0 and stored[1] in again.text, "the same e-mail is found by the same hash"
    for value in ("ada@example", "s3cret", "+49"):
        assert value not in (done.text + again.text).lower()


def test_a_service_without_its_secret_is_not_ready_and_says_which(platform):
    platform.start().service("users-api")
    refused = platform.run("users_api", "users-api/absent", "a@b.c", "1", key=platform.keys["users-api"])
    refused.wait_for("not ready: the secret users-api/absent can't be read")
    assert refused.result(60) == 1
    wrong = platform.run("users_api", "users-api/absent", "a@b.c", "1", key="qapi_wrong")
    wrong.wait_for("not ready")
    assert wrong.result(60) == 1


def calling(platform, lifetime, seconds, **more):
    """A gateway that calls notifications for so long, both with certificates of that lifetime."""
    gateway_id = platform.start().service("gateway", lifetime)
    platform.service("notifications", lifetime)
    notifications = platform.run("notifications", "127.0.0.1", 0, gateway_id, **more)
    gateway = platform.run("gateway", url(listening(notifications)), "127.0.0.1", seconds, **more)
    gateway.wait_for("is valid until")
    return gateway, notifications


def test_certificates_renew_under_load_and_through_an_outage_without_a_failed_request(platform):
    gateway, notifications = calling(platform, "2m", seconds=195)
    first = len(platform.certificates("gateway"))
    # Both renew at 80 s of their 120: in the outage, and again behind it.
    time.sleep(70)
    platform.server.stop()
    for service in (gateway, notifications):
        service.wait_for("was not renewed", 25)
    platform.server.start()
    assert gateway.result(120) == 0, platform.said(gateway, notifications)
    answered, refused = counts(gateway)
    assert refused == 0 and answered > 1000
    renewed = len(platform.certificates("gateway")) - first
    assert renewed >= 2 and len(platform.certificates("notifications")) >= 3
    renews = [one.get("renews") for one in platform.certificates("gateway")]
    assert renews.count(None) == 1, "each but the first is the next of another"
    serials = re.findall(r"serial ([0-9a-f]{32})\) is valid until", gateway.text)
    assert len(set(serials)) == len(serials) == first + renewed, "each renewal is logged with its expiry"
    assert notifications.end() == 0


def test_certificates_renew_while_a_busy_disk_takes_longer_than_calls_may(platform, tmp_path):
    slow = tmp_path / "slow"
    platform.server.env = {**platform.server.env, "LD_PRELOAD": os.environ["QUANTUMAPI_SLOWED_SHIM"], "SLOWED_WHILE": str(slow)}
    gateway, notifications = calling(platform, "30s", seconds=35, timeout=1)
    # Both renew at 20 s of their 30. An order is two commits; each waits for the one before.
    time.sleep(15)
    slow.write_text("600")
    assert gateway.result(60) == 0, platform.said(gateway, notifications)
    answered, refused = counts(gateway)
    assert refused == 0 and answered > 1000
    assert len(platform.certificates("gateway")) >= 2 and len(platform.certificates("notifications")) >= 2
    slow.unlink()
    assert notifications.end() == 0


def test_a_renewed_issuer_costs_no_request(platform):
    gateway, notifications = calling(platform, "30s", seconds=90)
    # Each time a moment before both renew, at 20 s of their 30.
    for _ in range(2):
        time.sleep(16)
        newest = platform.ok("GET", "/certificate-policy")["issuerId"]
        issuer = platform.ok("POST", f"/cas/{newest}/renew", {})["id"]
        for service in ("gateway", "notifications"):
            wait_until(lambda: issuer in {one["caId"] for one in platform.certificates(service)}, 25)
        assert [one["id"] for one in platform.ok("GET", "/cas")["cas"] if one["inForce"]] == [issuer]
        assert gateway.process.poll() is None, "its calls ended before the issuers were renewed"
    assert gateway.result(120) == 0, platform.said(gateway, notifications)
    answered, refused = counts(gateway)
    assert refused == 0 and answered > 1000
    assert notifications.end() == 0


def test_services_renew_with_as_many_authorities_as_a_tenant_can_have(platform):
    platform.start()
    for number in range(98):
        platform.ok("POST", "/cas", {"name": f"direct {number}", "direct": True})
    assert platform.server.http.post("/api/v1/cas", json={"name": "one more", "direct": True}).status_code == 409
    platform.server.stop()
    gateway, notifications = calling(platform, "30s", seconds=25)
    # A call takes longer than with one authority: both read the lists of all of them.
    assert gateway.result(60) == 0, platform.said(gateway, notifications)
    answered, refused = counts(gateway)
    assert refused == 0 and answered > 100
    assert len(platform.certificates("gateway")) >= 2, "renewed at 20 s of its 30"
    assert "not renewed" not in platform.said(gateway, notifications)
    assert notifications.end() == 0


def test_a_revocation_ends_the_calls_of_a_service_within_a_second(platform):
    gateway_id = platform.start().service("gateway")
    platform.service("notifications")
    notifications = platform.run("notifications", "127.0.0.1", 0, gateway_id)
    port = listening(notifications)
    gateway = platform.run("gateway", url(port), "127.0.0.1", 8)
    gateway.wait_for("is valid until")
    time.sleep(1)
    certificate = platform.certificates("gateway")[0]["id"]
    platform.end_key("gateway")  # else it has a new one at once
    assert "tls_alert" not in gateway.text
    platform.ok("POST", f"/certificates/{certificate}/revoke", {"reason": "keyCompromise"})
    gateway.wait_for("tls_alert_certificate_revoked", 1)
    assert gateway.result(60) == 1
    answered, refused = counts(gateway)
    assert answered > 0 and refused > 0
    assert "revoked" in notifications.text and gateway_id in notifications.text


def test_a_service_is_back_within_seconds_of_its_revocation_with_another_certificate(platform):
    platform.start().service("notifications")
    service = platform.run("notifications", "127.0.0.1", 0, "spiffe://example.org/ns/gateway/sa/gateway")
    listening(service)
    first = platform.certificates("notifications")[0]
    platform.ok("POST", f"/certificates/{first['id']}/revoke", {})
    service.wait_for(rf"not ready, .*serial {first['serialNumber']}\) was revoked; a new one is ordered", 3)
    wait_until(lambda: len(platform.certificates("notifications")) == 2, 5)
    second = next(one for one in platform.certificates("notifications") if one["id"] != first["id"])
    service.wait_for(rf"serial {second['serialNumber']}\) is valid until", 5)


def test_a_revocation_at_another_replica_ends_the_calls_of_a_service_within_a_second(new_server):
    platform = Platform(new_server, store="postgres").start()
    try:
        gateway_id = platform.service("gateway")
        platform.service("notifications")
        other = replica_of(new_server, platform.server)
        # Both services know the first replica alone.
        notifications = platform.run("notifications", "127.0.0.1", 0, gateway_id)
        gateway = platform.run("gateway", url(listening(notifications)), "127.0.0.1", 8)
        gateway.wait_for("is valid until")
        time.sleep(1)
        assert "tls_alert" not in gateway.text
        certificate = platform.certificates("gateway")[0]["id"]
        platform.end_key("gateway")  # else it has a new one at once
        assert other.http.post(f"/api/v1/certificates/{certificate}/revoke", json={}).status_code == 200
        gateway.wait_for("tls_alert_certificate_revoked", 1)
        assert gateway.result(60) == 1
        answered, refused = counts(gateway)
        assert answered > 0 and refused > 0
        assert "revoked" in notifications.text and gateway_id in notifications.text
    finally:
        platform.end()


def test_a_peer_that_is_not_allowed_gets_no_answer(platform):
    platform.start().service("gateway")
    notifications_id = platform.service("notifications")
    notifications = platform.run("notifications", "127.0.0.1", 0, notifications_id)
    gateway = platform.run("gateway", url(listening(notifications)), "127.0.0.1", 0)
    assert gateway.result(60) == 1
    assert counts(gateway) == (0, 1) and "tls_alert_" in gateway.text
    notifications.wait_for("wrong_identity")


def test_the_gateway_goes_nowhere_outside(platform):
    platform.start().service("gateway")
    # The example says where its URL's host is, so a host that is none of the cluster's is refused at its beginning.
    no_host = "is not one of the cluster's hosts"
    for outside, why in (
        ("https://example.org/", f"addresses: example.org: {no_host}"),
        (platform.url + "/health", no_host),
        (f"http://{HOST}:1/send", "external_url"),
    ):
        gateway = platform.run("gateway", outside, "127.0.0.1", 0)
        assert gateway.result(60) == 1
        assert why in gateway.text


def test_a_service_that_starts_before_the_platform_comes_up_by_itself(platform):
    platform.start().service("gateway")
    platform.service("notifications")
    platform.server.stop()
    notifications = platform.run("notifications", "127.0.0.1", 0, "spiffe://example.org/ns/gateway/sa/gateway")
    notifications.wait_for("not ready, there is no valid certificate: cannot connect")
    assert "listening" not in notifications.text
    platform.start()
    listening(notifications)
    assert notifications.end() == 0


def test_a_revoked_api_key_gets_no_certificate(platform):
    platform.start().service("notifications")
    key = next(k for k in platform.ok("GET", "/apikeys")["apiKeys"] if k["name"] == "notifications")
    assert platform.server.http.delete(f"/api/v1/apikeys/{key['id']}").status_code == 204
    notifications = platform.run("notifications", "127.0.0.1", 0, "spiffe://example.org/ns/gateway/sa/gateway")
    notifications.wait_for("not ready, there is no valid certificate")
    assert "listening" not in notifications.text


@pytest.mark.parametrize("minutes", [-10, 10])
@pytest.mark.parametrize("who", ["gateway", "notifications"])
def test_a_new_certificate_serves_where_clocks_are_ten_minutes_off(platform, who, minutes):
    gateway_id = platform.start().service("gateway")
    platform.service("notifications")
    # One host is right and the other is not: each takes the other's, made a moment ago.
    where = {who: skewed(minutes)}
    notifications = platform.run("notifications", "127.0.0.1", 0, gateway_id, inside=where.get("notifications", ()))
    gateway = platform.run("gateway", url(listening(notifications)), "127.0.0.1", 1, inside=where.get("gateway", ()))
    assert gateway.result(60) == 0, gateway.text
    answered, refused = counts(gateway)
    assert answered > 0 and refused == 0
    said = {"gateway": gateway, "notifications": notifications}[who].wait_for(r"is valid until (\S+)")[1]
    assert said == platform.certificates(who)[0]["notAfter"]


def test_a_service_whose_clock_is_ten_minutes_slow_renews_in_time(platform):
    gateway_id = platform.start().service("gateway", "30s")
    platform.service("notifications")
    notifications = platform.run("notifications", "127.0.0.1", 0, gateway_id)
    gateway = platform.run("gateway", url(listening(notifications)), "127.0.0.1", 40, inside=skewed(-10))
    assert gateway.result(90) == 0, gateway.lines[-5:]
    assert len(platform.certificates("gateway")) >= 2


@pytest.mark.parametrize("minutes, lifetime, reason", [(-60, "1h", "not_yet_valid"), (10, "5m", "expired")])
def test_a_service_whose_clock_is_too_far_off_is_not_ready_and_says_why(platform, minutes, lifetime, reason):
    platform.start().service("notifications", lifetime)
    notifications = platform.run("notifications", "127.0.0.1", 0, "spiffe://example.org/ns/a/sa/b", inside=skewed(minutes))
    notifications.wait_for(f"not ready, there is no valid certificate: .*{reason}")
    assert "listening" not in notifications.text
