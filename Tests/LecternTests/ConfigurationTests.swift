import ControlCore
import Lectern
import LuaRuntime
import Polling
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    @Test("Every key is read")
    func everything() throws {
        let configuration = try ProgramConfiguration(
            yaml: """
                devices:
                  MainProcessor:
                    ports:
                      COM1: {path: /dev/ttyUSB0}
                      COM2: {path: "tcp://10.0.0.9:4001"}
                limits:
                  memory: 128 MB
                  warnAfter: 0.2
                  endAfter: 2
                  patternSteps: 5000
                  stringSize: 1MB
                  queuedEvents: 64
                profile: strict
                servers: {address: 127.0.0.1, LAN: 192.168.1.5}
                log: {level: debug, format: json}
                ssh:
                  knownHosts: /var/lib/room/known_hosts
                  policy: strict
                  keys: [keys/room, /etc/room/key]
                  legacy: true
                  hosts:
                    switch: {keys: [], legacy: false}
                    wall: {keys: [keys/wall]}
                """, file: "site/lectern.yaml")
        #expect(configuration.devices["MainProcessor"]?["COM1"] == .path("/dev/ttyUSB0"))
        #expect(configuration.devices["MainProcessor"]?["COM2"] == .tcp(host: "10.0.0.9", port: 4001))
        #expect(configuration.limits.memoryBytes == 128 << 20)
        #expect(configuration.limits.slowTaskWarning == .seconds(0.2))
        #expect(configuration.limits.taskBurst == .seconds(2))
        #expect(configuration.limits.patternSteps == 5000)
        #expect(configuration.limits.stringBytes == 1 << 20)
        #expect(configuration.limits.queuedEvents == 64)
        #expect(configuration.profile == .strict)
        #expect(configuration.serverAddress == "127.0.0.1")
        #expect(configuration.interfaceAddresses == ["LAN": "192.168.1.5"])
        #expect(configuration.logLevel == .debug)
        #expect(configuration.logFormat == .json)
        #expect(configuration.ssh.knownHosts == "/var/lib/room/known_hosts")
        #expect(configuration.ssh.policy == .strict)
        #expect(configuration.ssh.keys == ["site/keys/room", "/etc/room/key"])
        #expect(configuration.ssh.legacy)
        #expect(configuration.ssh.hosts["switch"]?.keys == [])
        #expect(configuration.ssh.hosts["switch"]?.legacy == false)
        #expect(configuration.ssh.hosts["wall"]?.keys == ["site/keys/wall"])
        #expect(configuration.ssh.hosts["wall"]?.legacy == nil)
        #expect(try ProgramConfiguration(yaml: "", file: "f") == ProgramConfiguration())
        #expect(try ProgramConfiguration(yaml: "limits:\nlog:\n", file: "f") == ProgramConfiguration())
    }

    @Test(
        "A mistake is named with file, line, key and what to do",
        arguments: [
            (
                "prots: 1",
                "f:1: key 'prots' is not known; "
                    + "the configuration has devices, modules, limits, profile, servers, certificates, log, ssh, sealed, trace, "
                    + "stay, onMainError, persistent, mail, loop"
            ),
            ("limit: {}", "f:1: key 'limit' is not known; did you mean 'limits'?"),
            (
                "limits:\n  memory: lots",
                "f:2: 'memory' must be a whole number from 1048576 to 1099511627776, or one with KB, MB or GB"
            ),
            (
                "limits:\n  memory: 1",
                "f:2: 'memory' must be a whole number from 1048576 to 1099511627776, or one with KB, MB or GB"
            ),
            ("limits:\n  endAfter: -1", "f:2: 'endAfter' must be a number of seconds from 0 to 86400; 0 means never"),
            ("limits: 5", "f:1: 'limits' must be a table of keys and values"),
            ("profile: [strict]", "f:1: 'profile' must be one of 'trusted', 'standard', 'strict'"),
            (
                "devices: {A: {ports: {COM1: {path: ttyS0}}}}",
                "f:1: path 'ttyS0' must be an absolute path or tcp://host:port"
            ),
            (
                "devices: {A: {ports: {COM1: {path: 'tcp://host'}}}}",
                "f:1: path 'tcp://host' must be an absolute path or tcp://host:port"
            ),
            (
                "limits:\n  memory: 2 MB\n  endAfter: 1\n  memory: 3 MB",
                "f:4: key 'memory' is there twice, first in line 2"
            ),
            ("{log: {}}\n---\n{log: {}}", "f:3: a second document begins; there must be only one"),
            ("log: &a {level: *a}", "f:1: it is part of itself, by an alias"),
            (
                "log: " + String(repeating: "[", count: 70) + String(repeating: "]", count: 70),
                "f:1: it is nested too deep"
            ),
            ("log:\n  level: \u{1}", "f:2: control characters are not allowed"),
            ("{log: {}, log: {}}", "f:1: key 'log' is there twice, first in line 1"),
            ("\nlimits: {memory: 2 MB", "f:3: did not find expected ',' or '}'"),
            ("limits: {patternSteps: 5 KB}", "f:1: 'patternSteps' must be a whole number from 1000 to 1099511627776"),
            (
                "servers: {LAN: lan.local}",
                "f:1: 'LAN' must be an IP address of this machine, such as 192.168.1.5"
            ),
            ("devices: {A: {ports: {COM1: {}}}}", "f:1: port 'COM1' needs a 'path'"),
            ("ssh:\n  policy: lax", "f:2: 'policy' must be one of 'accept-new', 'strict'"),
            ("modules: ../modules", "f:1: 'modules' must be a list of paths, such as [../modules]"),
            ("ssh: {keys: key}", "f:1: 'keys' must be a list of paths, such as [keys/room]"),
            ("ssh: {hosts: {a: {legacy: 1}}}", "f:1: 'legacy' must be true or false"),
            ("log:\n  level: loud", "f:2: 'level' must be one of 'debug', 'info', 'warning', 'error'"),
        ])
    func mistakes(_ yaml: String, _ expected: String) {
        do {
            _ = try ProgramConfiguration(yaml: yaml, file: "f")
            Issue.record("it was accepted")
        } catch {
            #expect(error.description == expected)
        }
    }

    @Test("What the log tells of connections, and how a program ends, can be told")
    func logAndEnd() throws {
        let before = ProgramConfiguration()
        #expect(before.logsConnections && before.endsOnMainError && !before.stays)
        let read = try ProgramConfiguration(
            yaml: """
                devices:
                  Projector: {quiet: true}
                  10.0.0.9:5001: {quiet: true}
                  Amplifier: {quiet: false}
                log: {connections: off}
                onMainError: stay
                stay: true
                loop: epoll
                """, file: "f")
        #expect(before.loop == .auto && read.loop == .epoll)
        #expect(try ProgramConfiguration(yaml: "loop: io_uring", file: "f").loop == .ioUring)
        #expect(read.quietDevices == ["Projector", "10.0.0.9:5001"])
        #expect(!read.logsConnections && !read.endsOnMainError && read.stays)
        let error = #expect(throws: ConfigurationError.self) {
            try ProgramConfiguration(yaml: "onMainError: go\nlog: {connections: maybe}\nstay: 3\nloop: fast", file: "f")
        }
        #expect(
            error?.problems == [
                "f:1: 'onMainError' must be 'end' or 'stay'", "f:2: 'connections' must be on or off",
                "f:3: 'stay' must be true or false", "f:4: 'loop' must be one of 'auto', 'epoll', 'io_uring'",
            ])
    }

    @Test("All mistakes of a file are named at once, a line each")
    func severalMistakes() {
        let error = #expect(throws: ConfigurationError.self) {
            try ProgramConfiguration(yaml: "limts: {}\nprofile: x\nlog:\n  levl: info\n", file: "f")
        }
        #expect(
            error?.problems == [
                "f:1: key 'limts' is not known; did you mean 'limits'?",
                "f:2: 'profile' must be one of 'trusted', 'standard', 'strict'",
                "f:4: key 'levl' is not known; did you mean 'level'?",
            ])
    }

    @Test("A mistake in the YAML itself, or a key that is there twice, is named with its line")
    func syntax() {
        for yaml in ["a: [1", "a: b: c", "limits:\n  memory: 2 MB\n  memory: 3 MB"] {
            do {
                _ = try ProgramConfiguration(yaml: yaml, file: "f")
                Issue.record("it was accepted: \(yaml)")
            } catch {
                #expect(error.description.hasPrefix("f:"))
                #expect(!error.description.contains("\n"))
            }
        }
    }

    @Test("A port can be mapped by an option, and a wrong form is answered with the right one")
    func ports() throws {
        var configuration = ProgramConfiguration()
        try configuration.mapPort("MainProcessor:COM2=/dev/ttyUSB1")
        try configuration.mapPort("MainProcessor:COM3=tcp://[::1]:4001")
        #expect(configuration.devices["MainProcessor"]?.count == 2)
        for text in [
            "", "COM2", "A:COM2", "A:COM2=", "A:=x", ":COM2=/dev/x", "A:COM1=tcp://h", "A:COM1=tcp://h:0", "A:COM1=dev",
        ] {
            #expect(throws: ConfigurationError.self) { try configuration.mapPort(text) }
        }
    }
}
