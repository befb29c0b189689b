/// Alternatives, groups, and the flags within a pattern.
extension PatternTranslator {
    mutating func alternate() throws(RegularExpressionError) {
        if let top = frames.indices.last, frames[top].isConditional {
            if frames[top].hasElse {
                throw .syntax(message: "conditional backref with more than two branches", offset: at)
            }
            frames[top].hasElse = true
        }
        builder.alternate()
        write("|".utf8, as: .nothing)
        at += 1
    }

    mutating func openGroup() throws(RegularExpressionError) {
        let start = at
        at += 1
        guard take("?") else {
            try pushCapture(named: nil, from: start)
            return
        }
        guard let kind = peek else {
            throw .syntax(message: "unexpected end of pattern", offset: at)
        }
        let kindStart = at
        _ = try skipToken()
        switch kind {
        case UInt8(ascii: "P"):
            try openNamed(from: start)
        case UInt8(ascii: ":"):
            try push(Frame(start: start, outerIsVerbose: isVerbose), "(?:".utf8)
        case UInt8(ascii: ">"):
            hasAtomicGroups = true
            try push(Frame(start: start, kind: .atomic, outerIsVerbose: isVerbose), "(?>".utf8)
        case UInt8(ascii: "#"):
            repeat {
                guard peek != nil else {
                    throw .syntax(message: "missing ), unterminated comment", offset: start)
                }
            } while try skipToken() != UInt8(ascii: ")")
        case UInt8(ascii: "="), UInt8(ascii: "!"):
            looksAhead = true
            let frame = Frame(
                start: start, isLookaround: true, kind: kind == UInt8(ascii: "=") ? .ahead : .notAhead,
                outerIsVerbose: isVerbose)
            try push(frame, [UInt8(ascii: "("), UInt8(ascii: "?"), kind])
        case UInt8(ascii: "<"):
            guard let sign = peek else {
                throw .syntax(message: "unexpected end of pattern", offset: at)
            }
            let signStart = at
            _ = try skipToken()
            guard sign == UInt8(ascii: "=") || sign == UInt8(ascii: "!") else {
                let token = source[signStart..<at].pythonText
                throw .syntax(message: "unknown extension ?<\(token)", offset: start + 1)
            }
            let isOutermost = groupsBeforeLookbehind == nil
            if isOutermost { groupsBeforeLookbehind = groups.count }
            let frame = Frame(
                start: start, isLookaround: true,
                kind: .behind(isNegative: sign == UInt8(ascii: "!"), isOutermost: isOutermost),
                outerIsVerbose: isVerbose)
            try push(frame, [UInt8(ascii: "("), UInt8(ascii: "?"), kind, sign])
        case UInt8(ascii: "("):
            try openConditional(from: start)
        default:
            guard RegularExpression.Flags(letter: kind) != nil || "uL-".utf8.contains(kind) else {
                let token = source[kindStart..<at].pythonText
                throw .syntax(message: "unknown extension ?\(token)", offset: start + 1)
            }
            at = kindStart
            try openFlags(from: start)
        }
    }

    private mutating func push(_ frame: Frame, _ bytes: some Collection<UInt8>) throws(RegularExpressionError) {
        guard frames.count < Self.nestingLimit else {
            throw .syntax(message: "more than \(Self.nestingLimit) nested groups", offset: frame.start)
        }
        frames.append(frame)
        frames[frames.count - 1].outputStart = output.count
        frames[frames.count - 1].outerFlags = active
        builder.open()
        write(bytes, as: .nothing)
    }

    private mutating func pushCapture(named name: String?, from start: Int) throws(RegularExpressionError) {
        let number = groups.count
        if let name {
            if let earlier = names[name] {
                throw .syntax(
                    message: "redefinition of group name '\(name)' as group \(number); was group \(earlier)",
                    offset: start + 4)
            }
            names[name] = number
        }
        guard number <= Self.groupLimit else {
            throw .syntax(message: "more than \(Self.groupLimit) capturing groups", offset: start)
        }
        let parent = frames.last { $0.group != nil }?.group ?? 0
        groups.append(RegularExpressionGroup(parent: parent, isInLookaround: frames.contains(where: \.isLookaround)))
        try push(Frame(start: start, group: number, outerIsVerbose: isVerbose), "(".utf8)
    }

    mutating func closeGroup() throws(RegularExpressionError) {
        guard let frame = frames.popLast() else {
            throw .syntax(message: "unbalanced parenthesis", offset: at)
        }
        addNode(of: frame)
        isVerbose = frame.outerIsVerbose
        active = frame.outerFlags
        write(")".utf8, as: .atom)
        lastStart = frame.outputStart
        at += 1
    }

    /// Puts a closed group into the tree.
    private mutating func addNode(of frame: Frame) {
        if let group = frame.group {
            let body = builder.close()
            let width = body.width
            groups[group].isClosed = true
            widths[group] = width
            builder.add(.capture(group, body, width))
            return
        }
        switch frame.kind {
        case .plain: builder.add(.group(builder.close(), hasFlags: false))
        case .flagged: builder.add(.group(builder.close(), hasFlags: true))
        case .atomic: builder.add(.atomic(builder.close()))
        case .ahead: builder.add(.look(builder.close(), isNegative: false, behind: nil))
        case .notAhead: builder.add(.look(builder.close(), isNegative: true, behind: nil))
        case .behind(let isNegative, let isOutermost):
            let body = builder.close()
            let width = body.width
            if width.least != width.most || width.least == PatternWidth.limit,
                frame.start <= wrongLookbehind?.offset ?? .max
            {
                let isLong = width.least == PatternWidth.limit
                wrongLookbehind = (
                    isLong ? "looks too much behind" : "look-behind requires fixed-width pattern", frame.start
                )
            }
            if isOutermost { groupsBeforeLookbehind = nil }
            builder.add(.look(body, isNegative: isNegative, behind: width.least))
        case .conditional(let group):
            let branches = builder.closeBranches()
            builder.add(.conditional(group, then: branches[0], otherwise: branches.dropFirst().first))
        }
    }

