import ControlCore
import Lectern

/// The camera's module and its simulator, which is switched on, unless a test says otherwise.
enum CameraScene {
    static let ways: [ModuleScene.Way] = [.tcp, .udp, .serial, .serialOverEthernet]
    static let streams: [ModuleScene.Way] = [.tcp, .serial, .serialOverEthernet]
    static let chains: [ModuleScene.Way] = [.serial, .serialOverEthernet]

    /// What gives the room its handler, `Camera`.
    static let handler = """
        Camera = GetConnectionHandler(Device, 'Power', {pollFrequency = 1, DisconnectLimit = 3, connectRetryTime = 2})

        """

    /// Starts both.
    /// - Parameters:
    ///   - room: what the room does; it has the handler `Camera`, which is not connected yet.
    ///   - device: what the simulator does besides.
    static func make(
        _ way: ModuleScene.Way, _ room: String, device: String = "Device.Power = 'On'"
    ) throws -> ModuleScene {
        let scene = try ModuleScene("visca_camera", over: way, port: way == .udp ? 52381 : 5678)
        try scene.serveGateways()
        try scene.startDevice(device)
        scene.run(0.1)
        try scene.startRoom(handler + room)
        return scene
    }
}

extension ModuleScene {
    /// What the simulator has printed since it serves.
    var heard: [String] { deviceLines.filter { $0.hasPrefix("<") || $0.hasPrefix(">") } }
}
