import Lectern
import Testing

/// Reads of names that an object does not have.
@Suite("Mistakes with attributes")
struct AttributeMistakeTests {
    private static let preparation = """
        local dev = EthernetClientInterface('10.0.0.9', 23)
        local handler = GetConnectionHandler(dev, print)
        local module = {Interface = dev, Volume = 5, Update = print}
        local Poller = class('Poller')
        function Poller:Tick() self.total = self.total + 1 end
        function Poller:Add(n) return self.total + n end
        local poller = Poller()
        local Plain = {}
        function Plain:Add(n) return self.total + n end
        """

    private static let ownField = "set a field of your own before you read it, or read it by rawget(object, 'MyFlag')"

    private static let longName = String(repeating: "x", count: 100) + "…"

    static let mistakes: [Mistake] = [
        Mistake(
            "print(dev.Port)",
            "AttributeError: EthernetClientInterface has no 'Port'; did you mean IPPort or ServicePort?"),
        Mistake("print(dev.Host)", "AttributeError: EthernetClientInterface has no 'Host'; did you mean Hostname?"),
        Mistake(
            "if dev.MyFlag then print() end", "AttributeError: EthernetClientInterface has no 'MyFlag'; \(ownField)"),
        Mistake(
            "print(dev[('x'):rep(1 << 20)])",
            "AttributeError: EthernetClientInterface has no '\(longName)'; set a field of your own before you read it, or "
                + "read it by rawget(object, '\(longName)')"),
        Mistake("print(Timer(1).MyFlag)", "AttributeError: Timer has no 'MyFlag'; \(ownField)"),
        Mistake(
            "print(handler.Port)",
            "AttributeError: neither the RawTcpHandler nor its EthernetClientInterface has 'Port'; "
                + "did you mean IPPort or ServicePort?"),
        Mistake(
            "print(handler.MyFlag)",
            "AttributeError: neither the RawTcpHandler nor its EthernetClientInterface has 'MyFlag'"),
        Mistake(
            "print(handler.HostName)",
            "AttributeError: EthernetClientInterface has no 'HostName'; did you mean Hostname?"),
        Mistake(
            "Poller.Tick(Timer(1))",
            "AttributeError: Timer has no 'total', and self is a Timer here: "
                + "hand on function(...) object:Tick(...) end, not object.Tick"),
    ]

    @Test("A read of a name that an object does not have is an error with the nearest names", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        let stage = Stage()
        let room = try stage.start(
            "room", "\(Self.preparation)\nlocal _, problem = pcall(function() \(mistake.code) end)\nprint(problem)")
        let text = try #require(room.lines.last)
        #expect(text.hasPrefix("room.lua:"))
        #expect(text.hasSuffix(": " + mistake.message), "\(text)")
    }

    @Test("A module's names are among those that a read through its handler may have meant")
    func throughModules() throws {
        let room = try Stage().start(
            "room",
            """
            \(Self.preparation)
            local through = GetConnectionHandler(module, 'Power')
            print(through.Volume, through.IPPort)
            print(pcall(function() return through.Volme end))
            """)
        #expect(room.lines.first { $0.hasPrefix("5") } == "5\t23", "\(room.lines)")
        #expect(room.lines.last?.hasSuffix("has 'Volme'; did you mean Volume?") == true, "\(room.lines)")
    }

    @Test("A field that the program has set once, on any object of the class, may be read unset on all")
    func ownFields() throws {
        let room = try Stage().start(
            "room",
            """
            local one, two = EthernetClientInterface('a', 1), EthernetClientInterface('b', 2)
            one.MyFlag = true
            print(one.MyFlag, two.MyFlag, rawget(two, 'Other'))
            one.MyFlag = nil
            print(one.MyFlag, one[1], one.Connected)
            for i = 1, 600 do one['field' .. i] = i end
            print(two.field1, two.field600, two.never)
            EthernetClientInterface.Shared = 'of all'
            print(two.Shared)
            """)
        #expect(room.lines == ["true\tnil\tnil", "nil\tnil\tnil", "nil\tnil\tnil", "of all"], "\(room.lines)")
    }

    @Test("An instance of a program's class has fields that are not set yet, and a misspelt name is still an error")
    func derivedClasses() throws {
        let room = try Stage().start(
            "room",
            """
            local Projector = class('Projector', EthernetClientInterface)
            function Projector:init() EthernetClientInterface.init(self, 'a', 1) end
            local p = Projector()
            print(p.Cache, p.Cache, pcall(function() return p.HostName end))
            """)
        #expect(
            room.lines == [
                "nil\tnil\tfalse\troom.lua:4: AttributeError: EthernetClientInterface has no 'HostName'; did you mean Hostname?"
            ], "\(room.lines)")
    }

    /// Calls of a method with a dot, and with whatever comes as its self.
    static let dots: [Mistake] = [
        Mistake(
            "poller.Add(5)",
            "attempt to index a number value (local 'self'): call Add with a colon: object:Add(…), not object.Add(…)"),
        Mistake(
            "poller.Add()",
            "attempt to index a nil value (local 'self'): call Add with a colon: object:Add(…), not object.Add(…)"),
        Mistake(
            "poller.Add('5')",
            "attempt to perform arithmetic on a nil value (field 'total'): "
                + "call Add with a colon: object:Add(…), not object.Add(…)"),
        Mistake(
            "Plain.Add()",
            "attempt to index a nil value (local 'self'): call Add with a colon: object:Add(…), not object.Add(…)"),
        Mistake(
            "pcall(error) local _, e = pcall(poller.Add, 5) error(e, 0)",
            "attempt to index a number value (local 'self'): Add got no object as self: "
                + "hand on function(...) object:Add(...) end, not object.Add"),
        Mistake("poller:Add(5)", "attempt to perform arithmetic on a nil value (field 'total')"),
        Mistake("local t = {} t.a.b = 1", "attempt to index a nil value (field 'a')"),
    ]

    @Test("A call with a dot where a colon belongs says so, for classes and tables of the program", arguments: dots)
    func dot(_ mistake: Mistake) throws {
        let stage = Stage()
        let room = try stage.start(
            "room", "\(Self.preparation)\nlocal _, problem = pcall(function() \(mistake.code) end)\nprint(problem)")
        let text = try #require(room.lines.last)
        #expect(text.hasSuffix(": " + mistake.message), "\(text)")
    }

    @Test("An error that nobody catches says so, too, and so does one of a coroutine")
    func uncaught() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            \(Self.preparation)
            Wait(1, poller.Add)
            Wait(2, function() coroutine.wrap(function() poller.Add() end)() end)
            """)
        stage.run(3)
        let hints = room.errors.map { $0.text.split(separator: "'): ").last ?? "" }
        #expect(
            hints == [
                "Add got no object as self: hand on function(...) object:Add(...) end, not object.Add",
                "call Add with a colon: object:Add(…), not object.Add(…)",
            ], "\(room.errors)")
    }
}
