internal import ControlCore

/// What is traced of what goes over the program's wires, and where it is written: the section `trace` of
/// `lectern.yaml`, or options of the command.
public struct TraceConfiguration: Equatable, Sendable {
    /// How bytes are shown.
    public enum Rendering: String, CaseIterable, Sendable {
        /// As text where most of them print, else in hexadecimal; messages of HSMS by their headers.
        case auto
        /// As text, with what does not print written out.
        case text
        /// In hexadecimal.
        case hex
    }

    /// Which wires, see `WireFilter.forms`; every one when none is given.
    public var only: [String] = []
    /// The file to which lines for people are written; `-` is standard error. Nil: standard error, unless there is a
    /// ``capture``, which is enough by itself.
    public var lines: String?
    /// The file to which packets are written for Wireshark, in its format pcapng. Nil: none is.
    public var capture: String?
    /// How the lines show bytes.
    public var rendering = Rendering.auto
    /// Whether lines show all bytes of long pieces.
    public var isFull = false
    /// Texts that the lines and the capture must not show, beside the passwords that the host knows of.
    public var secrets: [String] = []

    /// Every wire, on standard error.
    public init() {}

    /// Where lines go: a path, `-` for standard error, nil for nowhere.
    var linesTarget: String? { lines ?? (capture == nil ? "-" : nil) }
}

extension ProgramConfiguration {
    /// What the command's options say of the trace; they win over what is set.
    /// - Parameters:
    ///   - wires: replaces ``TraceConfiguration/only`` unless it is empty.
    ///   - lines: see ``TraceConfiguration/lines``.
    ///   - capture: see ``TraceConfiguration/capture``.
    ///   - rendering: one of ``TraceConfiguration/Rendering``.
    ///   - isFull: whether lines show all bytes of long pieces.
    /// - Throws: ``ConfigurationError`` that says what the forms are.
    public mutating func setTrace(
        wires: [String] = [], lines: String? = nil, capture: String? = nil, rendering: String? = nil,
        isFull: Bool = false
    ) throws(ConfigurationError) {
        guard !wires.isEmpty || lines != nil || capture != nil || rendering != nil || isFull else { return }
        var trace = trace ?? TraceConfiguration()
        if !wires.isEmpty {
            do throws(ParameterError) { _ = try WireFilter(wires) } catch {
                throw ConfigurationError("--trace \(error.problem.dropFirst(3)): it must be \(error.allowed)")
            }
            trace.only = wires
        }
        if let lines { trace.lines = lines }
        if let capture { trace.capture = capture }
        if let rendering {
            guard let known = TraceConfiguration.Rendering(rawValue: rendering) else {
                let words = TraceConfiguration.Rendering.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
                throw ConfigurationError("--trace-as '\(rendering)': must be one of \(words)")
            }
            trace.rendering = known
        }
        if isFull { trace.isFull = true }
        self.trace = trace
    }
}
