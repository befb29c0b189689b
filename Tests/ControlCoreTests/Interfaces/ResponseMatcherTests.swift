import Bytes
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

    /// Notes what it is asked, and tells the same end each time.
    final class NotingPattern: ResponsePattern {
        var end: Int?
        private(set) var asked: [[Int]] = []

        init(end: Int? = nil) { self.end = end }

        func endOfMatch(in bytes: UnsafeRawBufferPointer, searched: Int) throws -> Int? {
            asked.append([bytes.count, searched])
            return end
        }
    }

    private func buffer(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: UInt8(ascii: "x"), count: count) }

    @Test("A pattern learns how much was searched before, and is asked again only for what has come since")
    func searched() throws {
        let pattern = NotingPattern()
        var matcher = ResponseMatcher(delimiter: .pattern(pattern), limit: 100)
        for count in [3, 4] { #expect(try matcher.append(buffer(count)) == .incomplete) }
        #expect(pattern.asked == [[3, 0], [7, 3]])
        #expect(matcher.count == 7)
        #expect(!matcher.isBehind)
        #expect(try matcher.catchUp() == .incomplete)
        #expect(pattern.asked.count == 2)
    }

    @Test("A pattern is searched for in up to 64 KiB with each piece, and in more when it is time to catch up")
    func putOff() throws {
        let pattern = NotingPattern()
        var matcher = ResponseMatcher(delimiter: .pattern(pattern), limit: 70_000)
        #expect(try matcher.append(buffer(65_536)) == .incomplete)
        #expect(pattern.asked == [[65_536, 0]])
        #expect(!matcher.isBehind)
        #expect(try matcher.append(buffer(1)) == .incomplete)
        #expect(try matcher.append(buffer(4_463)) == .incomplete)
        #expect(pattern.asked.count == 1)
        #expect(matcher.isBehind)
        pattern.end = 65_537
        #expect(try matcher.catchUp() == .complete(response: buffer(65_537), rest: buffer(4_463)))
        #expect(pattern.asked.last == [70_000, 65_536])
    }

    @Test("A response that passes the limit is searched at once, however long it is")
    func searchedAtTheLimit() throws {
        let pattern = NotingPattern(end: 9)
        var matcher = ResponseMatcher(delimiter: .pattern(pattern), limit: 70_000)
        #expect(try matcher.append(buffer(70_001)) == .complete(response: buffer(9), rest: buffer(69_992)))
        var hopeless = ResponseMatcher(delimiter: .pattern(NotingPattern()), limit: 70_000)
        #expect(try hopeless.append(buffer(70_001)) == .tooLong)
        #expect(hopeless.takeCollected() == buffer(70_001))
        #expect(hopeless.count == 0)
    }

    @Test(
        "An end that a pattern tells beyond the bytes, or before them, is that of the bytes",
        arguments: [(99, 5), (-1, 0)])
    func strangeEnds(told: Int, taken: Int) throws {
        var matcher = ResponseMatcher(delimiter: .pattern(NotingPattern(end: told)), limit: 100)
        #expect(try matcher.append(buffer(5)) == .complete(response: buffer(taken), rest: buffer(5 - taken)))
    }

    @Test("Without a delimiter all is collected up to the limit, and cut there")
    func cut() throws {
        var matcher = ResponseMatcher(delimiter: nil, limit: 5)
        #expect(!matcher.hasDelimiter)
        #expect(try matcher.append(buffer(5)) == .incomplete)
        #expect(!matcher.isBehind)
        #expect(try matcher.append(buffer(2)) == .cut(response: buffer(5), rest: buffer(2)))
    }

    @Test("A length of less than nothing is nothing, and one over the limit is given up beyond it")
    func lengths() throws {
        #expect(ResponseMatcher(delimiter: .length(-3), limit: 9).holdsForNothing)
        var none = ResponseMatcher(delimiter: .length(-3), limit: 9)
        #expect(none.hasDelimiter)
        #expect(try none.append(buffer(2)) == .complete(response: buffer(0), rest: buffer(2)))
        var long = ResponseMatcher(delimiter: .length(6), limit: 5)
        #expect(try long.append(buffer(5)) == .incomplete)
        #expect(try long.append(buffer(1)) == .tooLong)
        #expect(!ResponseMatcher(delimiter: .pattern(DigitPattern()), limit: 9).holdsForNothing)
        #expect(!ResponseMatcher(delimiter: .suffix([1]), limit: 9).holdsForNothing)
    }

    @Test("A matcher that begins anew knows nothing of the former response, with the same suffix or another one")
    func restart() throws {
        var matcher = ResponseMatcher(delimiter: .suffix(Array("ab".utf8)), limit: 9)
        #expect(try matcher.append(ByteBuffer(string: "xxa")) == .incomplete)
        matcher.restart(delimiter: .suffix(Array("ab".utf8)))
        #expect(matcher.count == 0)
        #expect(try matcher.append(ByteBuffer(string: "b")) == .incomplete)
        #expect(
            try matcher.append(ByteBuffer(string: "abab"))
                == .complete(response: ByteBuffer(string: "bab"), rest: ByteBuffer(string: "ab")))
        matcher.restart(delimiter: .suffix(Array("ba".utf8)))
        #expect(
            try matcher.append(ByteBuffer(string: "aba"))
                == .complete(response: ByteBuffer(string: "aba"), rest: ByteBuffer()))
        matcher.restart(delimiter: nil)
        #expect(!matcher.hasDelimiter)
        #expect(try matcher.append(ByteBuffer(string: "abba")) == .incomplete)
        let pattern = NotingPattern()
        matcher.restart(delimiter: .pattern(pattern))
        _ = try matcher.append(buffer(3))
        matcher.restart(delimiter: .pattern(pattern))
        _ = try matcher.append(buffer(2))
        #expect(pattern.asked == [[3, 0], [2, 0]])
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
