// Sources/Room/WireCounter.swift
import Bytes
import ControlCore
import Lectern

final class WireCounter: WireSink {
    private(set) var sent = 0

    func record(_ event: WireEvent) {
        if case .sent(let piece) = event.content {
            sent += piece.bytes.readableBytes
            print("\(sent) bytes sent")
        }
    }
}

func countOnSockets() async throws {
    let text = """
        EthernetClientInterface('127.0.0.1', 5000, 'UDP'):Send('ping')
        Wait(0.2, function() ExitProgram(0) end)
        """
    let source = ProgramSource.text(text, name: "ping.lua", folder: ".")
    try await ControlHost(source: source, trace: { WireCounter() }) { MemoryLog(capacity: 1000) }.run()
}
