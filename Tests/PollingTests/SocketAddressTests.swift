import CPolling
import Glibc
import Testing

@testable import Polling

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test(
        "Text is read, and written as the system writes it",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
            ("2001:DB8:0:0::00ff", "2001:db8::ff"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("fe80::1%1", "fe80::1"),
        ])
    func text(given: String, shown: String) throws {
        let address = try SocketAddress(ipAddress: given, port: 80)
        #expect(address.ipAddress == shown)
        #expect(address.port == 80)
        #expect(address.isIPv6 == shown.contains(":"))
        #expect(address.family == (address.isIPv6 ? AF_INET6 : AF_INET))
        #expect("\(address)" == (address.isIPv6 ? "[\(shown)]:80" : "\(shown):80"))
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "localhost", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", " 1.2.3.4", "1.2.3.4%1", "::1::", "[::1]",
            "1.2.3.4:80", "fe80::1%", "fe80::1%0", "fe80::1%no such link", "fe80::1%+1", "2001:db8::1%lo",
            "::1%99999999999",
        ])
    func refused(text: String) {
        #expect(throws: SocketAddressError(text: text)) { try SocketAddress(ipAddress: text, port: 0) }
    }

    @Test("The interface of a link's address is known by its name and by its number")
    func scope() throws {
        let index = if_nametoindex("lo")
        #expect(try SocketAddress(ipAddress: "fe80::1%\(index)", port: 0).scope == index)
        #expect(try SocketAddress(ipAddress: "fe80::1%lo", port: 0).scope == index)
        #expect(try SocketAddress(ipAddress: "ff02::1%lo", port: 0).scope == index)
        #expect(try SocketAddress(ipAddress: "2001:db8::1%7", port: 0).scope == 7)
        #expect(try SocketAddress(ipAddress: "fe80::1", port: 0) != SocketAddress(ipAddress: "fe80::1%lo", port: 0))
    }

    @Test("An address is made of its bytes, and tells them")
    func bytes() throws {
        let v4 = try SocketAddress(packedIPAddress: [192, 0, 2, 255], port: 7)
        #expect(v4 == (try SocketAddress(ipAddress: "192.0.2.255", port: 7)))
        #expect(v4.packedIPAddress == [192, 0, 2, 255])
        let packed = (0..<16).map { UInt8(0xF0 + $0) }
        let v6 = try SocketAddress(packedIPAddress: packed, port: 7)
        #expect(v6.ipAddress == "f0f1:f2f3:f4f5:f6f7:f8f9:fafb:fcfd:feff")
        #expect(v6.packedIPAddress == packed)
        for count in [0, 3, 5, 15, 17] {
            #expect(throws: SocketAddressError.self) {
                try SocketAddress(packedIPAddress: Array(repeating: 1, count: count), port: 0)
            }
        }
    }

    @Test(
        "The system's structure of an address leads back to it", arguments: ["192.0.2.1", "2001:db8::1", "fe80::1%1"])
    func structures(text: String) throws {
        let address = try SocketAddress(ipAddress: text, port: 0x1234)
        address.withSocketAddress { pointer, length in
            #expect(CInt(pointer.pointee.sa_family) == address.family)
            #expect(SocketAddress(pointer, length: length) == address)
            #expect(SocketAddress(pointer, length: length - 1) == nil)
            #expect(SocketAddress(pointer, length: 1) == nil)
            var storage = sockaddr_storage()
            memcpy(&storage, pointer, Int(length))
            #expect(SocketAddress(storage) == address)
        }
        #expect(SocketAddress(sockaddr_storage()) == nil)
        struct Refused: Error {}
        #expect(throws: Refused.self) { try address.withSocketAddress { _, _ in throw Refused() } }
    }

    @Test("The port can be changed, and tells addresses apart")
    func port() throws {
        let address = try SocketAddress(ipAddress: "::1", port: 1)
        var other = address
        other.port = 65_535
        #expect(other.port == 65_535)
        #expect(other != address)
        #expect(Set([address, other, address]).count == 2)
    }

    @Test("An IPv4 address is embedded in IPv6 and taken out again; other addresses stay")
    func mapping() throws {
        let v4 = try SocketAddress(ipAddress: "192.0.2.1", port: 5)
        let v6 = try SocketAddress(ipAddress: "::ffff:192.0.2.1", port: 5)
        #expect(v4.mapped == v6)
        #expect(v6.unmapped == v4)
        #expect(v4.unmapped == v4)
        #expect(v6.mapped == v6)
        for text in ["::1", "::192.0.2.1", "2001:db8::ffff:192.0.2.1"] {
            let address = try SocketAddress(ipAddress: text, port: 5)
            #expect(address.unmapped == address)
            #expect(address.mapped == address)
        }
    }

    @Test(
        "Groups are told from single receivers",
        arguments: [
            ("224.0.0.1", true), ("239.255.255.255", true), ("223.255.255.255", false), ("240.0.0.1", false),
            ("ff02::1", true), ("fe80::1", false),
        ])
    func groups(text: String, isGroup: Bool) throws {
        #expect(try SocketAddress(ipAddress: text, port: 0).isMulticast == isGroup)
    }
}
