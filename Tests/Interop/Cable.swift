import Foundation

/// A cable between two serial ports, which socat plays; pulled out when socat is ended.
struct Cable {
    let folder: String
    var near: String { "\(folder)/near" }
    var far: String { "\(folder)/far" }

    init() throws { folder = try Project.temporaryFolder() }

    func plugIn() async throws -> Peer {
        for path in [near, far] { try? FileManager.default.removeItem(atPath: path) }  // a former cable's, if any
        let socat = try Peer(
            "/usr/bin/env", ["socat", "-d", "-d", "pty,rawer,link=\(near)", "pty,rawer,link=\(far)"])
        try await socat.line(containing: "starting data transfer loop")
        return socat
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
