"""Names and texts that mean something to a database, a log, a path or an eye: stored and shown as
they are, or refused; and repeated or unknown words, on every route that takes them."""

import json
import re
import unicodedata
import urllib.parse

import pytest

from fixtures import end, maker
from harness import wait_until
from test_requests import WHOLE, document, operations, post, targets


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request, tmp_path_factory):
    make, made = maker(request, tmp_path_factory.mktemp("hostile"))
    yield make(request.param, serve_options=["--log-level", "debug"]).init().start()
    end(made)


INJECTIONS = [
    "'; DROP TABLE secrets; --", "' OR '1'='1", '" OR ""="', "x') UNION SELECT value FROM secret_versions --", "\\'; SELECT pg_sleep(9); --",
    "$1", ":name", "?", "%", "_", "!", "!%", "100%_!", "${jndi:ldap://x.example.org/a}", "{{7*7}}", "<script>alert(1)</script>", "$(id)", "`id`", "%s%n%x",
    '","level":"error","message":"forged', "null", "undefined", "NaN", "true", "-1", "0", "a\u202eb", "a\u200bb", "\ufeffbom", "\U0001f600",
]
PATHS = ["a/b", "/a", "a/", "a//b", "a%2Fb", "%2e%2e", "...", ". ", "a.b", ".a", "a?b", "a#b", "a&b=c", "a;b", "a b", " a", "a+b", "a\\b", "a:b", "a@b", "~a", "\u00e9/\u00df"]
# Each pair looks alike, or is the same text in two normal forms.
ALIKE = [("admin", "\u0430dmin"), ("paypal", "p\u0430yp\u0430l"), ("caf\u00e9", "cafe\u0301"), ("\u212b", "\u00c5"), ("\ufb01le", "file"), ("a", "A"), ("x", "x "),
         ("\u0130", "i\u0307"), ("ss", "\u00df"), ("\u03a9", "\u2126"), ("1", "\uff11")]
REFUSED = ["", ".", "..", "a\nb", "a\r\nX-Injected: 1", "a\0b", "\x1b[31mred", "a\tb", "\x7f", "a\u0085b", "n" * 256]


def by_name(server, name):
    return server.http.get("/api/v1/secrets/by-name/" + urllib.parse.quote(name, safe=""))


@pytest.mark.parametrize("name", INJECTIONS + PATHS, ids=ascii)
def test_a_name_of_a_secret_is_text_and_nothing_else(server, name):
    made = post(server, "/api/v1/secrets", {"name": name, "value": name, "description": name, "labels": [name]})
    assert made.status_code == 201, made.text
    for answer in (server.http.get("/api/v1/secrets/" + made.json()["id"]), by_name(server, name)):
        assert answer.status_code == 200, answer.text
        secret = answer.json()
        assert (secret["name"], secret["value"], secret["description"], secret["labels"]) == (name, name, name, [name])
    for query in ({"search": name}, {"label": name}):
        found = server.http.get("/api/v1/secrets", params={**query, "pageSize": 200}).json()["secrets"]
        assert name in {secret["name"] for secret in found}
        assert all(name.casefold() in s["name"].casefold() or name in s.get("labels", []) for s in found), "a wildcard was not taken as text"
    event = next(i for i in server.http.get("/api/v1/audit-logs?action=secret.create").json()["items"] if i["resourceId"] == secret["id"])
    assert event["resourceName"] == name
    assert server.http.delete("/api/v1/secrets/" + secret["id"]).status_code == 204
    assert by_name(server, name).status_code == 404


@pytest.mark.parametrize("name", INJECTIONS + PATHS, ids=ascii)
def test_a_name_of_a_key_is_text_and_nothing_else(server, name):
    made = post(server, "/api/v1/keys", {"name": name, "keyType": "encryption", "description": name, "labels": [name]})
    assert made.status_code == 201, made.text
    segment = urllib.parse.quote(name, safe="")
    key = server.http.get("/api/v1/keys/" + segment).json()
    assert (key["id"], key["name"], key["description"], key["labels"]) == (made.json()["id"], name, name, [name])
    sealed = post(server, "/api/v1/transit/encrypt/" + segment, {"plaintext": "eA=="}).json()
    assert sealed["keyName"] == name
    assert post(server, "/api/v1/transit/decrypt/" + segment, {"ciphertext": sealed["ciphertext"]}).json() == {"plaintext": "eA=="}


