"""Finds the places of a Swift file that can be changed, and rewrites it so that a change is chosen at run time.

No parser: the formatter of the project puts blanks round each binary operator and none within prefix and postfix ones, which is
enough to tell them apart. What is taken for a place and is none does not compile, and is left out by the build.
"""

import re
from dataclasses import dataclass

# What an operator becomes: its precedence, the types it is declared for, and what it is changed to.
COMPARABLE = [
    ("<T: Comparable>", "T", "T", "Bool"),
    ("<T: BinaryInteger, U: BinaryInteger>", "T", "U", "Bool"),
]
EQUATABLE = [
    ("<T: Equatable>", "T", "T", "Bool"),
    ("<T: BinaryInteger, U: BinaryInteger>", "T", "U", "Bool"),
]
INTEGERS = [("<T: BinaryInteger>", "T", "T", "T")]
FIXED = [("<T: FixedWidthInteger>", "T", "T", "T")]
OPERATORS = {
    "<": ("ComparisonPrecedence", COMPARABLE, ["<=", ">="]),
    "<=": ("ComparisonPrecedence", COMPARABLE, ["<", ">"]),
    ">": ("ComparisonPrecedence", COMPARABLE, [">=", "<="]),
    ">=": ("ComparisonPrecedence", COMPARABLE, [">", "<"]),
    "==": ("ComparisonPrecedence", EQUATABLE, ["!="]),
    "!=": ("ComparisonPrecedence", EQUATABLE, ["=="]),
    "+": ("AdditionPrecedence", [("<T: AdditiveArithmetic>", "T", "T", "T")], ["-"]),
    "-": ("AdditionPrecedence", [("<T: AdditiveArithmetic>", "T", "T", "T")], ["+"]),
    "*": ("MultiplicationPrecedence", [("<T: Numeric>", "T", "T", "T")], ["+"]),
    "/": (
        "MultiplicationPrecedence",
        [("<T: BinaryInteger>", "T", "T", "T"), ("<T: FloatingPoint>", "T", "T", "T")],
        ["*"],
    ),
    "%": ("MultiplicationPrecedence", INTEGERS, ["/"]),
    "&": ("MultiplicationPrecedence", INTEGERS, ["|"]),
    "|": ("AdditionPrecedence", INTEGERS, ["&"]),
    "<<": ("BitwiseShiftPrecedence", [("<T: BinaryInteger, U: BinaryInteger>", "T", "U", "T")], [">>"]),
    ">>": ("BitwiseShiftPrecedence", [("<T: BinaryInteger, U: BinaryInteger>", "T", "U", "T")], ["<<"]),
    "&+": ("AdditionPrecedence", FIXED, ["&-"]),
    "&-": ("AdditionPrecedence", FIXED, ["&+"]),
}
KEYWORDS = set(
    "let var func if guard for while repeat switch case default return throw break continue do catch defer import struct"
    " class enum extension protocol init typealias static private public package internal fileprivate mutating"
    " nonisolated indirect infix prefix postfix else where super fallthrough".split()
)
# A test cannot see that a process would have ended.
UNSEEN = ("precondition", "assert", "fatalError", "import ", "#", "@", "typealias ")


@dataclass
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self):
        return self.start + len(self.text)


@dataclass
class Site:
    """A place, its changes in words, and how it is written when its first change has a number."""

    file: str
    line: int
    source: str
    changes: list
    edits: list  # (start, end, text with {n}, rank among edits of the same start)
    declaration: str = ""
    key: str = ""


def string_end(text, start):
    """Where the string that begins at `start` ends, interpolations and all."""
    if text.startswith('"""', start):
        return text.index('"""', start + 3) + 3
    index = start + 1
    while text[index] != '"':
        if text.startswith("\\(", index):
            depth, index = 1, index + 2
            while depth:
                if text[index] == '"':
                    index = string_end(text, index)
                    continue
                depth += {"(": 1, ")": -1}.get(text[index], 0)
                index += 1
        else:
            index += 2 if text[index] == "\\" else 1
    return index + 1


TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<number>0x[\da-fA-F_]+|0b[01_]+|\d[\d_]*(?:\.\d[\d_]*)?)"
    r"|(?P<word>`?[A-Za-z_]\w*`?|\$\d+)|(?P<op>\.\.<|\.\.\.|[-+*/%<>=!&|^~?]+)|(?P<punct>.)",
    re.S,
)


