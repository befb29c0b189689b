import Foundation

@testable import Lectern

/// A pattern, what it is tried on, and what CPython said; see ``regularExpressionCases``.
struct RegularExpressionCase {
    enum Verdict: Equatable {
        case same
        /// Both refuse the pattern, with other words.
        case otherMessage(String)
        /// The search was given up for its time or memory.
        case givenUp
        case different(String)
    }

    let pattern: [UInt8]
    let flags: RegularExpression.Flags
    let subject: [UInt8]
    let template: [UInt8]
    let expected: [Substring]

    init?(line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count > 4, let pattern = Self.bytes(fields[0]), let number = Int(fields[1]),
            let subject = Self.bytes(fields[2]), let template = Self.bytes(fields[3])
        else { return nil }
        self.pattern = pattern
        var flags: RegularExpression.Flags = []
        if number & 2 != 0 { flags.insert(.ignoreCase) }
        if number & 8 != 0 { flags.insert(.multiline) }
        if number & 16 != 0 { flags.insert(.dotAll) }
        if number & 64 != 0 { flags.insert(.verbose) }
        self.flags = flags
        self.subject = subject
        self.template = template
        expected = Array(fields[4...])
    }

    /// Whether the pattern is matched step by step.
    var isBacktracking: Bool { (try? RegularExpression(pattern: pattern, flags: flags))?.isBacktracking ?? false }

    /// Compares what this product says with what CPython said.
    func verdict() -> Verdict {
        let actual: [String]
        do throws(RegularExpressionError) {
            actual = try answers()
        } catch {
            switch error {
            case .matchLimitExceeded: return .givenUp
            case .syntax(let message, _): actual = ["E\(message)"]
            default: return .different("\(description): \(error)")
            }
        }
        if actual.count == expected.count, zip(actual, expected).allSatisfy({ $0 == $1 }) { return .same }
        if expected.first?.first == "E", actual.first?.first == "E" {
            return .otherMessage("\(description): \(actual[0]), Python: \(expected[0])")
        }
        return .different("\(description): \(actual), Python: \(expected)")
    }

    private var description: String {
        "/\(String(decoding: pattern, as: UTF8.self))/\(flags.rawValue) on '\(String(decoding: subject, as: UTF8.self))'"
    }

    private func answers() throws(RegularExpressionError) -> [String] {
        let expression = try RegularExpression(pattern: pattern, flags: flags)
        return try subject.withUnsafeBufferPointer { (subject) throws(RegularExpressionError) -> [String] in
            let bytes = UnsafeRawBufferPointer(subject)
            var parts = [
                Self.text(try expression.firstMatch(in: bytes)),
                Self.text(try expression.firstMatch(in: bytes, anchored: .start)),
                Self.text(try expression.firstMatch(in: bytes, anchored: .full)),
                Self.text(try expression.firstMatch(in: bytes, from: 1)),
            ]
            var cursor = RegularExpression.Cursor()
            var matches: [String] = []
            var pieces: [String] = []
            var end = 0
            while let match = try expression.nextMatch(in: bytes, cursor: &cursor) {
                matches.append(Self.text(match))
                pieces.append(Self.hexadecimal(bytes[end..<match.range.lowerBound]))
                for range in match.ranges.dropFirst() {
                    pieces.append(range.map { Self.hexadecimal(bytes[$0]) } ?? "~")
                }
                end = match.range.upperBound
            }
            pieces.append(Self.hexadecimal(bytes[end...]))
            parts.append(matches.joined(separator: ";"))
            parts.append(pieces.joined(separator: "|"))
            parts.append(try replaced(by: expression, in: bytes))
            return parts
        }
    }

    private func replaced(
        by expression: RegularExpression, in bytes: UnsafeRawBufferPointer
    ) throws(RegularExpressionError) -> String {
        let template: ReplacementTemplate
        do throws(RegularExpressionError) {
            template = try ReplacementTemplate(self.template, for: expression)
        } catch {
            return "T"
        }
        var cursor = RegularExpression.Cursor()
        let result = try expression.replacing(in: bytes, with: template, cursor: &cursor, maximumBytes: 1 << 20)
        return "\(result.count) \(Self.hexadecimal(result.bytes))"
    }

    private static func text(_ match: RegularExpression.Match?) -> String {
        guard let match else { return "n" }
        let ranges = match.ranges.map { $0.map { "\($0.lowerBound),\($0.upperBound)" } ?? "-" }
        return "\(ranges.joined(separator: " ")):\(match.lastIndex ?? 0)"
    }

    private static func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.compactMap(\.hexadecimalValue)
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
