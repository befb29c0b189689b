"""Writes cases of Python's format language with the results that CPython gives: format_cases.py SEED COUNT.

A line has a method, a text, its arguments, and the result, between spaces. A value is n (nil), t, f, i and a number, d and the
hexadecimal digits of a float's eight bytes, s and hexadecimal digits, or m and a table: its keys and values, with '=' between
them and '/' behind each. Arguments have ';' between them. A result is a string, or e and the kind of the error.
"""

import random
import resource
import struct
import sys

KINDS = [ValueError, IndexError, KeyError, TypeError, AttributeError]


class Table(dict):
    """A table of Lua. Formatted as a whole it has its name as text, in both languages."""

    def __missing__(self, key):
        raise IndexError(key) if isinstance(key, int) else KeyError(key)

    def __getattr__(self, name):
        if name in self:
            return self[name]
        raise AttributeError(name)

    def __repr__(self):
        return "TABLE"

    __str__ = __repr__


class Bytes(str):
    """A string of Lua: its characters are its bytes, and it has no members."""

    def __repr__(self):
        return repr(self.encode("latin-1"))[1:]

    def __getitem__(self, key):
        raise TypeError("no members")


class Integer(int):
    """An integer, of which the type 'c' makes one byte or nothing."""

    def __format__(self, spec):
        formatted = int.__format__(self, spec)
        if any(ord(character) > 255 for character in formatted):
            raise ValueError("not a byte")
        return formatted


def encoded(value):
    if value is None:
        return "n"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return "i%d" % value
    if isinstance(value, float):
        return "d" + struct.pack(">d", value).hex()
    if isinstance(value, Table):
        return "m" + "".join("%s=%s/" % (encoded(key), encoded(item)) for key, item in value.items())
    return "s" + value.encode("latin-1").hex()


