internal import ByteText

/// Finds the modules that a text requires by a literal name, `require 'name'` and `require("name")`, word by word: also
/// in a text that does not compile.
enum RequireScanner {
    /// Names and lines, in the order of the text, up to what is no word of Lua.
    static func requirements(_ text: [UInt8]) -> [(name: String, line: Int)] {
        var found: [(String, Int)] = []
        /// The words before the present one, the latest last.
        var before: [Token.Kind] = []
        forEachWord(of: text) { token in
            if case .string(let name) = token.kind, isCall(before) {
                found.append((String(rawBytes: name), token.place.line))
            }
            before.append(token.kind)
            if before.count > 3 { before.removeFirst() }
        }
        return found
    }

    /// Every name in a text, whatever it stands for.
    static func names(_ text: [UInt8]) -> Set<String> {
        var names: Set<String> = []
        forEachWord(of: text) { token in
            if case .name(let name) = token.kind { names.insert(name) }
        }
        return names
    }

    private static func forEachWord(of text: [UInt8], _ body: (Token) -> Void) {
        var lexer = Lexer(text)
        while let token = try? lexer.next(), token.kind != .end { body(token) }
    }

    /// Whether `before` ends with `require` or `require(`, and that is no field or method of something else.
    private static func isCall(_ before: [Token.Kind]) -> Bool {
        var rest = before[...]
        if rest.last == .symbol(.openParenthesis) { rest = rest.dropLast() }
        guard rest.popLast() == .name("require") else { return false }
        return rest.last != .symbol(.dot) && rest.last != .symbol(.colon)
    }
}
