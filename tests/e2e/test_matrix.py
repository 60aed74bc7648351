"""Every route that needs a key, against every credential that must be refused."""

import datetime
import json
import re
import uuid

import httpx
import pytest

import api_key
import certificates
from fixtures import end, maker
from harness import wait_until

# Method and path of every route that needs a key, its audit action, and a body with which it works.
CALLS = {
    ("POST", "/api/v1/secrets"): ("secret.create", {"name": "{fresh}", "value": "v"}),
    ("GET", "/api/v1/secrets"): ("secret.list", None),
    ("GET", "/api/v1/secrets/{id}"): ("secret.read", None),
    ("GET", "/api/v1/secrets/by-name/{name}"): ("secret.read", None),
    ("PUT", "/api/v1/secrets/{id}/value"): ("secret.update", {"value": "w"}),
    ("GET", "/api/v1/secrets/{id}/history"): ("secret.history", None),
    ("GET", "/api/v1/secrets/{id}/versions"): ("secret.history", None),
    ("POST", "/api/v1/secrets/{id}/rollback"): ("secret.rollback", {"version": 1}),
    ("DELETE", "/api/v1/secrets/{id}"): ("secret.delete", None),
    ("POST", "/api/v1/encrypt"): ("payload.encrypt", {"plaintext": "x"}),
    ("POST", "/api/v1/encryption/encrypt"): ("payload.encrypt", {"plaintext": "x"}),
    ("POST", "/api/v1/decrypt"): ("payload.decrypt", {"encryptedPayload": "{payload}"}),
    ("POST", "/api/v1/encryption/decrypt"): ("payload.decrypt", {"encryptedPayload": "{payload}"}),
    ("GET", "/api/v1/keys"): ("key.list", None),
    ("GET", "/api/v1/keys/{id}"): ("key.read", None),
    ("POST", "/api/v1/keys/{id}/rotate"): ("key.rotate", {}),
    ("POST", "/api/v1/qrng/entropy"): ("entropy.read", {"bytes": 16}),
    ("POST", "/api/v1/apikeys"): ("apikey.create", {"name": "{fresh}", "scopes": ["apikeys:write"], "serviceAccount": "matrix"}),
    ("GET", "/api/v1/apikeys"): ("apikey.list", None),
    ("GET", "/api/v1/apikeys/{id}"): ("apikey.read", None),
    ("DELETE", "/api/v1/apikeys/{id}"): ("apikey.revoke", None),
    ("GET", "/api/v1/whoami"): ("apikey.whoami", None),
    ("GET", "/api/v1/audit-logs"): ("audit.read", None),
    ("GET", "/api/v1/audit-logs/export"): ("audit.export", None),
    ("GET", "/api/v1/audit-logs/public-key"): ("audit.key_read", None),
    ("GET", "/api/v1/audit-logs/checkpoint"): ("audit.checkpoint_read", None),
    ("POST", "/api/v1/encrypt/batch"): ("payload.encrypt", {"items": [{"plaintext": "x"}, {"plaintext": "y"}]}),
    ("POST", "/api/v1/encryption/encrypt/batch"): ("payload.encrypt", {"items": [{"plaintext": "x"}]}),
    ("POST", "/api/v1/decrypt/batch"): ("payload.decrypt", {"items": [{"encryptedPayload": "{payload}"}]}),
    ("POST", "/api/v1/encryption/decrypt/batch"): ("payload.decrypt", {"items": [{"encryptedPayload": "{payload}"}]}),
    ("POST", "/api/v1/rewrap"): ("payload.rewrap", {"encryptedPayload": "{payload}"}),
    ("POST", "/api/v1/encryption/rewrap"): ("payload.rewrap", {"encryptedPayload": "{payload}"}),
    ("POST", "/api/v1/rewrap/batch"): ("payload.rewrap", {"items": [{"encryptedPayload": "{payload}"}]}),
    ("POST", "/api/v1/encryption/rewrap/batch"): ("payload.rewrap", {"items": [{"encryptedPayload": "{payload}"}]}),
    ("POST", "/api/v1/hash/searchable"): ("payload.hash", {"plaintext": "x"}),
    ("POST", "/api/v1/hash/searchable/batch"): ("payload.hash", {"items": [{"plaintext": "x"}]}),
    ("POST", "/api/v1/sign"): ("payload.sign", {"keyId": "{signing}", "data": "x"}),
    ("POST", "/api/v1/verify"): ("payload.verify", {"keyId": "{signing}", "data": "x", "signature": "{signature}"}),
    ("POST", "/api/v1/hmac"): ("payload.hmac", {"keyId": "{hmac}", "data": "x"}),
    ("POST", "/api/v1/sign/batch"): ("payload.sign", {"keyId": "{signing}", "items": [{"data": "x"}]}),
    ("POST", "/api/v1/verify/batch"): ("payload.verify", {"keyId": "{signing}", "items": [{"data": "x", "signature": "{signature}"}]}),
    ("POST", "/api/v1/hmac/batch"): ("payload.hmac", {"keyId": "{hmac}", "items": [{"data": "x"}]}),
    ("POST", "/api/v1/transit/encrypt/{name}"): ("payload.encrypt", {"plaintext": "eA=="}),
    ("POST", "/api/v1/transit/decrypt/{name}"): ("payload.decrypt", {"ciphertext": "{vault}"}),
    ("POST", "/api/v1/transit/rewrap/{name}"): ("payload.rewrap", {"ciphertext": "{vault}"}),
    ("POST", "/api/v1/transit/batch/encrypt/{name}"): ("payload.encrypt", {"items": [{"plaintext": "eA=="}]}),
    ("POST", "/api/v1/transit/batch/decrypt/{name}"): ("payload.decrypt", {"items": [{"ciphertext": "{vault}"}]}),
    ("POST", "/api/v1/transit/batch/rewrap/{name}"): ("payload.rewrap", {"items": [{"ciphertext": "{vault}"}]}),
    ("POST", "/api/v1/transit/sign/{name}"): ("payload.sign", {"data": "eA=="}),
    ("POST", "/api/v1/transit/verify/{name}"): ("payload.verify", {"data": "eA==", "signature": "{signature}"}),
    ("POST", "/api/v1/transit/hmac/{name}"): ("payload.hmac", {"data": "eA=="}),
    ("POST", "/api/v1/transit/datakey/{name}"): ("datakey.generate", {}),
    ("POST", "/api/v1/transit/datakey/{name}/without-plaintext"): ("datakey.generate", {}),
    ("POST", "/api/v1/keys/{id}/generate-data-key"): ("datakey.generate", {}),
    ("POST", "/api/v1/keys/{id}/generate-data-key-without-plaintext"): ("datakey.generate", {}),
    ("POST", "/api/v1/keys/{id}/unwrap"): ("datakey.unwrap", {"wrappedKey": "{wrapped}"}),
    ("POST", "/api/v1/transit/keys/{name}/config"): ("key.set_minimum", {"minDecryptionVersion": 2}),
    ("POST", "/api/v1/keys"): ("key.create", {"name": "{fresh}", "keyType": "encryption", "algorithm": "ML-KEM-768"}),
    ("POST", "/api/v1/keys/import"): ("key.import", {"name": "{fresh}", "keyType": "hmac", "algorithm": "HMAC-SHA3-256",
                                                     "keyMaterial": "A" * 43 + "=", "format": "raw"}),
    ("PATCH", "/api/v1/keys/{id}"): ("key.update", {"name": "{fresh}", "labels": ["{fresh}"]}),
    ("DELETE", "/api/v1/keys/{id}"): ("key.delete", None),
    ("POST", "/api/v1/keys/{id}/recover"): ("key.recover", {}),
    ("POST", "/api/v1/keys/{id}/set-default"): ("key.set_default", {"keyType": "encryption"}),
    ("PUT", "/api/v1/keys/{id}/min-decryption-version"): ("key.set_minimum", {"minDecryptionVersion": 2}),
    ("GET", "/api/v1/keys/{id}/versions"): ("key.versions", None),
    ("GET", "/api/v1/keys/{id}/public-key"): ("key.public", None),
    ("GET", "/api/v1/keys/{id}/public"): ("key.public", None),
    ("POST", "/api/v1/apikeys/{id}/rotate"): ("apikey.rotate", {}),
    ("GET", "/api/v1/rate-limit"): ("apikey.rate_limit", None),
    ("GET", "/api/v1/usage/quotas"): ("usage.quotas_read", None),
    ("PUT", "/api/v1/usage/quotas"): ("usage.quotas_set", {"entropyMb": "{quota}"}),
    ("GET", "/api/v1/usage/storage"): ("usage.storage_read", None),
    ("GET", "/api/v1/access/explain"): ("access.explain", None),
    ("GET", "/api/v1/tenants/current"): ("tenant.read", None),
    ("GET", "/api/v1/tenants"): ("tenant.list", None),
    ("POST", "/api/v1/tenants"): ("tenant.create", {"name": "{fresh}", "environment": "Staging"}),
    ("GET", "/api/v1/resource-groups"): ("group.list", None),
    ("POST", "/api/v1/resource-groups"): ("group.create", {"name": "{fresh}"}),
    ("GET", "/api/v1/resource-groups/{id}"): ("group.read", None),
    ("PUT", "/api/v1/resource-groups/{id}"): ("group.update", {"name": "{fresh}"}),
    ("DELETE", "/api/v1/resource-groups/{id}"): ("group.delete", None),
    ("POST", "/api/v1/resource-groups/{id}/items"): ("group.add_item", {"resourceType": "Secret", "resourceId": "{secret}"}),
    ("DELETE", "/api/v1/resource-groups/{id}/items/{item}"): ("group.remove_item", None),
    ("GET", "/api/v1/log-streams"): ("log_stream.list", None),
    ("POST", "/api/v1/log-streams"): ("log_stream.create", {"name": "{fresh}", "streamType": "File", "configJson": ""}),
    ("GET", "/api/v1/log-streams/{id}"): ("log_stream.read", None),
    ("PUT", "/api/v1/log-streams/{id}"): ("log_stream.update", {"name": "{fresh}", "streamType": "File", "configJson": ""}),
    ("DELETE", "/api/v1/log-streams/{id}"): ("log_stream.delete", None),
    ("POST", "/api/v1/log-streams/{id}/test"): ("log_stream.test", {}),
    ("POST", "/api/v1/log-streams/{id}/activate"): ("log_stream.activate", {}),
    ("POST", "/api/v1/log-streams/{id}/deactivate"): ("log_stream.deactivate", {}),
    ("GET", "/api/v1/log-streams/{id}/files"): ("log_stream.files", None),
    ("POST", "/api/v1/cas"): ("ca.create", {"name": "{fresh}"}),
    ("GET", "/api/v1/cas"): ("ca.list", None),
    ("GET", "/api/v1/cas/{id}"): ("ca.read", None),
    ("POST", "/api/v1/cas/{id}/renew"): ("ca.renew", {}),
    ("GET", "/api/v1/certificate-policy"): ("ca.policy_read", None),
    ("PATCH", "/api/v1/certificate-policy"): ("ca.policy_update", {"serverKeys": "{toggled}"}),
    ("POST", "/api/v1/service-identities"): ("identity.create", {"name": "{fresh}"}),
    ("GET", "/api/v1/service-identities"): ("identity.list", None),
    ("GET", "/api/v1/service-identities/{id}"): ("identity.read", None),
    ("PATCH", "/api/v1/service-identities/{id}"): ("identity.update", {"ttl": "1h"}),
    ("DELETE", "/api/v1/service-identities/{id}"): ("identity.delete", None),
    ("POST", "/api/v1/certificates"): ("certificate.issue", {"identity": "{identity}", "csr": "{csr}"}),
    ("GET", "/api/v1/certificates"): ("certificate.list", None),
    ("GET", "/api/v1/certificates/{id}"): ("certificate.read", None),
    ("POST", "/api/v1/certificates/{id}/renew"): ("certificate.renew", {"csr": "{next_csr}"}),
    ("POST", "/api/v1/certificates/{id}/revoke"): ("certificate.revoke", {"reason": "superseded"}),
    ("POST", "/api/v1/pki/issue"): ("certificate.issue", {"common_name": "{identity}", "ttl": "24h", "key_type": "ml-dsa-65"}),
    ("GET", "/api/v1/pki/ca/pem"): ("ca.read", None),
    ("GET", "/api/v1/log-streams/{id}/files/{day}"): ("log_stream.file_read", None),
}
# What is no GET and only computes, or tries: it leaves nothing behind that an owner could see.
CHANGES_NOTHING = {call for call in CALLS if call[0] == "POST" and re.match(
    r"/api/v1/((encryption/)?(encrypt|decrypt|rewrap)(/batch)?$|hash/|sign|verify|hmac|qrng/|log-streams/\{id\}/test$"
    r"|transit/(batch/)?(encrypt|decrypt|rewrap|sign|verify|hmac|datakey)/|keys/\{id\}/(generate-data-key|unwrap))", call[1])}
