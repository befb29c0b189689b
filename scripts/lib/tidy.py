"""Finds what the compiler and the formatter leave: declarations that nothing uses, comments that are too wide, files that nothing
names. Prints a line for each and ends with 1 when there are any. `--mend` wraps the comments.

It searches texts and knows no Swift: a name counts as used when it stands anywhere else, so that what it tells is no false alarm
but what it leaves out may be unused even so.
"""

import os
import re
import subprocess
import sys
from collections import Counter

WIDTH = 120
# Names that are called by those who do not appear here: protocols of the system, of the language and of packages.
CALLED_FROM_OUTSIDE = set(
    """
    description debugDescription hash hashValue encode body rawValue allCases makeIterator next endIndex startIndex
    errorDescription
    channelRead channelReadComplete channelActive channelInactive channelWritabilityChanged errorCaught handlerAdded
    handlerRemoved userInboundEventTriggered handleScheduledCallback didCancelScheduledCallback InboundIn InboundOut
    OutboundIn OutboundOut configuration run validate subscript
    dynamicMember log metadata metadataProvider logLevel resolve cancelQueries initiateAQuery initiateAAAAQuery
    callAsFunction allowedKeys isRecursive testCases prepare provideScope iterator underestimatedCount bitWidth words magnitude
    handlers stringLiteral integerLiteral arrayLiteral defaultValueDescription defaultCompletionKind helpNames
    """.split()
)
# Folders whose files are found by reading the folder.
READ_WHOLE = (
    "Tests/LecternTests/ProgramFuzz/Kept/", "Tests/LuaRuntimeTests/JSONSuite/", "Tests/LecternTests/Surface/", "docs/examples/",
    "scripts/bench.d/",
)
# What people and tools start or read by themselves.
ENTRANCES = ("README.md", "CHANGELOG.md", "LICENSE", "Package.swift", "Package.resolved", ".swift-format", ".gitignore")

DECLARATION = re.compile(
    r"^(?P<indent>[ ]*)(?P<attributes>(?:@\w+(?:\([^)]*\))? )*)"
    r"(?P<modifiers>(?:(?:public|package|open|private|fileprivate|internal|static|final|override|mutating|nonmutating|nonisolated|nonisolated\(unsafe\)|lazy|weak|unowned|unowned\(unsafe\)|private\(set\)|"
    r"fileprivate\(set\)|indirect|consuming|borrowing|class|prefix|postfix|infix) )*)"
    r"(?P<kind>func|var|let|class|struct|enum|protocol|actor|typealias|case) (?P<name>`?[A-Za-z_]\w*`?)",
    re.M,
)
FUNCTION = re.compile(r"^(?P<indent>[ ]*)(?P<head>(?:[a-z()@\w]+ )*?)(?:func `?(?P<name>\w+)`?|init[?]?)(?:<[^>(]*>)?\(", re.M)


def files():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.splitlines() if os.path.exists(path)]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def without_comments(text):
    """The text with comments and the insides of strings blank; what a string interpolates stays, and so do the lines."""
    output, index = [], 0

    def blank(start, end):
        output.append("".join("\n" if character == "\n" else " " for character in text[start:end]))

    def string(start):
        hashes = re.match(r"#*", text[start:]).group()
        quotes = '"""' if text.startswith('"""', start + len(hashes)) else '"'
        closing, opening = quotes + hashes, "\\" + hashes + "("
        position = start + len(hashes) + len(quotes)
        blank(start, position)
        while position < len(text) and not text.startswith(closing, position):
            if text.startswith(opening, position):
                depth, inside = 1, position + len(opening)
                blank(position, inside)
                while depth and inside < len(text):
                    if text[inside] == '"':
                        inside = string(inside)
                        continue
                    depth += {"(": 1, ")": -1}.get(text[inside], 0)
                    output.append(text[inside])
                    inside += 1
                position = inside
            else:
                step = 2 if text[position] == "\\" and not hashes else 1
                blank(position, position + step)
                position += step
        blank(position, position + len(closing))
        return position + len(closing)

    while index < len(text):
        plain = re.compile(r'[^/"#]+').match(text, index)
        if plain:
            output.append(plain.group())
            index = plain.end()
            continue
        if text.startswith("//", index):
            end = text.find("\n", index)
            end = len(text) if end < 0 else end
        elif text.startswith("/*", index):
            end = text.find("*/", index) + 2
        elif text[index] == '"' or re.match(r'#+"', text[index : index + 4]):
            index = string(index)
            continue
        elif text.startswith("#/", index):
            end = text.find("/#", index) + 2
        else:
            output.append(text[index])
            index += 1
            continue
        blank(index, end)
        index = end
    return "".join(output)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def enclosing_header(code, offset, indent):
    """The line that opens what a declaration stands in."""
    for line in reversed(code[:offset].split("\n")):
        depth = len(line) - len(line.lstrip())
        if line.strip() and depth < len(indent) and line.rstrip().endswith("{"):
            return line.strip()
    return ""


