"""Makes a copy of the package in which each change is chosen at run time, and builds it."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict

import sites

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
WORK = os.path.join(ROOT, ".build-mutants")
PACKAGE = os.path.join(WORK, "package")
BUILD = os.path.join(WORK, "build")
LEFT_OUT = os.path.join(WORK, "left_out.json")

# What is changed: what decides, and what reads bytes of peers.
FILES = [
    "Sources/HSMS/Protocol/HsmsStateMachine*.swift",
    "Sources/HSMS/Protocol/HsmsOpenTransaction.swift",
    "Sources/HSMS/Protocol/HsmsHeldMessages.swift",
    "Sources/HSMS/Gem/*StateMachine.swift",
    "Sources/HSMS/Messages/HsmsFrameDecoder.swift",
    "Sources/HSMS/Messages/HsmsHeader.swift",
    "Sources/HSMS/Messages/HsmsPacket.swift",
    "Sources/HSMS/SecsII/SecsItemDecoder.swift",
    "Sources/HSMS/SecsII/SmlReader.swift",
    "Sources/HSMS/SecsII/SmlScanner.swift",
    "Sources/ControlCore/ConnectionHandlers/*StateMachine*.swift",
    "Sources/ControlCore/ConnectionHandlers/TcpConnectionState.swift",
    "Sources/ControlCore/ConnectionHandlers/KnownStatus.swift",
    "Sources/ControlCore/ConnectionHandlers/ModuleEvidence.swift",
    "Sources/ControlCore/ConnectionHandlers/RetryPolicy.swift",
    "Sources/ControlCore/ConnectionHandlers/PollPhases.swift",
    "Sources/ControlCore/Interfaces/ResponseMatcher.swift",
    "Sources/ControlCore/Interfaces/ResponseDelimiter.swift",
    "Sources/ControlCore/Interfaces/SuffixScanner.swift",
]
# The copy is of the tests of these files and of what they need.
MANIFEST = """
var kept: Set = ["ControlCoreTests", "HSMSTests"]
for _ in package.targets {
    for target in package.targets where kept.contains(target.name) {
        for case .byNameItem(let name, _) in target.dependencies { kept.insert(name) }
    }
}
package.targets.removeAll { !kept.contains($0.name) }
package.products = []
"""


def write(path, text):
    """Leaves a file as it is when it has the text already, so that the build has nothing to do for it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def copy_package(changed):
    """Copies what is needed, but for the files that are changed; removes what is no longer there."""
    kept = set()
    for top in ("Sources", "Tests"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                source = os.path.join(folder, name)
                path = os.path.relpath(source, ROOT)
                kept.add(path)
                target = os.path.join(PACKAGE, path)
                if path in changed:
                    continue
                if os.path.exists(target):
                    with open(source, "rb") as one, open(target, "rb") as other:
                        if one.read() == other.read():
                            continue
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copyfile(source, target)
    for folder, _, names in os.walk(PACKAGE):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), PACKAGE)
            if path.startswith(("Sources/", "Tests/")) and path not in kept and "Mutants_" not in name:
                os.remove(os.path.join(PACKAGE, path))
    write(os.path.join(PACKAGE, "Package.swift"), read("Package.swift") + MANIFEST)
    if os.path.exists(os.path.join(ROOT, "Package.resolved")):
        write(os.path.join(PACKAGE, "Package.resolved"), read("Package.resolved"))
    # The packages that were fetched already are not fetched once more.
    if not os.path.exists(BUILD) and os.path.exists(os.path.join(ROOT, ".build/workspace-state.json")):
        os.makedirs(BUILD)
        for name in ("checkouts", "repositories"):
            subprocess.run(["cp", "-al", os.path.join(ROOT, ".build", name), BUILD], check=True)
        shutil.copy(os.path.join(ROOT, ".build/workspace-state.json"), BUILD)


