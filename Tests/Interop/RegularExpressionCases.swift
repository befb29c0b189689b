/// What runs in CPython: it makes cases from a seed and writes what its `re` says of each, a line a case.
///
/// Arguments: the seed, the number of cases, the file. A line has the pattern, the flags, the subject, the template
/// (all but the flags in hexadecimal) and the answers of ``RegularExpressionCase/answers``, apart by tabs. Cases that
/// take CPython too long are left out. Half of the patterns are of the shapes that engines disagree about.
let regularExpressionCases = #"""
    import random, re, signal, sys, warnings

    warnings.simplefilter("ignore")
    seed, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    r = random.Random(seed)
    ATOMS = ["a", "b", "c", "A", "1", "-", " ", ",", ".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "[ab]", "[^a]",
             "[a-c1]", "[^\\d-]", "\\n", "\\x61", "\\-", "[]a]", "[\\wb-]", "x", "=", "\\r", "\xe9"]
    ENDS = ["^", "$", "\\b", "\\B", "\\A", "\\Z"]
    QUANTIFIERS = ["*", "+", "?", "{2}", "{,2}", "{1,}", "{0,3}", "{1,2}", "{0}", "{0,0}", "{2,3}", "{3}", "{,1}", "{}",
                   "{,}", "{1,2"]

    class Maker:
        def __init__(self, hard):
            self.hard, self.groups, self.names = hard, 0, []

        def quantifier(self):
            q = r.choice(QUANTIFIERS if self.hard else QUANTIFIERS[:8])
            x = r.random()
            return q + ("?" if x < 0.25 else "+" if x < (0.35 if self.hard else 0.27) else "")

        def alternatives(self, depth):
            n = 1 if r.random() < 0.5 else r.randint(2, 3)
            ways = []
            for _ in range(n):
                empty = n > 1 and r.random() < (0.3 if self.hard else 0.06)
                ways.append("" if empty else self.sequence(depth))
            return "|".join(ways)

        def sequence(self, depth):
            return "".join(self.item(depth) for _ in range(r.randint(1, 3)))

        def group(self, depth):
            x = r.random()
            if x < 0.35:
                self.groups += 1
                if r.random() < 0.15:
                    self.names.append("n%d" % self.groups)
                    return "(?P<n%d>%s)" % (self.groups, self.alternatives(depth))
                return "(" + self.alternatives(depth) + ")"
            if x < 0.65: return "(?:" + self.alternatives(depth) + ")"
            if not self.hard:
                if x < 0.8: return r.choice(["(?=", "(?!"]) + self.sequence(depth) + ")"
                if x < 0.9: return r.choice(["(?i:", "(?s:", "(?m:", "(?-i:"]) + self.alternatives(depth) + ")"
                return "(" + self.sequence(0) + ")" if self.count() else ""
            if x < 0.72: return "(?>" + self.alternatives(depth) + ")"
            if x < 0.79: return r.choice(["(?=", "(?!"]) + self.alternatives(depth) + ")"
            if x < 0.87: return r.choice(["(?<=", "(?<!"]) + self.alternatives(min(depth, 1)) + ")"
            if x < 0.92: return r.choice(["(?i:", "(?s:", "(?m:", "(?-i:", "(?-s:"]) + self.alternatives(depth) + ")"
            if x < 0.97:
                other = "|" + self.sequence(depth) if r.random() < 0.6 else ""
                if self.names and r.random() < 0.3:
                    return "(?(" + r.choice(self.names) + ")" + self.sequence(depth) + other + ")"
                return "(?(%d)" % r.randint(1, max(1, self.groups)) + self.sequence(depth) + other + ")"
            return "(?#c)"

        def count(self):
            self.groups += 1
            return True

        def item(self, depth):
            x = r.random()
            if x < 0.6 or depth == 0:
                atom = r.choice(ATOMS)
                if self.hard and self.groups and r.random() < 0.12:
                    atom = "\\%d" % r.randint(1, self.groups)
                    if self.names and r.random() < 0.3: atom = "(?P=" + r.choice(self.names) + ")"
                return atom + (self.quantifier() if r.random() < 0.45 else "")
            if x < 0.93:
                return self.group(depth - 1) + (self.quantifier() if r.random() < (0.55 if self.hard else 0.35) else "")
            end = r.choice(ENDS)
            return end + (self.quantifier() if r.random() < 0.01 else "")

    PIECES = ["(?:-|)", "(A|)", "(a|b|)", "(?:\\w|)", "(?:b|)", "(?>a+?)", "(?>\\D*|)", "(?:b|c){0}", "(^|(^(a))b|c){0}",
              "(|b){,2}", "(,?\\d*?){0,3}", "(?:c|a{,2}?){0,3}", "(?<=a|b)", "(?<=a|bc)", "(?<=(a)\\1)", "(?:a?){2,3}",
              "(a*)*", "(a*)+", "(a|b*)*?", "(?:a*?)+?", "(a?b?){,3}+", "()*", "(?:)+", "((a)|b)*", "(?:(a)|(b)|c)*",
              "(?:(a)|b){2}", "(?=(a))*", "(?!(a))?", "(?<!b)", "(?<=(?:ab){2})", "(a)?(?(1)b|c)", "(?i:a)*+", "(a|ab)(c|bcd)",
              "(?:a|(b))*\\1", "(?P<n>a|)(?P=n)", "(x)?+", "(?:x|)*", "(?:(\\w)|,)+?", "\\d*", "[ ]*", "c*", "a*?", " *", "[ab]",
              "x", "A", "b", "d", "-", ",", "$", "\\b", "(?:\\s*,\\s*|)", "(?:=|)", "(\\d+|)", "(?:a{2}){,2}", "(?s:.)*?"]
    LETTERS = ["a", "b", "c", "A", "B", "1", "2", "-", " ", ",", "\n", "x", "=", "\r", "d", "_", "\xe9"]
    FLAGS = [(re.I, 2), (re.M, 8), (re.S, 16), (re.X, 64)]
    TEMPLATES = ["<\\g<0>>", "-", "", "[\\1]", "\\g<1>\\g<2>", "\\n\\\\", "\\2x", "\\g<n1>"]

    def spans(m):
        if m is None: return "n"
        all = " ".join("%d,%d" % m.span(i) if m.span(i)[0] >= 0 else "-" for i in range(m.re.groups + 1))
        return all + ":" + str(m.lastindex or 0)

    def hexa(b): return b.hex() if b is not None else "~"

    def answers(pattern, flags, subject, template):
        try: p = re.compile(pattern, flags)
        except (re.error, OverflowError, RecursionError) as e: return ["E" + getattr(e, "msg", "the repetition number is too large")]
        parts = [spans(p.search(subject)), spans(p.match(subject)), spans(p.fullmatch(subject)), spans(p.search(subject, 1)),
                 ";".join(spans(m) for m in p.finditer(subject)), "|".join(hexa(x) for x in p.split(subject))]
        try: text, n = p.subn(template, subject); parts.append("%d %s" % (n, text.hex()))
        except (re.error, IndexError): parts.append("T")
        return parts

    class Slow(Exception): pass

    def slow(*_): raise Slow()

    signal.signal(signal.SIGALRM, slow)
    with open(path, "w") as f:
        made = 0
        while made < count:
            if r.random() < 0.2:
                text = "".join(r.choice(PIECES) for _ in range(r.randint(1, 4)))
            else:
                text = Maker(made % 2 == 0).alternatives(r.randint(1, 3))
            if r.random() < 0.03: text = r.choice(["(?i)", "(?m)", "(?s)", "(?x)", "(?im)"]) + text
            if r.random() < 0.03 and text:
                at = r.randrange(len(text))
                text = text[:at] + r.choice(["", "(", ")", "[", "\\", "*", "{", "?", "|", "(?"]) + text[at + r.randint(0, 1):]
            flags = number = 0
            for flag, value in FLAGS:
                if r.random() < 0.12: flags, number = flags | flag, number | value
            pattern = text.encode("latin-1")
            subject = "".join(r.choice(LETTERS[:r.choice([2, 5, 10, 17])]) for _ in range(r.randint(0, 9))).encode("latin-1")
            template = r.choice(TEMPLATES).encode()
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.5)
                parts = answers(pattern, flags, subject, template)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Slow:
                continue
            f.write("\t".join([pattern.hex(), str(number), subject.hex(), template.hex()] + parts) + "\n")
            made += 1
    """#