class Source:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def choice(self, choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    # Values

    def integer(self):
        kind = self.random.randrange(5)
        if kind == 0:
            return Integer(self.random.randrange(-9, 300))
        if kind == 1:
            return Integer(self.choice([0, 1, -1, 2**63 - 1, -(2**63), 999, 1000, -1000, 65535, 65536, 10**18]))
        if kind == 2:
            return Integer(self.choice([-1, 1]) * 10 ** self.random.randrange(19) - self.random.randrange(2))
        return Integer(self.random.getrandbits(self.random.randrange(1, 64)) * self.choice([1, -1]))

    def float(self):
        kind = self.random.randrange(9)
        if kind == 0:
            return self.choice([0.0, -0.0, float("inf"), -float("inf"), float("nan"), 5e-324, 2.2250738585072014e-308])
        if kind == 1:
            return struct.unpack(">d", struct.pack(">Q", self.random.getrandbits(64)))[0]
        if kind == 2:
            return self.choice([1, -1]) * 2.0 ** self.random.randrange(-1074, 1024)
        if kind == 3:
            return float("%se%d" % (self.choice(["1", "9.5", "9.9999999", "-2.5"]), self.random.randrange(-320, 308)))
        if kind == 4:
            return self.random.randrange(-4000, 4000) / 8
        if kind == 5:
            return float(self.integer())
        if kind == 6:
            return self.choice([1, -1]) * self.random.getrandbits(52) * 2.0**-1074
        return round(self.random.uniform(-2000, 2000), self.random.randrange(6))

    def string(self):
        alphabet = self.choice(["ab", "Pwr1\r\n", "'\"\\", "".join(map(chr, range(256))), "x{}:!", "\t é~\x7f "])
        return Bytes("".join(self.choice(alphabet) for _ in range(self.random.randrange(9))))

    def scalar(self):
        kind = self.random.randrange(12)
        if kind < 4:
            return self.float()
        if kind < 8:
            return self.integer()
        return self.chance(0.5) if kind == 8 else self.string()

    def table(self):
        keys = self.random.sample(["a", "key", "K1", "b", 0, 1, 2, 10], self.random.randrange(5))
        return Table((key, self.table() if self.chance(0.15) else self.scalar()) for key in keys)

    def value(self):
        kind = self.random.random()
        return None if kind < 0.04 else self.table() if kind < 0.15 else self.scalar()

    # Texts

    def sized(self, most):
        return self.choice([1, 2, 3, 4, 5, 8, 10, 12, 17, 18, 20, 31, 40, self.random.randrange(most)])

    def spec(self, value):
        """The format of a field, mostly one that goes with the value."""
        is_text = isinstance(value, str) or self.chance(0.05)
        is_float = isinstance(value, float) or self.chance(0.05)
        if not isinstance(value, (str, int, float)) and self.chance(0.9):
            return ""
        parts = []
        if self.chance(0.35):
            fill = self.choice(["", "", "*", "0", " ", "x", "<", "=", "\xe9", "\x00"])
            parts.append(fill + self.choice("<>^" if is_text else "<>^="))
        if not is_text:
            if self.chance(0.25):
                parts.append(self.choice("+- "))
            if self.chance(0.1 if is_float else 0.01):
                parts.append("z")
            if self.chance(0.15):
                parts.append("#")
        if self.chance(0.25):
            parts.append("0")
        if self.chance(0.5):
            parts.append(str(self.sized(self.choice([50, 50, 50, 500]))))
        kind = self.choice("s" if is_text else "eEfFgG%n" if is_float else "bcdoxXnddxefg%")
        if self.chance(0.2 if kind in "defgEGF%" and not is_text else 0.02):
            parts.append(self.choice([",", "_"]))
        elif kind in "boxX" and self.chance(0.3):
            parts.append("_")
        if self.chance(0.4 if is_text or is_float or kind in "efg%" else 0.02):
            parts.append("." + str(self.choice([0, 0, 1, 2, 3, 6, self.sized(self.choice([30, 30, 30, 1300]))])))
        if self.chance(0.7):
            parts.append(kind if self.chance(0.97) else self.choice("bcdeEfFgGnosxX%a?\x00"))
        text = "".join(parts)
        if self.chance(0.03):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.choice(["<", ".", "1", "z", "#", "0", ",", "99999999999999999999", "q"]) + text[at:]
        return text

    def member(self, value):
        """The way to a member, mostly one that is there, and the member."""
        if isinstance(value, Table) and value and self.chance(0.9):
            key = self.choice(list(value))
            return (".%s" if isinstance(key, str) and self.chance(0.5) else "[%s]") % key, value[key]
        return self.choice(["[a]", "[key]", "[0]", "[10]", ".a", ".key", "[-1]"]), None

    def path(self, arguments, number, by_name):
        """The way to a value, and the value. With a number that is not None the field has it."""
        value = None
        if by_name and isinstance(arguments[-1], Table) and self.chance(0.6):
            first = self.choice([key for key in arguments[-1] if isinstance(key, str)] + ["none"] * self.chance(0.1) or ["b"])
            value = arguments[-1].get(first)
        elif self.chance(0.985):
            first = "" if number is None else str(number)
            place = self.place if number is None else number
            self.place += number is None
            value = arguments[place] if place < len(arguments) else None
        else:
            first = self.choice(["", "0", "00", "99999999999999999999", "-1", "a b", "7"])
        while self.chance(0.8 if isinstance(value, Table) else 0.01):
            way, value = self.member(value)
            first += way
        if self.chance(0.01):
            first += self.choice(["[", "]", ".", "[]", "[a]b", "{", "..a", "[a", "[}]"])
        return first, value

    def field(self, arguments, is_numbered, by_name, depth=0):
        number = self.random.randrange(max(len(arguments), 1) + self.chance(0.02)) if is_numbered else None
        way, value = self.path(arguments, number, by_name)
        text = "{" + way
        if self.chance(0.12):
            text += "!" + self.choice("srasrasra") if self.chance(0.95) else "!" + self.choice(["x", "", "rs", "}"])
            value = ""
        if self.chance(0.85):
            text += ":"
            if depth < 3 and self.chance(0.1 if depth == 0 else 0.02):
                pieces = [self.spec(value)[:3], self.field(arguments, is_numbered, by_name, depth + 1)]
                text += "".join(pieces)
            else:
                text += self.spec(value)
        return text + "}"

    def text(self, arguments, by_name):
        is_numbered = self.chance(0.5)
        self.place = 0
        text = ""
        for _ in range(self.choice([1, 1, 1, max(len(arguments), 1)])):
            text += self.choice(["", "", "Vol ", "{{", "}}", "\xff\x00", "a{{b}}"])
            text += self.field(arguments, is_numbered if self.chance(0.99) else not is_numbered, by_name)
        if self.chance(0.02):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.choice(["{", "}", "{}", "!", ":", "]"]) + text[at + self.random.randrange(2) :]
        return text + self.choice(["", "", "\r\n", "}}"])

    def case(self):
        is_map = self.chance(0.1)
        by_name = is_map or self.chance(0.2)
        if is_map:
            arguments = [self.table()]
        else:
            arguments = [self.value() for _ in range(self.choice([1, 1, 1, 2, 3, self.random.randrange(2)]))]
            if by_name:
                arguments.append(self.table())
        text = self.text(arguments, by_name)
        return ("format_map" if is_map else "formatted"), text, arguments


def result(method, text, arguments):
    try:
        if method == "format_map":
            return encoded(text.format_map(arguments[0]))
        names = arguments[-1] if arguments and isinstance(arguments[-1], Table) else {}
        return encoded(text.format(*arguments, **{key: item for key, item in names.items() if isinstance(key, str)}))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        return "e" + next((kind.__name__ for kind in KINDS if isinstance(error, kind)), "ValueError")


def main():
    source = Source(int(sys.argv[1]))
    # A number may be a width, and the text then gigabytes long: such a case is none.
    resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
    count = 0
    while count < int(sys.argv[2]):
        method, text, arguments = source.case()
        try:
            found = result(method, text, arguments)
        except MemoryError:
            continue
        if len(found) < 100_000:
            count += 1
            print(method, encoded(text), ";".join(encoded(argument) for argument in arguments) or "-", found)


main()
