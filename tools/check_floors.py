#!/usr/bin/env python3
"""check_floors.py [--self-test]: holds every #include against the house.

The house has floors: a folder of src/ (a room) includes itself and rooms of
lower floors, of those only the ones its CMakeLists.txt names (DEPENDS). Heavy
libraries stay in .cc files and in headers that no other room reaches, AWS-LC in
three rooms, and the public headers of the SDK know the standard library alone.
Exits 1 and names each line that breaks a rule.
"""
import re
import sys
from pathlib import Path

FLOORS = {
    "base": 0,
    "crypto": 1,
    "x509": 2, "jose": 2, "store": 2,
    "keyring": 3, "http": 3,
    "access": 4, "audit": 4, "client": 4,
    "vault": 5, "encryption": 5, "identity": 5, "ca": 5, "agent": 5, "supplychain": 5,
    "usage": 6, "compliance": 6, "doctor": 6,
    "server": 7, "cli": 7,
    "apps": 8, "reference": 8,
}
# A customer's side of the wire: nothing there may know how the server keeps things.
ON_THE_SDK = {"client", "agent", "supplychain"}
OF_THE_SERVER = {"store", "keyring", "access", "audit", "vault", "encryption", "identity", "ca"}
# The services of reference/ are written as a user would write them.
REFERENCE_MAY_INCLUDE = {"quantumapi", "base", "http", "store"}

HEAVY = re.compile(r"^(boost/(beast|asio)|openssl/|libpq-fe\.h|sqlite3\.h|spdlog/)")
AWSLC_ROOMS = {"crypto", "x509", "http"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STANDARD = re.compile(r"^[a-z_0-9]+$")


def floor_fault(room, included):
    """Why `room` may not include `included`, whatever its link line says; else None."""
    if included == room:
        return None
    if included not in FLOORS:
        return f"{included}/ is no room of the house"
    if room == "reference":
        allowed = included in REFERENCE_MAY_INCLUDE
        return None if allowed else f"reference/ may include only {sorted(REFERENCE_MAY_INCLUDE)}"
    if FLOORS[included] >= FLOORS[room]:
        return f"{included} (floor {FLOORS[included]}) is not below {room} (floor {FLOORS[room]})"
    if room in ON_THE_SDK and included in OF_THE_SERVER:
        return f"{room} stands on the SDK: {included} belongs to the server"
    return None


def include_faults(path, room, text, permitted):
    """Faults of one source. `permitted`: the rooms its link line names, None if it has none."""
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, name = match.groups()
        for fault in one_include(path, room, quote, name, permitted):
            yield f"{path}:{number}: {fault}"


def one_include(path, room, quote, name, permitted):
    if name.startswith("openssl/") and room not in AWSLC_ROOMS:
        yield f"<{name}>: AWS-LC is used by {', '.join(sorted(AWSLC_ROOMS))} only"
    if quote != '"' or "/" not in name or name.startswith("quantumapi/"):
        return
    included = name.split("/")[0]
    fault = floor_fault(room, included)
    if fault:
        yield f'"{name}": {fault}'
    elif permitted is not None and included != room and included not in permitted:
        yield f'"{name}": {included} is not in the DEPENDS of src/{room}/CMakeLists.txt'


def heavy_faults(texts):
    """Includes by which a room reaches a heavy library through another room's header.

    `texts`: path below src/ to text, of every source.
    """
    includes = {path: [m.group(2) for m in map(INCLUDE.match, text.splitlines()) if m]
                for path, text in texts.items()}

    def reached(header, seen):
        for name in includes.get(header, ()):
            if HEAVY.match(name):
                return name
            if name in includes and name not in seen:
                seen.add(name)
                found = reached(name, seen)
                if found:
                    return found
        return None

    for path, names in includes.items():
        for name in names:
            heavy = reached(name, {name}) if name.split("/")[0] != path.split("/")[0] else None
            if heavy:
                yield f'src/{path}: "{name}" brings in <{heavy}>, which is heavy: hide it in a .cc file'


def public_header_faults(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, name = match.groups()
        if quote == "<" and not STANDARD.match(name):
            yield f"{path}:{number}: <{name}>: a public header includes the standard library only"
        if quote == '"' and not name.startswith("quantumapi/"):
            yield f'{path}:{number}: "{name}": a public header includes quantumapi/ only'


def cmake_list(text, keyword):
    """The words after `keyword` in quantumapi_room(...), up to the next keyword."""
    call = re.search(r"quantumapi_room\(([^)]*)\)", text)
    words, found, taking = (call.group(1).split() if call else []), [], False
    for word in words:
        if word.isupper() and word not in ("PUBLIC", "PRIVATE"):
            taking = word == keyword
        elif taking:
            found.append(word)
    return found


def permissions(cmake_text):
    """(rooms a source may include, rooms a test may include besides)."""
    tests = {word.removeprefix("quantumapi_").split("_")[0]
             for word in cmake_list(cmake_text, "TEST_LIBRARIES") if word.startswith("quantumapi_")}
    return set(cmake_list(cmake_text, "DEPENDS")), tests


def room_faults(root, room):
    cmake = root / "src" / room / "CMakeLists.txt"
    if room not in FLOORS:
        yield f"src/{room}: no room of the house: give it a floor in tools/check_floors.py"
        return
    depends, of_tests = permissions(cmake.read_text() if cmake.exists() else "")
    for name in sorted(depends):
        fault = floor_fault(room, name)
        if fault:
            yield f"src/{room}/CMakeLists.txt: DEPENDS {name}: {fault}"
    for path in sources(root / "src" / room):
        is_test = path.name.endswith("_test.cc") or path.name.startswith("test_")
        permitted = depends | of_tests if is_test else depends
        yield from include_faults(str(path.relative_to(root)), room, path.read_text(), permitted)


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".cc", ".h"))