def tokens_of(text):
    tokens, index = [], 0
    while index < len(text):
        if text[index] == '"':
            end = string_end(text, index)
            tokens.append(Token("string", text[index:end], index))
            index = end
            continue
        match = TOKEN.match(text, index)
        tokens.append(Token(match.lastgroup, match.group(), index))
        index = match.end()
    return tokens


class Finder:
    def __init__(self, file, text):
        self.file = file
        self.text = text
        self.lines = text.split("\n")
        self.line_starts = [0]
        for line in self.lines:
            self.line_starts.append(self.line_starts[-1] + len(line) + 1)
        self.tokens = [token for token in tokens_of(text) if token.kind not in ("space", "comment")]
        self.is_pattern = [False] * len(self.tokens)
        self.sites = []

    def find(self):
        self.mark_patterns()
        for index, token in enumerate(self.tokens):
            if self.is_pattern[index] or self.is_unseen(token):
                continue
            if token.kind == "op":
                self.operator(index)
            elif token.kind == "number":
                self.number(index)
            elif token.text in ("true", "false"):
                self.truth(index)
            elif token.text in ("if", "guard", "while"):
                self.conditions(index)
            elif token.text in ("min", "max") and self.follows(index, "(") and not self.precedes(index, "."):
                other = "max" if token.text == "min" else "min"
                edit = (token.start, self.tokens[index + 1].end, f"mutated{token.text.title()}({{n}}, ", 5)
                self.add(token, [f"{token.text} becomes {other}"], [edit])
        self.statements()
        self.sites.sort(key=lambda site: site.edits[0][:2])
        self.name()
        return self.sites

    # Where a token is.

    def line_of(self, offset):
        low, high = 0, len(self.lines)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.line_starts[middle] <= offset else (low, middle)
        return low

    def is_unseen(self, token):
        return self.lines[self.line_of(token.start)].strip().startswith(UNSEEN)

    def is_first(self, index):
        token = self.tokens[index]
        return not self.text[self.line_starts[self.line_of(token.start)] : token.start].strip()

    def follows(self, index, text):
        following = self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        return following is not None and following.text == text and following.start == self.tokens[index].end

    def precedes(self, index, text):
        return index > 0 and self.tokens[index - 1].text == text

    def blank(self, offset):
        return not 0 <= offset < len(self.text) or self.text[offset].isspace()

    def add(self, token, changes, edits, declaration=""):
        line = self.line_of(token.start)
        self.sites.append(Site(self.file, line + 1, self.lines[line].strip(), changes, edits, declaration))

    def name(self):
        """Gives each place a name that stays when lines move: the text of its line, and which of equal places it is."""
        seen = {}
        for site in self.sites:
            base = (site.source, tuple(site.changes))
            seen[base] = seen.get(base, 0) + 1
            site.key = f" ({seen[base]})" if seen[base] > 1 else ""

    # Patterns are left alone.

    def mark_patterns(self):
        for index, token in enumerate(self.tokens):
            if token.text != "case" or token.kind != "word":
                continue
            is_clause = index > 0 and self.tokens[index - 1].text in ("if", "guard", "while", "for", ",")
            is_clause = is_clause and not (self.is_first(index) and self.tokens[index - 1].text not in (",", "guard"))
            depth, position, is_where = 0, index, False
            while position < len(self.tokens):
                current = self.tokens[position]
                if current.text in ("(", "["):
                    depth += 1
                elif current.text in (")", "]"):
                    depth -= 1
                elif depth == 0 and (current.text in ("=", "in") if is_clause else current.text == ":"):
                    break
                elif depth == 0 and current.text == "where":
                    is_where = True
                if not is_where:
                    self.is_pattern[position] = True
                ends_line = position + 1 < len(self.tokens) and "\n" in self.text[current.end : self.tokens[position + 1].start]
                if not is_clause and depth == 0 and ends_line and current.text not in (",", "case"):
                    break
                position += 1

    # The kinds of places.

    def operator(self, index):
        token = self.tokens[index]
        is_spaced = self.blank(token.start - 1) and self.blank(token.end)
        if token.text == "!" and not self.blank(token.end) and not self.text[token.start - 1].isalnum():
            if self.text[token.start - 1] in " \n([{":
                declaration = (
                    "prefix operator {o}\n"
                    "prefix func {o} (x: Bool) -> Bool {{ mutation({n}) == 0 ? x : !x }}\n"
                )
                self.add(token, ["! is left out"], [(token.start, token.end, "{p}", 5)], declaration)
            return
        if token.text in ("..<", "...") and not is_spaced:
            self.range_operator(index)
            return
        if not is_spaced or self.precedes(index, "func"):
            return
        if token.text == "?":
            self.ternary(index)
        elif token.text in ("&&", "||"):
            other = "||" if token.text == "&&" else "&&"
            precedence = "LogicalConjunctionPrecedence" if token.text == "&&" else "LogicalDisjunctionPrecedence"
            self.infix(
                token, precedence, [other],
                [f"(a: Bool, b: @autoclosure () throws -> Bool) rethrows -> Bool {{{{ "
                 f"mutation({{n}}) == 0 ? try a {other} b() : try a {token.text} b() }}}}"],
            )
        elif token.text == "??":
            self.infix(
                token, "NilCoalescingPrecedence", ["its right side"],
                ["<T>(a: T?, b: @autoclosure () throws -> T) rethrows -> T {{ "
                 "mutation({n}) == 0 ? try b() : try a ?? b() }}"],
            )
        elif token.text in ("+=", "-="):
            other = "-=" if token.text == "+=" else "+="
            self.infix(
                token, "AssignmentPrecedence", [other],
                [f"<T: AdditiveArithmetic>(a: inout T, b: T) {{{{ "
                 f"if mutation({{n}}) == 0 {{{{ a {other} b }}}} else {{{{ a {token.text} b }}}} }}}}"],
            )
        elif token.text in OPERATORS:
            self.binary(index)

    def infix(self, token, precedence, others, bodies):
        declaration = f"infix operator {{o}} : {precedence}\n" + "".join(f"func {{o}} {body}\n" for body in bodies)
        changes = [f"{token.text} becomes {other}" for other in others]
        self.add(token, changes, [(token.start, token.end, "{o}", 5)], declaration)

    def binary(self, index):
        token = self.tokens[index]
        precedence, types, others = OPERATORS[token.text]
        if token.text in ("==", "!=") and index + 1 < len(self.tokens) and self.tokens[index + 1].text == "nil":
            other = "!=" if token.text == "==" else "=="
            body = (
                f"<T>(a: T?, b: _OptionalNilComparisonType) -> Bool {{{{ "
                f"mutation({{n}}) == 0 ? a {other} nil : a {token.text} nil }}}}"
            )
            self.infix(token, precedence, others, [body])
            return
        bodies = []
        for generics, left, right, result in types:
            cases = "".join(f"case {number}: return a {other} b; " for number, other in enumerate(others))
            bodies.append(
                f"{generics}(a: {left}, b: {right}) -> {result} {{{{ switch mutation({{n}}) {{{{ {cases}"
                f"default: return a {token.text} b }}}} }}}}"
            )
        declaration = f"infix operator {{o}} : {precedence}\n"
        for rank, body in enumerate(bodies):
            declaration += ("@_disfavoredOverload " if rank else "") + f"func {{o}} {body}\n"
        changes = [f"{token.text} becomes {other}" for other in others]
        if token.text == "+":
            # Lists and texts: what is added is left out.
            declaration += "func {o} <E>(a: [E], b: [E]) -> [E] {{ mutation({n}) == 0 ? a : a + b }}\n"
            declaration += "func {o} (a: String, b: String) -> String {{ mutation({n}) == 0 ? a : a + b }}\n"
        self.add(token, changes, [(token.start, token.end, "{o}", 5)], declaration)

    def range_operator(self, index):
        """A range operator has no blanks: what is on its right side is one more, or one less."""
        token = self.tokens[index]
        if self.blank(token.start - 1) or self.blank(token.end):
            return
        step = "&+ 1" if token.text == "..<" else "&- 1"
        kind = "Range" if token.text == "..<" else "ClosedRange"
        declaration = (
            "infix operator {o} : RangeFormationPrecedence\n"
            f"func {{o}} <T: FixedWidthInteger>(a: T, b: T) -> {kind}<T> {{{{ "
            f"mutation({{n}}) == 0 ? a{token.text}(b {step}) : a{token.text}b }}}}\n"
        )
        change = f"{token.text} ends {'later' if token.text == '..<' else 'earlier'} by one"
        self.add(token, [change], [(token.start, token.end, "{o}", 5)], declaration)

    def number(self, index):
        token = self.tokens[index]
        if self.precedes(index, ".") or self.text[token.start - 1] in ".$":
            return
        value = float(token.text.replace("_", "")) if "." in token.text else int(token.text.replace("_", ""), 0)
        # A count or an index is seldom below zero.
        changes = [f"{token.text} is one more"] + ([f"{token.text} is one less"] if value else [])
        function = "stepped" if value else "raised"
        self.add(token, changes, [(token.start, token.end, f"{function}({{n}}, {token.text})", 5)])

    def truth(self, index):
        token = self.tokens[index]
        # The compiler knows that nothing follows an endless loop.
        if self.precedes(index, "while"):
            return
        other = "false" if token.text == "true" else "true"
        self.add(
            token, [f"{token.text} becomes {other}"],
            [(token.start, token.end, f"mutatedTruth({{n}}, {token.text})", 5)],
        )

    def negate(self, token, what):
        declaration = "postfix operator {o}\npostfix func {o} (x: Bool) -> Bool {{ mutation({n}) == 0 ? !x : x }}\n"
        self.add(token, [f"{what} is negated"], [(token.end, token.end, "{q}", 1)], declaration)

    def is_plain(self, first, last):
        """Whether a condition has no operator that is changed itself."""
        depth = 0
        if self.tokens[first].text in ("let", "var", "case", "#", "!", "true"):
            return False
        for token in self.tokens[first : last + 1]:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
            if depth == 0 and token.kind == "op" and token.text in (
                "==", "!=", "<", "<=", ">", ">=", "&&", "||", "===", "!==", "=", "?", "??", "...", "..<",
            ):
                return False
        return True

    def conditions(self, index):
        keyword, depth, first = self.tokens[index].text, 0, index + 1
        for position in range(index + 1, len(self.tokens)):
            token = self.tokens[position]
            is_end = depth == 0 and (token.text == "else" if keyword == "guard" else token.text == "{")
            gap = self.text[self.tokens[position - 1].end : token.start]
            if keyword == "while" and depth == 0 and "\n" in gap and self.tokens[position - 1].text not in (",", "while"):
                is_end = token.text != "{"
                if is_end:
                    return
            if is_end or depth == 0 and token.text == ",":
                if first < position and self.is_plain(first, position - 1):
                    words = self.text[self.tokens[first].start : self.tokens[position - 1].end]
                    self.negate(self.tokens[position - 1], " ".join(words.split()))
                first = position + 1
            if is_end:
                return
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)

    def ternary(self, index):
        depth, position = 0, index - 1
        while position >= 0:
            token = self.tokens[position]
            depth += {"(": -1, "[": -1, "{": -1, ")": 1, "]": 1, "}": 1}.get(token.text, 0)
            if depth < 0 or depth == 0 and token.text in ("return", "=", ",", ":", "?", "in", "else", "where", "{"):
                break
            if depth == 0 and token.text == "}" and self.is_first(position):
                break
            position -= 1
        first = position + 1
        # The beginning of a statement that nothing announces is the beginning of its line.
        while first < index and self.tokens[first].text in ("+", "-"):
            first += 1
        for position in range(index - 1, first, -1):
            if self.tokens[position].text == "+" and self.tokens[position].kind == "op":
                return
        if first < index and self.is_plain(first, index - 1):
            words = self.text[self.tokens[first].start : self.tokens[index - 1].end]
            self.negate(self.tokens[index - 1], " ".join(words.split()))

    # Statements that are left out.

    ASSIGNMENT = re.compile(r"(?:self\.)?[a-z]\w*(?:[?!]?\.\w+|\[[^\]]*\])* (?:=|\+=|-=) \S.*$")
    CALL = re.compile(r"(?:_ = )?(?:try )?(?:(?:self|Self)\.)?[a-z]\w*(?:[?!]?\.\w+|\[[^\]]*\])*\(.*\)$")

    def statements(self):
        depths, depth, position = [], 0, 0
        for number, start in enumerate(self.line_starts[:-1]):
            while position < len(self.tokens) and self.tokens[position].start < start:
                depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(self.tokens[position].text, 0)
                position += 1
            depths.append(depth)
        depths.append(0)
        late = set(re.findall(r"^\s*let (\w+): [^={]*$", self.text, re.M))
        initializer = None
        for number, line in enumerate(self.lines):
            stripped = line.strip()
            indent = line[: len(line) - len(line.lstrip())]
            if re.match(r"(?:(?:public|private|package|internal|fileprivate|required|convenience) )*init[?(<]", stripped):
                initializer = indent
            elif initializer is not None and line == initializer + "}":
                initializer = None
            if depths[number] or depths[number + 1] or not stripped or stripped.startswith(("//",) + UNSEEN):
                continue
            start = self.line_starts[number] + len(indent)
            if stripped.startswith("case ") or stripped.startswith("default:"):
                colon = self.colon_after_pattern(start, self.line_starts[number] + len(line))
                if colon is None or self.text[colon + 1] != " ":
                    continue
                start = colon + 2
            end = self.line_starts[number] + len(line)
            statement = self.text[start:end]
            word = re.match(r"[A-Za-z_#@]*", statement).group()
            if word in KEYWORDS or "//" in statement or statement.startswith(UNSEEN):
                continue
            following = self.following(number)
            if following.startswith((".", "?", "&&", "||", "+ ", "- ", "{")):
                continue
            before = self.before(number)
            if before.endswith(("=", "+", "&&", "||", "->", "return", "in", ",")) or re.search(r"\bin$", before):
                continue
            if before.endswith("{") and following == "}" and ("->" in before or re.search(r"\b(?:get|var)\b", before)):
                continue
            if self.ASSIGNMENT.match(statement):
                root = re.match(r"(?:self\.)?(\w+)", statement).group(1)
                if root in late or initializer is not None and "[" not in statement.split(" = ")[0]:
                    continue
            elif not self.CALL.match(statement) or not self.is_one_call(start, end):
                continue
            token = Token("statement", statement, start)
            edits = [(start, start, "if keeps({n}) {{ ", 0), (end, end, " }}", 9)]
            self.add(token, [f"{statement} is left out"], edits)

    def is_one_call(self, start, end):
        depth = 0
        for token in self.tokens:
            if start <= token.start < end:
                depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
                if depth == 0 and token.kind == "op" and token.text not in ("?", "!", "=", "&"):
                    return False
        name = re.findall(r"(\w+)\(", self.text[start:end])[0]
        return depth == 0 and name[0].islower()

    def colon_after_pattern(self, start, end):
        depth = 0
        for token in self.tokens:
            if start <= token.start < end:
                depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
                if depth == 0 and token.text == ":":
                    return token.start
        return None

    def following(self, number):
        for line in self.lines[number + 1 :]:
            if line.strip() and not line.strip().startswith("//"):
                return line.strip()
        return ""

    def before(self, number):
        for line in reversed(self.lines[:number]):
            if line.strip() and not line.strip().startswith("//"):
                return line.strip()
        return ""