@pytest.mark.parametrize("name", INJECTIONS, ids=ascii)
def test_names_of_groups_streams_and_api_keys_are_text(server, name):
    group = post(server, "/api/v1/resource-groups", {"name": name, "description": name}).json()
    stream = post(server, "/api/v1/log-streams", {"name": name, "streamType": "File", "configJson": ""}).json()
    key = post(server, "/api/v1/apikeys", {"name": name, "scopes": ["secrets:read"], "description": name}).json()
    for path, made in (("resource-groups", group), ("log-streams", stream), ("apikeys", key)):
        assert server.http.get(f"/api/v1/{path}/{made['id']}").json()["name"] == name
        assert server.http.delete(f"/api/v1/{path}/{made['id']}").status_code == 204


@pytest.mark.parametrize("first, second", ALIKE, ids=ascii)
def test_names_that_look_alike_are_two(server, first, second):
    assert first != second
    for name in (first, second):
        assert post(server, "/api/v1/secrets", {"name": name, "value": ascii(name)}).status_code == 201
        assert post(server, "/api/v1/keys", {"name": name, "keyType": "hmac"}).status_code == 201
    keys = {server.http.get("/api/v1/keys/" + urllib.parse.quote(name, safe="")).json()["id"] for name in (first, second)}
    assert len(keys) == 2
    for name in (first, second):
        secret = by_name(server, name).json()
        assert (secret["name"], secret["value"]) == (name, ascii(name))
        # In another normal form it is another name, which may be the other one's.
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            other = unicodedata.normalize(form, name)
            if other not in (first, second):
                assert by_name(server, other).status_code == 404
        assert server.http.delete("/api/v1/secrets/" + secret["id"]).status_code == 204


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: ascii(name)[:20])
def test_a_name_that_could_forge_a_line_or_a_path_is_refused_everywhere(server, name):
    bodies = {"/secrets": {"value": "v"}, "/keys": {"keyType": "hmac"}, "/resource-groups": {}, "/apikeys": {"scopes": ["secrets:read"]},
              "/log-streams": {"streamType": "File", "configJson": ""}}
    for path, body in bodies.items():
        if name in (".", "..") and path not in ("/secrets", "/keys"):
            continue  # these are reached by their ids alone
        answer = post(server, "/api/v1" + path, {"name": name, **body})
        assert answer.status_code == 400 and "name" in answer.json()["details"]["errors"], (path, answer.text)


def test_what_a_caller_sends_forges_no_line_of_the_log(server):
    forged = '","level":"error","message":"forged","x":"'
    agent = f'evil{forged}\\n{{"level":"error"}}'
    answer = server.http.get("/api/v1/secrets/by-name/" + urllib.parse.quote(forged + "\u2028", safe=""),
                             headers={"User-Agent": agent, "traceparent": forged, "X-Request-Id": forged})
    assert answer.status_code == 404 and forged not in answer.headers.get("x-request-id", "")
    request_id = answer.headers["x-request-id"]
    lines = lambda: [json.loads(line) for line in server.logs().splitlines()]
    wait_until(lambda: any(line.get("request") == request_id for line in lines()), 5, "the request logged")
    assert not [line for line in lines() if line.get("message") == "forged" or line["level"] == "error"]
    event = next(i for i in server.http.get("/api/v1/audit-logs").json()["items"] if i["requestId"] == request_id)
    assert event["userAgent"] == agent


# --- every route --------------------------------------------------------------------------------

def bodies(server):
    """Method, path with real ids, schema and a whole body of each route that takes one."""
    made = targets(server)
    for method, path, operation in operations(server):
        if (method, path) in WHOLE:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            yield method, path.replace("{id}", made.get(path.split("/")[3], "")).replace("{name}", "target"), schema, WHOLE[method, path]


@pytest.fixture(scope="module")
def routes_with_bodies(server):
    return list(bodies(server))


