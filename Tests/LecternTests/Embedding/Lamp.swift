// Sources/Room/Lamp.swift
import Lectern
import LuaRuntime

final class Lamp {
    let name: String
    var onSwitched: ((String) -> Void)?

    init(name: String) { self.name = name }
}

func declareLamp() -> LuaClass<Lamp> {
    var lamp = LuaClass<Lamp>("Lamp", "A lamp.") { $0.name }
    lamp.constructor([.required("Name", .string, "Its name.")], "Makes a lamp.") { (call) throws(LuaFault) in
        Lamp(name: call.string(1) ?? "")
    }
    lamp.property("Name", .string, "Its name.") { $0.name }
    let switched = lamp.event("Switched", "'On' or 'Off'", "It was switched.")
    lamp.method("Switch", [.required("State", .oneOf(["On", "Off"]), "The new state.")], "Switches it.") {
        (lamp, call) throws(LuaFault) in
        lamp.onSwitched?(call.string(1) ?? "")
        return .none
    }
    lamp.whenAttached { lamp, instance, _ in
        lamp.onSwitched = { [weak instance] in instance?.fire(switched, $0) }
    }
    return lamp
}

func switchLamp() async throws {
    let text = """
        local lamp = Lamp('desk')
        event(lamp, 'Switched', function(lamp, state) print(lamp.Name, state) end)
        lamp:Switch('On')
        Wait(0.1, function() ExitProgram(0) end)
        """
    let source = ProgramSource.text(text, name: "desk.lua", folder: ".")
    try await ControlHost(source: source, register: { runtime in runtime.register(declareLamp()) }) { console() }.run()
}