def operator_name(head, number):
    """An operator of its own: no other has these characters."""
    return head + "".join(chr(0x2200 + int(digit)) for digit in str(number))


def rewrite(text, sites, numbers):
    """The text with the places of it changed, its lines where they were, and what has to be declared for it.

    Also, for each place, where its edits are afterwards: (line, first column, last column), all from 1.
    """
    edits, declarations = [], []
    for site in sites:
        number = numbers[id(site)]
        names = {
            "n": number, "o": operator_name("⊕", number), "p": operator_name("⊖", number), "q": operator_name("⊗", number)
        }
        for start, end, template, rank in site.edits:
            edits.append((start, rank, end, template.format(**names), site))
        if site.declaration:
            operator = names["q"] if site.declaration.startswith("postfix") else (
                names["p"] if site.declaration.startswith("prefix") else names["o"])
            declarations.append(site.declaration.format(n=number, o=operator))
    # An insertion at the end of one thing comes before one at the beginning of the next.
    edits.sort(key=lambda edit: (edit[0], edit[1] if edit[0] == edit[2] else 5))
    output, position, spans = [], 0, []
    length = 0
    for start, _, end, replacement, site in edits:
        output.append(text[position:start])
        length += start - position
        spans.append((length, length + len(replacement), site))
        output.append(replacement)
        length += len(replacement)
        position = end
    output.append(text[position:])
    result = "".join(output)
    starts = [0]
    for line in result.split("\n"):
        starts.append(starts[-1] + len(line.encode()) + 1)
    # Compilers count bytes.
    where, index, line = [], 0, 0
    line_begins = [match.end() for match in re.finditer("\n", result)]
    line_begins.insert(0, 0)
    for first, last, site in spans:
        while line + 1 < len(line_begins) and line_begins[line + 1] <= first:
            line += 1
        column = len(result[line_begins[line] : first].encode()) + 1
        width = len(result[first:last].encode())
        where.append((line + 1, column, column + width, site))
    return result, declarations, where
