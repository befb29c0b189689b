"""Writes cases of json.loads and json.dumps with the results that CPython gives: json_cases.py SEED COUNT.

A line has the arguments of dumps, a text, and what dumps makes of the value of the text, or e for an error: both in hexadecimal
digits, between spaces. The arguments are indent, ensure_ascii and separators between semicolons: n, or digits of their own.
Where Lua knows no such number, or JSON no such character, the result is that of Lectern: integers beyond 64 bits are floats,
NaN, infinities and halves of surrogate pairs are errors.
"""

import json
import random
import sys

PIECES = ["a", "abc ", "é", "€", "\U0001f600", "\u2028", "\x7f", '"', "\\", "/", "\n", "\x00", "\x1f", "\t", "x" * 45, "\ud7ff", "\ue000"]
DAMAGE = ['"', "\\", "{", "}", "[", "]", ",", ":", "\x00", "\n", " ", "1e", "-", "+", ".", "0", "\\u12", "\\ud800", "nul", "true", "NaN", "é"]
FLOATS = [0.0, -0.0, 1.0, 0.1, 1e15, 1e16, 1e17, 1e22, 1e23, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]
FLOATS += [9007199254740993.0, 123456.789, 0.3, 1 / 3, 4.35, 2.5e-310]


class Source:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def string(self):
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(5)))

    def number(self):
        kind = self.random.randrange(6)
        if kind == 0:
            return self.random.randrange(-(2**63), 2**63)
        if kind == 1:
            return self.random.randrange(-1000, 1000)
        if kind == 2:
            return self.random.choice(FLOATS)
        if kind == 3:
            return self.random.randrange(-10000, 10000) / 10 ** self.random.randrange(1, 4)
        if kind == 4:
            return self.random.uniform(-1, 1) * 10 ** self.random.randrange(-320, 300)
        return self.random.choice([2**63 - 1, -(2**63), 2**53, 0])

    def value(self, depth):
        kind = self.random.randrange(8 if depth > 0 else 5)
        if kind < 2:
            return self.number()
        if kind < 4:
            return self.string()
        if kind == 4:
            return self.random.choice([True, False, None])
        count = self.random.randrange(5)
        if kind == 5:
            return [self.value(depth - 1) for _ in range(count)]
        return {self.string(): self.value(depth - 1) for _ in range(count)}

    def space(self):
        return "".join(self.random.choice(" \t\r\n") for _ in range(self.random.choice([0, 0, 0, 1, 2])))

    def spaced(self, value):
        """The text of a value with space where it may be, and other ways to write the same."""
        if isinstance(value, dict):
            members = [self.space() + self.spaced(name) + self.space() + ":" + self.spaced(of) for name, of in value.items()]
            if members and self.random.random() < 0.1:
                members.append(self.random.choice(members))
            text = "{" + (",".join(members) or self.space()) + "}"
        elif isinstance(value, list):
            text = "[" + (",".join(self.spaced(of) for of in value) or self.space()) + "]"
        elif isinstance(value, str):
            text = json.dumps(value, ensure_ascii=self.random.random() < 0.4)
            if self.random.random() < 0.1:
                text = '"' + "".join("\\u%04X" % ord(c) if ord(c) < 0x10000 else c for c in value) + '"'
            text = text.replace("/", self.random.choice(["/", "\\/"]))
        elif isinstance(value, float):
            text = self.random.choice([repr(value), repr(value), "%.25g" % value, "%.17e" % value, "%.16E" % value])
            if not any(c in text for c in ".eE"):
                text += ".0"
        else:
            text = json.dumps(value)
            if isinstance(value, int) and self.random.random() < 0.05:
                text += "0" * self.random.randrange(1, 400)
        return self.space() + text + self.space()

    def damaged(self, text):
        at = self.random.randrange(len(text) + 1)
        kind = self.random.randrange(3)
        if kind == 0:
            return text[:at]
        return text[:at] + self.random.choice(DAMAGE) + text[at + (kind - 1) * self.random.randrange(3) :]


def integer(text):
    value = int(text) if len(text) < 30 else 2**70
    return value if -(2**63) <= value < 2**63 else floating(text)


def floating(text):
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError
    return value


def refused(_):
    raise ValueError


def members(pairs):
    json.dumps(pairs, ensure_ascii=False).encode()  # raises for halves of pairs, also of a member that does not count
    return dict(pairs)


def read(text):
    value = json.loads(text, parse_int=integer, parse_float=floating, parse_constant=refused, object_pairs_hook=members)
    json.dumps(value, ensure_ascii=False).encode()
    return value


def case(source):
    text = source.spaced(source.value(4))
    if source.random.random() < 0.3:
        text = source.damaged(text)
    indent = source.random.choice([None, None, 0, 1, 4, "\t"])
    is_ascii = source.random.random() < 0.5
    separators = source.random.choice([None, None, (",", ":"), (" ,\n", " : ")])
    options = ["n" if indent is None else "i%d" % indent if isinstance(indent, int) else "s" + indent.encode().hex()]
    options += ["t" if is_ascii else "f", "n" if separators is None else ",".join(of.encode().hex() for of in separators)]
    try:
        result = json.dumps(read(text), indent=indent, sort_keys=True, ensure_ascii=is_ascii, separators=separators).encode().hex()
    except ValueError:
        result = "e"
    return " ".join([";".join(options), "t" + text.encode().hex(), result])


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    source = Source(seed)
    for _ in range(count):
        print(case(source))


main()
