"""Runs the tests once for each change and lists the changes that no test notices."""

import argparse
import glob
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed

import mutants

ACCEPTED = os.path.join(os.path.dirname(__file__), "accepted.toml")
RESULTS = os.path.join(mutants.WORK, "results.json")
# Real sockets and descriptors answer for themselves; what they notice may be a busy machine.
# Days of handlers and random sequences take long, and notice what the tables do.
UNFIT = re.compile(r"Days|Crowd|Fuzz|Live|Contract|Leak|Echo|SerialPort|NameResolver|MachineDescription|TimeZone|Certificate")
AT_ONCE = 2
# A suite that takes longer than that, in seconds, is asked only when no other has noticed.
SHORT = 1.5


def bundle():
    found = glob.glob(os.path.join(mutants.BUILD, "*/debug/lecternPackageTests.xctest"))
    return found[0] if found else sys.exit("mutate: the build made no bundle of tests")


def limit_memory():
    # A change can make a loop that takes memory for ever.
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    os.setpgrp()


def run(suites, limit, **environment):
    """Whether the suites pass. A run that hangs, or of which one test has failed, is ended."""
    pattern = "^(" + "|".join(re.escape(suite) for suite in suites) + ")/"
    process = subprocess.Popen(
        [bundle(), "--testing-library", "swift-testing", "--filter", pattern],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        env=os.environ | {"SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH": "4"} | environment,
        preexec_fn=limit_memory, cwd=mutants.PACKAGE,
    )
    timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        for line in process.stdout:
            if b"recorded an issue" in line:
                os.killpg(process.pid, signal.SIGKILL)
                break
        return process.wait() == 0
    finally:
        timer.cancel()
        process.stdout.close()


class Baseline:
    """What the suites reach, and how long they take, without any change."""

    def __init__(self):
        listed = subprocess.run(
            [bundle(), "--testing-library", "swift-testing", "--list-tests"], capture_output=True, text=True, check=True
        ).stdout
        suites = sorted({line.split("/")[0] for line in listed.splitlines() if "/" in line})
        self.suites = [suite for suite in suites if not UNFIT.search(suite.split(".")[1])]
        self.seconds, self.reached = {}, defaultdict(list)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.measure, self.suites))
        for suites in self.reached.values():
            suites.sort(key=lambda suite: self.seconds[suite])

    def measure(self, suite):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "reached")
            began = time.monotonic()
            if not run([suite], 600, LECTERN_MUTANTS_REACHED=path):
                sys.exit(f"mutate: {suite} fails without any change")
            self.seconds[suite] = time.monotonic() - began
            if os.path.exists(path):
                with open(path, "rb") as file:
                    for number, byte in enumerate(file.read()):
                        if byte:
                            self.reached[number].append(suite)


def is_noticed(number, suites, baseline):
    """Asks a few fast suites first, then the rest."""
    fast, total = [], 0
    for suite in suites:
        total += baseline.seconds[suite]
        if fast and total > SHORT:
            break
        fast.append(suite)
    rest = suites[len(fast) :]
    for batch in (fast, rest):
        if batch:
            limit = 10 + 5 * sum(baseline.seconds[suite] for suite in batch)
            if not run(batch, limit, LECTERN_MUTANT=str(number)):
                return True
    return False


def judge(all_mutants, baseline, numbers):
    """The outcome of each change: noticed, survived or unreached."""
    outcomes, done, lock = {}, 0, threading.Lock()
    work = []
    for number, site, change in all_mutants:
        suites = baseline.reached.get(numbers[id(site)], [])
        if suites:
            work.append((number, site, change, suites))
        else:
            outcomes[number] = "unreached"
    print(f"{len(work)} changes to judge; {len(outcomes)} are in places that no test reaches", flush=True)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pending = {pool.submit(is_noticed, number, suites, baseline): (number, site, change)
                   for number, site, change, suites in work}
        for future in as_completed(pending):
            number, site, change = pending[future]
            with lock:
                done += 1
                outcomes[number] = "noticed" if future.result() else "survived"
                if outcomes[number] == "survived":
                    print(f"survived: {site.file}:{site.line}: {change}", flush=True)
                if done % 50 == 0:
                    print(f"{done} of {len(work)} after {time.monotonic() - began:.0f} s", flush=True)
    return outcomes


