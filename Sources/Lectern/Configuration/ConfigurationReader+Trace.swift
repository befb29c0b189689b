internal import ControlCore

// The section `trace`.

extension ConfigurationReader {
    /// Reads the section. Paths are from the folder of the configuration's file.
    mutating func trace(_ node: YAMLNode) -> TraceConfiguration {
        var trace = TraceConfiguration()
        for (key, value) in entries(node, ["only", "to", "as", "file", "full", "mask"], of: "'trace'") {
            switch key {
            case "only": set(&trace.only, wires(value, key))
            case "to": set(&trace.lines, string(value, key).map { $0 == "-" ? $0 : path($0) })
            case "as": set(&trace.rendering, word(value, key))
            case "file": set(&trace.capture, string(value, key).map(path))
            case "full": set(&trace.isFull, boolean(value, key))
            default: set(&trace.secrets, texts(value, key, such: "a list of texts, such as [secret]"))
            }
        }
        return trace
    }

    private mutating func wires(_ node: YAMLNode, _ key: String) -> [String]? {
        guard let texts = texts(node, key, such: "a list of wires, such as [all] or ['projector:23', COM1]") else {
            return nil
        }
        do throws(ParameterError) {
            _ = try WireFilter(texts)
            return texts
        } catch {
            note(node, "'\(key)' \(Self.oneLine(error.problem)); each must be \(error.allowed)")
            return nil
        }
    }

    private mutating func texts(_ node: YAMLNode, _ key: String, such form: String) -> [String]? {
        if case .scalar(let text, _) = node.content, !text.isEmpty { return [text] }
        guard case .sequence(let sequence) = node.content else {
            note(node, "'\(key)' must be \(form)")
            return nil
        }
        return sequence.compactMap { string($0, key) }
    }
}
