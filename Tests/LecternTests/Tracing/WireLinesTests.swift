import Bytes
import ControlCore
import HSMS
import Lectern
import Polling
import Testing

/// How a trace looks to people.
@Suite("Lines of a trace")
struct WireLinesTests {
    private final class Output {
        var text = ""
    }

    private static let wire = Wire(number: 1, kind: .tcp, name: "127.0.0.1:5001", target: "127.0.0.1")
    /// 2026-01-01 13:45:01.123 UTC.
    private static let time =
        SimulatedEnvironment.defaultWallClock + (13 * 3600 + 45 * 60 + 1) * 1_000_000_000 + 123_000_000

    /// The lines of events, without the first one, which is the date, and with their times cut off.
    private func lines(
        _ contents: [WireEvent.Content], of wire: Wire = Self.wire, as rendering: TraceConfiguration.Rendering = .auto,
        isFull: Bool = false
    ) -> [String] {
        let output = Output()
        let lines = WireLines(rendering: rendering, isFull: isFull, timeZone: RuleTimeZone.utc) { output.text += $0 }
        for content in contents { lines.record(WireEvent(time: Self.time, wire: wire, content: content)) }
        return output.text.split(separator: "\n").dropFirst().map { line in
            String(line.dropFirst("13:45:01.123 ".count + 23))
        }
    }

    private static func piece(_ text: String) -> WireEvent.Piece { .init(bytes: ByteBuffer(string: text)) }
    private static func piece(_ bytes: [UInt8]) -> WireEvent.Piece { .init(bytes: ByteBuffer(bytes: bytes)) }

