import NIOCore
import Testing

@testable import ControlCore

@Suite("ResponseMatcher")
struct ResponseMatcherTests {
    struct Row: Sendable {
        let delimiter: @Sendable () -> ResponseDelimiter?
        let input: String
        /// `nil`: not complete after all of the input.
        let response: String?
        var rest = ""
    }

    /// Holds at the first digit that an `=` stands before.
    final class DigitPattern: ResponsePattern {
        func endOfMatch(in bytes: UnsafeRawBufferPointer, searched: Int) throws -> Int? {
            for index in bytes.indices.dropFirst() where bytes[index - 1] == UInt8(ascii: "=") {
                if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { return index + 1 }
            }
            return nil
        }
    }

    struct SearchFault: Error {}

    final class FailingPattern: ResponsePattern {
        func endOfMatch(in bytes: UnsafeRawBufferPointer, searched: Int) throws -> Int? { throw SearchFault() }
    }

    static let rows: [Row] = [
        Row(delimiter: { nil }, input: "anything", response: nil),
        Row(delimiter: { .length(4) }, input: "Pwr", response: nil),
        Row(delimiter: { .length(4) }, input: "Pwr1", response: "Pwr1"),
        Row(delimiter: { .length(4) }, input: "Pwr1Vol", response: "Pwr1", rest: "Vol"),
        Row(delimiter: { .suffix([13, 10]) }, input: "Pwr1\r", response: nil),
        Row(delimiter: { .suffix([13, 10]) }, input: "Pwr1\r\n", response: "Pwr1\r\n"),
        Row(delimiter: { .suffix([13, 10]) }, input: "a\r\r\nb\r\nc", response: "a\r\r\n", rest: "b\r\nc"),
        Row(delimiter: { .suffix(Array("aab".utf8)) }, input: "aaaaab!", response: "aaaaab", rest: "!"),
        Row(delimiter: { .suffix(Array("abcabd".utf8)) }, input: "abcabcabd", response: "abcabcabd"),
        Row(delimiter: { .pattern(DigitPattern()) }, input: "Vol=", response: nil),
        Row(delimiter: { .pattern(DigitPattern()) }, input: "x Vol=7;Bass=3", response: "x Vol=7", rest: ";Bass=3"),
    ]

    private func feed(_ pieces: [String], to matcher: inout ResponseMatcher) throws -> (String, String)? {
        for (index, piece) in pieces.enumerated() {
            switch try matcher.append(ByteBuffer(string: piece)) {
            case .incomplete:
                continue
            case .complete(let response, let rest):
                return (String(buffer: response), String(buffer: rest) + pieces[(index + 1)...].joined())
            case .tooLong, .cut:
                Issue.record("too long")
                return nil
            }
        }
        return nil
    }

    @Test("What is found does not depend on where the response was cut", arguments: rows.indices)
    func everySplit(row index: Int) throws {
        let row = Self.rows[index]
        let bytes = Array(row.input)
        var cuts = [[row.input], bytes.map { String($0) }]
        for first in 0...bytes.count {
            for second in first...bytes.count {
                cuts.append([String(bytes[..<first]), String(bytes[first..<second]), String(bytes[second...])])
            }
        }
        for pieces in cuts {
            var matcher = ResponseMatcher(delimiter: row.delimiter(), limit: 1_000)
            let found = try feed(pieces.filter { !$0.isEmpty }, to: &matcher)
            #expect(found?.0 == row.response, "cut as \(pieces)")
            if row.response != nil {
                #expect(found?.1 == row.rest, "cut as \(pieces)")
            } else {
                #expect(String(buffer: matcher.takeCollected()) == row.input)
            }
        }
    }

    @Test("A response over the limit is given up and given back, however it was cut")
    func limit() throws {
        for piece in 1...9 {
            var matcher = ResponseMatcher(delimiter: .suffix([UInt8(ascii: "!")]), limit: 5)
            var rest = "1234567!"[...]
            var verdict = ResponseMatcher.Verdict.incomplete
            while verdict == .incomplete, !rest.isEmpty {
                verdict = try matcher.append(ByteBuffer(string: String(rest.prefix(piece))))
                rest = rest.dropFirst(piece)
            }
            #expect(verdict == .tooLong)
        }
        var exact = ResponseMatcher(delimiter: .suffix([UInt8(ascii: "!")]), limit: 5)
        #expect(
            try exact.append(ByteBuffer(string: "1234!56"))
                == .complete(response: ByteBuffer(string: "1234!"), rest: ByteBuffer(string: "56")))
    }

    @Test("A failing search keeps the bytes")
    func failingPattern() throws {
        var matcher = ResponseMatcher(delimiter: .pattern(FailingPattern()), limit: 100)
        #expect(throws: SearchFault.self) { try matcher.append(ByteBuffer(string: "abc")) }
        #expect(String(buffer: matcher.takeCollected()) == "abc")
    }

    @Test("A delimiter of nothing holds before a byte came")
    func nothing() {
        #expect(ResponseMatcher(delimiter: .length(0), limit: 9).holdsForNothing)
        #expect(ResponseMatcher(delimiter: .suffix([]), limit: 9).holdsForNothing)
        #expect(!ResponseMatcher(delimiter: .length(1), limit: 9).holdsForNothing)
        #expect(!ResponseMatcher(delimiter: nil, limit: 9).holdsForNothing)
    }

    @Test("A megabyte in single bytes is searched once, not once for each byte")
    func linear() throws {
        // Were each piece searched anew from the start, this would be 10^12 comparisons and never end.
        var matcher = ResponseMatcher(delimiter: .suffix(Array("aaab".utf8)), limit: 1 << 20)
        let letter = ByteBuffer(string: "a")
        var early = 0
        for _ in 0..<((1 << 20) - 1) {
            if try matcher.append(letter) != .incomplete { early += 1 }
        }
        #expect(early == 0)
        let last = try matcher.append(ByteBuffer(string: "b"))
        guard case .complete(let response, _) = last else {
            Issue.record("not complete: \(last)")
            return
        }
        #expect(response.readableBytes == 1 << 20)
    }
}