def unused_declarations(codes):
    counts = Counter()
    for code in codes.values():
        counts.update(re.findall(r"[A-Za-z_]\w*", code))
    for path, code in codes.items():
        if not path.startswith(("Sources/", "Tests/")) or not path.endswith(".swift"):
            continue
        for match in DECLARATION.finditer(code):
            name = match["name"].strip("`")
            modifiers = match["modifiers"].split()
            if counts[name] > 1 or name in CALLED_FROM_OUTSIDE or name == "_" or "override" in modifiers:
                continue
            if {"public", "open", "package"} & set(modifiers) or match["attributes"]:
                continue
            # What stands between the former declaration and this one: attributes, over several lines perhaps.
            ends = [code.rfind(end, 0, match.start()) for end in (f"\n{match['indent']}}}", "{\n")]
            if re.search(r"@\w", code[max(0, *ends) : match.start()]):
                continue
            header = enclosing_header(code, match.start(), match["indent"])
            is_local = match["kind"] in ("let", "var") and re.search(r"\bfunc\b|\binit\b|\bif\b|\bfor\b|->|\bin$", header)
            if is_local:
                # The compiler tells these.
                continue
            if match["kind"] == "case" and (
                not re.search(r"\benum\b", header) or re.search(r": .*\b(?:String|U?Int\d*|CaseIterable)\b", header)
            ):
                continue
            # What a public protocol or extension declares is public.
            if re.search(r"\bpublic (?:protocol|extension)\b", header):
                continue
            yield f"{path}:{line_of(code, match.start() + len(match['indent']))}: nothing uses {match['kind']} {name}"


def closing(code, start, opening, closer):
    depth = 0
    for position in range(start, len(code)):
        if code[position] == opening:
            depth += 1
        elif code[position] == closer:
            depth -= 1
            if depth == 0:
                return position
    return len(code) - 1


