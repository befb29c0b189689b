import ControlCore
import Lectern
import Testing

/// The matrix switcher's module and its simulator, 8x8 unless told otherwise.
final class SwitcherScene {
    static let ways: [ModuleScene.Way] = [.tcp, .ssh, .serial, .serialOverEthernet]

    let scene: ModuleScene
    private let way: ModuleScene.Way

    /// - Parameters:
    ///   - device: what the simulator's program does more.
    ///   - room: what the room does with `Device` and its `Handler`, which begins to connect when all this is done.
    ///   - options: the handler's.
    init(
        over way: ModuleScene.Way, device: String = "", model: String = "8x8", password: String = "secret",
        options: String = "DisconnectLimit = 3, connectRetryTime = 2, ConnectedOn = 'Response'", _ room: String
    ) throws {
        self.way = way
        scene = try ModuleScene("sis_matrix_switcher", over: way, port: 2023)
        try scene.serveGateways()
        try start(device)
        scene.run(0.1)
        try scene.startRoom(
            """
            Handler = GetConnectionHandler(Device, 'Firmware', {\(options)})
            event(Handler, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
            \(room)
            Handler:Connect()
            """, device: way.device(port: 2023, password: password, model: model))
    }

    /// Switches the switcher on. Behind SSH it is a terminal, which repeats what it gets.
    func start(_ more: String = "") throws {
        try scene.startDevice("Device.IsEchoing = \(way == .ssh)\n" + more)
    }

    /// The room's lines that begin so.
    func lines(_ beginnings: String...) -> [String] {
        scene.lines.filter { line in beginnings.contains { line.hasPrefix($0) } }
    }

    func run(_ seconds: Double) { scene.run(seconds) }
}
