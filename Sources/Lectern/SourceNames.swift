internal import ByteText

/// What a program calls the objects that it makes, as its text tells: `Projector` for what line 3 makes of
/// `local Projector = EthernetClientInterface('127.0.0.1', 5001)`.
///
/// Only lines that assign what a call or a table gives to a name are looked at, and not fields of `self`, which say
/// nothing of which one it is. Of a field such as `Devices.Projector` the last word is the name.
struct SourceNames {
    /// The most names that are remembered; a bound on memory.
    private static let limit = 20_000
    private static let nameLimit = 64

    /// By file, as messages show it, and line; with what stands before the last point.
    private var names: [String: [Int: String]] = [:]
    private var count = 0

    /// Looks through a text that is about to be loaded.
    mutating func note(_ text: [UInt8], of file: String) {
        var found: [Int: String] = [:]
        var line = 0
        for row in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            guard count < Self.limit else { break }
            guard let name = Self.path(row) else { continue }
            found[line] = name
            count += 1
        }
        names[file] = found.isEmpty ? nil : found
    }

    /// The name that is given at a place, such as `main.lua:3`.
    func name(at location: some StringProtocol) -> String? { path(at: location).map(Self.lastWord(of:)) }

    /// The name that is given at a place, as the program writes it: `Devices.Projector`.
    func path(at location: some StringProtocol) -> String? {
        guard let colon = location.lastIndex(of: ":"), let line = Int(location[location.index(after: colon)...]) else {
            return nil
        }
        return names[String(location[..<colon])]?[line]
    }

    /// The name in a path.
    static func lastWord(of path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }

    private static func path(_ line: ArraySlice<UInt8>) -> String? {
        var rest = line.drop(while: isBlank)
        if rest.starts(with: "local".utf8), let next = rest.dropFirst(5).first, isBlank(next) {
            rest = rest.dropFirst(5).drop(while: isBlank)
        }
        let path = rest.prefix { isWord($0) || $0 == UInt8(ascii: ".") }
        rest = rest.dropFirst(path.count).drop(while: isBlank)
        // An attribute: `local Projector <const> = …`.
        if rest.first == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">")) {
            rest = rest[(end + 1)...].drop(while: isBlank)
        }
        guard rest.first == UInt8(ascii: "="), rest.dropFirst().first != UInt8(ascii: "="),
            !path.starts(with: "self.".utf8), path.count <= nameLimit,
            rest.contains(where: { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: "{") }),
            let name = path.split(separator: UInt8(ascii: ".")).last, let first = name.first, !isDigit(first)
        else { return nil }
        return String(decoding: path, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
