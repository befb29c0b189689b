internal import ByteText
internal import ControlCore

/// The trace of one program: what its configuration asks for, and an embedder's sink.
///
/// Belongs to the program's loop.
final class ProgramTrace {
    /// How many wires the message on terms that named none lists.
    private static let listedWires = 10

    private let writers: [TraceWriter]
    private let sinks: [any WireSink]
    private let environment: TracedEnvironment

    /// The environment of the program.
    var programEnvironment: any Environment { environment }

    /// Opens what is to be written.
    /// - Parameters:
    ///   - sink: takes everything beside the files.
    ///   - onProblem: told, on a thread of the writers', why a file is not written any further.
    /// - Throws: ``ProgramError`` when a file cannot be written or a term is none.
    init(
        _ environment: any Environment, _ configuration: ProgramConfiguration, sink: (any WireSink)?,
        onProblem: @escaping @Sendable (String) -> Void
    ) throws(ProgramError) {
        let trace = configuration.trace ?? TraceConfiguration()
        var writers: [TraceWriter] = []
        var sinks: [any WireSink] = []
        if let sink { sinks.append(sink) }
        if configuration.trace != nil {
            if let capture = trace.capture, capture == trace.lines {
                throw ProgramError(
                    "the trace cannot be written: \(capture.showingRawBytes) is both for the lines and for the packets; "
                        + "name two files")
            }
            if let path = trace.linesTarget {
                let writer = path == "-" ? .standardError(onProblem) : try Self.writer(path, onProblem)
                writers.append(writer)
                sinks.append(
                    WireLines(
                        rendering: trace.rendering, isFull: trace.isFull, timeZone: environment.timeZone
                    ) { writer.write(Array($0.utf8)) })
            }
            if let path = trace.capture {
                let writer = try Self.writer(path, onProblem)
                writers.append(writer)
                sinks.append(PacketCapture(output: writer.write))
            }
        }
        let filter: WireFilter
        do throws(ParameterError) { filter = trace.only.isEmpty ? .all : try WireFilter(trace.only) } catch {
            throw ProgramError("trace: '\(error.parameter)' \(error.problem); it must be \(error.allowed)")
        }
        self.writers = writers
        self.sinks = sinks
        self.environment = TracedEnvironment(
            environment, filter: filter, aliases: configuration.serialAliases,
            sink: sinks.count == 1 ? sinks[0] : SeveralSinks(sinks))
        for secret in trace.secrets { self.environment.keepSecret(secret.rawBytes) }
    }

    private static func writer(
        _ path: String, _ onProblem: @escaping @Sendable (String) -> Void
    ) throws(ProgramError) -> TraceWriter {
        do throws(FileFailure) { return try TraceWriter(path: path, onProblem) } catch {
            throw ProgramError("the trace cannot be written: \(error.message(path: path))")
        }
    }

    /// The program and its wires have ended: tells what there is to say of the trace.
    /// - Parameter completion: called on a thread of the writers' when all is written, with what is missing.
    func end(_ completion: @escaping @Sendable ([String]) -> Void) -> [String] {
        let known = environment.knownWires
        let wires =
            known.isEmpty
            ? "the program opened nothing"
            : "there were \(known.prefix(Self.listedWires).joined(separator: ", "))"
                + (known.count > Self.listedWires ? " and \(known.count - Self.listedWires) more" : "")
        let notes = environment.unmatchedTerms.map { "the trace has nothing of '\($0)': \(reason($0))\(wires)" }
        Self.finish(writers[...], []) { completion($0) }
        return notes
    }

    /// Why a term has named nothing, as far as that can be seen: `the program writes it 'Projector'; `.
    private func reason(_ term: String) -> String {
        let known = environment.knownNames
        if known.contains(term) { return "the program has it, and never opened it; " }
        let lowercased = term.lowercased()
        let near = known.filter { $0.lowercased() == lowercased }.sorted()
        guard !near.isEmpty else { return "" }
        return "the program writes it \(near.map { "'\($0)'" }.joined(separator: " or ")), and case counts; "
    }

    private static func finish(
        _ writers: ArraySlice<TraceWriter>, _ troubles: [String],
        _ completion: @escaping @Sendable ([String]) -> Void
    ) {
        guard let writer = writers.first else { return completion(troubles) }
        writer.whenWritten {
            finish(writers.dropFirst(), troubles + [writer.trouble].compactMap { $0 }, completion)
        }
    }
}

/// Several sinks as one.
private final class SeveralSinks: WireSink {
    private let sinks: [any WireSink]

    init(_ sinks: [any WireSink]) { self.sinks = sinks }

    func record(_ event: WireEvent) {
        for sink in sinks { sink.record(event) }
    }
}

extension ProgramConfiguration {
    /// What programs call the serial ports of this machine: `Alias:COM1`.
    var serialAliases: [SerialPortAddress: [String]] {
        var aliases: [SerialPortAddress: [String]] = [:]
        for (alias, ports) in devices {
            for (port, mapping) in ports {
                let address: SerialPortAddress =
                    switch mapping {
                    case .path(let path): .device(path: path)
                    case .tcp(let host, let port): .server(host: host, port: port)
                    }
                aliases[address, default: []].append("\(alias):\(port)")
            }
        }
        return aliases.mapValues { $0.sorted() }
    }
}