def name_of(site, change):
    return (site.file, site.source, change + site.key)


def accepted():
    """The changes that are allowed to survive, each with the reason."""
    if not os.path.exists(ACCEPTED):
        return {}
    with open(ACCEPTED, "rb") as file:
        listed = tomllib.load(file)
    return {
        (group["file"], entry["line"], change): entry["reason"]
        for group in listed.get("file", [])
        for entry in group["survivor"]
        for change in entry["changes"]
    }


def tell(built, all_mutants, outcomes):
    """Prints the table. Whether a change survived that is not accepted."""
    allowed = accepted()
    counts = defaultdict(lambda: defaultdict(int))
    survivors, stale = [], []
    present = set()
    for number, site, change in all_mutants:
        outcome, name = outcomes[number], name_of(site, change)
        present.add(name)
        row = counts[site.file]
        row["mutants"] += 1
        row["noticed"] += outcome == "noticed"
        if outcome == "noticed":
            if name in allowed:
                stale.append(f"{site.file}:{site.line}: {name[2]}: is accepted, and noticed now")
        elif name in allowed:
            row["accepted"] += 1
        else:
            survivors.append((site.file, site.line, site.source, name[2], outcome))
    print(f"\n{'file':<64} {'changes':>7} {'noticed':>7} {'score':>6} {'accepted':>8} {'left out':>8}")
    total = defaultdict(int)
    for path, row in sorted(counts.items()):
        row["left out"] = built.count_left_out(path)
        for key, value in row.items():
            total[key] += value
        line(path.removeprefix("Sources/"), row)
    line("all", total)
    print("score: noticed of those that are not accepted as equivalent; left out: does not compile\n")
    for path, number, source, change, outcome in survivors:
        print(f"{'SURVIVED ' if outcome == 'survived' else 'UNREACHED'} {path}:{number}: {change}\n          {source}")
    for text in stale:
        print(f"STALE     {text}")
    for path, source, change in sorted(set(allowed) - present):
        if built.only in path:
            print(f"STALE     {path}: {change}: is accepted, and there is no such change: {source}")
    return bool(survivors)


def line(name, row):
    judged = row["mutants"] - row["accepted"]
    score = f"{100 * row['noticed'] / judged:.1f}" if judged else "-"
    print(f"{name:<64} {row['mutants']:>7} {row['noticed']:>7} {score:>6} {row['accepted']:>8} {row['left out']:>8}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/mutate", description="Changes the program and lists what no test notices.")
    parser.add_argument("--only", default="", metavar="TEXT", help="only files whose path has the text")
    parser.add_argument("--survivors", action="store_true", help="only what survived the last time")
    parser.add_argument("--list", action="store_true", help="print the changes and end")
    parser.add_argument("--build", action="store_true", help="build and end")
    parser.add_argument("--built", action="store_true", help="judge what was built")
    options = parser.parse_args()
    built = mutants.Mutants(options.only)
    if options.list:
        for number, site, change in built.all():
            print(f"{number:>5} {site.file}:{site.line}: {change}{site.key}")
        return
    if not options.built:
        built.build()
    if options.build:
        return
    chosen = list(built.all())
    known = {}
    if options.survivors and os.path.exists(RESULTS):
        with open(RESULTS, encoding="utf-8") as file:
            known = {tuple(name): outcome for name, outcome in json.load(file)}
    print(f"{len(chosen)} changes in {len(built.files)} files; measuring what the suites reach", flush=True)
    baseline = Baseline()
    asked = [item for item in chosen if known.get(name_of(item[1], item[2])) != "noticed"]
    outcomes = {item[0]: "noticed" for item in chosen} | judge(asked, baseline, built.numbers)
    merged = known | {name_of(site, change): outcomes[number] for number, site, change in chosen}
    with open(RESULTS, "w", encoding="utf-8") as file:
        json.dump(sorted(merged.items()), file, indent=0)
    sys.exit(1 if tell(built, chosen, outcomes) else 0)


if __name__ == "__main__":
    main()
