import LuaRuntime
import Testing

/// Kinds of errors as classes: what derives from what, and errors of a program's own.
@Suite("Classes of errors")
struct ErrorClassTests {
    private func lines(_ text: String) throws -> [String] {
        let probe = try Probe()
        try probe.run(text)
        #expect(probe.failures.isEmpty, "\(probe.failures)")
        return probe.printed
    }

    @Test(
        "An error is an instance of its kind and of those above it, as in Python",
        arguments: [
            ("ValueError('x')", "ValueError", true), ("ValueError('x')", "Exception", true),
            ("ValueError('x')", "TypeError", false), ("IOError('x')", "OSError", true),
            ("OSError('x')", "IOError", true), ("PermissionError('x')", "OSError", true),
            ("TimeoutError('x')", "IOError", true), ("ConnectionError('x')", "OSError", true),
            ("IOError('x')", "ConnectionError", false), ("NotImplementedError('x')", "RuntimeError", true),
            ("RuntimeError('x')", "NotImplementedError", false), ("Exception('x')", "ValueError", false),
            ("KeyError('x')", "{TypeError, KeyError}", true), ("KeyError('x')", "{TypeError, ValueError}", false),
            ("'a string'", "Exception", false), ("nil", "Exception", false),
        ])
    func kinds(_ error: String, _ kind: String, _ isIt: Bool) throws {
        #expect(try lines("print(isinstance(\(error), \(kind)))") == ["\(isIt)"])
    }

    @Test("Errors that the host and its functions raise are instances, too")
    func raised() throws {
        #expect(
            try lines(
                """
                local ok, e = pcall(function() error(KeyError('a')) end)
                print(isinstance(e, KeyError), isinstance(e, Exception), e.kind, e.message)
                ok, e = pcall(json.decode, '{')
                print(isinstance(e, ValueError), e.kind)
                ok, e = pcall(require, 'nowhere')
                print(isinstance(e, ImportError), e.kind)
                """) == ["true\ttrue\tKeyError\ta", "true\tValueError", "true\tImportError"])
    }

    @Test("A class that derives from a kind makes errors: with kind, message, place and traceback")
    func derived() throws {
        #expect(
            try lines(
                """
                local MyError = class('MyError', ValueError)
                local Worse = class('Worse', MyError)
                local ok, e = pcall(function()
                    error(Worse('text'))
                end)
                print(tostring(e), e.kind, e.message, type(e.traceback))
                print(isinstance(e, MyError), isinstance(e, ValueError), isinstance(e, KeyError), isinstance(e, Exception))
                print('it was ' .. e, getmetatable(e))
                print(MyError().message == '', MyError(12).message)
                """) == [
                    "main.lua:4: Worse: text\tWorse\ttext\tstring", "true\ttrue\tfalse\ttrue",
                    "it was main.lua:4: Worse: text\tWorse", "true\t12",
                ])
    }

    @Test("An error of a program's own may have an init, fields and methods")
    func fields() throws {
        #expect(
            try lines(
                """
                local DeviceError = class('DeviceError', IOError)
                function DeviceError:init(code)
                    IOError.init(self, 'code ' .. code)
                    self.code = code
                end
                function DeviceError:isFatal() return self.code > 5 end
                local ok, e = pcall(function() error(DeviceError(7)) end)
                print(e, e.code, e:isFatal(), isinstance(e, OSError))
                local Silent = class('Silent', Exception)
                function Silent:init() end
                print(Silent())
                """) == ["main.lua:7: DeviceError: code 7\t7\ttrue\ttrue", "Silent: "])
    }

    @Test("An error that nobody catches is reported with the name of its class")
    func reported() throws {
        let probe = try Probe()
        try probe.run("local MyError = class('MyError', ValueError) error(MyError('lost'))")
        #expect(probe.failures.map(\.message) == ["main.lua:1: MyError: lost"])
        #expect(probe.failures.map(\.kind) == ["MyError"])
    }

    @Test(
        "isinstance knows what has no class by Python's names",
        arguments: [
            ("'x', 'str'", true), ("'x', 'bytes'", true), ("1, 'int'", true), ("1.0, 'int'", false),
            ("1.0, 'float'", true), ("true, 'bool'", true), ("1, 'bool'", false), ("1, {'str', 'int'}", true),
            ("{}, 'str'", false), ("1, nil", false), ("1, 'other'", false), ("{}, {}", false),
        ])
    func names(_ arguments: String, _ isIt: Bool) throws {
        #expect(try lines("print(isinstance(\(arguments)))") == ["\(isIt)"])
    }

    @Test("A kind without a text has an empty one, and another value becomes text")
    func texts() throws {
        #expect(
            try lines("print(ValueError().message == '', ValueError(5).message, ValueError(nil).message == '')")
                == ["true\t5\ttrue"])
    }

    @Test("What a class of errors and a class without one have in common goes on working")
    func mixed() throws {
        #expect(
            try lines(
                """
                local Named = class('Named')
                function Named:name() return 'name' end
                local Both = class('Both', Named, KeyError)
                local e = Both('m')
                print(e:name(), e.message, isinstance(e, Named), isinstance(e, KeyError))
                print(pcall(class, 'Odd', 'no class'))
                """) == [
                    "name\tm\ttrue\ttrue",
                    "false\tmain.lua:6: TypeError: class 'Odd': base 1 must be a class, got a string",
                ])
    }
}
