import Lectern
import Testing

/// When the connection handler of a declared module says that its device is there.
@Suite("Connected of declared modules")
struct DeviceModuleConnectedTests {
    /// A handler whose events are printed.
    private static func room(
        _ changes: String, _ options: String = "", before: String = "", after: String = ""
    ) -> String {
        """
        dev = with({\(changes)}).EthernetClass('10.0.0.2')
        \(before)
        handler = GetConnectionHandler(dev, '\(changes.contains("Q = ") ? "Q" : "Power")', {DisconnectLimit = 3\(options)})
        \(after)
        event(handler, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
        handler:Connect()
        """
    }

    private static let silent = "function reply(line) end"

    @Test("With replies it is Connected by the first one, and a silent device is not")
    func replies() throws {
        let answering = try DeviceModuleScene(Self.room(""), device: "Wait(1.5, function() say('P1\\r') end)")
        answering.run(3)
        #expect(answering.room.lines == ["Connected"], "\(answering.room.timeline)")
        let silent = try DeviceModuleScene(Self.room(""), device: Self.silent)
        silent.run(30)
        #expect(silent.room.lines == ["Disconnected"], "\(silent.room.timeline)")
    }

    @Test("What the program says of ConnectedOn wins")
    func explicit() throws {
        let scene = try DeviceModuleScene(Self.room("", ", ConnectedOn = 'Socket'"), device: Self.silent)
        scene.run(2)
        #expect(scene.room.timeline == ["0.0 Connected"], "\(scene.room.timeline)")
    }

    @Test("A device that never answers is Connected with its socket, whenever the program says that it is one")
    func unidirectional() throws {
        for (before, after) in [("dev.Unidirectional = true", ""), ("", "dev.Unidirectional = true")] {
            let scene = try DeviceModuleScene(Self.room("", before: before, after: after), device: Self.silent)
            scene.run(0.5)
            #expect(scene.room.timeline == ["0.0 Connected"], "\(scene.room.timeline)")
        }
    }

    @Test("A module without a reply goes by its socket")
    func noReplies() throws {
        let scene = try DeviceModuleScene(
            Self.room("commands = {Q = {query = 'q\\r', set = 's', trigger = true}}"), device: Self.silent)
        scene.run(0.5)
        #expect(scene.room.timeline == ["0.0 Connected"], "\(scene.room.timeline)")
    }

    @Test("What a device says in its handshake makes it Connected when the handshake is done, not before")
    func handshake() throws {
        let scene = try DeviceModuleScene(
            Self.room("handshake = function(self) self:Send('P?\\r') time.sleep(0.5) end"))
        scene.run(2)
        #expect(scene.room.timeline == ["0.5 Connected"], "\(scene.room.timeline)")
    }
}
