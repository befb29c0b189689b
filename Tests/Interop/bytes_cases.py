"""Writes cases of the methods of bytes with the results that CPython gives: bytes_cases.py SEED COUNT.

A line has method, string, arguments, how many of them are given by name, and the result, between spaces. A value is n (nil),
t, f, i and a number, s and hexadecimal digits, l and a list of such strings between commas, or e (an error). Positions are
those of Lua: they count from 1, and a part has its last byte.
"""

import random
import sys

ALPHABETS = [b"ab", b"aA1 ", b" \t\n\r\v\f.", b"a\r\n", bytes(range(256)), b"x-+0", b"abcABC019_\x00\xff\x80", b"\ta\n"]
PIECES = [b"a", b"z\x7f", "é€".encode(), "\U0001f600".encode(), b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xc0\xaf"]
PIECES += [b"\xf4\x90", b"\xff\xfe"]
INTEGERS = [-(2**63), -(2**31), -9, -3, -2, -1, 0, 1, 2, 3, 4, 5, 8, 9, 17, 2**31 - 1, 2**63 - 1]
SMALL = [-(2**31), -7, -3, -2, -1, 0, 1, 2, 3, 4, 7, 2**31 - 1]


class Wrong:
    """A value of a type that the parameter does not take."""

    def __init__(self, text):
        self.text = text


def text(value):
    if isinstance(value, Wrong):
        return value.text
    if value is None:
        return "n"
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, int):
        return "i%d" % value
    if isinstance(value, bytes):
        return "s" + value.hex()
    return "l" + ",".join("s" + piece.hex() for piece in value)


class Source:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def bytes(self, most=14):
        alphabet = self.random.choice(ALPHABETS)
        return bytes(self.random.choice(alphabet) for _ in range(self.random.randrange(most + 1)))

    def part_of(self, whole):
        """Often something that is in it."""
        if whole and self.random.random() < 0.7:
            start = self.random.randrange(len(whole))
            return whole[start : start + self.random.choice([1, 1, 1, 2, 3, len(whole)])]
        return self.bytes(3)

    def affix(self, whole):
        kind = self.random.random()
        if kind < 0.5:
            return whole[: self.random.randrange(len(whole) + 1)]
        if kind < 0.9:
            return whole[self.random.randrange(len(whole) + 1) :]
        return self.bytes(3)

    def integer(self, whole, choices=INTEGERS):
        if self.random.random() < 0.5:
            return self.random.randrange(-len(whole) - 3, len(whole) + 4)
        return self.random.choice(choices)

    def maybe(self, value):
        return None if self.random.random() < 0.3 else value

    def arguments(self, kinds, whole):
        """Values of the kinds, some left out at the end."""
        values = []
        for kind in kinds:
            if kind == "part":
                value = self.part_of(whole)
            elif kind == "affix":
                value = self.affix(whole)
            elif kind == "affixes":
                value = self.affix(whole)
                if self.random.random() < 0.4:
                    value = [self.affix(whole) for _ in range(self.random.randrange(4))]
            elif kind == "bytes":
                value = self.bytes(3)
            elif kind == "sep?":
                value = self.maybe(self.part_of(whole))
            elif kind == "byte":
                value = self.bytes(2) if self.random.random() < 0.2 else bytes([self.random.randrange(256)])
            elif kind in ("start", "end", "count"):
                value = self.maybe(self.integer(whole))
            elif kind == "small":
                value = self.integer(whole, SMALL)
            elif kind == "width":
                value = self.random.choice([-(2**63), -1, 0, 1, 2, 3, 7, 8, 15, 16, 40])
            elif kind == "tab":
                value = self.random.choice([-(2**31), -1, 0, 1, 2, 3, 4, 8, 16])
            elif kind == "truth":
                value = self.random.choice([True, False, 0, 1, 2, None])
            elif kind == "list":
                value = [self.bytes(4) for _ in range(self.random.randrange(5))]
            elif kind == "table":
                value = self.maybe(bytes(self.random.sample(range(256), 256)))
                if self.random.random() < 0.05:
                    value = self.bytes()
            elif kind == "coding":
                value = self.random.choice([None, b"utf-8", b"UTF_8", b"utf8", b"ascii", b"US-ASCII", b"latin-1", b"ISO-8859-1"])
            elif kind == "errors":
                value = self.random.choice([None, b"strict", b"ignore", b"replace"])
            values.append(value)
        return values


# The kinds of the arguments, how many must be there, and the names by which Lua takes them.
METHODS = {
    "partition": (["part"], 1, ["sep"]),
    "rpartition": (["part"], 1, ["sep"]),
    "split": (["sep?", "count"], 0, ["sep", "maxsplit"]),
    "rsplit": (["sep?", "count"], 0, ["sep", "maxsplit"]),
    "splitlines": (["truth"], 0, ["keepends"]),
    "join": (["list"], 1, ["iterable"]),
    "strip": (["sep?"], 0, ["bytes"]),
    "lstrip": (["sep?"], 0, ["bytes"]),
    "rstrip": (["sep?"], 0, ["bytes"]),
    "removeprefix": (["affix"], 1, ["prefix"]),
    "removesuffix": (["affix"], 1, ["suffix"]),
    "replace": (["part", "bytes", "count"], 2, ["old", "new", "count"]),
    "translate": (["table", "part"], 1, ["table", "delete"]),
    "maketrans": (["bytes"], 1, ["to"]),
    "expandtabs": (["tab"], 0, ["tabsize"]),
    "ljust": (["width", "byte"], 1, ["width", "fillbyte"]),
    "rjust": (["width", "byte"], 1, ["width", "fillbyte"]),
    "center": (["width", "byte"], 1, ["width", "fillbyte"]),
    "zfill": (["width"], 1, ["width"]),
    "startswith": (["affixes", "start", "end"], 1, ["prefix", "start", "end"]),
    "endswith": (["affixes", "start", "end"], 1, ["suffix", "start", "end"]),
    "count": (["part", "start", "end"], 1, ["sub", "start", "end"]),
    "rfind": (["part", "start", "end"], 1, ["sub", "start", "end"]),
    "index": (["part", "start", "end"], 1, ["sub", "start", "end"]),
    "rindex": (["part", "start", "end"], 1, ["sub", "start", "end"]),
    "hex": (["byte", "small"], 0, ["sep", "bytes_per_sep"]),
    "fromhex": ([], 0, []),
}
for name in "digit alpha alnum space ascii upper lower title decimal numeric identifier printable".split():
    METHODS["is" + name] = ([], 0, [])
