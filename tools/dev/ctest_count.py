#!/usr/bin/env python3
"""ctest_count.py JUNIT_FILE: prints "PASSED FAILED SKIPPED" of a ctest run.

A GoogleTest program counts with each of its tests, anything else as one. A
program that failed without naming a failed test (a crash, a time-out) counts
as one failure; one that passed without a test of its own is an error. What was
not checked is named on standard error.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

RAN = re.compile(r"^\[==========\] (\d+) tests? from \d+ test suites? ran\.", re.MULTILINE)
PASSED = re.compile(r"^\[  PASSED  \] (\d+) tests?\.", re.MULTILINE)
SKIPPED = re.compile(r"^\[  SKIPPED \] (\d+) tests?, listed below", re.MULTILINE)
FAILED = re.compile(r"^\[  FAILED  \] (\d+) tests?, listed below", re.MULTILINE)
# A script of ours closes with the same line that ./dev prints.
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
NOT_CHECKED = re.compile(r"^not checked: .+$", re.MULTILINE)


def summed(pattern, text):
    return sum(int(number) for number in pattern.findall(text))


def count(case):
    text = case.findtext("system-out") or ""
    status = case.get("status")
    for line in NOT_CHECKED.findall(text):
        print(line, file=sys.stderr)
    closing = CLOSING.findall(text)
    if RAN.search(text):
        passed, failed, skipped = (summed(p, text) for p in (PASSED, FAILED, SKIPPED))
    elif closing:
        passed, failed, skipped = (int(number or 0) for number in closing[-1])
    else:
        passed, failed = (1, 0) if status == "run" else (0, 0)
        skipped = 1 if status in ("notrun", "disabled") else 0
    if status == "fail":
        failed = max(failed, 1)
    if passed + failed + skipped == 0:
        failed = 1
    return passed, failed, skipped


def main(path):
    counts = [count(case) for case in ElementTree.parse(path).getroot().iter("testcase")]
    print(*(sum(column) for column in zip(*counts)) if counts else (0, 1, 0))


if __name__ == "__main__":
    main(sys.argv[1])
