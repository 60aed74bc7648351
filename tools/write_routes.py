#!/usr/bin/env python3
"""Writes docs/routes.md from the API document of a running platform.

usage: tools/write_routes.py OPENAPI_JSON [--check]

OPENAPI_JSON is the file that `curl http://127.0.0.1:8080/openapi.json` gives. With --check nothing is
written: the exit status is 1 where docs/routes.md is not what would be written.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/routes.md"
OPEN = "nobody's"
ROOMS = {  # in the order of the page: tag of the document, heading
    "secrets": "Secrets",
    "encryption": "Encryption, signatures, hashes",
    "keys": "Keys",
    "entropy": "Entropy",
    "certificates": "Certificates",
    "access": "Access",
    "audit": "Audit",
    "platform": "Platform",
}
RULES = [  # the first that matches "METHOD /path": where the rule of that route stands
    (r"GET /secrets(/\{id\}/(history|versions))?$", "vault/service_list.cc"),
    (r"GET /secrets", "vault/service_read.cc"),
    (r"/secrets", "vault/service.cc"),
    (r"/transit/(batch|encrypt|decrypt|rewrap)/", "encryption/transit_handlers.cc"),
    (r"/transit/keys/", "encryption/key_change_handlers.cc"),
    (r"/transit/datakey/|generate-data-key|/unwrap", "encryption/data_key_routes.cc"),
    (r"/(sign|verify|hmac)/batch", "encryption/sign_batch_routes.cc"),
    (r"/(sign|verify|hmac)", "encryption/sign_handlers.cc"),
    (r"/rewrap", "encryption/rewrap_routes.cc"),
    (r"/hash/", "encryption/hash_routes.cc"),
    (r"crypt/batch", "encryption/batch_handlers.cc"),
    (r"/(en|de)crypt$", "encryption/service.cc"),
    (r"GET /keys(/\{id\})?$|/keys/.*/rotate", "encryption/key_handlers.cc"),
    (r"/keys", "encryption/key_change_handlers.cc"),
    (r"/entropy", "encryption/entropy_handler.cc"),
    (r"/usage/quotas", "encryption/quota.cc"),
    (r"/usage/storage", "usage/service.cc"),
    (r"/crl$", "ca/revocation_lists.cc"),
    (r"/cas|/pki/ca/", "ca/authorities.cc"),
    (r"/certificate-policy", "ca/policies.cc"),
    (r"POST /certificates(/\{id\}/renew)?$|/pki/issue", "ca/issue.cc"),
    (r"/certificates", "ca/certificates.cc"),
    (r"/service-identities", "ca/identities.cc"),
    (r"/access/explain", "access/explain.cc"),
    (r"/apikeys/.*/rotate", "access/rotate.cc"),
    (r"/apikeys", "access/keys.cc"),
    (r"/rate-limit", "access/rates.cc"),
    (r"/whoami", "access/service.cc"),
    (r"/resource-groups", "access/groups.cc"),
    (r"/tenants", "access/tenants.cc"),
    (r"/log-streams", "audit/stream_service.cc"),
    (r"/audit-logs", "audit/service.cc"),
    (r"/health", "server/health_monitor.cc"),
    (r"/metrics", "server/metrics_route.cc"),
    (r"/openapi", "server/openapi.cc"),
    (r"/version", "server/version.cc"),
]
HEAD = """# Routes

Written by `tools/write_routes.py` from `/openapi.json`, which has every member, limit and refusal; a test holds the two
together. Each path below `/api/v1` stands at `/v1` and at `/v1/api/v1` too. The scope is what an API key must have;
{open} means that no key is asked for, "any" that any valid key will do. The last column leads to the route's rule.
"""


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def scope_of(operation):
    needed = operation.get("x-required-scope")
    if needed:
        return f"`{needed}`"
    return "any" if operation["security"] else OPEN


def rule_of(method, path):
    file = next(file for pattern, file in RULES if re.search(pattern, f"{method} {path}"))
    if not (ROOT / "src" / file).exists():
        sys.exit(f"the rule of {method} {path} does not stand in src/{file}: mend RULES of tools/write_routes.py")
    return f"[{file}](../src/{file})"


def page(document):
    rooms = {heading: [] for heading in ROOMS.values()}
    for path, method, operation in operations(document):
        tag = (operation.get("tags") or [""])[0]
        if not tag:
            tag = "certificates" if "/cas/" in path else "platform"
        short = path.removeprefix("/api/v1")
        rooms[ROOMS[tag]].append(f"| {method} | `{short}` | {scope_of(operation)} | {operation['summary']} | {rule_of(method, short)} |")
    text = HEAD.format(open=f'"{OPEN}"')
    for heading, rows in rooms.items():
        text += f"\n## {heading}\n\n| | path | scope | | rule |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    return text


def main():
    arguments = [one for one in sys.argv[1:] if one != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    wanted = page(json.loads(pathlib.Path(arguments[0]).read_text()))
    if "--check" not in sys.argv:
        PAGE.write_text(wanted)
    elif PAGE.read_text() != wanted:
        sys.exit("docs/routes.md is not of these routes: tools/write_routes.py writes it anew")


if __name__ == "__main__":
    main()