# What a call that works records beside its own action: who issues is the tenant's policy.
ALSO_RECORDED = {
    ("POST", "/api/v1/cas/{id}/renew"): ["ca.policy_update"],
    # One about each key; one about the group and one about what joins or leaves it.
    ("POST", "/api/v1/apikeys/{id}/rotate"): ["apikey.rotate"],
    ("POST", "/api/v1/resource-groups/{id}/items"): ["group.add_item"],
    ("DELETE", "/api/v1/resource-groups/{id}/items/{item}"): ["group.remove_item"],
}
# Every route that is open to anyone, the type of its answer and, where that is JSON, its members.
HEALTH = ("application/json", {"status", "version", "timestamp", "gitSha", "service", "store", "audit", "entropy"})
OPEN = {
    ("GET", "/health"): HEALTH,
    ("GET", "/health/ready"): HEALTH,
    ("GET", "/health/live"): ("application/json", {"status", "version", "timestamp", "gitSha", "service"}),
    ("GET", "/version"): ("application/json", {"version", "build", "commit"}),
    ("GET", "/metrics"): ("text/plain; version=0.0.4", None),  # to this host alone
    ("GET", "/openapi.json"): ("application/json", {"openapi", "info", "servers", "paths", "components"}),
    ("GET", "/api/v1/cas/{id}/pem"): ("application/x-pem-file", None),
    ("GET", "/api/v1/cas/{id}/issuers"): ("application/json", {"issuers"}),
    ("GET", "/api/v1/cas/{id}/crl"): ("application/pkix-crl", None),
}
WITHOUT_SCOPE = {("GET", "/api/v1/whoami"), ("GET", "/api/v1/rate-limit"), ("GET", "/api/v1/tenants/current"), ("GET", "/api/v1/pki/ca/pem")}
# What an owner's key alone may ask.
OF_OWNERS = {("GET", "/api/v1/tenants/current"), ("PATCH", "/api/v1/certificate-policy"), ("PUT", "/api/v1/usage/quotas"),
             ("GET", "/api/v1/tenants"), ("POST", "/api/v1/tenants")}
