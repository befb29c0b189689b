extension ModuleScene {
    /// What the projector's simulator prints when it is told to: the commands that it takes.
    static let printedCommands = """
        local reply = Device.Reply
        function Device:Reply(line)
            print(line)
            return reply(self, line)
        end

        """

    /// A room with the module `pjlink_projector` and its handler `Projector`, and the projector at its port. The device
    /// has the simulator's password unless the room's text changes that.
    /// - Parameters:
    ///   - room: the end of the room's program; it lets the handler connect.
    ///   - device: what is set in the simulator before anybody connects.
    ///   - model: the module's model.
    static func projector(
        over way: Way, _ room: String, device: String = "", model: String = "Class 2"
    ) throws -> ModuleScene {
        let scene = try ModuleScene("pjlink_projector", over: way, port: 4352)
        try scene.startDevice(device)
        scene.run(0)
        try scene.startProjectorRoom(room, model: model)
        return scene
    }

    func startProjectorRoom(_ room: String, model: String = "Class 2") throws {
        try startRoom(
            """
            Device.devicePassword = 'JBMIAProjectorLink'
            Projector = GetConnectionHandler(Device, 'Power', {
                DisconnectLimit = 4, connectRetryTime = 2, ConnectedOn = 'Response',
            })
            event(Projector, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
            \(room)
            """, device: "Module.EthernetClass('device', {Model = '\(model)'})")
    }
}
