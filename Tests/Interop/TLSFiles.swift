import Foundation
import Testing

/// A folder with certificates that OpenSSL has made for one test.
struct TLSFiles {
    let folder: String

    /// Makes an authority (`ca`), and certificates with their keys: `good`, `expired`, `other` (another name),
    /// `address` (for 127.0.0.1 alone) and `self` (its own issuer). `good.both` holds certificate and key.
    static func make() async throws -> TLSFiles {
        let folder = try Project.temporaryFolder()
        try Project.write(
            """
            [ca]
            default_ca = authority
            [authority]
            dir = .
            database = index.txt
            new_certs_dir = .
            serial = serial
            default_md = sha256
            policy = policy
            copy_extensions = copy
            unique_subject = no
            [policy]
            commonName = supplied
            """, to: "\(folder)/ca.cnf")
        try Project.write(
            """
            set -e
            : > index.txt
            echo 1000 > serial
            request() {
                openssl ecparam -name prime256v1 -genkey -noout -out $1.key
                openssl req -new -key $1.key -subj "/CN=$2" -addext "$3" -out $1.csr
            }
            leaf() {
                request $1 $1 "subjectAltName=$2"
                openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in $1.csr -out $1.pem \\
                    -startdate $3 -enddate $4
            }
            own() {
                request $1 "$2" "$3"
                openssl ca -batch -notext -config ca.cnf -selfsign -keyfile $1.key -in $1.csr -out $1.pem \\
                    -startdate 20200101000000Z -enddate 21200101000000Z
            }
            own ca "Test Authority" basicConstraints=critical,CA:TRUE
            own self localhost subjectAltName=DNS:localhost,IP:127.0.0.1
            leaf good DNS:localhost 20200101000000Z 21200101000000Z
            leaf expired DNS:localhost 20100101000000Z 20110101000000Z
            leaf other DNS:other.example 20200101000000Z 21200101000000Z
            leaf address IP:127.0.0.1 20200101000000Z 21200101000000Z
            cat good.pem good.key > good.both
            """, to: "\(folder)/make.sh")
        let openssl = try Peer("/bin/sh", ["make.sh"], folder: folder)
        #expect(try await openssl.exitCode() == 0, "\(openssl.lines.joined(separator: "\n"))")
        return TLSFiles(folder: folder)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// Starts `openssl s_server`, which sends back every line in reverse.
    func server(
        _ certificate: String, _ arguments: [String] = [], port: Int? = nil
    ) async throws -> (peer: Peer, port: Int) {
        let port = try port ?? Project.freePort()
        let peer = try Peer(
            "/usr/bin/env",
            [
                "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", "\(certificate).pem", "-key",
                "\(certificate).key", "-rev",
            ] + arguments, folder: folder)
        try await peer.line(containing: "ACCEPT")
        return (peer, port)
    }

    /// Starts a program in the folder.
    func program(_ text: String) throws -> Peer {
        try Project.write(text, to: "\(folder)/main.lua")
        return try Peer(Project.lectern, ["run", "\(folder)/main.lua"])
    }

    func python(_ text: String) throws -> Peer {
        try Peer("/usr/bin/env", ["python3", "-u", "-c", text], folder: folder)
    }

    /// The SHA-256 fingerprint of a certificate, as OpenSSL prints it.
    func fingerprint(_ certificate: String) async throws -> String {
        let openssl = try Peer(
            "/usr/bin/env", ["openssl", "x509", "-in", "\(certificate).pem", "-noout", "-fingerprint", "-sha256"],
            folder: folder)
        let line = try await openssl.line(containing: "=").text
        return String(line.split(separator: "=").last ?? "")
    }
}