    /// Refuses a reference within a lookbehind to a group of that lookbehind.
    func checkLookbehind(refersTo group: Int) throws(RegularExpressionError) {
        guard let before = groupsBeforeLookbehind else { return }
        guard groups.indices.contains(group), groups[group].isClosed else {
            throw .syntax(message: "cannot refer to an open group", offset: at)
        }
        guard group < before else {
            throw .syntax(message: "cannot refer to group defined in the same lookbehind subpattern", offset: at)
        }
    }

    /// Reads on after `(?P`.
    private mutating func openNamed(from start: Int) throws(RegularExpressionError) {
        if take("<") {
            let name = try groupName(until: ">")
            guard name.text.isIdentifier else {
                throw badName(name)
            }
            try pushCapture(named: String(decoding: name.text, as: UTF8.self), from: start)
        } else if take("=") {
            let name = try groupName(until: ")")
            guard name.text.isIdentifier else {
                throw badName(name)
            }
            try writeReference(to: number(of: name), offset: name.offset)
        } else {
            guard peek != nil else {
                throw .syntax(message: "unexpected end of pattern", offset: at)
            }
            let tokenStart = at
            _ = try skipToken()
            let token = source[tokenStart..<at].pythonText
            throw .syntax(message: "unknown extension ?P\(token)", offset: start + 1)
        }
    }

    /// Reads on after `(?(`.
    private mutating func openConditional(from start: Int) throws(RegularExpressionError) {
        let name = try groupName(until: ")")
        var group: Int
        if name.text.isIdentifier {
            group = try number(of: name)
        } else {
            guard name.text.allSatisfy(\.isASCIIDigit) else {
                throw badName(name)
            }
            group = name.text.decimalValue(atMost: Int(UInt16.max))
            guard group > 0 else {
                throw .syntax(message: "bad group number", offset: name.offset)
            }
            conditions.append((group, name.offset))
        }
        try checkLookbehind(refersTo: group)
        let frame = Frame(
            start: start, isConditional: true, kind: .conditional(group), outerIsVerbose: isVerbose)
        try push(frame, "(?(\(group))".utf8)
    }

    /// Reads the flags of `(?ims)` or `(?i-s:…`, from the first letter on.
    private mutating func openFlags(from start: Int) throws(RegularExpressionError) {
        var added: RegularExpression.Flags = []
        var removed: RegularExpression.Flags = []
        var isRemoving = false
        while true {
            guard let byte = peek else {
                throw .syntax(message: isRemoving ? "missing :" : "missing -, : or )", offset: at)
            }
            if byte == UInt8(ascii: ":") || (byte == UInt8(ascii: ")") && !isRemoving) {
                break
            }
            if byte == UInt8(ascii: "-"), !isRemoving {
                isRemoving = true
                at += 1
                guard let next = peek, next.isASCIILetter else {
                    throw .syntax(message: "missing flag", offset: at)
                }
                continue
            }
            if byte == UInt8(ascii: "u") {
                throw .syntax(message: "bad inline flags: cannot use 'u' flag with a bytes pattern", offset: at + 1)
            }
            if byte == UInt8(ascii: "L") {
                throw .syntax(message: "bad inline flags: the 'L' flag is not supported", offset: at)
            }
            guard let flag = RegularExpression.Flags(letter: byte) else {
                let missing = isRemoving ? "missing :" : "missing -, : or )"
                throw .syntax(message: byte.isASCIILetter ? "unknown flag" : missing, offset: at)
            }
            if isRemoving, flag == .ascii {
                throw .syntax(message: "bad inline flags: cannot turn off flags 'a', 'u' and 'L'", offset: at)
            }
            if isRemoving {
                removed.insert(flag)
            } else {
                added.insert(flag)
            }
            at += 1
        }
        if take(")") {
            // A flag for the whole pattern. In the middle it would change what has been read.
            guard output.isEmpty else {
                throw .syntax(message: "global flags not at the start of the expression", offset: start)
            }
            flags.formUnion(added)
            active.formUnion(added)
            isVerbose = isVerbose || added.contains(.verbose)
            return
        }
        at += 1
        guard added.isDisjoint(with: removed) else {
            throw .syntax(message: "bad inline flags: flag turned on and off", offset: at - 1)
        }
        let off = Self.letters(of: removed)
        try push(
            Frame(start: start, kind: .flagged, outerIsVerbose: isVerbose),
            "(?\(Self.letters(of: added))\(off.isEmpty ? "" : "-\(off)"):".utf8)
        active = active.union(added).subtracting(removed)
        isVerbose = (isVerbose || added.contains(.verbose)) && !removed.contains(.verbose)
    }

    /// The flags that PCRE2 has to know; verbose patterns are written without their spaces.
    private static func letters(of flags: RegularExpression.Flags) -> String {
        (flags.contains(.ignoreCase) ? "i" : "") + (flags.contains(.multiline) ? "m" : "")
            + (flags.contains(.dotAll) ? "s" : "")
    }
}
