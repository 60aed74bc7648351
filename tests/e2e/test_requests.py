"""Bad input on the real routes is refused with the promised answer and changes nothing."""

import base64
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import uuid

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.parser import text_string_to_metric_families

from harness import wait_until
from wire import Wire, exchange, request

MEMBERS = {"type", "title", "status", "detail", "instance", "error", "message"}
ROOT = pathlib.Path(__file__).resolve().parents[2]
METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture(scope="module")
def problems():
    """Type and title of each error code met in this file: they are fixed per code."""
    return {}


@pytest.fixture
def refused(problems):
    def check(answer, status, error=None, field=None):
        """Holds an answer (httpx's or wire's) against the one shape of errors."""
        headers = {k.lower(): v if isinstance(v, str) else ", ".join(v) for k, v in answer.headers.items()}
        got = answer.status_code if isinstance(answer, httpx.Response) else answer.status
        assert got == status, (got, answer.text if isinstance(answer, httpx.Response) else answer.body)
        assert headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert set(body) - {"details"} == MEMBERS
        assert body["status"] == status and body["detail"] == body["message"] != ""
        assert body["instance"] == "urn:uuid:" + headers["x-request-id"]
        assert re.match(r"^[a-z][a-z0-9+.-]*:\S+$", body["type"])
        assert problems.setdefault(body["error"], (body["type"], body["title"])) == (body["type"], body["title"])
        if error:
            assert body["error"] == error, body
        if field:
            assert isinstance(body["details"], dict)
            assert field in body["details"]["errors"], body
            assert all(isinstance(text, str) for text in body["details"]["errors"][field])
            assert field in body["message"]
        return body

    return check


def post(server, path, body, **more):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.http.post(path, content=content, headers={"Content-Type": "application/json", **more.pop("headers", {})}, **more)


def names(server):
    page = server.http.get("/api/v1/secrets?pageSize=200").json()
    assert not page["hasMore"]
    return {secret["name"] for secret in page["secrets"]}


# --- JSON ---------------------------------------------------------------------------------------