def files_of(pattern):
    """A file that was renamed must not drop out in silence."""
    paths = glob.glob(os.path.join(ROOT, pattern))
    return [os.path.relpath(path, ROOT) for path in paths] or sys.exit(f"mutate: no file is {pattern}; see FILES in mutants.py")


class Mutants:
    def __init__(self, only=""):
        self.files = sorted(path for pattern in FILES for path in files_of(pattern))
        self.only = only
        self.places = {path: sites.Finder(path, read(path)).find() for path in self.files}
        # Numbers stay whatever does not compile: what was built is not built anew.
        self.numbers, number = {}, 1
        for path in self.files:
            for site in self.places[path]:
                self.numbers[id(site)] = number
                number += len(site.changes)
        self.left_out = self.known_left_out()
        self.where = {}

    def mark(self, site):
        return f"{site.file}|{site.source}|{'/'.join(site.changes)}{site.key}"

    def known_left_out(self):
        """What did not compile the last time will not compile now."""
        if not os.path.exists(LEFT_OUT):
            return set()
        with open(LEFT_OUT, encoding="utf-8") as file:
            return set(json.load(file))

    def kept(self, path):
        return [site for site in self.places[path] if self.mark(site) not in self.left_out]

    def count_left_out(self, path):
        return sum(len(site.changes) for site in self.places[path] if self.mark(site) in self.left_out)

    def all(self):
        """(number, place, change) of all that compiles."""
        for path in self.files:
            if self.only not in path:
                continue
            for site in self.kept(path):
                for index, change in enumerate(site.changes):
                    yield self.numbers[id(site)] + index, site, change

    def write(self):
        declarations = defaultdict(list)
        for path in self.files:
            text, declared, where = sites.rewrite(read(path), self.kept(path), self.numbers)
            write(os.path.join(PACKAGE, path), text)
            self.where[path] = where
            declarations[path.split("/")[1]].extend(declared)
        with open(os.path.join(os.path.dirname(__file__), "Mutants.swift"), encoding="utf-8") as file:
            common = file.read()
        for module, declared in declarations.items():
            write(os.path.join(PACKAGE, "Sources", module, f"Mutants_{module}.swift"), common + "\n" + "".join(declared))

    def build(self):
        copy_package(set(self.files))
        for attempt in range(30):
            self.write()
            command = ["swift", "build", "--build-tests", "--package-path", PACKAGE, "--scratch-path", BUILD]
            result = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
            )
            if result.returncode == 0:
                return
            dropped = self.drop(result.stdout, is_coarse=attempt >= 3)
            if not dropped:
                print("\n".join(dict.fromkeys(re.findall(r"^/.* error: .*$", result.stdout, re.M))) or result.stdout[-3000:])
                sys.exit("mutate: the copy does not compile, and no change is to blame")
            with open(LEFT_OUT, "w", encoding="utf-8") as file:
                json.dump(sorted(self.left_out), file, indent=1)
            print(f"build {attempt + 1}: {dropped} changes do not compile and are left out", flush=True)
        sys.exit("mutate: after 30 builds there is still a change that does not compile")

    def drop(self, output, is_coarse):
        """Leaves out the places that the compiler complains of. Returns how many changes they had."""
        dropped = 0
        complaints = set(re.findall(rf"^{re.escape(PACKAGE)}/(\S+\.swift):(\d+):(\d+): error:", output, re.M))
        for path, line, column in complaints:
            line, column = int(line), int(column)
            if path not in self.where:
                continue
            here = [(first, last, site) for at, first, last, site in self.where[path] if at == line]
            exact = [site for first, last, site in here if first <= column <= last]
            if here:
                blamed = exact if exact and not is_coarse else [site for _, _, site in here]
            else:
                before = [at for at, _, _, _ in self.where[path] if line - 15 < at < line]
                blamed = [site for at, _, _, site in self.where[path] if before and at == max(before)]
            for site in blamed:
                if self.mark(site) not in self.left_out:
                    self.left_out.add(self.mark(site))
                    dropped += len(site.changes)
        return dropped