def unused_parameters(codes):
    declared = Counter()
    for code in codes.values():
        declared.update(re.findall(r"\bfunc `?(\w+)", code))
    for path, code in codes.items():
        if not path.startswith("Sources/") or not path.endswith(".swift"):
            continue
        for match in FUNCTION.finditer(code):
            name = match["name"] or "init"
            # What many declare is asked for by a protocol, which not all of them need as a whole.
            if name in CALLED_FROM_OUTSIDE or name != "init" and declared[name] > 1 or "override" in match["head"]:
                continue
            header = enclosing_header(code, match.start(), match["indent"])
            if "protocol " in header or name == "init" and re.search(r"\bclass\b", match["head"]):
                continue
            end = closing(code, match.end() - 1, "(", ")")
            signature = code[match.end() : end]
            body_start = code.find("{", end)
            between = code[end + 1 : body_start]
            if body_start < 0 or "\n\n" in between or re.search(r"\b(?:func|var|let|init|case)\b", between):
                continue
            body = code[body_start : closing(code, body_start, "{", "}")]
            depth, start, parts = 0, 0, []
            for position, character in enumerate(signature + ","):
                depth += {"(": 1, "[": 1, "<": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
                if character == ">" and signature[position - 1] != "-":
                    depth -= 1
                if character == "," and depth == 0:
                    parts.append(signature[start:position])
                    start = position + 1
            for part in parts:
                names = re.match(r"\s*(?:@\w+ )*(\w+)(?: (\w+))?\s*:", part)
                inner = names and (names[2] or names[1])
                if inner and inner != "_" and not re.search(rf"\b{inner}\b", body):
                    line = line_of(code, match.start() + len(match["indent"]))
                    yield f"{path}:{line}: {name} does not use its parameter {inner}"


COMMENT = re.compile(r"^(\s*)(///?)( ?)(.*)$")


def wide_comments(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > WIDTH and COMMENT.match(line) and " " in line.strip()[4:]:
            yield f"{path}:{number}: a comment of {len(line)} columns; at most {WIDTH}"


def wrapped(text):
    """The text with comments that are too wide wrapped anew, from the first wide line to the end of its paragraph."""
    lines = text.split("\n")
    output, index = [], 0
    while index < len(lines):
        match = COMMENT.match(lines[index])
        if not match or len(lines[index]) <= WIDTH:
            output.append(lines[index])
            index += 1
            continue
        head = match[1] + match[2] + " "
        # What goes on below an item of a list is indented as its text is.
        content = match[4]
        hanging = re.match(r"\s*(?:[-*] |\d+\. )?", content).group()
        rest = " " * len(hanging)
        words = content.split()
        first = head + hanging
        if hanging.strip():
            words = content[len(hanging) :].split()
        following = index + 1
        while following < len(lines):
            after = COMMENT.match(lines[following])
            if not after or (after[1], after[2]) != (match[1], match[2]) or not after[4].strip():
                break
            if re.match(r"\s*(?:[-*] |\d+\. |```|\||MARK:|swift-format)", after[4]) or (
                len(after[4]) - len(after[4].lstrip()) != len(rest)
            ):
                break
            words += after[4].split()
            following += 1
        line = first
        for word in words:
            if line not in (first, head + rest) and len(line) + 1 + len(word) > WIDTH:
                output.append(line)
                line = head + rest + word
            else:
                line = line + ("" if line in (first, head + rest) else " ") + word
        output.append(line)
        index = following
    return "\n".join(output)


def unnamed_files(paths, texts, codes):
    all_text = {path: text for path, text in texts.items() if path != "CHANGELOG.md"}
    holders = Counter(word for code in codes.values() for word in set(re.findall(r"[A-Za-z_]\w*", code)))
    for path in paths:
        name = os.path.basename(path)
        stem = os.path.splitext(name)[0]
        if path in ENTRANCES or path.startswith((".ci/",) + READ_WHOLE) or name in ("module.modulemap",):
            continue
        if path.endswith(".swift"):
            if not is_used(path, codes[path], holders):
                yield f"{path}: nothing uses what it declares"
            continue
        if path.endswith((".c", ".m")) and path.startswith(("Sources/", "Tests/")):
            continue
        pattern = re.compile(rf"\b{re.escape(stem)}\b")
        if not any(other != path and pattern.search(text) for other, text in all_text.items()):
            yield f"{path}: no other file names it"


def is_used(path, code, holders):
    """Whether another file has a name that this one declares, or it needs none."""
    if path.endswith(("main.swift", "Package.swift")) or re.search(r"@(?:main|Test|Suite)\b", code):
        return True
    names = {match["name"].strip("`") for match in DECLARATION.finditer(code) if match["kind"] != "case"}
    return not names or any(holders[name] > 1 for name in names)


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    is_mending = "--mend" in sys.argv
    within = tuple(argument for argument in sys.argv[1:] if not argument.startswith("--"))
    paths = files()
    texts = {path: read(path) for path in paths if not path.endswith((".png", ".pcapng"))}
    if is_mending:
        for path, text in texts.items():
            if path.endswith(".swift") and path.startswith(within or ("",)):
                better = wrapped(text)
                if better != text:
                    texts[path] = better
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(better)
    # C sources count as users: they call what Swift exports.
    codes = {path: without_comments(text) for path, text in texts.items() if path.endswith((".swift", ".c", ".h"))}
    found = list(unused_declarations(codes)) + list(unused_parameters(codes))
    for path, text in texts.items():
        if path.endswith(".swift"):
            found += wide_comments(path, text)
    found += unnamed_files(paths, texts, codes)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


main()
