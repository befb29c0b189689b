import Glibc

/// What the fuzzer was asked to do.
struct FuzzerOptions {
    enum Mode {
        /// A run of many programs, in workers.
        case run
        /// Inside a worker.
        case worker(first: Int, note: String)
        /// The program of one seed, here.
        case one(UInt64)
        /// A program of a file, here.
        case file(String)
        /// Print the program of a seed.
        case show(UInt64)
        /// Leave out of a seed's program what its failure does not need.
        case minimize(UInt64)
    }

    var mode = Mode.run
    var programs = 1000
    var seed: UInt64 = 1
    var workers = 1
    /// Every so many programs of the run are this worker's.
    var stride = 1
    /// How much slower than a release build this one may be.
    var factor = 1.0

    init(_ arguments: [String]) {
        var rest = arguments.dropFirst()
        func next() -> String {
            guard let value = rest.popFirst() else { Self.usage() }
            return value
        }
        func number() -> UInt64 {
            guard let value = UInt64(next()) else { Self.usage() }
            return value
        }
        while let option = rest.popFirst() {
            switch option {
            case "--programs": programs = Int(number())
            case "--seed": seed = number()
            case "--workers": workers = max(1, Int(number()))
            case "--stride": stride = max(1, Int(number()))
            case "--factor": factor = Double(next()) ?? 1
            case "--worker": mode = .worker(first: Int(number()), note: next())
            case "--one": mode = .one(number())
            case "--file": mode = .file(next())
            case "--show": mode = .show(number())
            case "--minimize": mode = .minimize(number())
            default: Self.usage()
            }
        }
    }

    private static func usage() -> Never {
        say(
            """
            usage: ProgramFuzzer [--programs N] [--seed S] [--workers W] [--factor F]
                   ProgramFuzzer --one SEED | --show SEED | --minimize SEED | --file PROGRAM
            """)
        exit(2)
    }
}
