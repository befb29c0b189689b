import Foundation

/// A cable between two serial ports, which socat plays; pulled out when socat is ended.
struct Cable {
    let folder: String
    var near: String { "\(folder)/near" }
    var far: String { "\(folder)/far" }

    init() throws { folder = try Project.temporaryFolder() }

    func plugIn() async throws -> Peer {
        let socat = try Peer(
            "/usr/bin/env", ["socat", "-d", "-d", "pty,rawer,link=\(near)", "pty,rawer,link=\(far)"])
        try await socat.line(containing: "starting data transfer loop")
        return socat
    }

    /// Ends the socat that ``plugIn()`` gave. The names go first: the system gives the numbers of the ports to the next
    /// who asks, and a program that looks for its port again would take a stranger's.
    func pullOut(_ socat: Peer) async {
        for path in [near, far] { try? FileManager.default.removeItem(atPath: path) }  // socat itself may have done it
        await socat.kill()
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
