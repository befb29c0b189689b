"""Prints the ten slowest tests of all runs: slow_tests.py FOLDER, with a file of events for each run, named after its way.

The report of a run does not have these times: there a test that waits for its turn among the others takes time as well.
"""

import json
import os
import sys
from collections import defaultdict


def seconds_of(path):
    """How long the cases of each test took together."""
    began, seconds = {}, defaultdict(float)
    with open(path, encoding="utf-8") as file:
        for line in file:
            try:
                payload = json.loads(line)["payload"]
            except (json.JSONDecodeError, KeyError):
                # The last line of a run that crashed is cut.
                continue
            if payload.get("kind") not in ("testCaseStarted", "testCaseEnded"):
                continue
            case = (payload["testID"], json.dumps(payload.get("_testCase")))
            now = payload["instant"]["absolute"]
            if payload["kind"] == "testCaseStarted":
                began[case] = now
            elif case in began:
                seconds[payload["testID"]] += now - began.pop(case)
    return seconds


def main():
    rows = []
    for name in os.listdir(sys.argv[1]):
        for test, seconds in seconds_of(os.path.join(sys.argv[1], name)).items():
            rows.append((seconds, name.removesuffix(".events"), "/".join(test.split("/")[:2])))
    for seconds, way, test in sorted(rows, reverse=True)[:10]:
        print(f"SLOW   {seconds:6.1f} s  {way}: {test}")


main()