def wrong_values(schema):
    """Values that are not of the schema's type, null aside."""
    stated = [kind.get("type") for kind in schema.get("anyOf", [schema])]
    kinds = {kind for each in stated for kind in (each if isinstance(each, list) else [each])}
    candidates = {"string": "text", "integer": -5, "boolean": True, "array": [1], "object": {"a": 1}}
    if "number" in kinds:
        kinds.add("integer")
    return [value for kind, value in candidates.items() if kind not in kinds and kinds != {None}]


def test_a_wrong_type_is_named_on_every_route(server, routes_with_bodies):
    tried = 0
    for method, path, schema, whole in routes_with_bodies:
        for field, of_field in schema["properties"].items():
            for value in wrong_values(of_field):
                answer = server.http.request(method, path, json={**whole, field: value})
                assert answer.status_code == 400, (method, path, field, value, answer.text)
                named = answer.json()["details"]["errors"]
                assert any(name == field or name.startswith(field + ".") for name in named), (path, field, value, named)
                tried += 1
    assert tried > 200


def test_a_member_twice_with_different_values_is_refused_on_every_route(server, routes_with_bodies):
    for method, path, schema, whole in routes_with_bodies:
        field, value = next(iter(whole.items()))
        snake = re.sub("([A-Z])", lambda m: "_" + m[1].lower(), field)
        for again in (field, snake.upper()):
            text = json.dumps(whole)[:-1] + f", {json.dumps(again)}: {json.dumps([value, 1])}}}"
            answer = server.http.request(method, path, content=text.encode(), headers={"Content-Type": "application/json"})
            assert answer.status_code == 400 and answer.json()["error"] == "validation_error", (method, path, again, answer.text)


LISTS = ["/secrets", "/keys", "/apikeys", "/audit-logs", "/certificates", "/service-identities"]


@pytest.mark.parametrize("path", LISTS)
def test_huge_pages_are_empty_or_refused_on_every_list(server, path):
    assert {p.removeprefix("/api/v1") for p, methods in document(server)["paths"].items()
            if "page" in {q["name"] for q in methods.get("get", {}).get("parameters", [])}} == set(LISTS)
    last = server.http.get(f"/api/v1{path}?page=1000000&pageSize=200")
    assert last.status_code == 200
    items = next(value for value in last.json().values() if isinstance(value, list))
    assert items == [] and last.json().get("hasMore") in (False, None)
    for page in ("1000000001", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e9", "-1", "0", "1.0", "0x1", "+1", " 1", "\u0661"):
        answer = server.http.get(f"/api/v1{path}", params={"page": page})
        assert answer.status_code == 400 and "page" in answer.json()["details"]["errors"], (page, answer.text)


ALGORITHMS = ["", "none", "RSA-2048", "AES-256-GCM", "ml-kem-768", "ML-KEM-768 ", "ML-KEM-769", "Kyber768", "ML-DSA-65;", "HMAC-MD5", "\u041cL-KEM-768"]


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=ascii)
def test_an_unknown_algorithm_is_refused_wherever_one_is_named(server, algorithm):
    for kind in ("encryption", "signing", "hmac"):
        assert refuses_algorithm(post(server, "/api/v1/keys", {"name": "unknown", "keyType": kind, "algorithm": algorithm}))
        assert refuses_algorithm(post(server, "/api/v1/keys/import", {"name": "unknown", "keyType": kind, "algorithm": algorithm,
                                                                      "keyMaterial": "A" * 43 + "=", "format": "raw"}))
    assert refuses_algorithm(post(server, "/api/v1/encrypt", {"plaintext": "x", "algorithm": algorithm}))
    assert refuses_algorithm(post(server, "/api/v1/sign", {"keyId": "default-signing", "data": "x", "algorithm": algorithm}))
    if algorithm != "AES-256-GCM":
        assert refuses_algorithm(post(server, "/api/v1/transit/datakey/default-encryption", {"algorithm": algorithm}))
    assert server.http.get("/api/v1/keys/unknown").status_code == 404


def refuses_algorithm(answer):
    return answer.status_code == 400 and "algorithm" in answer.json()["details"]["errors"]
