#!/usr/bin/env python3
"""ctest_targets.py TREE REGEX: the build targets that the matching tests run.

A test that is a built program says so by its label builds:TARGET; any other
test (a script) may need every program. Exits 1 when no test matches.
"""
import json
import subprocess
import sys

LABEL = "builds:"


def targets_of(test):
    labels = next((p["value"] for p in test["properties"] if p["name"] == "LABELS"), [])
    return [label.removeprefix(LABEL) for label in labels if label.startswith(LABEL)] or ["programs"]


def main(tree, regex):
    listing = subprocess.run(
        ["ctest", "--test-dir", tree, "--show-only=json-v1", "--tests-regex", regex],
        check=True, capture_output=True, text=True)
    tests = json.loads(listing.stdout)["tests"]
    print(*sorted({target for test in tests for target in targets_of(test)}))
    return 0 if tests else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
