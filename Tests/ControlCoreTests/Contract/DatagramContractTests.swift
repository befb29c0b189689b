import Bytes
import Polling
import Testing

@testable import ControlCore

/// What every environment promises of its UDP sockets; run on sockets and on simulated ones.
@Suite("Datagram contract")
struct DatagramContractTests {
    @Test(
        "Datagrams arrive one by one with their sender's address, empty ones too", arguments: EnvironmentKind.allCases)
    func echo(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.openPair { client, server, serverAddress in
                let clientSide = DatagramRecorder()
                let serverSide = DatagramRecorder()
                serverSide.onReceive = { transport, bytes, sender in transport.send(bytes, to: sender) }
                clientSide.onReceive = { _, _, _ in
                    guard clientSide.datagrams.count == 3 else { return }
                    #expect(clientSide.texts == ["one", "", "three"])
                    #expect(clientSide.senders == [serverAddress, serverAddress, serverAddress])
                    let port = client.localAddress?.port
                    #expect(serverSide.senders.map(\.port) == [port, port, port])
                    scene.end()
                }
                server.start(delegate: serverSide)
                client.start(delegate: clientSide)
                for text in ["one", "", "three"] { client.send(ByteBuffer(string: text), to: serverAddress) }
                #expect(serverSide.datagrams.isEmpty)
            }
        }
    }

    @Test(
        "A datagram longer than the largest is cut, and the limit can be changed", arguments: EnvironmentKind.allCases)
    func cut(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.openPair(largestDatagram: 10) { client, server, serverAddress in
                let serverSide = DatagramRecorder()
                let large = ByteBuffer(repeating: 0x41, count: DatagramOptions.sizeLimit)
                serverSide.onReceive = { transport, bytes, _ in
                    switch serverSide.datagrams.count {
                    case 1:
                        #expect(bytes.readableBytes == 10)
                        transport.setLargestDatagram(DatagramOptions.sizeLimit)
                        // The receive that is under way may still have the former size.
                        scene.server.execute { client.send(large, to: serverAddress) }
                    default:
                        #expect(bytes == large)
                        scene.end()
                    }
                }
                server.start(delegate: serverSide)
                client.start(delegate: DatagramRecorder())
                client.send(large, to: serverAddress)
            }
        }
    }

    @Test("A port is one socket's; a second use fails until the first is closed", arguments: EnvironmentKind.allCases)
    func portInUse(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.openDatagrams(DatagramOptions(address: scene.serverHost)) { first in
                let port = first.localAddress?.port ?? 0
                #expect(port > 0)
                let options = DatagramOptions(address: scene.serverHost, port: port)
                scene.server.openDatagrams(options) { result in
                    guard case .failure(.portUnavailable) = result else { return scene.fail("\(result)") }
                    let recorder = DatagramRecorder()
                    recorder.onClose = { _ in
                        scene.openDatagrams(options) { again in
                            #expect(again.localAddress?.port == port)
                            scene.end()
                        }
                    }
                    first.start(delegate: recorder)
                    first.close()
                }
            }
        }
    }

    @Test("An address that is not the machine's is refused by name", arguments: EnvironmentKind.allCases)
    func foreignAddress(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.server.openDatagrams(DatagramOptions(address: "192.0.2.77")) { result in
                guard case .failure(.interfaceUnavailable("192.0.2.77")) = result else {
                    return scene.fail("\(result)")
                }
                scene.end()
            }
        }
    }

    @Test("A socket with a peer hears of refusals, and goes on", arguments: EnvironmentKind.allCases)
    func refusal(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.openPair { _, server, serverAddress in
                let clientSide = DatagramRecorder()
                let serverSide = DatagramRecorder()
                serverSide.onReceive = { transport, bytes, sender in transport.send(bytes, to: sender) }
                let gone = DatagramRecorder()
                server.start(delegate: gone)
                server.close()
                scene.client.openDatagrams(DatagramOptions(peer: serverAddress)) { result in
                    guard let client = try? result.get() else { return scene.fail("cannot open") }
                    client.start(delegate: clientSide)
                    client.send(ByteBuffer(string: "nobody"), to: serverAddress)
                    clientSide.onFail = { failure in
                        #expect(failure == .connectionRefused)
                        #expect(client.isOpen)
                        guard clientSide.failures.count == 1 else { return }
                        let options = DatagramOptions(address: scene.serverHost, port: serverAddress.port)
                        scene.openDatagrams(options) { reopened in
                            reopened.start(delegate: serverSide)
                            client.send(ByteBuffer(string: "somebody"), to: serverAddress)
                        }
                    }
                    clientSide.onReceive = { _, bytes, _ in
                        #expect(String(buffer: bytes) == "somebody")
                        scene.end()
                    }
                }
            }
        }
    }

    @Test("A socket with a peer hears nobody else", arguments: EnvironmentKind.allCases)
    func strangers(_ kind: EnvironmentKind) async throws {
        try await withScene(kind) { scene in
            scene.openPair { stranger, server, serverAddress in
                let clientSide = DatagramRecorder()
                stranger.start(delegate: DatagramRecorder())
                server.start(delegate: DatagramRecorder())
                scene.client.openDatagrams(DatagramOptions(address: scene.clientHost, peer: serverAddress)) { result in
                    guard let client = try? result.get(), let address = client.localAddress else {
                        return scene.fail("cannot open")
                    }
                    client.start(delegate: clientSide)
                    stranger.send(ByteBuffer(string: "let me in"), to: address)
                    scene.client.schedule(after: .milliseconds(50)) {
                        server.send(ByteBuffer(string: "hello"), to: address)
                    }
                    clientSide.onReceive = { _, _, _ in
                        #expect(clientSide.texts == ["hello"])
                        scene.end()
                    }
                }
            }
        }
    }

    @Test("A datagram to an address that cannot be reached costs the socket neither its port nor its peers")
    func unreachable() async throws {
        try await withScene(.live) { scene in
            scene.openPair { client, server, serverAddress in
                let serverSide = DatagramRecorder()
                server.start(delegate: serverSide)
                let clientSide = DatagramRecorder()
                client.start(delegate: clientSide)
                let port = client.localAddress?.port
                guard let nowhere = try? SocketAddress(ipAddress: "240.0.0.1", port: 9) else { return }
                clientSide.onFail = { _ in
                    client.send(ByteBuffer(string: "still here"), to: serverAddress)
                }
                serverSide.onReceive = { _, bytes, sender in
                    #expect(String(buffer: bytes) == "still here")
                    #expect(sender.port == port)
                    scene.end()
                }
                client.send(ByteBuffer(string: "lost"), to: nowhere)
            }
        }
    }

    @Test("A broadcast in a network reaches everybody's socket on its port")
    func broadcast() async throws {
        try await withScene(.live) { scene in
            scene.openDatagrams(DatagramOptions()) { server in
                let recorder = DatagramRecorder()
                recorder.onReceive = { _, bytes, sender in
                    #expect(String(buffer: bytes) == "to all")
                    #expect(sender.ipAddress == "127.0.0.1")
                    scene.end()
                }
                server.start(delegate: recorder)
                scene.client.openDatagrams(DatagramOptions(address: "127.0.0.1")) { result in
                    guard let client = try? result.get(), let port = server.localAddress?.port,
                        let everybody = try? SocketAddress(ipAddress: "127.255.255.255", port: port)
                    else { return scene.fail("cannot open: \(result)") }
                    client.start(delegate: DatagramRecorder())
                    client.send(ByteBuffer(string: "to all"), to: everybody)
                }
            }
        }
    }

    @Test("A multicast goes out through the interface of the socket's address, to those who have joined the group")
    func multicast() async throws {
        try await withScene(.live) { scene in
            GroupMember.join("239.255.17.4", in: scene) { member in
                scene.client.openDatagrams(DatagramOptions(address: "127.0.0.1")) { result in
                    guard let client = try? result.get(),
                        let group = try? SocketAddress(ipAddress: "239.255.17.4", port: member.port)
                    else { return scene.fail("cannot open: \(result)") }
                    member.onReceive = { text in
                        #expect(text == "to the group")
                        scene.end()
                    }
                    client.start(delegate: DatagramRecorder())
                    client.send(ByteBuffer(string: "to the group"), to: group)
                }
            }
        }
    }
}

extension EnvironmentScene {
    /// Opens a socket at both, neither of them started, and gives the server's address.
    func openPair(
        largestDatagram: Int = DatagramOptions.sizeLimit,
        then body:
            @escaping (_ client: any DatagramTransport, _ server: any DatagramTransport, _ address: SocketAddress) ->
            Void
    ) {
        openDatagrams(DatagramOptions(address: serverHost, largestDatagram: largestDatagram)) { [self] server in
            guard let address = server.localAddress else { return fail("no address") }
            client.openDatagrams(DatagramOptions(address: clientHost)) { [self] result in
                switch result {
                case .success(let client): body(client, server, address)
                case .failure(let failure): fail("cannot open: \(failure)")
                }
            }
        }
    }
}
