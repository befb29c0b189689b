// swift-tools-version: 6.1
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "lectern",
    products: [
        .library(name: "Lectern", targets: ["Lectern"]),
        .library(name: "ControlCore", targets: ["ControlCore"]),
        .library(name: "HSMS", targets: ["HSMS"]),
        .library(name: "HttpClient", targets: ["HttpClient"]),
        .library(name: "LuaRuntime", targets: ["LuaRuntime"]),
        .library(name: "ByteText", targets: ["ByteText"]),
        .library(name: "Bytes", targets: ["Bytes"]),
        .library(name: "Polling", targets: ["Polling"]),
        .executable(name: "lectern", targets: ["LecternCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CLuaShim", dependencies: ["CLua"]),
        .target(name: "CSerial"),
        .target(name: "CSSH"),
        .target(name: "CBeneath"),
        .target(name: "CPolling"),
        .target(name: "CTLS"),
        .target(name: "CHttpParser"),
        .target(name: "CInflate"),
        .target(name: "Bytes", swiftSettings: swiftSettings),
        .target(name: "Polling", dependencies: ["Bytes", "CPolling"], swiftSettings: swiftSettings),
        .target(name: "TLS", dependencies: ["Bytes", "CTLS"], swiftSettings: swiftSettings),
        .target(name: "Digests", dependencies: ["CTLS"], swiftSettings: swiftSettings),
        .target(name: "ByteText", swiftSettings: swiftSettings),
        .target(
            name: "LuaRuntime",
            dependencies: ["CLuaShim", "ByteText"],
            resources: [
                .embedInCode("Lua/classes.lua"), .embedInCode("Lua/modules.lua"), .embedInCode("Lua/local_time.lua"),
                .embedInCode("Lua/sandbox.lua"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "ControlCore",
            dependencies: [
                "ByteText", "Bytes", "Digests", "Polling", "TLS", "CBeneath", "CSerial", "CSSH",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "HSMS",
            dependencies: [
                "Bytes", "Polling", "ControlCore", .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "HttpClient",
            dependencies: ["ByteText", "Bytes", "Digests", "Polling", "ControlCore", "CHttpParser", "CInflate"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Lectern",
            dependencies: [
                "ByteText", "Bytes", "Digests", "Polling", "CBeneath", "LuaRuntime", "ControlCore", "HSMS",
                "HttpClient",
                "CPCRE2", "CYAML",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [
                .embedInCode("Lua/environment.lua"), .embedInCode("Lua/event.lua"), .embedInCode("Lua/files.lua"),
                .embedInCode("Lua/handlers.lua"), .embedInCode("Lua/meset.lua"), .embedInCode("Lua/timers.lua"),
                .embedInCode("Lua/http.lua"), .embedInCode("Lua/urllib.lua"), .embedInCode("Lua/urllib_parse.lua"),
                .embedInCode("Lua/re.lua"), .embedInCode("Lua/secsgem.lua"), .embedInCode("Lua/device_module.lua"),
                .embedInCode("Lua/device_module/declaration.lua"), .embedInCode("Lua/device_module/values.lua"),
                .embedInCode("Lua/device_module/replies.lua"), .embedInCode("Lua/device_module/framing.lua"),
                .embedInCode("Lua/device_module/turns.lua"), .embedInCode("Lua/device_module/complaints.lua"),
                .embedInCode("Lua/device_module/nearest_patterns.lua"),
                .embedInCode("Lua/device_module/protocol.lua"), .embedInCode("Lua/device_module/statuses.lua"),
                .embedInCode("Lua/device_module/line.lua"), .embedInCode("Lua/device_module/telnet.lua"),
                .embedInCode("Lua/device_module/session.lua"), .embedInCode("Lua/device_module/device.lua"),
                .embedInCode("Lua/device_module/device_classes.lua"),
                .embedInCode("Lua/libraries/base64.lua"), .embedInCode("Lua/libraries/binascii.lua"),
                .embedInCode("Lua/libraries/calendar.lua"), .embedInCode("Lua/libraries/collections.lua"),
                .embedInCode("Lua/libraries/csv.lua"), .embedInCode("Lua/libraries/date_fields.lua"),
                .embedInCode("Lua/libraries/datetime.lua"), .embedInCode("Lua/libraries/declaring.lua"),
                .embedInCode("Lua/libraries/deque.lua"), .embedInCode("Lua/libraries/describing.lua"),
                .embedInCode("Lua/libraries/durations.lua"),
                .embedInCode("Lua/libraries/hashlib.lua"), .embedInCode("Lua/libraries/hmac.lua"),
                .embedInCode("Lua/libraries/iso_texts.lua"),
                .embedInCode("Lua/libraries/python_math.lua"), .embedInCode("Lua/libraries/random.lua"),
                .embedInCode("Lua/libraries/secrets.lua"), .embedInCode("Lua/libraries/opening.lua"),
                .embedInCode("Lua/libraries/struct.lua"), .embedInCode("Lua/libraries/time.lua"),
                .embedInCode("Lua/libraries/times_of_day.lua"), .embedInCode("Lua/libraries/uuid.lua"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "LecternCommand",
            dependencies: [
                "ByteText", "Polling", "Lectern", "ControlCore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "LuaRuntimeTests",
            dependencies: ["ByteText", "LuaRuntime", "CLuaShim", "CLua", "LoopTesting"],
            exclude: ["Lua", "JSONSuite"],
            swiftSettings: swiftSettings
        ),
        .systemLibrary(name: "CMalloc", path: "Tests/CMalloc"),
        .systemLibrary(name: "CSeccomp", path: "Tests/CSeccomp"),
        .target(name: "AllocationCount", path: "Tests/AllocationCount"),
        .target(
            name: "LoopTesting", dependencies: ["Polling"], path: "Tests/LoopTesting", swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ControlCoreTests",
            dependencies: ["ByteText", "Bytes", "Polling", "TLS", "ControlCore", "CMalloc", "LoopTesting"],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: swiftSettings),
        .testTarget(
            name: "PollingTests", dependencies: ["Bytes", "Polling", "CPolling", "CSeccomp", "LoopTesting"],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "DigestsTests", dependencies: ["Digests"], swiftSettings: swiftSettings),
        .testTarget(name: "TLSTests", dependencies: ["Bytes", "TLS"], swiftSettings: swiftSettings),
        .testTarget(
            name: "HSMSTests", dependencies: ["Bytes", "Polling", "HSMS", "ControlCore", "LoopTesting"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "HttpClientTests",
            dependencies: ["ByteText", "Bytes", "Polling", "ControlCore", "HttpClient"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "ProgramFuzzing",
            dependencies: [
                "Bytes", "Polling", "Lectern", "ControlCore", "LuaRuntime", "CMalloc",
            ],
            path: "Tests/ProgramFuzzing", swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "ProgramFuzzer", dependencies: ["ProgramFuzzing"], path: "Tests/ProgramFuzzer",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "LecternTests",
            dependencies: [
                "ByteText", "Bytes", "Polling", "Lectern", "ControlCore", "LuaRuntime", "AllocationCount",
                "ProgramFuzzing", "LoopTesting",
            ],
            exclude: ["Surface", "Embedding", "ProgramFuzz/Kept", "ProgramFuzz/seeds.txt", "FunctionCosts/costs.txt"],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "EmbeddedRoom",
            dependencies: [
                "Bytes", "Polling", "Lectern", "ControlCore", "LuaRuntime",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            path: "Tests/LecternTests/Embedding", swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "Interop",
            dependencies: [
                "Bytes", "Polling", "Lectern", "LecternCommand", "ControlCore", "HSMS", "HttpClient", "LoopTesting",
            ],
            path: "Tests/Interop",
            exclude: [
                "Socs", "bytes_cases.lua", "bytes_cases.py", "case_runner.lua", "format_cases.lua", "format_cases.py",
                "http_peer.py", "json_cases.lua", "json_cases.py", "library_cases.lua", "library_cases.py",
                "secsgem_gem_peer.py", "secsgem_peer.py",
            ],
            swiftSettings: swiftSettings
        ),
    ],
    swiftLanguageModes: [.v6]
)
