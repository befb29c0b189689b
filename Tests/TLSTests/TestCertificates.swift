import Foundation
import TLS

/// Certificates and keys in PEM form, made with OpenSSL's command once for all tests. Their keys protect nothing.
struct TestCertificates: Sendable {
    /// Those of the process, or why there are none.
    static let shared = Result { try TestCertificates() }

    private let files: [String: [UInt8]]

    /// The file `name`, such as `good.pem`.
    subscript(name: String) -> [UInt8] { files[name] ?? [] }

    /// The certificate `name` with its key.
    func identity(_ name: String) -> TLSContext.Identity {
        TLSContext.Identity(certificateChain: self["\(name).pem"], privateKey: self["\(name).key"])
    }

    /// An RSA key of so many bits in PEM form. No prime is in it, so it is quickly made and of no use.
    static func emptyKey(bits: Int) -> [UInt8] {
        func field(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
            [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
        }
        /// Odd, with the highest bit set.
        func number(_ bits: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: bits / 8 + 1)
            bytes[0] = bits % 8 == 0 ? 0 : 1 << (bits % 8 - 1)
            if bits % 8 == 0 { bytes[1] = 0x80 }
            bytes[bytes.count - 1] |= 1
            return field(2, bytes)
        }
        let half = number(bits / 2)
        let key = field(0x30, field(2, [0]) + number(bits) + number(17) + half + half + half + half + half + half)
        let text = Data(key).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return Array("-----BEGIN RSA PRIVATE KEY-----\n\(text)\n-----END RSA PRIVATE KEY-----\n".utf8)
    }

    private init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.configuration.utf8).write(to: folder.appendingPathComponent("ca.cnf"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", Self.script]
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardError = output
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let complaint = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw NotMade(text: String(decoding: complaint, as: UTF8.self))
        }
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            if let data = try? Data(contentsOf: folder.appendingPathComponent(name)) { files[name] = Array(data) }
        }
        self.files = files
    }

    private struct NotMade: Error {
        var text: String
    }

    private static let configuration = """
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
        commonName = optional
        organizationName = optional
        organizationalUnitName = optional
        """

    private static let script = """
        set -e
        : > index.txt
        echo 1000 > serial
        key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
        own() {
            openssl req -new -key $1.key -subj "$2" -addext "$3" -out $1.csr
            openssl ca -batch -notext -config ca.cnf -selfsign -keyfile $1.key -in $1.csr -out $1.pem \\
                -startdate 20200101000000Z -enddate 21200101000000Z
        }
        leaf() {
            openssl req -new -key $1.key -subj "/CN=$1" -addext "subjectAltName=$2" -out $1.csr
            openssl ca -batch -notext -config ca.cnf -cert $5.pem -keyfile $5.key -in $1.csr -out $1.pem \\
                -startdate $3 -enddate $4
        }
        for name in ca house good expired visitor self; do key $name; done
        openssl genrsa -out rsa.key 2048
        own ca "/CN=Test Authority" basicConstraints=critical,CA:TRUE
        own house "/O=House/OU=Cellar" basicConstraints=critical,CA:TRUE
        own self "/CN=localhost" subjectAltName=DNS:localhost
        leaf good DNS:localhost,DNS:*.rooms.example,IP:127.0.0.1,IP:fe80::1,email:a@b.example \\
            20200101000000Z 21200101000000Z ca
        leaf rsa DNS:localhost 20200101000000Z 21200101000000Z ca
        leaf expired DNS:localhost 20100101000000Z 20110101000000Z ca
        leaf visitor DNS:visitor.example 20200101000000Z 20500101000000Z house
        cat good.pem good.key > both.pem
        { openssl ecparam -name prime256v1; cat both.pem; } > all.key
        openssl pkcs8 -topk8 -v2 aes256 -in good.key -out locked.key -passout "pass:very secret"
        openssl rsa -traditional -aes256 -in rsa.key -out oldlocked.key -passout "pass:very secret"
        openssl x509 -in good.pem -outform DER -out good.der
        """
}