METHODS["decode"] = METHODS["encode"] = (["coding", "errors"], 0, ["encoding", "errors"])
for name in ["title", "capitalize", "swapcase", "casefold"]:
    METHODS[name] = ([], 0, [])

POSITIONS = {"startswith", "endswith", "count", "rfind", "index", "rindex"}
DEFAULTS = {"split": [None, -1], "rsplit": [None, -1], "replace": [None, None, -1], "splitlines": [False]}


def to_python(method, arguments):
    """The arguments as Python has them."""
    arguments = list(arguments)
    for i, default in enumerate(DEFAULTS.get(method, [])):
        if i < len(arguments) and arguments[i] is None:
            arguments[i] = default
    if method in POSITIONS:
        if isinstance(arguments[0], list):
            arguments[0] = tuple(arguments[0])
        if len(arguments) > 1 and arguments[1] is not None and arguments[1] >= 0:
            arguments[1] = max(arguments[1] - 1, 0)
        if len(arguments) > 2 and arguments[2] is not None and arguments[2] < 0:
            arguments[2] = None if arguments[2] == -1 else arguments[2] + 1
    return arguments


OF_TEXT = {"isdecimal", "isnumeric", "isidentifier", "isprintable", "casefold"}


def decode(whole, encoding=None, errors=None):
    """Text of UTF-8 is its bytes; that of Latin-1 as well, in the program's eyes."""
    decoded = whole.decode(encoding or "utf-8", errors or "strict")
    return whole if encoding in ("latin-1", "ISO-8859-1") else decoded.encode()


def encode(whole, encoding=None, errors=None):
    """Of a string that is no UTF-8, each begin of a character counts as one character."""
    if encoding not in ("ascii", "US-ASCII"):
        return whole
    return whole.decode("utf-8", "replace").encode("ascii", errors or "strict")


CODINGS = {"decode": decode, "encode": encode}


def result(method, whole, arguments):
    if any(isinstance(argument, Wrong) for argument in arguments):
        return "e"
    try:
        if method in CODINGS:
            return text(CODINGS[method](whole, *(argument and argument.decode() for argument in arguments)))
        if method in OF_TEXT:
            # Only ASCII has classes here: any other byte is of none, and has no case.
            if not whole.isascii():
                return text(whole.lower() if method == "casefold" else False)
            value = getattr(whole.decode(), method)()
            return text(value.encode() if isinstance(value, str) else value)
        if method == "fromhex":
            return text(bytes.fromhex(whole.decode("ascii")))
        if method == "maketrans":
            return text(bytes.maketrans(whole, *arguments))
        given = to_python(method, arguments)
        if method == "translate" and len(given) == 2:
            value = whole.translate(given[0], delete=given[1])
        else:
            value = getattr(whole, method)(*given)
        if isinstance(value, str):
            value = value.encode()
        if method in ("rfind", "index", "rindex"):
            value = value + 1 if value >= 0 else None
        return text(value)
    except (ValueError, TypeError):
        return "e"


def case(source, method):
    kinds, required, names = METHODS[method]
    whole = source.bytes()
    if method in CODINGS and source.random.random() < 0.7:
        whole = b"".join(source.random.choice(PIECES) for _ in range(source.random.randrange(5)))
    if method == "fromhex":
        whole = source.random.choice([whole, whole.hex().encode(), whole.hex(" ").upper().encode()])
    arguments = source.arguments(kinds[: source.random.randint(required, len(kinds))], whole)
    if arguments and source.random.random() < 0.03:
        i = source.random.randrange(len(arguments))
        is_integer = kinds[i] in ("start", "end", "count", "small", "width", "tab", "truth")
        arguments[i] = Wrong("s78" if is_integer else source.random.choice(["t", "f"]))
    elif source.random.random() < 0.02:
        arguments += source.arguments(kinds[len(arguments) :], whole) + [Wrong("i1")]
    named = 0
    if arguments and len(arguments) <= len(names) and source.random.random() < 0.15:
        named = source.random.randint(1, len(arguments))
        if all(argument is None for argument in arguments[-named:]):
            named = 0
    return " ".join(
        [
            method,
            "s" + whole.hex(),
            ";".join(text(argument) for argument in arguments) or "-",
            ",".join(names[len(arguments) - named : len(arguments)]) or "-",
            result(method, whole, arguments),
        ]
    )


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    source = Source(seed)
    methods = sorted(METHODS)
    for i in range(count):
        print(case(source, methods[i % len(methods)]))


main()