def all_faults(root):
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir():
            yield from room_faults(root, folder.name)
    yield from heavy_faults({str(path.relative_to(root / "src")): path.read_text()
                             for path in sources(root / "src")})
    for room in ("apps", "reference"):
        for path in sources(root / room):
            yield from include_faults(str(path.relative_to(root)), room, path.read_text(), None)
    for path in sources(root / "include" / "quantumapi"):
        yield from public_header_faults(str(path.relative_to(root)), path.read_text())


# Each rule, once kept and once broken: (path, room, DEPENDS, line, words of the fault or None).
CASES = [
    ("src/vault/a.cc", "vault", {"store"}, '#include "store/database.h"', None),
    ("src/vault/a.cc", "vault", {"store"}, '#include "vault/service.h"', None),
    ("src/vault/a.cc", "vault", {"store"}, '#include "quantumapi/client.h"', None),
    ("src/vault/a.cc", "vault", {"store"}, '#include "crypto/hash.h"', "not in the DEPENDS"),
    ("src/vault/a.cc", "vault", {"encryption"}, '#include "encryption/payload.h"', "not below"),
    ("src/store/a.cc", "store", {"keyring"}, '#include "keyring/keyring.h"', "not below"),
    ("src/http/a.cc", "http", {"x509"}, '#include "x509/server_identity.h"', None),
    ("src/vault/a.cc", "vault", {"cellar"}, '#include "cellar/wine.h"', "no room"),
    ("src/agent/a.cc", "agent", {"client"}, '#include "client/api.h"', None),
    ("src/agent/a.cc", "agent", {"store"}, '#include "store/database.h"', "on the SDK"),
    ("src/client/a.cc", "client", {"keyring"}, '#include "keyring/keyring.h"', "on the SDK"),
    ("reference/a.cc", "reference", None, '#include "store/database.h"', None),
    ("reference/a.cc", "reference", None, '#include "vault/service.h"', "may include only"),
    ("apps/a.cc", "apps", None, '#include "server/serve.h"', None),
    ("src/crypto/a.cc", "crypto", set(), "#include <openssl/evp.h>", None),
    ("src/vault/a.cc", "vault", set(), "#include <openssl/evp.h>", "AWS-LC is used by"),
    ("include/quantumapi/a.h", None, None, "#include <string_view>", None),
    ("include/quantumapi/a.h", None, None, '#include "quantumapi/result.h"', None),
    ("include/quantumapi/a.h", None, None, '#include "base/result.h"', "quantumapi/ only"),
    ("include/quantumapi/a.h", None, None, "#include <boost/json.hpp>", "standard library only"),
]
# Headers of store/, and whether vault/ may include the first of them.
HEAVY_CASES = [
    ({"store/a.h": "#include <vector>"}, True),
    ({"store/a.h": "#include <vector>", "store/a.cc": "#include <sqlite3.h>"}, True),
    ({"store/a.h": "#include <sqlite3.h>"}, False),
    ({"store/a.h": "  #  include <libpq-fe.h>"}, False),
    ({"store/a.h": "#include <spdlog/spdlog.h>"}, False),
    ({"store/a.h": '#include "store/b.h"', "store/b.h": "#include <boost/asio.hpp>"}, False),
    ({"store/a.h": '#include "store/b.h"', "store/b.h": '#include "store/a.h"'}, True),
]


def self_test():
    failed = 0
    for headers, allowed in HEAVY_CASES:
        texts = headers | {"vault/a.cc": '#include "store/a.h"', "store/own.cc": '#include "store/a.h"'}
        faults = list(heavy_faults(texts))
        if bool(faults) == allowed:
            failed += 1
            print(f"{headers}: expected {'no fault' if allowed else 'a fault'}, got {faults}")
    for path, room, permitted, line, expected in CASES:
        text = f"// a comment\n{line}\n"
        faults = list(include_faults(path, room, text, permitted) if room
                      else public_header_faults(path, text))
        as_expected = not faults if expected is None else any(expected in f for f in faults)
        if not as_expected:
            failed += 1
            print(f"{path}: {line}: expected {expected or 'no fault'}, got {faults}")
    cmake = "quantumapi_room(a DEPENDS base store\n  LIBRARIES PRIVATE x TEST_LIBRARIES quantumapi_b_testing)"
    if permissions(cmake) != ({"base", "store"}, {"b"}):
        failed += 1
        print(f"link line read as {permissions(cmake)}")
    print(f"{len(CASES) + len(HEAVY_CASES) + 1 - failed} passed, {failed} failed")
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    faults = list(all_faults(Path(__file__).resolve().parent.parent))
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
