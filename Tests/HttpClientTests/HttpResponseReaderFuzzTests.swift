import Bytes
import Foundation
import Testing

@testable import HttpClient

/// Random splits and random damage.
@Suite("Responses from random bytes")
struct HttpResponseReaderFuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["LECTERN_TEST_LONG"] == nil ? 4_000 : 200_000

    private struct Dice {
        var state: UInt64

        mutating func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(sides))
        }
    }

    private static let seeds = [
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nServer: x\r\n\r\nhello, world",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.0 404 Not here\r\nX: 1\r\nX: 2\r\n\r\nuntil the end",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"a\",\r\n nonce=\"b\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Up\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\u{1}\u{2}\u{3}",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny",
        "HTTP/1.1 200 \r\ncontent-length:0\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n\r\n",
    ]

    private static func damaged(_ seed: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = seed
        for _ in 0..<dice.roll(4) where !bytes.isEmpty {
            let place = dice.roll(bytes.count)
            switch dice.roll(5) {
            case 0: bytes[place] = UInt8(dice.roll(256))
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8(dice.roll(256)), at: place)
            case 3: bytes.removeSubrange(place...)
            default:
                let other = Array(seeds[dice.roll(seeds.count)].utf8)
                bytes.insert(contentsOf: other.suffix(dice.roll(other.count)), at: place)
            }
        }
        return bytes
    }

    private static func pieces(_ bytes: [UInt8], _ dice: inout Dice) -> [ByteBuffer] {
        var rest = bytes[...]
        var pieces: [ByteBuffer] = []
        while !rest.isEmpty {
            let count = dice.roll(3) == 0 ? 1 : 1 + dice.roll(rest.count)
            pieces.append(ByteBuffer(bytes: rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    @Test func `However the bytes are damaged and split, the result is the same`() throws {
        var dice = Dice(state: 17)
        let requests: [HttpResponseReader.Request] = [.ordinary, .head, .connect, .upgrade]
        for round in 0..<Self.rounds {
            let bytes = Self.damaged(Array(Self.seeds[dice.roll(Self.seeds.count)].utf8), &dice)
            let request = requests[dice.roll(requests.count)]
            let whole = try ReadResponse([ByteBuffer(bytes: bytes)], request, closes: true)
            let split = try ReadResponse(Self.pieces(bytes, &dice), request, closes: true)
            #expect(whole == split, "round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            #expect((whole.ending == nil) != (whole.failure == nil) || bytes.isEmpty && whole.failure != nil)
            guard whole == split else { return }
        }
    }
}
