import ArgumentParser
import Lectern

/// What is shown of what goes over the program's wires.
struct TraceArguments: ParsableArguments {
    @Option(
        name: .customLong("trace"),
        help: ArgumentHelp(
            """
            Shows all that goes over a wire: all, a host, host:port, :port, COM1, Alias:COM1, a path, or the variable that \
            holds its interface, server or handler. May be repeated.
            """,
            valueName: "wire"))
    var wires: [String] = []

    @Option(help: "The file for the lines of the trace; - is standard error, as without a file.")
    var traceTo: String?

    @Option(help: ArgumentHelp("Writes packets for Wireshark to this file (pcapng).", valueName: "file"))
    var traceFile: String?

    @Option(help: "How the lines show bytes: auto, text or hex.")
    var traceAs: String?

    @Flag(help: "Shows all bytes of long pieces, not just the first 256.")
    var traceFull = false

    /// Lets the options win over the configuration.
    func apply(to configuration: inout ProgramConfiguration) throws(ConfigurationError) {
        try configuration.setTrace(
            wires: wires, lines: traceTo, capture: traceFile, rendering: traceAs, isFull: traceFull)
    }
}