# What owners of the first tenant alone may ask.
OF_OPERATORS = {("GET", "/api/v1/tenants"), ("POST", "/api/v1/tenants")}
NOBODY = "00000000-0000-4000-8000-000000000000"
SCOPES = ["secrets:read", "secrets:write", "keys:read", "keys:write", "encryption:encrypt", "encryption:decrypt", "encryption:hash",
          "apikeys:read", "apikeys:write", "audit:read", "qrng:read", "metrics:read", "usage:read", "usage:write", "tenants:read", "tenants:write",
          "ca:read", "ca:write", "certificates:read", "certificates:issue", "certificates:revoke"]


# What changes by itself: uses, deliveries.
VOLATILE = {"lastUsedAt", "last_used_at", "lastStreamedAt", "consecutiveFailures", "lastError", "publicKey", "public_key"}


class World:
    """A server with one of everything in its first tenant, and keys that must be refused."""

    def __init__(self, server, other, second_tenant):
        self.server = server
        self.other_key = other.api_key
        self.second_tenant = second_tenant
        self.fresh_names = 0
        self.operations, self.open = {}, set()
        for path, methods in server.http.get("/openapi.json").json()["paths"].items():
            for method, operation in methods.items():
                if operation["security"] and {} not in operation["security"]:
                    self.operations[method.upper(), path] = operation
                else:
                    self.open.add((method.upper(), path))
        self.payload = server.http.post("/api/v1/encrypt", json={"plaintext": "x"}).json()["encryptedPayload"]
        keys = server.http.get("/api/v1/keys").json()["keys"]
        self.key = next(key for key in keys if key["keyType"] == "encryption" and key["isDefault"])
        self.other_platform_key = next(key for key in keys if key["id"] != self.key["id"])
        self.signing, self.hmac = self.new_key("signing", "ML-DSA-65"), self.new_key("hmac", "HMAC-SHA3-256")
        self.transit = self.new_key("encryption", "ML-KEM-768")
        self.vault = self.owner("POST", f"/api/v1/transit/encrypt/{self.transit['name']}", {"plaintext": "eA=="})["ciphertext"]
        self.wrapped = self.wrapped_by(self.key["id"])
        self.signature = self.owner("POST", "/api/v1/sign", {"keyId": self.signing["id"], "data": "x"})["signature"]
        self.make_certificates()
        self.target = {**self.secret(), "apikey": self.made_key()["id"]}
        self.target.update({k: self.new_thing(k, self.target) for k in ("group", "stream")})
        self.target["item"] = self.new_item(self.target)
        self.day = self.day_of(self.target["stream"])
        self.bound_to = self.secret()
        self.scoped, self.ready, self.count = {}, {}, 0
        # The server's own client sends the owner's key with each request.
        self.bare = httpx.Client(base_url=server.plain_url, timeout=30)
        wait_until(lambda: server.http.get("/api/v1/audit-logs/checkpoint").status_code == 200, 10, "a first checkpoint")

    def fresh(self):
        self.fresh_names += 1
        return f"fresh-{self.fresh_names}-{uuid.uuid4().hex[:8]}"

    def secret(self):
        return self.server.http.post("/api/v1/secrets", json={"name": self.fresh(), "value": "target"}).json()

    def make_certificates(self):
        """An identity for the owner's service account and one for that of all keys made here."""
        self.owner("PATCH", "/api/v1/certificate-policy", {"serverKeys": True})
        self.made_key()
        self.csr, self.next_csr = certificates.request(dns=["matrix.internal"]), certificates.request(dns=["matrix.internal"])
        self.identities, self.certificates = {}, {}
        for account in ("owner", "matrix"):
            self.identities[account] = self.owner("POST", "/api/v1/service-identities", {
                "name": "of-" + account, "serviceAccount": account, "dnsNames": ["matrix.internal"]})
            key = self.server.api_key if account == "owner" else self.made_key(scopes=["certificates:issue"])["apiKey"]
            made = httpx.post(self.server.plain_url + "/api/v1/certificates", headers={"X-Api-Key": key},
                              json={"identity": "of-" + account, "csr": self.csr})
            assert made.status_code == 201, made.text
            self.certificates[account] = made.json()

    def day_of(self, stream):
        files = lambda: self.owner("GET", f"/api/v1/log-streams/{stream}/files")["days"]
        return wait_until(files, 20, "a day with events")[0]["day"]

    def owner(self, method, path, body=None, key=None):
        answer = self.server.http.request(method, path, json=body, headers={"X-Api-Key": key or self.server.api_key})
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    def new_key(self, key_type, algorithm):
        return self.owner("POST", "/api/v1/keys", {"name": self.fresh(), "keyType": key_type, "algorithm": algorithm})

    def new_thing(self, kind, target):
        body = {"name": self.fresh(), **({"streamType": "File", "configJson": ""} if kind == "stream" else {})}
        return self.owner("POST", "/api/v1/log-streams" if kind == "stream" else "/api/v1/resource-groups", body)["id"]

    def wrapped_by(self, key):
        return self.owner("POST", f"/api/v1/keys/{key}/generate-data-key", {})["encryptedKey"]

    def new_item(self, target):
        group = f"/api/v1/resource-groups/{target['group']}"
        self.owner("POST", group + "/items", {"resourceType": "Secret", "resourceId": target["id"]})
        return self.owner("GET", group)["items"][0]["id"]

    def fresh_target(self, method, path):
        """The target, with whatever this call may use up made anew, such that the call changes it."""
        target = dict(self.target)
        if path.startswith("/api/v1/secrets/{id}"):
            target.update(self.secret())
        if path.startswith("/api/v1/apikeys/{id}"):  # a key gives its successor nothing that the caller lacks
            target["apikey"] = self.made_key(scopes=["apikeys:write"])["id"]
        if path.startswith("/api/v1/keys/{id}") or path == "/api/v1/transit/keys/{name}/config":
            key = self.new_key("encryption", "ML-KEM-768")
            target["key"], target["transit"] = key["id"], key["name"]
            if path.endswith("/unwrap"):
                target["wrapped"] = self.wrapped_by(target["key"])
            if path.endswith("/recover"):
                self.owner("DELETE", f"/api/v1/keys/{target['key']}")
            if path.endswith(("/config", "/min-decryption-version")):
                self.owner("POST", f"/api/v1/keys/{target['key']}/rotate", {})
        if path.startswith("/api/v1/resource-groups/{id}"):
            target["group"] = self.new_thing("group", target)
            if "{item}" in path:
                target["item"] = self.new_item(target)
        if path.startswith("/api/v1/service-identities/{id}"):
            target["identity"] = self.owner("POST", "/api/v1/service-identities", {"name": self.fresh()})["id"]
        if path == "/api/v1/certificates/{id}/revoke":
            target["certificate"] = self.owner("POST", "/api/v1/certificates", {"identity": "of-owner", "csr": self.csr})["id"]
        if path == "/api/v1/pki/issue":
            self.owner("PATCH", "/api/v1/certificate-policy", {"serverKeys": True})
        if (method, path) == ("DELETE", "/api/v1/log-streams/{id}") or path.endswith("activate"):
            target["stream"] = self.new_thing("stream", target)
        if path.endswith("/activate"):
            self.owner("POST", f"/api/v1/log-streams/{target['stream']}/deactivate", {})
        return target

    def ready_target(self, method, path):
        """What a refused call is tried on: were it carried out, state() would differ."""
        if (method, path) not in self.ready:
            self.ready[method, path] = self.fresh_target(method, path)
        return self.ready[method, path]

    def foreign_target(self):
        """The second tenant's own one of everything that a call can name."""
        own = lambda method, path, body: self.owner(method, "/api/v1" + path, body, self.second_tenant)
        secret = own("POST", "/secrets", {"name": self.fresh(), "value": "theirs"})
        key, signing, hmac = (own("POST", "/keys", {"name": self.fresh(), "keyType": kind, "algorithm": algorithm}) for kind, algorithm in (
            ("encryption", "ML-KEM-768"), ("signing", "ML-DSA-65"), ("hmac", "HMAC-SHA3-256")))
        group = own("POST", "/resource-groups", {"name": self.fresh()})["id"]
        own("POST", f"/resource-groups/{group}/items", {"resourceType": "Secret", "resourceId": secret["id"]})
        own("POST", "/cas", {"name": self.fresh()})
        identity = own("POST", "/service-identities", {"name": self.fresh(), "dnsNames": ["matrix.internal"]})
        certificate = own("POST", "/certificates", {"identity": identity["name"], "csr": self.csr})
        return {"id": secret["id"], "name": secret["name"], "key": key["id"], "transit": key["name"], "signing": signing["id"], "hmac": hmac["id"],
                "apikey": own("POST", "/apikeys", {"name": self.fresh(), "scopes": ["secrets:read"]})["id"], "group": group,
                "item": own("GET", "/resource-groups/" + group, None)["items"][0]["id"],
                "stream": own("POST", "/log-streams", {"name": self.fresh(), "streamType": "File", "configJson": ""})["id"],
                "identity": identity["id"], "identity_name": identity["name"], "certificate": certificate["id"], "ca": certificate["caId"],
                "payload": own("POST", "/encrypt", {"plaintext": "theirs", "keyId": key["id"]})["encryptedPayload"]}

    def made_key(self, **options):
        answer = self.server.http.post("/api/v1/apikeys", json={"name": self.fresh(), "scopes": SCOPES, "role": "admin", "serviceAccount": "matrix", **options})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def key_of_scopes(self, scopes):
        scopes = tuple(scopes)
        if scopes not in self.scoped:
            self.scoped[scopes] = self.made_key(scopes=list(scopes))["apiKey"]
        return self.scoped[scopes]

    def revoked(self):
        made = self.made_key()
        assert self.server.http.delete("/api/v1/apikeys/" + made["id"]).status_code == 204
        return made["apiKey"]

    def expired(self):
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        key = self.made_key(expiresAt=soon.isoformat().replace("+00:00", "Z"))["apiKey"]
        whoami = lambda: httpx.get(self.server.plain_url + "/api/v1/whoami", headers={"X-Api-Key": key})
        assert whoami().status_code == 200, "expired before its time"
        wait_until(lambda: whoami().status_code == 401, 10, "expiry")
        return key

    def call(self, method, path, headers, target=None):
        """One call of CALLS with these credentials, on the target or on something made for it."""
        target = target or self.ready_target(method, path)
        _, body = CALLS[method, path]
        ids = {"/api/v1/secrets": target["id"], "/api/v1/keys": target.get("key", self.key["id"]), "/api/v1/apikeys": target.get("apikey", NOBODY),
               "/api/v1/resource-groups": target.get("group", NOBODY), "/api/v1/log-streams": target.get("stream", NOBODY),
               "/api/v1/cas": target.get("ca", self.certificates["owner"]["caId"])}
        account = "owner" if self.server.api_key in str(headers) else "matrix"
        ids["/api/v1/service-identities"] = target.get("identity", self.identities[account]["id"])
        ids["/api/v1/certificates"] = target.get("certificate", self.certificates[account]["id"])
        for prefix, value in ids.items():
            if path.startswith(prefix):
                path = path.replace("{id}", value)
        if path.startswith("/api/v1/transit"):
            named = {"sign": self.signing, "verify": self.signing, "hmac": self.hmac}.get(path.split("/")[4], self.transit)
            path = path.replace("{name}", target.get("transit", named["name"]))
        path = path.replace("{name}", target["name"]).replace("{item}", target.get("item", NOBODY)).replace("{day}", self.day)
        if path == "/api/v1/access/explain":
            path += "?type=secret&id=" + target["id"]
        if body is not None:
            body = json.dumps(body).replace("{identity}", target.get("identity_name", "of-" + account))
            for mark, csr in (("{csr}", self.csr), ("{next_csr}", self.next_csr)):
                body = body.replace(mark, json.dumps(csr)[1:-1])
            self.count += 1
            body = body.replace('"{quota}"', str(1000 + self.count))
            if "{toggled}" in body:
                allowed = self.owner("GET", "/api/v1/certificate-policy")["serverKeys"]
                body = body.replace('"{toggled}"', json.dumps(not allowed))
            body = body.replace("{fresh}", self.fresh()).replace("{payload}", target.get("payload", self.payload))
            for mark, value in {"signing": target.get("signing", self.signing["id"]), "hmac": target.get("hmac", self.hmac["id"]), "signature": self.signature,
                                "vault": self.vault, "wrapped": target.get("wrapped", self.wrapped), "secret": target["id"]}.items():
                body = body.replace("{" + mark + "}", value)
            headers = [*headers, ("Content-Type", "application/json")]
        return self.bare.request(method, path, headers=[*headers, ("X-Allow-Csprng", "true")], content=body)

    def state(self):
        """What a refused call must leave as it was: everything that owners see of their tenant and of the others."""
        listed = lambda path, member: self.owner("GET", "/api/v1/" + path)[member]
        return [sorted(({name: value for name, value in thing.items() if name not in VOLATILE} for thing in things), key=lambda thing: thing["id"])
                for things in (self.everything("secrets", "secrets"), self.everything("apikeys", "apiKeys"), self.everything("keys", "keys"),
                               listed("resource-groups", "groups"), listed("log-streams", "items"), listed("cas", "cas"), listed("tenants", "tenants"),
                               self.everything("service-identities", "serviceIdentities"), self.everything("certificates", "certificates"))
                ] + [self.owner("GET", "/api/v1/certificate-policy"), self.owner("GET", "/api/v1/usage/quotas").get("entropyLimitMb")]

    def everything(self, path, member):
        found, page, more = [], 0, True
        while more:
            page += 1
            answer = self.owner("GET", f"/api/v1/{path}?pageSize=200&page={page}")
            found, more = found + answer[member], answer["hasMore"]
        return found

    def events(self, *answers, log="tenant"):
        """The audit events of these answers' requests, in the tenant's log or the platform's."""
        items = self.server.http.get(f"/api/v1/audit-logs?log={log}&pageSize=50").json()["items"]
        ids = {answer.headers["x-request-id"] for answer in answers}
        return [(i["action"], i["outcome"], i.get("error")) for i in items if i["requestId"] in ids]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(request, tmp_path_factory):
    make, made = maker(request, tmp_path_factory.mktemp("matrix"))
    server = make(request.param).init()
    second = server.new_tenant("second")
    yield World(server.start(), make().init(), second["api_key"])
    end(made)


