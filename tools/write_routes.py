#!/usr/bin/env python3
"""Writes docs/routes.md from the API document of a running platform.

usage: tools/write_routes.py OPENAPI_JSON [--check]

OPENAPI_JSON is the file that `curl http://127.0.0.1:8080/openapi.json` gives. With --check nothing is
written: the exit status is 1 where docs/routes.md is not what would be written.
"""

import json
import pathlib
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/routes.md"
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
HEAD = """# Routes

Written by `tools/write_routes.py` from `/openapi.json`, which has every member, limit and refusal; a test holds the two
together. Each path below `/api/v1` stands at `/v1` and at `/v1/api/v1` too. The scope is what an API key must have;
{open} means that no key is asked for, "any" that any valid key will do.
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


def page(document):
    rooms = {heading: [] for heading in ROOMS.values()}
    for path, method, operation in operations(document):
        tag = (operation.get("tags") or [""])[0]
        if not tag:
            tag = "certificates" if "/cas/" in path else "platform"
        rooms[ROOMS[tag]].append(f"| {method} | `{path.removeprefix('/api/v1')}` | {scope_of(operation)} | {operation['summary']} |")
    text = HEAD.format(open=f'"{OPEN}"')
    for heading, rows in rooms.items():
        text += f"\n## {heading}\n\n| | path | scope | |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
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
