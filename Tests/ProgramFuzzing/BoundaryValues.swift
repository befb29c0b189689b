/// Values at their bounds, as Lua text.
enum BoundaryValues {
    static let numbers = [
        "0", "-1", "1", "2", "3", "7", "255", "256", "65535", "65536", "2^31", "-2^31", "2^53", "1e15", "1e308", "0.5",
        "-0.0", "1/0", "-1/0", "0/0", "math.maxinteger", "math.mininteger", "1e-300", "0x7fffffff", "0xffffffff",
        "3.7", "2^63", "-2^63", "1 << 40", "1e9",
    ]

    static let strings = [
        "''", "'x'", "'\\0'", "'\\xff\\xfe\\x80'", "'a\\0b'", "K(65536)", "K(1000)", "'\\r\\n'", "'Pwr1\\r\\n'",
        "'\\u{10FFFF}'", "'%s%d%5.2f'", "'%'", "'%99d'", "'.-.-.-b'", "'(((('", "'[%'", "'%b()'", "'(a*)*b'", "'(?i)x'",
        "'(?<n>a)|b'", "'\\\\1'", "'\\xc3\\x28'", "' 12 '", "'0x1p4'", "'1e400'", "'/'", "'..'", "'../x'", "'a/b/c'",
        "'f.txt'", "'*a'", "'n'", "'lb'", "'%Y-%m-%d'", "'%E'", "'*t'", "'!%c'", "'<i8'", "'s'", "'z'", "'!16i16'",
        "'>I16d'", "'CRC-32'", "'00:00:01'", "'24:00:00'", "'<L <A \"x\">>'", "'<L'", "'S1F1 W .'", "'10.0.0.2'",
        "'device'", "'room'", "'missing'", "'Power'", "'Connected'", "'TCP'", "'UDP'", "'SSH'", "'COM1'", "'Main'",
        "K(200, '\\xff')", "K(3000, 'a\\n')", "('(' ):rep(300)", "'return 1'", "'while'", "'\\27Lua'",
    ]

    /// Those that cost much: seldom.
    static let longStrings = ["K(1048576)", "K(1048577)", "K(524288, 'ab')", "K(1048576, '\\0')", "K(300000, '(')"]

    static let tables = [
        "{}", "{1, 2, 3}", "{'a', 'b'}", "{true}", "cyclic()", "deep(50)", "deep(250)", "deep(20000)", "shared(8)",
        "shared(40)", "list(1000, 'x')", "list(10, {})", "{x = 1}", "{[1] = 1, [3] = 3}", "{[0] = 'z', n = 1e9}",
        "{n = math.maxinteger}", "{{1}, {2}}", "{Stop = 2}", "{Output = 1}", "_G", "string", "P", "O",
        "{'admin', 'secret'}", "{'00:00:01', '12:00:00'}", "{year = 1e9, month = 1, day = 1}",
        "{year = 2026, month = 13, day = 40}", "{deliTag = '\\r\\n'}", "{deliLen = 3}", "{timeout = 0.1}",
    ]

    static let metamethods = [
        "__index", "__newindex", "__call", "__eq", "__lt", "__le", "__concat", "__len", "__close", "__gc", "__tostring",
        "__name", "__pairs", "__mode", "__metatable", "__add", "__unm", "__band", "__idiv",
    ]

    /// What a name of a parameter makes likely, so that calls come through to what is behind the checks.
    static let byName: [String: [String]] = [
        "hostname": ["'device'", "'device'", "'room'", "'missing'", "'10.0.0.2'"],
        "address": ["'device'", "'room'", "'10.0.0.2'", "'missing'"],
        "ip_address": ["'device'", "'room'", "'10.0.0.2'"],
        "ipport": ["5000", "5001", "5002", "22", "6000", "6001", "6002", "9"],
        "port": ["5003", "5000", "6000", "'COM1'", "'COM2'", "5004"],
        "protocol": ["'TCP'", "'UDP'", "'SSH'"],
        "credentials": ["{'admin', 'secret'}", "{'admin', 'wrong'}"],
        "timeout": ["0.1", "0.5", "1", "0.01"],
        "time": ["0", "0.01", "0.1", "0.5"],
        "seconds": ["0", "0.01", "0.1"],
        "interval": ["0.01", "0.1", "0.5"],
        "times": ["{'00:00:01'}", "{'00:00:00', '23:59:59'}"],
        "days": ["{'Monday'}", "Clock.WEEKDAYS"],
        "pattern": ["'a'", "'(a|b)*c'", "'x+'", "'(?P<n>x)(y)?'", "''", "'^|$'", "'(x*)*$'", "'(?:)'"],
        "string": ["'axbxc'", "''", "K(100)", "'\\xffx'"],
        "repl": ["'[\\\\g<0>]'", "'y'", "function(m) return 'z' end", "''"],
        "path": ["'f.txt'", "'sub'", "'/'", "'.'", "'sub/f.txt'"],
        "filename": ["'f.txt'", "'sub/f.txt'", "'g.bin'"],
        "mode": ["'r'", "'w'", "'a'", "'rb'", "'r+'", "'wb'"],
        "delitag": ["'\\r\\n'", "'x'"],
        "delirex": ["'Pwr(\\\\d)'", "re.compile('x+')"],
        "devicealias": ["'Main'"],
        "host": ["ProcessorDevice('Main')"],
        "keepalivequery": ["function(i) M(i, 'Send', 'P\\r') M(i, 'ResponseAccepted') end", "'Power'"],
        "command": ["'Power'", "'ConnectionStatus'"],
        "message": ["SecsMessage(1, 1)", "SecsMessage(1, 13, {'a', 'b'}, true)"],
        "packet": ["HsmsPacket(HsmsLinktestReqHeader(1))", "HsmsPacket()"],
        "format": ["'A'", "'U4'", "'L'", "'B'"],
        "bytes": ["'\\1\\2\\65\\1x\\165\\1\\1'", "'\\65\\3abc'", "''"],
        "sml": ["'<L <A \"x\"> <U4 1 2>>'"],
        "text": ["'<L <A \"x\"> <U4 1 2>>'", "'00 ff'", "'S1F1 W .'"],
        "data": ["'P\\r'", "'x'", "K(5000)", "''"],
        "msg": ["'P\\r'"],
        "interface": ["'Any'", "EthernetClientInterface('device', 5000)", "EthernetServerInterfaceEx(6000)"],
        "objects": ["{P[1], P[2]}", "{1, 2, 3}"],
        "session_id": ["0", "1"],
        "active": ["true", "false"],
    ]
}
