import Foundation
import Glibc

/// `openssl s_server` as another process, and a socket that is connected to it. It sends back every line in reverse, or
/// does what it is told.
final class OpenSSLServer {
    private let process = Process()
    private let folder: URL
    private let socket: CInt
    private let commands = Pipe()

    /// Starts it with the identity `good` and further arguments.
    /// - Parameter isCommanded: it takes commands, see ``command(_:)``, and sends nothing back by itself.
    init(_ certificates: TestCertificates, _ arguments: [String], isCommanded: Bool = false) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["good.pem", "good.key", "rsa.pem", "rsa.key", "house.pem"] {
            try Data(certificates[name]).write(to: folder.appendingPathComponent(name))
        }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "good.pem", "-key", "good.key"]
            + (isCommanded ? [] : ["-rev"]) + arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = commands
        try process.run()
        // "ACCEPT 127.0.0.1:12345"
        var text = ""
        while !text.contains("ACCEPT") || !text.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw POSIXError(.ECHILD) }
            text += String(decoding: data, as: UTF8.self)
        }
        let port = text.split(separator: "ACCEPT").last?.split(whereSeparator: \.isNewline).first?.split(separator: ":")
            .last
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = (port.flatMap { UInt16($0) } ?? 0).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        // A server that falls silent must fail the test, not stop it.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { [socket] generic in
                connect(socket, generic.baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit {
        close(socket)
        // Not SIGTERM, which the thread that starts a process may have blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Gives it a line to do, such as `r` for "renegotiate". It does one at a time.
    func command(_ line: String) throws { try commands.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }

    /// Sends all of `bytes`.
    func send(_ bytes: [UInt8]) throws {
        guard Glibc.send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw POSIXError(.EPIPE)
        }
    }

    /// Waits for one byte.
    func receive() throws -> UInt8 {
        var byte: UInt8 = 0
        guard recv(socket, &byte, 1, 0) == 1 else { throw POSIXError(.ECONNRESET) }
        return byte
    }
}