    @Test("A line has time, wire, direction, bytes and length, in columns; a new day has a line of its own")
    func columns() {
        let output = Output()
        let lines = WireLines(timeZone: RuleTimeZone.utc) { output.text += $0 }
        let day = Int64(86_400) * 1_000_000_000
        lines.record(WireEvent(time: Self.time, wire: Self.wire, content: .sent(Self.piece("PWR ON\r\n"))))
        lines.record(
            WireEvent(time: Self.time + 4_000_000, wire: Self.wire, content: .received(Self.piece([2, 0x30, 0x41, 3]))))
        let long = Wire(number: 2, kind: .tcp, name: "a-rather-long-name.example:5001")
        lines.record(WireEvent(time: Self.time + 5_000_000, wire: long, content: .opened))
        lines.record(WireEvent(time: Self.time + day, wire: Self.wire, content: .closed(.peer)))
        #expect(
            output.text == """
                # 2026-01-01
                13:45:01.123 127.0.0.1:5001         > "PWR ON\\r\\n"  8
                13:45:01.127 127.0.0.1:5001         < 02 30 41 03  hex 4
                13:45:01.128 a-rather-long-name.example:5001 = opened TCP
                # 2026-01-02
                13:45:01.123 127.0.0.1:5001                  = closed by the other side

                """)
    }

    @Test("Bytes are text when two thirds of them print, unless a form is asked for")
    func forms() {
        let text = Self.piece("a\"b\\c\té\u{1B}[K")
        #expect(lines([.sent(text)]) == [#"> "a\"b\\c\t\xc3\xa9\x1b[K"  11"#])
        #expect(lines([.sent(text)], as: .hex) == ["> 61 22 62 5c 63 09 c3 a9 1b 5b 4b  hex 11"])
        #expect(lines([.received(Self.piece([2, 0x30, 3]))], as: .text) == [#"< "\x020\x03"  3"#])
        #expect(
            lines([.sent(Self.piece("")), .sent(Self.piece([0x30, 0x30, 0x30, 0xff]))]) == [
                #"> ""  0"#, #"> "000\xff"  4"#,
            ])
    }

    @Test("Of a long piece 256 bytes are shown, and how many are left out; all of it when that is asked for")
    func longPieces() {
        let piece = Self.piece(String(repeating: "x", count: 5000))
        let xs = String(repeating: "x", count: 256)
        #expect(lines([.sent(piece)]) == ["> \"\(xs)\"… 4744 bytes left out  5000"])
        #expect(lines([.sent(piece)], isFull: true) == ["> \"\(String(repeating: "x", count: 5000))\"  5000"])
        let hex = lines([.sent(Self.piece([UInt8](repeating: 0, count: 300)))], as: .hex)
        #expect(
            hex == ["> " + Array(repeating: "00", count: 256).joined(separator: " ") + "… 44 bytes left out  hex 300"])
    }

    @Test("A secret is three asterisks, however long it is")
    func secrets() {
        let piece = WireEvent.Piece(bytes: ByteBuffer(string: "login ******\r"), secrets: [6..<12])
        #expect(lines([.sent(piece)]) == [#"> "login ***\r"  13"#])
        #expect(lines([.sent(piece)], as: .hex) == ["> 6c 6f 67 69 6e 20 *** 0d  hex 13"])
    }

    @Test("Openings and ends are told in words")
    func words() throws {
        let here = try SocketAddress(ipAddress: "10.0.0.1", port: 40_000)
        let there = try SocketAddress(ipAddress: "10.0.0.2", port: 23)
        let out = Wire(number: 1, kind: .tcp, name: "projector:23", localAddress: here, remoteAddress: there)
        #expect(
            lines(
                [.opened, .refused("TimedOut"), .closed(.local), .closed(.failed("Connection reset by peer"))], of: out)
                == [
                    "= opened TCP from 10.0.0.1:40000 to 10.0.0.2:23", "= not opened: TimedOut",
                    "= closed by the program", "= closed: Connection reset by peer",
                ])
        let session = TLSSession(version: .tls13, peerFingerprint: nil)
        #expect(
            lines([.secured(session), .insecure("expired")], of: out) == [
                "= TLS 1.3 is on; what follows is inside of it", "= closed, as TLS was not agreed on: expired",
            ])
        let listener = Wire(number: 2, kind: .listener, name: ":9000")
        #expect(
            lines([.opened, .refused("PortUnavailable"), .closed(.local)], of: listener) == [
                "= listening", "= not listening: PortUnavailable", "= no longer listening",
            ])
        let client = Wire(number: 3, kind: .tcp, name: ":9000 10.0.0.2:9", isIncoming: true)
        let serial = Wire(number: 4, kind: .serial, name: "Main:COM1", target: "/dev/ttyUSB0")
        #expect(lines([.opened], of: client) == ["= accepted TCP"])
        #expect(lines([.opened], of: serial) == ["= opened serial /dev/ttyUSB0"])
        let socket = Wire(number: 5, kind: .udp, name: "udp :6000", localAddress: here)
        #expect(lines([.undelivered("ConnectionRefused")], of: socket) == ["= not delivered: ConnectionRefused"])
    }

    // MARK: - HSMS

    private static func frame(_ header: HsmsHeader, _ text: [UInt8] = []) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(HsmsHeader.length + text.count))
        header.write(to: &buffer)
        return Array(buffer.readableBytesView) + text
    }

    private static let select = frame(.selectRequest(system: 1))
    private static let establish = frame(
        .data(session: 0, stream: 1, function: 13, requireResponse: true, system: 0x1f), [1, 0])

    @Test("Messages of HSMS are told by their headers, one a line, however they come")
    func hsms() {
        let answer = Self.frame(.selectResponse(system: 1))
        #expect(
            lines([
                .sent(Self.piece(Self.select)), .received(Self.piece(answer)),
                .sent(Self.piece(Self.establish + Self.frame(.linktestRequest(system: 2)))),
            ]) == [
                "> HSMS Select.req session ffff system 00000001  10",
                "< HSMS Select.rsp session ffff system 00000001  10",
                "> HSMS S1F13 W session 0 system 0000001f 01 00  hex 2 of 12",
                "> HSMS Linktest.req session ffff system 00000002  10",
            ])
        let bytes = Self.establish
        #expect(
            lines([
                .sent(Self.piece(Self.select)), .sent(Self.piece(Array(bytes[..<6]))),
                .sent(Self.piece(Array(bytes[6..<15]))),
                .sent(Self.piece(Array(bytes[15...]))),
            ]).dropFirst() == [
                "> 00 00 00 0c 00 00  hex 6", "> HSMS S1F13 W session 0 system 0000001f 01  hex 1 of 12",
                "> HSMS … 00  hex 1",
            ])
    }

    @Test("What is no HSMS is shown as it is, from the beginning or from where it stops to be")
    func noHsms() {
        #expect(
            lines([.sent(Self.piece(Self.establish))]) == ["> 00 00 00 0c 00 00 81 0d 00 00 00 00 00 1f 01 00  hex 16"])
        let odd: [UInt8] = [0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0]
        #expect(
            lines([.sent(Self.piece(Self.select)), .sent(Self.piece(odd)), .sent(Self.piece(Self.select))]).dropFirst()
                == [
                    "> 00 00 00 03 01 02 03 00 00 00 00 00 00 00  hex 14",
                    "> 00 00 00 0a ff ff 00 00 00 01 00 00 00 01  hex 14",
                ])
        #expect(
            lines([.sent(Self.piece(Self.select))], as: .hex) == ["> 00 00 00 0a ff ff 00 00 00 01 00 00 00 01  hex 14"]
        )
    }
}
