/// Names of ControlScript and of Python that programs come with and Lectern does not have, and what to use instead.
///
/// As globals they are `nil`, so that a program may ask for them; the error of one that calls them or reads into them
/// ends with the hint. `require` of a module that is not found ends with it, too.
package enum MissingNames {
    /// What follows the error of a global that is called or read into, by name.
    package static let globals: [String: String] = {
        var hints = words.mapValues { "write \($0)" }
        for (names, text) in controlScript {
            for name in names.split(separator: " ") { hints[String(name)] = "ControlScript's \(name) \(text)" }
        }
        for name in wellKnownModules { hints[name] = pythonModules[name].map { "Python's module \(name): \($0)" } }
        return hints
    }()

    /// What follows the error of a global that is called, by name.
    package static let functions = Dictionary(
        uniqueKeysWithValues: pythonFunctions.map { ($0, "in Lua, Python's \($0) is \($1)") })

    /// What follows the error of a module that is not found, by name.
    /// - Parameter module: the name as `require` got it.
    package static func hint(forModule module: String) -> String? {
        if let text = controlScriptModules[module] { return text }
        // A part of a module of Python is that module's: os.path, urllib.request.
        guard let name = module.split(separator: ".").first.map(String.init), let text = pythonModules[name] else {
            return nil
        }
        return "Python's module \(module): \(text)"
    }

    private static let ports = "is not there yet: Lectern drives no such ports of a processor yet"
    private static let panels = "is not there yet: Lectern has no touch panels yet"
    private static let settings = "is not there: the machine's own settings are not a program's to change"

    /// Names of classes and functions, and what follows `ControlScript's NAME`.
    private static let controlScript: [(names: String, text: String)] = [
        ("Button Knob Label Level Slider UIDevice eBUSDevice", panels),
        (
            "RelayInterface ContactInterface DigitalIOInterface DigitalInputInterface FlexIOInterface IRInterface "
                + "SWPowerInterface PoEInterface TallyInterface VolumeInterface SWACReceptacleInterface "
                + "CircuitBreakerInterface TemperatureInterface",
            ports
        ),
        (
            "SPInterface SPDevice AdapterDevice",
            "is not there yet: connect by EthernetClientInterface or SerialInterface where the device allows it"
        ),
        (
            "MLC62Interface",
            "is not there: talk to the controller by SerialInterface or EthernetClientInterface"
        ),
        (
            "DanteInterface DanteDomainManager RoomSchedulingInterface CalendarEvent SummitConnect CodecConnect",
            "is not there: talk to the device by EthernetClientInterface"
        ),
        (
            "SetTimeZone SetAutomaticTime SetManualTime GetTimezoneList GetCurrentTimezone", settings
        ),
        ("RestartSystem", "is not there: call ExitProgram, and let what runs lectern start it again"),
        (
            "GetUnverifiedContext GetSSLContext",
            "is not there: SSLWrap of an interface turns TLS on"
        ),
    ]

    /// Modules of ControlScript that are not there, with the whole text.
    private static let controlScriptModules: [String: String] = [
        "extronlib.ui": "ControlScript's touch panels (Button, Label, Level …) are not there yet",
        "extronlib.engine": "ControlScript's engine is not there: make Timer, Wait and Clock objects yourself",
        "extronlib.software": "ControlScript's SummitConnect and DanteDomainManager are not there: "
            + "talk to the device by EthernetClientInterface",
        "extronlib.standard": "ControlScript's extronlib.standard is not there",
        "extronlib.system.File": "File is a global: File(name, mode)",
    ]

    /// Words of Python that are no functions.
    private static let words = ["None": "nil", "True": "true", "False": "false"]

    /// What is written in Lua, by Python's name.
    private static let pythonFunctions: [String: String] = [
        "len": "#x", "str": "tostring(x)", "int": "math.tointeger(tonumber(x)) or x // 1", "float": "tonumber(x)",
        "range": "a loop: for i = 1, n do", "enumerate": "a loop: for i, x in ipairs(list) do",
        "zip": "a loop over one list that indexes the other", "list": "a table: {1, 2}",
        "dict": "a table: {name = value}", "tuple": "a table: {1, 2}", "set": "a table: {[x] = true}",
        "bytes": "a string: strings hold bytes", "bytearray": "a string: strings hold bytes", "bool": "not not x",
        "abs": "math.abs(x)", "min": "math.min(…)",
        "max": "math.max(…)", "sum": "a loop that adds up", "round": "math.floor(x + 0.5)", "pow": "x ^ y",
        "divmod": "x // y and x % y", "sorted": "table.sort(list), which sorts in place",
        "reversed": "a loop: for i = #list, 1, -1 do",
        "ord": "s:byte()", "chr": "string.char(n)", "repr": "('%q'):format(x)", "format": "('%d'):format(x)",
        "hasattr": "a comparison with nil: object.name ~= nil", "getattr": "object[name]",
        "setattr": "object[name] = value", "callable": "type(x) == 'function'",
        "open": "io.open(name, mode) or File(name, mode)",
        "super": "the name of the base class: Base.init(self, …)", "lambda": "function(x) return … end",
        "map": "a loop", "filter": "a loop", "any": "a loop", "all": "a loop", "iter": "ipairs(list) or pairs(table)",
        "object": "class('Name')", "raise": "error(ValueError('text'))", "exec": "load(text)",
        "eval": "load('return ' .. text)()",
        "input": "nothing: a control program has no keyboard",
    ]

    /// The modules of Python that programs are likely to mean by such a global, and not a variable of their own.
    private static let wellKnownModules = [
        "requests", "urllib", "threading", "asyncio", "socket", "ssl", "sys", "pathlib", "logging", "traceback",
        "itertools", "functools", "subprocess", "pickle",
    ]

    /// Modules of Python, and what to use instead.
    private static let pythonModules: [String: String] = [
        "requests": "use http: http.get(url), http.session{base = url}",
        "urllib": "use http, or require 'urllib.request', 'urllib.parse' or 'urllib.error'",
        "http": "use Lectern's http: http.get(url), http.session{base = url}",
        "threading": "use Timer and Wait; each callback is a task of its own",
        "asyncio": "use Timer and Wait; a call that waits suspends its task only",
        "concurrent": "use Timer and Wait; each callback is a task of its own",
        "multiprocessing": "use Timer and Wait; each callback is a task of its own",
        "queue": "use a table: table.insert(queue, x) and table.remove(queue, 1)",
        "socket": "use EthernetClientInterface or EthernetServerInterfaceEx",
        "serial": "use SerialInterface", "telnetlib": "use EthernetClientInterface",
        "paramiko": "use EthernetClientInterface with the Protocol 'SSH'",
        "ssl": "use SSLWrap of the interface", "sys": "use ExitProgram to end the program",
        "os": "use File.Exists, File.ListDir and the other functions of File",
        "pathlib": "use File and its functions", "glob": "use File.ListDir", "shutil": "use File and its functions",
        "logging": "use ProgramLog(text, severity)", "traceback": "use debug.traceback",
        "itertools": "use loops", "functools": "use functions within functions",
        "copy": "copy a table by a loop: for key, value in pairs(t) do", "enum": "use a table of names",
        "typing": "Lua has no types to declare", "abc": "use class('Name')", "dataclasses": "use class('Name')",
        "subprocess": "programs of the machine are started by os.execute and io.popen, with 'profile: trusted' only",
        "pickle": "write text to a File",
        "configparser": "use a module of the program's folder: require 'settings'",
        "unittest": "assert(condition, text) checks a condition",
        "xml": "Lectern reads no XML yet; take text apart by re", "codecs": "strings hold bytes: nothing is to be done",
        "operator": "use functions", "decimal": "use numbers", "weakref": "use setmetatable({}, {__mode = 'k'})",
        "signal": "lectern run closes everything in order when it is stopped",
    ]
}