@pytest.fixture(scope="module")
def refused_keys(world):
    return {"revoked": world.revoked(), "expired": world.expired(), "elsewhere": world.made_key(addresses=["203.0.113.0/24"])["apiKey"]}


@pytest.fixture(params=CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def call(request):
    return request.param


def absent_target():
    return {**{kind: str(uuid.uuid4()) for kind in ("id", "key", "apikey", "group", "stream", "item", "ca", "identity", "certificate", "signing", "hmac")},
            "name": "absent", "transit": "absent", "identity_name": "absent"}


def x_api_key(key):
    return [("X-Api-Key", key)]


def bearer(key):
    return [("Authorization", f"Bearer {key}")]


def refusal(answer):
    """Everything of an answer but what names the single request."""
    headers = {k: v for k, v in answer.headers.items() if k not in ("x-request-id", "date")}
    return answer.status_code, headers, {k: v for k, v in answer.json().items() if k != "instance"}


def assert_refused(answer, status, error):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["error"], body["status"]) == (error, status), body
    assert answer.headers["content-type"] == "application/problem+json"
    # RFC 9110 section 15.5.2: a 401 names at least one challenge.
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_every_route_stands_in_the_table_or_is_named_as_open(world):
    assert set(CALLS) == set(world.operations)
    assert set(OPEN) == world.open


