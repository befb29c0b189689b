import Polling

extension GemEquipmentHandler {
    /// Adds what secsgem's equipment begins with. Nothing else has been added, so no identifier is in use.
    func addStandardItems() {
        do {
            try addStandardVariables()
            try addStandardConstants()
            let names: [(Int, SecsText)] = [
                (1, "EquipmentOffline"), (2, "ControlStateLocal"), (3, "ControlStateRemote"),
            ]
            for (id, name) in names {
                try events.add(GemEvents.Event(id: .number(UInt64(id)), name: name))
            }
        } catch {
            preconditionFailure("the standard items exist twice: \(error)")
        }
        controlEvents = (1, 2, 3)
    }

    private func addStandardVariables() throws(GemDeclarationError) {
        func add(_ id: GemID, _ name: SecsText, _ read: @escaping () -> SecsItem) throws(GemDeclarationError) {
            try variables.add(statusVariable: GemVariable(id: id, name: name, read: read))
        }
        try add(1001, "Clock") { [unowned self] in .ascii(clock.text) }
        try add(1002, "ControlState") { [unowned self] in .u1(controlState.rawValue) }
        try add(1003, "EventsEnabled") { [unowned self] in .list(events.enabled.map { $0.item(idFormat) }) }
        try add(1004, "AlarmsEnabled") { [unowned self] in .list(alarms.enabled.map { $0.item(idFormat) }) }
        try add(1005, "AlarmsSet") { [unowned self] in .list(alarms.set.map { $0.item(idFormat) }) }
    }

    private func addStandardConstants() throws(GemDeclarationError) {
        let timeout = GemEquipmentConstant(
            id: 1, name: "EstablishCommunicationsTimeout", units: "sec", initial: .u2(10), minimum: .u2(10),
            maximum: .u2(120))
        timeout.onChange = { [unowned self] in establishDelay = .seconds($0.signedInteger ?? 10) }
        try variables.add(constant: timeout)
        let format = GemEquipmentConstant(
            id: 2, name: "TimeFormat", initial: .u1(GemTimeFormat.sixteen.rawValue),
            minimum: .u1(GemTimeFormat.twelve.rawValue), maximum: .u1(GemTimeFormat.extended.rawValue))
        format.onChange = { [unowned self] item in
            clock.format = item.unsignedInteger.flatMap { GemTimeFormat(rawValue: UInt8($0)) } ?? .sixteen
        }
        try variables.add(constant: format)
    }
}