BROKEN = {
    "no JSON": b"value=x",
    "cut": b'{"name":"bad","value":"x"',
    "two texts": b'{"name":"bad","value":"x"}{}',
    "trailing comma": b'{"name":"bad","value":"x",}',
    "comment": b'{"name":"bad","value":"x"}//',
    "single quotes": b"{'name':'bad','value':'x'}",
    "unquoted name": b'{name:"bad","value":"x"}',
    "control character": b'{"name":"bad\n","value":"x"}',
    "bad escape": b'{"name":"bad","value":"\\x41"}',
    "lone surrogate": b'{"name":"bad","value":"\\ud800"}',
    "not UTF-8": b'{"name":"bad","value":"\xff"}',
    "overlong UTF-8": b'{"name":"bad","value":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"name":"bad","value":"\xed\xa0\x80"}',
    "UTF-16": '{"name":"bad","value":"x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name":"bad","value":"x"}',
    "nested beyond all use": b'{"name":"bad","value":"x","urls":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested just too deep": b'{"name":"bad","value":"x","urls":' + b"[" * 40 + b"]" * 40 + b"}",
    "nested objects": b'{"name":"bad","value":"x","customFields":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    "an array": b'[{"name":"bad","value":"x"}]',
    "a text": b'"bad"',
    "null": b"null",
    "NaN": b'{"name":"bad","value":"x","n":NaN}',
    "a number beyond all integers": b'{"name":"bad","value":"x","n":123456789012345678901234567890}',
    "a name twice": b'{"name":"bad","value":"x","name":"worse"}',
    "a name in two spellings": b'{"name":"bad","value":"x","contentType":"a","content_type":"b"}',
    "a name in three cases": b'{"name":"bad","value":"x","Value":"y"}',
}


@pytest.mark.parametrize("octets", BROKEN.values(), ids=BROKEN.keys())
def test_broken_json_is_refused_and_stores_nothing(server, refused, octets):
    before = names(server)
    refused(post(server, "/api/v1/secrets", octets), 400, "validation_error")
    refused(post(server, "/api/v1/encrypt", octets), 400, "validation_error")
    assert names(server) == before


def test_a_name_given_twice_alike_is_one(server):
    answer = post(server, "/api/v1/secrets", b'{"name":"twice","value":"x","contentType":"a","content_type":"a"}')
    assert answer.status_code == 201 and answer.json()["contentType"] == "a"


def test_nesting_within_the_limit_is_taken(server):
    answer = post(server, "/api/v1/secrets", {"name": "nested", "value": "x", "customFields": [{"a": [[[[1]]]]}]})
    assert answer.status_code == 201, answer.text


# What ciphertexts are bound to, as routes and other products call it.
BOUND = ["aad", "additionalData", "additional_data", "associatedData", "authenticatedData", "encryptionContext", "context"]
WRONG_TYPES = [
    ("/secrets", {"name": 5, "value": "x"}, "name"),
    ("/secrets", {"name": "bad", "value": ["x"]}, "value"),
    ("/secrets", {"name": "bad", "value": True}, "value"),
    ("/secrets", {"name": "bad", "value": {}}, "value"),
    ("/secrets", {"name": "bad", "value": 1.5}, "value"),
    ("/secrets", {"name": "bad", "value": "x", "description": 7}, "description"),
    ("/secrets", {"name": "bad", "value": "x", "labels": "one"}, "labels"),
    ("/secrets", {"name": "bad", "value": "x", "labels": [1]}, "labels.0"),
    ("/secrets", {"name": "bad", "value": "x", "urls": {"a": "b"}}, "urls"),
    ("/secrets", {"name": "bad", "value": "x", "urls": [{"a": 1}]}, "urls"),
    ("/secrets", {"name": "bad", "value": "x", "custom_fields": ["a"]}, "customFields"),
    ("/secrets", {"name": "bad", "value": "x", "expires_at": "tomorrow"}, "expiresAt"),
    ("/secrets", {"name": "bad", "value": "x", "expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
    ("/secrets", {"name": "", "value": "x"}, "name"),
    ("/secrets", {"name": "n" * 256, "value": "x"}, "name"),
    ("/secrets", {"name": ".", "value": "x"}, "name"),
    ("/secrets", {"name": "..", "value": "x"}, "name"),
    ("/secrets", {"name": "bad", "value": "x", "description": "d" * 1001}, "description"),
    ("/secrets", {"name": "bad", "value": "x", "contentType": "c" * 101}, "contentType"),
    ("/secrets", {"name": "bad", "value": "x", "username": "u" * 256}, "username"),
    ("/encrypt", {"plaintext": 5}, "plaintext"),
    ("/encrypt", {"plaintext": "x", "encoding": "utf16"}, "encoding"),
    ("/encrypt", {"plaintext": "not base64!", "encoding": "base64"}, "plaintext"),
    ("/encrypt", {"plaintext": "QQ=", "encoding": "base64"}, "plaintext"),
    ("/encrypt", {"plaintext": "QR==", "encoding": "base64"}, "plaintext"),
    ("/encrypt", {"plaintext": "x", "algorithm": "RSA-2048"}, "algorithm"),
    ("/encrypt", {"plaintext": "x", "additional_data": 1}, "additionalData"),
    ("/decrypt", {"encryptedPayload": 5}, "encryptedPayload"),
    ("/decrypt", {"encryptedPayload": ""}, "encryptedPayload"),
    ("/decrypt", {"encryptedPayload": "qa1.AAAA"}, "encryptedPayload"),
    ("/decrypt", {}, "ciphertext"),
    ("/decrypt", {"ciphertext": "AAAA", "encapsulatedKey": "AAAA", "nonce": "AAAA"}, "tag"),
    ("/tenants", {"name": ""}, "name"),
    ("/tenants", {"name": "bad", "environment": "Test"}, "environment"),
    ("/rewrap", {"encryptedPayload": "qa1.AAAA"}, "encryptedPayload"),
    ("/rewrap/batch", {"items": "x"}, "items"),
    ("/rewrap/batch", {"items": [{"encryptedPayload": "x"}] * 1001}, "items"),
    ("/hash/searchable", {"plaintext": 5}, "plaintext"),
    ("/hash/searchable", {"plaintext": "x", "keyed": "no"}, "keyed"),
    ("/hash/searchable", {"plaintext": "x" * 16385}, "plaintext"),
    ("/hash/searchable/batch", {"items": "x"}, "items"),
    ("/hash/searchable/batch", {"items": [{"plaintext": "x"}] * 1001}, "items"),
    ("/qrng/entropy", {"bytes": 0}, "bytes"),
    ("/qrng/entropy", {"bytes": 65537}, "bytes"),
    ("/qrng/entropy", {"bytes": 3.5}, "bytes"),
    ("/qrng/entropy", {"bytes": 17, "format": "uuid"}, "bytes"),
    ("/qrng/entropy", {"bytes": 16, "format": "octal"}, "format"),
    ("/apikeys", {"name": "bad", "scopes": ["secrets:fly"]}, "scopes.0"),
    ("/apikeys", {"name": "bad", "scopes": "secrets:read"}, "scopes"),
    ("/apikeys", {"name": "bad", "scopes": ["*"]}, "scopes.0"),
    ("/apikeys", {"name": "bad", "scopes": ["secrets:read"], "role": "king"}, "role"),
    ("/apikeys", {"name": "bad", "scopes": ["secrets:read"], "expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
    ("/apikeys", {"name": "", "scopes": ["secrets:read"]}, "name"),
    # What narrows must not be ignored for its spelling.
    ("/apikeys", {"name": "bad", "scopes": ["secrets:read"], "binding": [{"type": "secret", "name": "a"}]}, "binding"),
    ("/apikeys", {"name": "bad", "scopes": ["secrets:read"], "ttl": "1h"}, "ttl"),
    ("/apikeys", {"name": "bad", "scopes": ["secrets:read"], "bindings": []}, "bindings"),
    ("/apikeys", {"name": "bad", "scopes": ["secrets:read"], "addresses": []}, "addresses"),
    ("/encrypt", {"plaintext": "x", "aad": "y"}, "aad"),
    ("/encrypt", {"plaintext": "x", "additonalData": "y"}, "additonalData"),
    ("/encrypt", {"plaintext": "x", "keyName": "other"}, "keyName"),
    ("/encrypt/batch", {"items": [{"plaintext": "x"}], "key": "other"}, "key"),
    *((f"{path}", {**body, said: "eA=="}, said) for path, body, own in (
        ("/encrypt", {"plaintext": "x"}, "additionalData"),
        ("/decrypt", {"encryptedPayload": "x"}, "additionalData"),
        ("/rewrap", {"encryptedPayload": "x"}, "additionalData"),
        ("/encrypt/batch", {"items": [{"plaintext": "x"}]}, ""),
        ("/decrypt/batch", {"items": [{"encryptedPayload": "x"}]}, ""),
        ("/rewrap/batch", {"items": [{"encryptedPayload": "x"}]}, ""),
        ("/transit/encrypt/default", {"plaintext": "eA=="}, "associatedData"),
        ("/transit/decrypt/default", {"ciphertext": "vault:v1:AAAA"}, "associatedData"),
        ("/transit/rewrap/default", {"ciphertext": "vault:v1:AAAA"}, "associatedData"),
        ("/transit/batch/encrypt/default", {"items": [{"plaintext": "eA=="}]}, ""),
        ("/transit/batch/decrypt/default", {"items": [{"ciphertext": "vault:v1:AAAA"}]}, ""),
        ("/transit/datakey/default", {}, "context"),
        ("/transit/datakey/default/without-plaintext", {}, "context"),
        ("/keys/default/generate-data-key", {}, "context"),
        ("/keys/default/unwrap", {"wrappedKey": "x"}, "context"))
      for said in BOUND if said != own and not (said == "additional_data" and own in ("", "additionalData"))),
    *((path, {said: 128}, said) for said in ("bits", "keySize") for path in ("/transit/datakey/default", "/keys/default/generate-data-key")),
    ("/secrets", {"name": "bad", "value": "x", "expires": "2099-01-01T00:00:00Z"}, "expires"),
]


@pytest.mark.parametrize("path, body, field", WRONG_TYPES, ids=lambda v: json.dumps(v)[:60] if isinstance(v, dict) else v)
def test_wrong_types_and_values_are_refused_by_field(server, refused, path, body, field):
    before = server.http.get("/api/v1/secrets").json()["total"], server.http.get("/api/v1/apikeys").json()["total"]
    refused(post(server, "/api/v1" + path, body, headers={"X-Allow-Csprng": "true"}), 400, field=field)
    assert before == (server.http.get("/api/v1/secrets").json()["total"], server.http.get("/api/v1/apikeys").json()["total"])


def test_an_item_that_says_otherwise_what_it_is_bound_to_fails_alone(server):
    name = server.http.get("/api/v1/keys?keyType=encryption").json()["keys"][0]["name"]
    sealed = post(server, "/api/v1/encrypt", {"plaintext": "x", "additionalData": "y"}).json()["encryptedPayload"]
    for path, item, own in (("/encrypt/batch", {"plaintext": "x"}, "additionalData"),
                            ("/decrypt/batch", {"encryptedPayload": sealed}, "additionalData"),
                            ("/rewrap/batch", {"encryptedPayload": sealed}, "additionalData"),
                            ("/transit/batch/encrypt/" + name, {"plaintext": "eA=="}, "associatedData"),
                            ("/transit/batch/decrypt/" + name, {"ciphertext": "vault:v1:AAAA"}, "associatedData"),
                            ("/transit/batch/rewrap/" + name, {"ciphertext": "vault:v1:AAAA"}, "associatedData")):
        others = [said for said in BOUND if said != own and not (said == "additional_data" and own == "additionalData")]
        answer = post(server, "/api/v1" + path, {"items": [{**item, said: "eA=="} for said in others] + [{**item, own: "eQ=="}]})
        assert answer.status_code == 200, answer.text
        *failed, last = answer.json()["results"]
        for said, result in zip(others, failed):
            error = result["error"]
            assert f"{said}: is not known here; use {own}" in (error if isinstance(error, str) else error["message"])
        assert "not known" not in json.dumps(last)


WHOLE = {  # a valid body for each route that must have one
    ("post", "/api/v1/secrets"): {"name": "whole", "value": "x"},
    ("put", "/api/v1/secrets/{id}/value"): {"value": "y"},
    ("post", "/api/v1/secrets/{id}/rollback"): {"version": 1},
    ("post", "/api/v1/encrypt"): {"plaintext": "x"},
    ("post", "/api/v1/encryption/encrypt"): {"plaintext": "x"},
    ("post", "/api/v1/apikeys"): {"name": "whole", "scopes": ["secrets:read"]},
    ("post", "/api/v1/encrypt/batch"): {"items": [{"plaintext": "x"}]},
    ("post", "/api/v1/encryption/encrypt/batch"): {"items": [{"plaintext": "x"}]},
    ("post", "/api/v1/decrypt/batch"): {"items": [{"encryptedPayload": "qa1.AAAA"}]},
    ("post", "/api/v1/encryption/decrypt/batch"): {"items": [{"encryptedPayload": "qa1.AAAA"}]},
    ("post", "/api/v1/rewrap"): {"encryptedPayload": "qa1.AAAA"},
    ("post", "/api/v1/encryption/rewrap"): {"encryptedPayload": "qa1.AAAA"},
    ("post", "/api/v1/rewrap/batch"): {"items": [{"encryptedPayload": "qa1.AAAA"}]},
    ("post", "/api/v1/encryption/rewrap/batch"): {"items": [{"encryptedPayload": "qa1.AAAA"}]},
    ("post", "/api/v1/hash/searchable"): {"plaintext": "x"},
    ("post", "/api/v1/hash/searchable/batch"): {"items": [{"plaintext": "x"}]},
    ("post", "/api/v1/sign"): {"keyId": "whole", "data": "x"},
    ("post", "/api/v1/verify"): {"keyId": "whole", "data": "x", "signature": "vault:v1:AAAA"},
    ("post", "/api/v1/hmac"): {"keyId": "whole", "data": "x"},
    ("post", "/api/v1/sign/batch"): {"keyId": "whole", "items": [{"data": "x"}]},
    ("post", "/api/v1/verify/batch"): {"keyId": "whole", "items": [{"data": "x", "signature": "vault:v1:AAAA"}]},
    ("post", "/api/v1/hmac/batch"): {"keyId": "whole", "items": [{"data": "x"}]},
    ("post", "/api/v1/transit/encrypt/{name}"): {"plaintext": "eA=="},
    ("post", "/api/v1/transit/decrypt/{name}"): {"ciphertext": "vault:v1:AAAA"},
    ("post", "/api/v1/transit/rewrap/{name}"): {"ciphertext": "vault:v1:AAAA"},
    ("post", "/api/v1/transit/batch/encrypt/{name}"): {"items": [{"plaintext": "eA=="}]},
    ("post", "/api/v1/transit/batch/decrypt/{name}"): {"items": [{"ciphertext": "vault:v1:AAAA"}]},
    ("post", "/api/v1/transit/batch/rewrap/{name}"): {"items": [{"ciphertext": "vault:v1:AAAA"}]},
    ("post", "/api/v1/transit/sign/{name}"): {"data": "eA=="},
    ("post", "/api/v1/transit/verify/{name}"): {"data": "eA==", "signature": "vault:v1:AAAA"},
    ("post", "/api/v1/transit/hmac/{name}"): {"data": "eA=="},
    ("post", "/api/v1/transit/keys/{name}/config"): {"minDecryptionVersion": 1},
    ("put", "/api/v1/keys/{id}/min-decryption-version"): {"minDecryptionVersion": 1},
    ("post", "/api/v1/keys"): {"name": "whole", "keyType": "encryption", "algorithm": "ML-KEM-768"},
    ("post", "/api/v1/keys/import"): {"name": "whole", "keyType": "hmac", "algorithm": "HMAC-SHA3-256", "keyMaterial": "A" * 43 + "=", "format": "raw"},
    ("post", "/api/v1/resource-groups"): {"name": "whole"},
    ("put", "/api/v1/resource-groups/{id}"): {"name": "whole"},
    ("post", "/api/v1/resource-groups/{id}/items"): {"resourceType": "Secret", "resourceId": "{secret}"},
    ("put", "/api/v1/usage/quotas"): {"entropyMb": 0},
    ("post", "/api/v1/tenants"): {"name": "whole"},
    ("post", "/api/v1/cas"): {"name": "whole"},
    ("post", "/api/v1/service-identities"): {"name": "whole"},
    ("post", "/api/v1/certificates"): {"csr": "-----BEGIN CERTIFICATE REQUEST-----"},
    ("post", "/api/v1/certificates/{id}/renew"): {"csr": "-----BEGIN CERTIFICATE REQUEST-----"},
    ("post", "/api/v1/pki/issue"): {"commonName": "whole"},
    ("post", "/api/v1/log-streams"): {"name": "whole", "streamType": "File"},
    ("put", "/api/v1/log-streams/{id}"): {"name": "whole", "streamType": "File"},
}


def targets(server):
    """One of each thing that a path names by id."""
    make = lambda path, body: post(server, "/api/v1" + path, body).json()["id"]
    return {"secrets": make("/secrets", {"name": "target", "value": "x"}),
            "keys": make("/keys", {"name": "target", "keyType": "encryption", "algorithm": "ML-KEM-768"}),
            "resource-groups": make("/resource-groups", {"name": "target"}),
            "log-streams": make("/log-streams", {"name": "target", "streamType": "File", "configJson": ""}),
            "certificates": str(uuid.uuid4())}  # the body is read before it is looked for


def document(server):
    return server.http.get("/openapi.json").json()


def operations(server):
    for path, methods in document(server)["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            yield method, path, operation


def test_a_missing_field_is_named_on_every_route(server, refused):
    made = targets(server)
    held = set()
    for method, path, operation in operations(server):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        required = body.get("schema", {}).get("required", [])
        if not required:
            continue
        whole = WHOLE[method, path]
        held.add((method, path))
        for field in required:
            for rest in ({k: v for k, v in whole.items() if k != field}, {**whole, field: None}):
                target = path.replace("{id}", made.get(path.split("/")[3], "")).replace("{name}", "target")
                refused(server.http.request(method, target, json=rest), 400, "validation_error", field)
        assert set(whole) >= set(required)
    assert held == set(WHOLE)
    assert server.http.get(f"/api/v1/secrets/{made['secrets']}").json()["version"] == 1
    assert "whole" not in names(server)


@pytest.mark.parametrize("query", ["page=0", "page=x", "pageSize=0", "pageSize=201", "pageSize=1&page_size=2", "search=%ff",
                                   "search=%zz", "includeInactive=maybe", "page=99999999999999999999"])
def test_a_bad_query_is_refused(server, refused, query):
    refused(server.http.get("/api/v1/secrets?" + query), 400, "validation_error")


# --- sizes --------------------------------------------------------------------------------------

MEBIBYTE = 1024 * 1024


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(server, refused):
    with Wire(server) as wire:
        wire.send(request("POST", "/api/v1/secrets", server.api_key, [f"Content-Length: {3 * MEBIBYTE}"]))
        refused(wire.answer(), 413, "payload_too_large")


@pytest.mark.parametrize("path, size", [("/secrets", 3 * MEBIBYTE), ("/encrypt", 5 * MEBIBYTE), ("/apikeys", 70 * 1024)])
def test_a_body_that_is_sent_whole_although_too_large_is_refused(server, refused, path, size):
    body = json.dumps({"name": "large", "value": "x", "plaintext": "x", "scopes": [], "pad": "p" * size}).encode()
    with Wire(server) as wire:
        wire.send(request("POST", "/api/v1" + path, server.api_key, body=body))
        refused(wire.answer(), 413, "payload_too_large")
    assert "large" not in names(server)


def test_chunks_beyond_the_limit_are_refused(server, refused):
    chunk = b"10000\r\n" + b"p" * 65536 + b"\r\n"
    with Wire(server) as wire:
        wire.send(request("POST", "/api/v1/secrets", server.api_key, ["Transfer-Encoding: chunked"]) + chunk * 40)
        refused(wire.answer(), 413, "payload_too_large")


def test_a_value_at_its_limit_is_taken_and_one_octet_more_is_not(server, refused):
    made = post(server, "/api/v1/secrets", {"name": "full", "value": "v" * MEBIBYTE})
    assert made.status_code == 201
    assert len(server.http.get("/api/v1/secrets/by-name/full").json()["value"]) == MEBIBYTE
    refused(post(server, "/api/v1/secrets", {"name": "over", "value": "v" * (MEBIBYTE + 1)}), 413, "payload_too_large", "value")
    assert "over" not in names(server)
    assert server.http.delete("/api/v1/secrets/" + made.json()["id"]).status_code == 204


def test_a_plaintext_at_its_limit_is_taken_and_one_octet_more_is_not(server, refused):
    sealed = post(server, "/api/v1/encrypt", {"plaintext": "p" * MEBIBYTE})
    assert sealed.status_code == 200
    opened = post(server, "/api/v1/decrypt", {"encryptedPayload": sealed.json()["encryptedPayload"]})
    assert opened.json()["plaintext"] == "p" * MEBIBYTE
    refused(post(server, "/api/v1/encrypt", {"plaintext": "p" * (MEBIBYTE + 1)}), 400, field="plaintext")


def test_a_long_request_line_and_large_headers_are_refused(server, refused):
    refused(exchange(server, request("GET", "/health?" + "q" * 17_000)), 414, "uri_too_long")
    refused(exchange(server, request("GET", "/health", headers=["X-Pad: " + "p" * 33_000])), 431, "headers_too_large")
    refused(exchange(server, request("GET", "/health", headers=[f"X-{i}: p" for i in range(300)])), 431, "headers_too_large")
    # What tokens need still passes.
    assert exchange(server, request("GET", "/health", headers=["X-Pad: " + "p" * 20_000, "Connection: close"])).status == 200


# --- cut requests -------------------------------------------------------------------------------

def whole_secret(server, name, chunked=False):
    body = json.dumps({"name": name, "value": "cut"}).encode()
    if not chunked:
        return request("POST", "/v1/secrets", server.api_key, ["Connection: close"], body)
    head = request("POST", "/v1/secrets", server.api_key, ["Connection: close", "Transfer-Encoding: chunked"])
    half = len(body) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]))
    return head + chunks + b"0\r\n\r\n"


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_request_cut_at_any_octet_stores_nothing(server, chunked):
    before = names(server)
    whole = whole_secret(server, f"cut-{chunked}", chunked)
    for size in range(len(whole)):
        answer = exchange(server, whole[:size])
        assert answer is None or 400 <= answer.status < 500, (size, answer.status)
    assert names(server) == before
    assert exchange(server, whole).status == 201
    assert names(server) == before | {f"cut-{chunked}"}


def test_a_client_that_breaks_off_is_not_served(server):
    before = names(server)
    whole = whole_secret(server, "broken-off")
    for size in range(1, len(whole), 7):
        with Wire(server) as wire:
            wire.send(whole[:size])
    # Only what asks is still connected: everything that was sent has been looked at.
    wait_until(lambda: samples(server, "quantumapi_http_connections")[0].value <= 1, 10, "the others' end")
    assert names(server) == before


# --- smuggling ----------------------------------------------------------------------------------

SMUGGLED = b"POST /v1/secrets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
BODY = b'{"name":"smuggled","value":"x"}'


def head(*lines):
    return "\r\n".join(["POST /v1/secrets HTTP/1.1", *lines, "", ""]).encode()


def smuggling(key):
    auth = f"X-Api-Key: {key}"
    host = "Host: localhost"
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    size = f"Content-Length: {len(BODY)}"
    return {
        "two lengths": (head(host, auth, size, "Content-Length: 5") + BODY, 400),
        "two equal lengths": (head(host, auth, size, size) + BODY, 400),
        "a list of lengths": (head(host, auth, f"Content-Length: {len(BODY)}, {len(BODY)}") + BODY, 400),
        "a signed length": (head(host, auth, f"Content-Length: +{len(BODY)}") + BODY, 400),
        "a hexadecimal length": (head(host, auth, f"Content-Length: {len(BODY):#x}") + BODY, 400),
        "a negative length": (head(host, auth, "Content-Length: -1") + BODY, 400),
        "an empty length": (head(host, auth, "Content-Length:") + BODY, 400),
        "length and chunked": (head(host, auth, size, "Transfer-Encoding: chunked") + chunked, 400),
        "chunked and length": (head(host, auth, "Transfer-Encoding: chunked", size) + chunked, 400),
        "chunked twice": (head(host, auth, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + chunked, 400),
        "a list of codings": (head(host, auth, "Transfer-Encoding: gzip, chunked") + chunked, 501),
        "an unknown coding": (head(host, auth, "Transfer-Encoding: identity") + chunked, 501),
        "a coding almost chunked": (head(host, auth, "Transfer-Encoding: xchunked") + chunked, 501),
        "chunked in HTTP/1.0": (head(host, auth, "Transfer-Encoding: chunked").replace(b"HTTP/1.1", b"HTTP/1.0") + chunked, 400),
        "a folded line": (head(host, auth, size, "X-Fold: a", "  Content-Length: 5") + BODY, 400),
        "a line that begins with a tab": (head(host, auth, size, "X-Fold: a", "\tb") + BODY, 400),
        "a space before the colon": (head(host, auth, f"Content-Length : {len(BODY)}") + BODY, 400),
        "no colon": (head(host, auth, size, "Nonsense") + BODY, 400),
        "a control character": (head(host, auth, size, "X-A: \x01") + BODY, 400),
        "a NUL": (head(host, auth, size, "X-A: a\0b") + BODY, 400),
        "two hosts": (head(host, "Host: other", auth, size) + BODY, 400),
        "no host": (head(auth, size) + BODY, 400),
        "a host with a path": (head("Host: a/b", auth, size) + BODY, 400),
        "bare line feeds": (head(host, auth, size).replace(b"\r\n", b"\n") + BODY, 400),
        "a bare carriage return": (head(host, auth, size, "X-A: a\rX-B: b") + BODY, 400),
        "a chunk without size": (head(host, auth, "Transfer-Encoding: chunked") + b"\r\n" + BODY, 400),
        "a chunk of negative size": (head(host, auth, "Transfer-Encoding: chunked") + b"-1\r\n" + BODY, 400),
        "a chunk longer than its size": (head(host, auth, "Transfer-Encoding: chunked") + b"5\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
        "a size that overflows": (head(host, auth, "Transfer-Encoding: chunked") + b"1" + b"0" * 16 + b"\r\n" + BODY, 400),
        "HTTP/2": (head(host, auth, size).replace(b"HTTP/1.1", b"HTTP/2.0") + BODY, 505),
        "HTTP/0.9": (b"GET /health\r\n\r\n", 400),
        "two spaces": (head(host, auth, size).replace(b" HTTP", b"  HTTP") + BODY, 400),
        "a space before the method": (b" " + head(host, auth, size) + BODY, 400),
        "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64, 400),
    }


@pytest.mark.parametrize("kind", smuggling("").keys())
def test_a_request_that_two_parsers_could_read_differently_is_refused_and_ends_its_connection(server, refused, kind):
    octets, status = smuggling(server.api_key)[kind]
    before = names(server)
    # exchange() fails when the octets behind the refused request are answered as another one.
    refused(exchange(server, octets + SMUGGLED), status)
    assert names(server) == before


def test_the_well_formed_request_of_these_is_taken(server):
    octets = head("Host: localhost", f"X-Api-Key: {server.api_key}", f"Content-Length: {len(BODY)}", "Connection: close") + BODY
    answer = exchange(server, octets)
    assert answer.status == 201
    assert server.http.delete("/api/v1/secrets/" + answer.json()["id"]).status_code == 204


# --- paths, methods, connections ----------------------------------------------------------------

@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/v1", "/api/v1/nowhere", "/api/v2/secrets", "/api/v1/secrets/", "/v1/health",
                                  "/api/v1//secrets", "/API/v1/secrets", "/api/v1/secrets/a/b/c/d"])
def test_an_unknown_path_is_not_found(server, refused, path):
    answer = exchange(server, request("GET", path, server.api_key, ["Connection: close"]))
    if answer.status == 400:  # an empty segment is malformed rather than absent
        assert "//" in path or path.endswith("/")
        refused(answer, 400)
    else:
        refused(answer, 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v1/secrets/%ff", "/api/v1/secrets/%00", "/api/v1/secrets/%4", "/api/v1/secrets/%zz",
                                  "/api/v1/secrets/..", "/api/v1/secrets/%2e%2e", "/api/v1/secrets/.", "/api/v1/keys/../secrets"])
def test_a_bad_segment_is_refused(server, refused, path):
    answer = exchange(server, request("GET", path, server.api_key, ["Connection: close"]))
    assert answer.status in (400, 404)
    refused(answer, answer.status)


def test_a_wrong_method_is_told_the_right_ones_on_every_path(server, refused):
    for path, methods in document(server)["paths"].items():
        served = {method.upper() for method in methods}
        target = re.sub(r"\{[^}]+\}", "00000000-0000-4000-8000-000000000000", path)
        for method in {"GET", "PUT", "POST", "PATCH", "DELETE", "TRACE", "BREW"} - served:
            answer = exchange(server, request(method, target, server.api_key, ["Connection: close", "Content-Length: 0"]))
            refused(answer, 405, "method_not_allowed")
            assert set(answer.header("allow").replace(" ", "").split(",")) - {"HEAD", "OPTIONS"} == served, path


def test_a_connection_serves_many_requests_in_order(server):
    with Wire(server) as wire:
        for _ in range(3):
            wire.send(request("GET", "/version"))
            answer = wire.answer()
            assert answer.status == 200 and answer.header("connection") is None
        wire.send(request("GET", "/version") + request("GET", "/nowhere") + request("GET", "/health/live"))
        assert [wire.answer().status for _ in range(3)] == [200, 404, 200]


def test_connection_close_is_honoured_and_answered(server):
    for headers in (["Connection: close"], ["Connection: CLOSE"], ["Connection: x, close"]):
        with Wire(server) as wire:
            wire.send(request("GET", "/version", headers=headers) + request("GET", "/version"))
            answer = wire.answer()
            assert answer.status == 200 and answer.header("connection") == "close"
            assert wire.closed()


def test_http_1_0_is_answered_and_closed(server):
    with Wire(server) as wire:
        wire.send(b"GET /version HTTP/1.0\r\n\r\n")
        assert wire.answer().status == 200 and wire.closed()


def test_a_client_that_asks_first_is_told_to_go_on(server):
    body = b'{"plaintext":"x"}'
    with Wire(server) as wire:
        wire.send(request("POST", "/v1/encrypt", server.api_key, ["Expect: 100-continue", f"Content-Length: {len(body)}"]))
        assert wire.answer().status == 100
        wire.send(body)
        assert wire.answer().status == 200


@pytest.mark.parametrize("line", ["X-Api-Key:", "Authorization: Bearer", "Authorization: Bearer ", "Authorization:"])
def test_an_empty_credential_is_none(server, refused, line):
    answer = exchange(server, request("GET", "/v1/secrets", headers=[line, "Connection: close"]))
    refused(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"]


# --- payloads -----------------------------------------------------------------------------------

PREFIX = "qa1."


def octets_of(payload):
    text = payload[len(PREFIX):]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(octets):
    return PREFIX + base64.urlsafe_b64encode(octets).decode().rstrip("=")


def decrypt(server, payload, **more):
    return post(server, "/api/v1/decrypt", {"encryptedPayload": payload, **more})


def test_each_changed_octet_of_a_payload_is_refused(server, refused):
    payload = post(server, "/api/v1/encrypt", {"plaintext": "ada@example.eu"}).json()["encryptedPayload"]
    octets = octets_of(payload)
    assert len(octets) == 1155 and text_of(octets) == payload
    for place in range(len(octets)):
        changed = bytearray(octets)
        changed[place] ^= 1
        answer = decrypt(server, text_of(bytes(changed)))
        assert answer.status_code == 400, (place, answer.text)
        assert "@example" not in answer.text
        refused(answer, 400)
    assert decrypt(server, payload).json() == {"plaintext": "ada@example.eu"}


def test_a_payload_cut_or_lengthened_is_refused(server, refused):
    payload = post(server, "/api/v1/encrypt", {"plaintext": "ada"}).json()["encryptedPayload"]
    octets = octets_of(payload)
    for size in [*range(0, 60), *range(1100, len(octets))]:
        refused(decrypt(server, text_of(octets[:size])), 400)
    for more in (b"\0", octets, b"\0" * 1000):
        refused(decrypt(server, text_of(octets + more)), 400)


def test_the_text_form_has_one_spelling(server, refused):
    payload = post(server, "/api/v1/encrypt", {"plaintext": "abc"}).json()["encryptedPayload"]
    assert len(octets_of(payload)) % 3 == 1  # unused bits in the last character
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(payload[-1])
    for text in (payload[:-1] + alphabet[last ^ 1], payload + "=", payload + "\n", " " + payload, payload[:100] + " " + payload[100:],
                 "qa2." + payload[4:], "QA1." + payload[4:], payload[:-1] + "\u00e9"):
        refused(decrypt(server, text), 400)


def test_each_changed_part_is_refused_in_the_form_in_parts(server, refused):
    sealed = post(server, "/api/v1/encrypt", {"plaintext": "ada"}).json()
    parts = {name: sealed[name] for name in ("ciphertext", "encapsulatedKey", "nonce", "tag")}
    assert post(server, "/api/v1/decrypt", {**parts, "keyVersion": 1}).json() == {"plaintext": "ada"}
    assert post(server, "/api/v1/decrypt", parts).json() == {"plaintext": "ada"}
    for name, text in parts.items():
        octets = bytearray(base64.b64decode(text))
        octets[0] ^= 1
        for changed in (bytes(octets), bytes(octets[:-1]), b""):
            refused(post(server, "/api/v1/decrypt", {**parts, name: base64.b64encode(changed).decode()}), 400)
    for version in (0, 2, -1, 2**40):
        refused(post(server, "/api/v1/decrypt", {**parts, "keyVersion": version}), 400)


def test_a_payload_of_another_tenant_is_refused(server, new_server, refused):
    other = new_server().init().start()
    payload = post(other, "/api/v1/encrypt", {"plaintext": "theirs"}).json()["encryptedPayload"]
    assert other.tenant_id != server.tenant_id
    answer = decrypt(server, payload)
    refused(answer, 400)
    # With this tenant's own key id in the header it opens no better.
    ours = octets_of(post(server, "/api/v1/encrypt", {"plaintext": "ours"}).json()["encryptedPayload"])
    refused(decrypt(server, text_of(ours[:25] + octets_of(payload)[25:])), 400)
    assert decrypt(other, payload).json() == {"plaintext": "theirs"}


def test_additional_data_is_bound(server, refused):
    sealed = post(server, "/api/v1/encrypt", {"plaintext": "x", "additionalData": "row 7"}).json()["encryptedPayload"]
    assert decrypt(server, sealed, additionalData="row 7").status_code == 200
    for wrong in ({}, {"additionalData": ""}, {"additionalData": "row 8"}, {"additionalData": "row 7 "}):
        refused(decrypt(server, sealed, **wrong), 400)


def test_what_does_not_open_is_refused_alike(server):
    """Which of key, tag or additional data is wrong is not told."""
    sealed = post(server, "/api/v1/encrypt", {"plaintext": "x", "additionalData": "a"}).json()["encryptedPayload"]
    octets = bytearray(octets_of(sealed))
    octets[-1] ^= 1
    answers = [decrypt(server, sealed), decrypt(server, text_of(bytes(octets)), additionalData="a"), decrypt(server, sealed, additionalData="b")]
    assert len({json.dumps({k: v for k, v in a.json().items() if k != "instance"}, sort_keys=True) for a in answers}) == 1


# --- what the server says of itself -------------------------------------------------------------

PROMISED = {
    "/health": {"get"}, "/health/live": {"get"}, "/health/ready": {"get"}, "/version": {"get"}, "/metrics": {"get"}, "/openapi.json": {"get"},
    "/api/v1/secrets": {"get", "post"}, "/api/v1/secrets/{id}": {"get", "delete"}, "/api/v1/secrets/{id}/value": {"put"},
    "/api/v1/secrets/{id}/history": {"get"}, "/api/v1/secrets/{id}/versions": {"get"}, "/api/v1/secrets/{id}/rollback": {"post"}, "/api/v1/secrets/by-name/{name}": {"get"},
    "/api/v1/encrypt": {"post"}, "/api/v1/decrypt": {"post"}, "/api/v1/encryption/encrypt": {"post"}, "/api/v1/encryption/decrypt": {"post"},
    "/api/v1/qrng/entropy": {"post"}, "/api/v1/keys": {"get"}, "/api/v1/keys/{id}": {"get"}, "/api/v1/keys/{id}/rotate": {"post"},
    "/api/v1/apikeys": {"get", "post"}, "/api/v1/apikeys/{id}": {"get", "delete"}, "/api/v1/whoami": {"get"},
    "/api/v1/audit-logs": {"get"}, "/api/v1/audit-logs/export": {"get"}, "/api/v1/audit-logs/public-key": {"get"},
    "/api/v1/audit-logs/checkpoint": {"get"}, "/api/v1/rate-limit": {"get"}, "/api/v1/access/explain": {"get"}, "/api/v1/usage/storage": {"get"}, "/api/v1/tenants": {"get", "post"}, "/api/v1/usage/quotas": {"get", "put"},
    "/api/v1/encrypt/batch": {"post"}, "/api/v1/decrypt/batch": {"post"}, "/api/v1/rewrap": {"post"}, "/api/v1/encryption/rewrap": {"post"}, "/api/v1/rewrap/batch": {"post"}, "/api/v1/hash/searchable": {"post"}, "/api/v1/hash/searchable/batch": {"post"},
    "/api/v1/sign/batch": {"post"}, "/api/v1/verify/batch": {"post"}, "/api/v1/hmac/batch": {"post"},
    "/api/v1/sign": {"post"}, "/api/v1/verify": {"post"}, "/api/v1/hmac": {"post"},
    "/api/v1/transit/encrypt/{name}": {"post"}, "/api/v1/transit/decrypt/{name}": {"post"}, "/api/v1/transit/rewrap/{name}": {"post"},
    "/api/v1/transit/sign/{name}": {"post"}, "/api/v1/transit/verify/{name}": {"post"}, "/api/v1/transit/hmac/{name}": {"post"},
    "/api/v1/keys/import": {"post"}, "/api/v1/keys/{id}/versions": {"get"}, "/api/v1/keys/{id}/public-key": {"get"}, "/api/v1/keys/{id}/recover": {"post"},
    "/api/v1/resource-groups": {"get", "post"}, "/api/v1/resource-groups/{id}": {"get", "put", "delete"},
    "/api/v1/log-streams": {"get", "post"}, "/api/v1/log-streams/{id}": {"get", "put", "delete"}, "/api/v1/log-streams/{id}/files/{day}": {"get"},
}


def test_the_api_document_is_valid_and_holds_every_promised_route(server):
    described = document(server)
    assert described["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(described).validate()
    for path, methods in PROMISED.items():
        assert methods <= set(described["paths"].get(path, {})), path
    ids = [operation["operationId"] for _, _, operation in operations(server)]
    assert len(ids) == len(set(ids))


def test_the_api_document_holds_exactly_the_served_routes(server):
    """Latency series are made of the table that serves, whatever the document says."""
    described = {(method.upper(), path.removeprefix("/api/v1")) for method, path, _ in operations(server)}
    served = {(s.labels["method"], s.labels["route"]) for s in samples(server, "quantumapi_http_request_duration_seconds_count")}
    served.discard(("other", "unmatched"))
    aliases = {(m, p) for m, p in described if p.startswith("/encryption/")}
    assert described - aliases == served
    for method, path in aliases:
        assert (method, path.removeprefix("/encryption")) in served


def test_the_page_of_routes_is_of_the_served_ones(server, tmp_path):
    served = tmp_path / "openapi.json"
    served.write_text(server.http.get("/openapi.json").text)
    checked = subprocess.run([sys.executable, ROOT / "tools/write_routes.py", served, "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def rules_out_empty(schema):
    """Whether an empty text is not among what a parameter may be."""
    return (schema.get("type") in ("integer", "boolean") or schema.get("minLength", 0) > 0 or "format" in schema
            or "" not in schema.get("enum", [""]) or not re.search(schema.get("pattern", ""), ""))


def test_an_empty_parameter_is_refused_where_the_document_rules_it_out(new_server):
    """`?status=` is no way to leave status away: who meant a filter would get everything."""
    server = new_server().init().start()
    ids = targets(server)
    seen, accepted = set(), []
    for method, path, operation in operations(server):
        for parameter in operation.get("parameters", []):
            if method != "get" or parameter["in"] != "query" or not rules_out_empty(parameter["schema"]):
                continue
            room = path.removeprefix("/api/v1/").split("/")[0]
            target = re.sub(r"\{[^}]+\}", ids.get(room, str(uuid.uuid4())), path)
            answer = server.http.get(target, params={parameter["name"]: ""})
            seen.add((path, parameter["name"]))
            if answer.status_code < 400:
                accepted.append((path, parameter["name"]))
    assert len(seen) >= 15 and not accepted, accepted


def test_an_operation_says_whether_it_needs_a_key(server):
    for method, path, operation in operations(server):
        target = re.sub(r"\{[^}]+\}", "00000000-0000-4000-8000-000000000000", path)
        answer = httpx.request(method, server.plain_url + target)
        needs_key = bool(operation["security"]) and {} not in operation["security"]
        assert (answer.status_code == 401) == needs_key, (method, path, answer.status_code)


def test_answers_carry_the_request_id_and_continue_the_trace(server):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = server.http.get("/api/v1/secrets", headers={"traceparent": trace})
    request_id = answer.headers["x-request-id"]
    version, trace_id, span, flags = answer.headers["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", trace.split("-")[1], "01") and span != trace.split("-")[2]
    line = wait_until(lambda: next((l for l in log_lines(server) if l.get("request") == request_id), None), 5, "a log line")
    assert line["traceparent"].split("-")[1] == trace_id and line["status"] == 200 and line["route"] == "/secrets"
    assert server.http.get("/version").headers["x-request-id"] != request_id


@pytest.mark.parametrize("trace", ["00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                   "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "nonsense", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"])
def test_a_bad_trace_is_not_continued(server, trace):
    answer = server.http.get("/version", headers={"traceparent": trace})
    assert answer.status_code == 200
    assert trace not in answer.headers.get("traceparent", "")


def samples(server, name):
    return [s for family in text_string_to_metric_families(server.http.get("/metrics").text) for s in family.samples if s.name == name]


SERIES = [
    "quantumapi_http_requests_total", "quantumapi_http_request_duration_seconds_bucket", "quantumapi_http_request_duration_seconds_sum",
    "quantumapi_http_connections", "quantumapi_audit_lag_seconds", "quantumapi_audit_stopped", "quantumapi_store_commit_seconds_bucket",
    "quantumapi_store_commits_total", "quantumapi_entropy_health_failures", "quantumapi_entropy_quantum", "quantumapi_ready",
    "quantumapi_tls_handshakes_total", "quantumapi_tls_handshake_failures_total",
]


def test_metrics_parse_and_hold_the_promised_series(server):
    # One handshake that works and one that cannot, so that both series have something to say.
    with httpx.Client(verify=ssl.create_default_context(cafile=server.data / "ca.pem")) as https:
        assert https.get(server.url + "/version").status_code == 200
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while raw.recv(4096):
            pass
    assert server.http.get("/metrics").headers["content-type"].startswith("text/plain")
    for name in SERIES:
        assert samples(server, name), name
    assert samples(server, "quantumapi_tls_handshakes_total")[0].labels.keys() >= {"group", "signature"}
    assert "not_tls" in {s.labels["reason"] for s in samples(server, "quantumapi_tls_handshake_failures_total")}
    assert samples(server, "quantumapi_ready")[0].value == 1 and samples(server, "quantumapi_audit_stopped")[0].value == 0


def test_requests_are_counted_by_route_and_status(server):
    def count():
        return sum(s.value for s in samples(server, "quantumapi_http_requests_total")
                   if s.labels == {"method": "GET", "route": "/secrets/by-name/{name}", "status": "404"})

    before = count()
    for _ in range(3):
        assert server.http.get("/api/v1/secrets/by-name/absent-and-private").status_code == 404
    assert count() == before + 3
    assert "absent-and-private" not in server.http.get("/metrics").text


def log_lines(server):
    return [json.loads(line) for line in server.logs().splitlines()]


def test_logs_are_json_with_request_ids_and_without_secrets(server):
    value = "Qx7-value-that-no-log-may-hold"
    made = post(server, "/api/v1/secrets", {"name": "logged", "value": value, "notes": value + "-note"}).json()
    server.http.get(f"/api/v1/secrets/{made['id']}")
    sealed = post(server, "/api/v1/encrypt", {"plaintext": value, "additionalData": value + "-aad"}).json()["encryptedPayload"]
    decrypt(server, sealed, additionalData=value + "-aad")
    post(server, "/api/v1/encrypt", b'{"plaintext":"' + value.encode())
    decrypt(server, sealed[:-4] + "AAAA")
    server.http.get("/api/v1/secrets", headers={"X-Api-Key": server.api_key[:-1] + "~"})
    key = post(server, "/api/v1/apikeys", {"name": "logged", "scopes": ["secrets:read"]}).json()["apiKey"]
    last = server.http.get("/api/v1/secrets", headers={"X-Api-Key": key}).headers["x-request-id"]
    wait_until(lambda: any(line.get("request") == last for line in log_lines(server)), 5, "the last request logged")
    text = server.logs()
    for secret in (value, server.api_key, key, server.api_key[5:], key[25:], sealed[4:60]):
        assert secret not in text
    lines = [line for line in log_lines(server) if line.get("message") == "request" or line.get("msg") == "request"]
    assert len(lines) > 100
    for line in lines:
        assert re.fullmatch(r"[0-9a-f-]{36}", line["request"]) and line["method"] and line["status"]