# --- what is open -------------------------------------------------------------------------------

@pytest.fixture(params=OPEN, ids=lambda call: f"{call[0]} {call[1]}")
def open_call(request):
    return request.param


def lasting(answer):
    """What of an answer does not change by itself."""
    text = re.sub(r'"timestamp":"[^"]*"', "", answer.text)
    return answer.status_code, answer.headers["content-type"], "" if answer.headers["content-type"].startswith("text/plain") else text


def open_path(world, path, ca=None):
    return path.replace("{id}", ca or world.certificates["owner"]["caId"])


def test_an_open_route_looks_at_no_credentials_and_records_nothing(world, refused_keys, open_call):
    method, path = open_call
    before = world.state()
    answers = [world.bare.request(method, open_path(world, path), headers=headers) for headers in (
        [], x_api_key("nonsense"), x_api_key(api_key.unknown()), x_api_key(world.server.api_key), x_api_key(world.second_tenant),
        x_api_key(refused_keys["revoked"]), bearer(refused_keys["expired"]), x_api_key("a") + x_api_key("b"))]
    for answer in answers:
        assert lasting(answer) == lasting(answers[0])
        assert answer.status_code == 200 and "www-authenticate" not in answer.headers
    assert world.events(*answers) == []
    recorded = world.server.http.get("/api/v1/audit-logs?log=platform&pageSize=200").json()["items"]
    assert not {answer.headers["x-request-id"] for answer in answers} & {item["requestId"] for item in recorded}
    assert world.state() == before


