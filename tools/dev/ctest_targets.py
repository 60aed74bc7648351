#!/usr/bin/env python3
"""ctest_targets.py TREE REGEX: the build targets that the matching tests run.

A test that is a built program needs that program; any other test (a script)
may need every program. Exits 1 when no test matches.
"""
import json
import os
import subprocess
import sys


def targets(tree, regex):
    listing = subprocess.run(
        ["ctest", "--test-dir", tree, "--show-only=json-v1", "--tests-regex", regex],
        check=True, capture_output=True, text=True)
    programs = os.path.join(os.path.abspath(tree), "bin") + os.sep
    found = set()
    for test in json.loads(listing.stdout)["tests"]:
        program = test.get("command", [""])[0]
        if program.startswith(programs):
            found.add(os.path.basename(program))
        else:
            found.add("programs")
    return found


if __name__ == "__main__":
    names = targets(sys.argv[1], sys.argv[2])
    print(" ".join(sorted(names)))
    sys.exit(0 if names else 1)