def test_an_open_route_tells_what_it_is_for_and_nothing_of_tenants(world, open_call):
    kind, members = OPEN[open_call]
    answer = world.bare.get(open_path(world, open_call[1]))
    assert answer.headers["content-type"] == kind
    if members is not None:
        assert set(answer.json()) == members
    for private in (world.server.api_key, world.second_tenant, world.target["name"], world.target["id"], world.key["id"], "PRIVATE KEY"):
        assert private not in answer.text
    if open_call[1] != "/metrics":  # series name tenants and identities, to this host alone
        for private in (world.server.tenant_id, "of-owner", "of-matrix", "matrix.internal"):
            assert private not in answer.text


def test_an_open_route_takes_no_method_that_changes(world, open_call):
    before = world.state()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = world.bare.request(method, open_path(world, open_call[1]), headers=x_api_key(world.server.api_key), json={})
        assert_refused(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, HEAD"
    head = world.bare.head(open_path(world, open_call[1]))
    assert head.status_code == 200 and head.content == b""
    assert world.state() == before


@pytest.mark.parametrize("path", [path for _, path in OPEN if "{id}" in path])
def test_authorities_answer_by_their_id_alone_whoever_asks(world, path):
    """An id is what certificates name; an absent one and a word that is none answer alike."""
    for absent in (NOBODY, str(uuid.uuid4()), "acme", "..%2f..", "%00"):
        answer = world.bare.get(open_path(world, path, absent))
        assert answer.status_code in (400, 404), answer.text
        assert answer.json()["error"] in ("not_found", "validation_error")
    mine = world.bare.get(open_path(world, path))
    theirs = httpx.post(world.server.plain_url + "/api/v1/cas", headers={"X-Api-Key": world.second_tenant}, json={"name": world.fresh()}).json()
    answer = world.bare.get(open_path(world, path, theirs["id"]), headers=x_api_key(world.server.api_key))
    assert answer.status_code == 200 and answer.content != mine.content
    if path.endswith("/issuers"):
        assert theirs["id"] not in mine.text and world.certificates["owner"]["caId"] not in answer.text


# --- what needs a key ---------------------------------------------------------------------------


def test_with_a_right_key_each_call_works(world, call):
    """Without this the refusals below could have any other cause."""
    for headers in (x_api_key(world.server.api_key), bearer(world.server.api_key), [("authorization", f"bEARER {world.server.api_key}")],
                    x_api_key(world.server.api_key) + bearer(world.server.api_key)):
        target = world.fresh_target(*call)
        answer = world.call(*call, headers, target)
        assert answer.status_code in (200, 201, 204), answer.text
        assert sorted(world.events(answer)) == sorted((action, "success", None) for action in (CALLS[call][0], *ALSO_RECORDED.get(call, ())))


def test_each_call_that_changes_something_is_seen_to_change_it(world, call):
    """Without this "and nothing changed" would hold of a call that was carried out."""
    world.ready_target(*call)
    before = world.state()
    answer = world.call(*call, x_api_key(world.server.api_key))  # on the very target that is refused to others
    assert answer.status_code in (200, 201, 204), answer.text
    assert (world.state() != before) == (call[0] != "GET" and call not in CHANGES_NOTHING)
    del world.ready[call]


def test_with_exactly_its_scope_each_call_works(world, call):
    scope = world.operations[call].get("x-required-scope")
    key = x_api_key(world.key_of_scopes([scope] if scope else ["metrics:read"]))
    if call in OF_OWNERS:
        return assert_refused(world.call(*call, key), 403, "insufficient_scope")
    answer = world.call(*call, key, world.fresh_target(*call))
    assert answer.status_code in (200, 201, 204), answer.text


def test_without_its_scope_a_call_is_denied_and_audited(world, call):
    scope = world.operations[call].get("x-required-scope")
    if scope is None:
        assert call in WITHOUT_SCOPE
        return
    key = world.key_of_scopes([s for s in SCOPES if s != scope])
    world.ready_target(*call)
    before = world.state()
    answer = world.call(*call, x_api_key(key))
    assert_refused(answer, 403, "insufficient_scope")
    assert world.events(answer) == [(CALLS[call][0], "denied", "insufficient_scope")]
    assert world.state() == before


def wrong_keys(world):
    """Credentials that are no key of this server. All are answered alike."""
    key = world.server.api_key
    return {
        "nonsense": x_api_key("nonsense"),
        "another vendor's": x_api_key("qid_0123456789abcdef0123456789abcdef"),
        "one character less": x_api_key(key[:-1]),
        "one character more": x_api_key(key + "0"),
        "a wrong checksum": x_api_key(key[:-1] + ("0" if key[-1] != "0" else "1")),
        "a wrong secret with its checksum unchanged": x_api_key(api_key.with_other_secret(key)[:-6] + key[-6:]),
        "a character outside base62": x_api_key(key[:30] + "-" + key[31:]),
        "another case": x_api_key(key.swapcase()),
        "a long one": x_api_key("qapi_" + "A" * 8000),
        "unknown": x_api_key(api_key.unknown()),
        "unknown as bearer": bearer(api_key.unknown()),
        "a wrong secret": x_api_key(api_key.with_other_secret(key)),
        "a wrong secret as bearer": bearer(api_key.with_other_secret(key)),
        "the last character of the secret": x_api_key(api_key.sealed(key[:62] + ("0" if key[62] != "0" else "1"))),
        "another server's": x_api_key(world.other_key),
    }


def test_malformed_unknown_and_wrong_keys_are_refused_alike(world, call):
    world.ready_target(*call)
    before = world.state()
    answers = {kind: world.call(*call, headers) for kind, headers in wrong_keys(world).items()}
    first = refusal(answers["nonsense"])
    for kind, answer in answers.items():
        assert_refused(answer, 401, "unauthenticated")
        assert refusal(answer) == first, kind
    assert world.events(*answers.values()) == []
    assert world.events(*answers.values(), log="platform") == [(CALLS[call][0], "denied", "unauthenticated")] * len(answers)
    assert world.state() == before


def unusable(world):
    """Requests whose credential cannot be told."""
    key = world.server.api_key
    second = world.key_of_scopes(SCOPES)
    return {
        "none": [],
        "an empty one": x_api_key(""),
        "no token": [("Authorization", "Bearer")],
        "another scheme": [("Authorization", "Basic " + key)],
        "no scheme": [("Authorization", key)],
        "two that differ": x_api_key(key) + bearer(second),
        "two that differ, one of them unknown": x_api_key(key) + bearer(api_key.unknown()),
        "a right one and an unusable one": x_api_key(key) + [("Authorization", "Basic abc")],
        "a header twice": x_api_key(key) + x_api_key(second),
        "a header twice alike": x_api_key(key) + x_api_key(key),
        "bearer twice": bearer(key) + bearer(second),
        "in a cookie": [("Cookie", f"X-Api-Key={key}")],
    }


def test_missing_and_contradicting_credentials_are_refused(world, call):
    cases = unusable(world)
    world.ready_target(*call)
    before = world.state()
    answers = [world.call(*call, headers) for headers in cases.values()]
    for answer in answers:
        assert_refused(answer, 401, "unauthenticated")
    assert world.events(*answers) == []
    assert world.events(*answers, log="platform") == [(CALLS[call][0], "denied", "unauthenticated")] * len(cases)
    assert world.state() == before


@pytest.mark.parametrize("headers", [x_api_key, bearer])
@pytest.mark.parametrize("kind, status, error", [("revoked", 403, "key_revoked"), ("expired", 401, "key_expired")])
def test_revoked_and_expired_keys_are_refused(world, refused_keys, call, headers, kind, status, error):
    world.ready_target(*call)
    before = world.state()
    answer = world.call(*call, headers(refused_keys[kind]))
    assert_refused(answer, status, error)
    assert world.events(answer) == [], "who holds an ended key could fill the tenant's log"
    assert world.events(answer, log="platform") == [(CALLS[call][0], "denied", error)]
    assert world.state() == before


def test_that_a_key_was_revoked_is_told_to_its_holder_only(world, refused_keys, call):
    wrong = world.call(*call, x_api_key(api_key.with_other_secret(refused_keys["revoked"])))
    assert refusal(wrong) == refusal(world.call(*call, x_api_key(api_key.unknown())))


def test_from_another_address_than_its_own_a_key_is_refused(world, refused_keys, call):
    world.ready_target(*call)
    before = world.state()
    answer = world.call(*call, x_api_key(refused_keys["elsewhere"]))
    assert_refused(answer, 403, "address_not_allowed")
    assert world.events(answer) == [(CALLS[call][0], "denied", "address_not_allowed")]
    assert world.events(answer, log="platform") == []
    assert world.state() == before


# --- another tenant -----------------------------------------------------------------------------

# Calls that name nothing of a tenant's: another tenant's owner makes them for its own.
OF_ONES_OWN = {
    ("POST", "/api/v1/secrets"), ("GET", "/api/v1/secrets"), ("POST", "/api/v1/encrypt"), ("POST", "/api/v1/encryption/encrypt"),
    ("POST", "/api/v1/encrypt/batch"), ("POST", "/api/v1/encryption/encrypt/batch"), ("GET", "/api/v1/keys"), ("POST", "/api/v1/keys"),
    ("POST", "/api/v1/keys/import"), ("POST", "/api/v1/qrng/entropy"), ("POST", "/api/v1/apikeys"), ("GET", "/api/v1/apikeys"),
    ("GET", "/api/v1/whoami"), ("GET", "/api/v1/rate-limit"), ("GET", "/api/v1/tenants/current"), ("GET", "/api/v1/audit-logs"),
    ("GET", "/api/v1/audit-logs/export"), ("GET", "/api/v1/audit-logs/public-key"), ("GET", "/api/v1/audit-logs/checkpoint"),
    ("GET", "/api/v1/resource-groups"), ("POST", "/api/v1/resource-groups"), ("GET", "/api/v1/log-streams"), ("POST", "/api/v1/log-streams"),
    ("POST", "/api/v1/hash/searchable"), ("POST", "/api/v1/hash/searchable/batch"), ("GET", "/api/v1/usage/storage"),
    ("GET", "/api/v1/usage/quotas"), ("PUT", "/api/v1/usage/quotas"), ("POST", "/api/v1/cas"), ("GET", "/api/v1/cas"), ("GET", "/api/v1/certificate-policy"),
    ("PATCH", "/api/v1/certificate-policy"), ("POST", "/api/v1/service-identities"), ("GET", "/api/v1/service-identities"),
    ("GET", "/api/v1/certificates"), ("GET", "/api/v1/pki/ca/pem"),
}
# A payload does not say whose it is: it does not open, and that is all that is told.
PAYLOADS = {("POST", prefix + verb) for prefix in ("/api/v1/", "/api/v1/encryption/") for verb in ("decrypt", "rewrap")}


def test_another_tenants_owner_finds_nothing_of_this_one(world, call):
    target = world.ready_target(*call)
    before = world.state()
    answer = world.call(*call, x_api_key(world.second_tenant), target)
    assert world.state() == before
    if call in OF_OPERATORS:
        assert_refused(answer, 403, "insufficient_scope")
    elif call in OF_ONES_OWN:
        assert answer.status_code in (200, 201), answer.text
        # Not the target's name: it asked for that itself, and its own log says so.
        for known in (target["id"], world.key["id"], world.signing["id"], world.bound_to["name"], world.server.tenant_id):
            assert known not in answer.text
    elif call in BATCHES:
        assert [result["error"]["code"] for result in answer.json()["results"]] == ["decryption_failed"]
    elif call in PAYLOADS:
        assert_refused(answer, 400, "decryption_failed")
    else:
        assert_refused(answer, 404, "not_found")
        assert refusal(world.call(*call, x_api_key(world.second_tenant), absent_target())) == refusal(answer), "an absent one answers otherwise"


# --- bindings -----------------------------------------------------------------------------------

BATCHES = [call for call in CALLS if call[1].endswith(("decrypt/batch", "rewrap/batch"))]
# What a key bound to one secret and one key may call all the same, and why. Any other call is refused to it.
OPEN_TO_BOUND = {
    ("GET", "/api/v1/secrets"): "lists what the key is bound to",
    ("GET", "/api/v1/keys"): "lists what the key is bound to",
    ("GET", "/api/v1/resource-groups"): "lists what the key is bound to",
    ("GET", "/api/v1/whoami"): "tells of the key itself",
    ("GET", "/api/v1/rate-limit"): "tells of the key itself",
    ("POST", "/api/v1/apikeys"): "makes keys that are bound to the same",
    ("POST", "/api/v1/qrng/entropy"): "gives what is nobody's",
    ("GET", "/api/v1/pki/ca/pem"): "gives certificates of authorities, which are public",
}
BOUND = [call for call in CALLS if call not in BATCHES and call not in OPEN_TO_BOUND]


@pytest.fixture(scope="module")
def foreign(world):
    return world.foreign_target()


@pytest.fixture(scope="module")
def bound_key(world):
    """Every scope, but one secret and one key only."""
    return world.made_key(bindings=[
        {"type": "secret", "id": world.bound_to["id"], "name": world.bound_to["name"]},
        {"type": "key", "id": world.other_platform_key["id"], "name": world.other_platform_key["name"]}])["apiKey"]


@pytest.mark.parametrize("bound", BOUND, ids=lambda call: f"{call[0]} {call[1]}")
def test_a_bound_key_reaches_nothing_else_and_learns_nothing(world, bound_key, foreign, bound):
    """Decided before any look-up: what is the tenant's own, what is another's and what is nowhere answer alike."""
    world.ready_target(*bound)
    before = world.state()
    answer = world.call(*bound, x_api_key(bound_key))
    assert_refused(answer, 403, "insufficient_scope")
    assert world.events(answer) == [(CALLS[bound][0], "denied", "insufficient_scope")]
    for whose, target in {"nobody's": absent_target(), "another tenant's": foreign}.items():
        assert refusal(world.call(*bound, x_api_key(bound_key), target)) == refusal(answer), whose + " answers otherwise"
    assert world.state() == before


def test_what_is_open_to_a_bound_key_names_nothing(world):
    """So that no route with an id in its path escapes the test above."""
    assert set(OPEN_TO_BOUND) <= set(CALLS) and not [path for _, path in OPEN_TO_BOUND if "{" in path]
    assert {path for _, path in CALLS if "{" in path} <= {path for _, path in BOUND + BATCHES}


@pytest.mark.parametrize("open_to_bound", OPEN_TO_BOUND, ids=lambda call: f"{call[0]} {call[1]}")
def test_what_is_open_to_a_bound_key_works(world, bound_key, open_to_bound):
    answer = world.call(*open_to_bound, x_api_key(bound_key))
    if open_to_bound == ("POST", "/api/v1/apikeys"):  # one that is bound to nothing
        return assert_refused(answer, 403, "insufficient_scope")
    assert answer.status_code == 200, answer.text
    for known in (world.target["id"], world.key["id"], world.target["group"]):
        assert known not in answer.text


@pytest.mark.parametrize("batch", BATCHES, ids=lambda call: call[1])
def test_a_bound_key_opens_nothing_else_in_a_batch(world, bound_key, batch):
    """Payloads of any keys may stand in a batch: each is judged by itself."""
    result, = world.call(*batch, x_api_key(bound_key)).json()["results"]
    assert result["error"]["code"] == "insufficient_scope" and not {"plaintext", "encryptedPayload"} & set(result)


def test_a_bound_key_reaches_what_it_is_bound_to(world, bound_key):
    for path in ("/api/v1/secrets/{id}", "/api/v1/secrets/by-name/{name}", "/api/v1/secrets/{id}/history"):
        answer = world.call("GET", path, x_api_key(bound_key), world.bound_to)
        assert answer.status_code == 200, (path, answer.text)
    listed = world.call("GET", "/api/v1/secrets", x_api_key(bound_key)).json()
    assert [s["id"] for s in listed["secrets"]] == [world.bound_to["id"]] and listed["total"] == 1
    keys = world.call("GET", "/api/v1/keys", x_api_key(bound_key)).json()
    assert [k["id"] for k in keys["keys"]] == [world.other_platform_key["id"]] and keys["total"] == 1


def test_a_key_bound_to_nothing_is_refused(world):
    for bindings in ([{}], [{"type": "secret"}], [{"type": "planet", "name": "x"}], [{"type": "secret", "id": "x"}], "all"):
        answer = world.server.http.post("/api/v1/apikeys", json={"name": "bad", "scopes": ["secrets:read"], "bindings": bindings})
        assert answer.status_code == 400, (bindings, answer.text)


# --- making keys --------------------------------------------------------------------------------

@pytest.mark.parametrize("maker_options, wanted", [
    ({"role": "member"}, {"scopes": ["secrets:read"]}),
    ({"scopes": ["apikeys:write"]}, {"scopes": ["secrets:read"]}),
    ({"scopes": ["apikeys:write"]}, {"scopes": ["*"], "role": "admin"}),
    ({"role": "admin"}, {"scopes": ["secrets:read"], "role": "owner"}),
], ids=["a member makes none", "no scope that the maker lacks", "not every scope", "no higher role"])
def test_a_key_cannot_give_what_it_lacks(world, maker_options, wanted):
    before = world.state()
    making = world.made_key(**maker_options)["apiKey"]
    before_call = world.state()
    assert_refused(grant(world, making, **wanted), 403, "insufficient_scope")
    assert world.state() == before_call != before


def grant(world, making, **wanted):
    return httpx.post(world.server.plain_url + "/api/v1/apikeys", headers={"X-Api-Key": making},
                      json={"name": world.fresh(), "serviceAccount": "granted", **wanted})


def test_a_key_can_give_what_it_has(world):
    """So that the refusals above and below have no other cause."""
    making = world.made_key()["apiKey"]
    assert grant(world, making, scopes=["secrets:read"]).status_code == 201
    assert grant(world, making, scopes=SCOPES, role="admin").status_code == 201
    bound = {"bindings": [{"type": "secret", "id": world.bound_to["id"]}]}
    making = world.made_key(**bound)["apiKey"]
    assert grant(world, making, scopes=["secrets:read"], **bound).status_code == 201


def test_an_admin_cannot_act_in_the_name_of_an_owner(world):
    making = world.made_key()["apiKey"]
    account = world.server.http.get("/api/v1/whoami").json()["name"]
    assert_refused(grant(world, making, scopes=["secrets:read"], serviceAccount=account), 403, "insufficient_scope")


def test_a_bound_key_makes_only_keys_that_are_bound_to_the_same(world):
    making = world.made_key(bindings=[{"type": "secret", "id": world.bound_to["id"]}])["apiKey"]
    by_id = {"bindings": [{"type": "secret", "id": world.target["id"]}]}
    by_name = {"bindings": [{"type": "secret", "name": world.target["name"]}]}
    for wanted in ({}, by_id, by_name):
        assert_refused(grant(world, making, scopes=["secrets:read"], **wanted), 403, "insufficient_scope")
    # A list of nothing must not come to mean "all".
    assert_refused(grant(world, making, scopes=["secrets:read"], bindings=[]), 400, "validation_error")


def test_the_text_of_a_key_is_shown_once(world):
    made = world.made_key()
    assert api_key.sealed(made["apiKey"][:63]) == made["apiKey"] and made["apiKey"].startswith(made["prefix"])
    for path in ("/api/v1/apikeys?pageSize=200", f"/api/v1/apikeys/{made['id']}", "/api/v1/audit-logs?pageSize=200", "/api/v1/audit-logs/export"):
        assert made["apiKey"][20:] not in world.server.http.get(path).text
