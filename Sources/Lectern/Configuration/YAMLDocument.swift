internal import CYAML

/// One document, as libyaml has read it. Its nodes are taken over once, each of them only once however often it is
/// referred to.
struct YAMLDocument {
    /// The deepest nesting that is accepted.
    private static let depthLimit = 64
    /// The most values, each counted as often as aliases put it somewhere.
    private static let valueLimit = 100_000
    /// The most `&` in the text: the parser looks through all anchors at each.
    private static let anchorLimit = 4096

    private let document: UnsafeMutablePointer<yaml_document_t>
    private var made: [Int32: YAMLNode] = [:]
    private var open: Set<Int32> = []
    /// How many values each node has, aliases followed.
    private var sizes: [Int32: Int] = [:]

    private init(_ document: UnsafeMutablePointer<yaml_document_t>) { self.document = document }

    /// The value of the document in `yaml`.
    /// - Returns: nil when there is none.
    /// - Throws: ``YAMLError`` for what is no YAML, more than one document, a key that is there twice, and what is
    ///   nested without end.
    static func root(of yaml: String) throws(YAMLError) -> YAMLNode? {
        guard yaml.utf8.count(where: { $0 == UInt8(ascii: "&") }) <= anchorLimit else {
            throw YAMLError(problem: "has more than \(anchorLimit) anchors")
        }
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw YAMLError(problem: "there is no memory to read it") }
        defer { yaml_parser_delete(parser) }
        // The parser reads from the bytes while it runs.
        let bytes = Array(yaml.utf8)
        let result = bytes.withUnsafeBufferPointer { bytes -> Result<YAMLNode?, YAMLError> in
            yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            do throws(YAMLError) {
                try checkDepth(bytes)
                let root = try next(parser, in: yaml)
                guard let root else { return .success(nil) }
                if let second = try next(parser, in: yaml) {
                    throw YAMLError(line: second.line, problem: "a second document begins; there must be only one")
                }
                return .success(root)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Refuses what is nested too deep before all of it is read: the parser takes time by the square of the depth.
    private static func checkDepth(_ bytes: UnsafeBufferPointer<UInt8>) throws(YAMLError) {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw YAMLError(problem: "there is no memory to read it") }
        defer { yaml_parser_delete(parser) }
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        var depth = 0
        while true {
            var event = yaml_event_t()
            // What is no YAML is told of when the document is read.
            guard yaml_parser_parse(parser, &event) == 1 else { return }
            defer { yaml_event_delete(&event) }
            switch event.type {
            case YAML_STREAM_END_EVENT: return
            case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT: depth += 1
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: depth -= 1
            default: break
            }
            guard depth <= depthLimit else {
                throw YAMLError(line: Int(event.start_mark.line) + 1, problem: "it is nested too deep")
            }
        }
    }

    /// The next document's value; nil after the last one.
    private static func next(
        _ parser: UnsafeMutablePointer<yaml_parser_t>, in yaml: String
    ) throws(YAMLError) -> YAMLNode? {
        let document = UnsafeMutablePointer<yaml_document_t>.allocate(capacity: 1)
        defer { document.deallocate() }
        guard yaml_parser_load(parser, document) == 1 else { throw YAMLError(parser.pointee, in: yaml) }
        defer { yaml_document_delete(document) }
        // The root is the first node, if there is one.
        guard yaml_document_get_root_node(document) != nil else { return nil }
        var reading = YAMLDocument(document)
        return try reading.node(1)
    }

    private mutating func node(_ index: Int32) throws(YAMLError) -> YAMLNode {
        if let made = made[index] { return made }
        guard let node = yaml_document_get_node(document, index)?.pointee else {
            preconditionFailure("libyaml refers to a node that it has not made")
        }
        let line = Int(node.start_mark.line) + 1
        guard open.insert(index).inserted else {
            throw YAMLError(line: line, problem: "it is part of itself, by an alias")
        }
        guard open.count <= Self.depthLimit else { throw YAMLError(line: line, problem: "it is nested too deep") }
        let result = YAMLNode(content: try content(node), line: line)
        let size = children(node).reduce(1) { $0 + (sizes[$1] ?? 0) }
        guard size <= Self.valueLimit else {
            throw YAMLError(line: line, problem: "it has more than \(Self.valueLimit) values, aliases followed")
        }
        sizes[index] = size
        open.remove(index)
        made[index] = result
        return result
    }

    private func children(_ node: yaml_node_t) -> [Int32] {
        switch node.type {
        case YAML_SEQUENCE_NODE:
            let items = node.data.sequence.items
            return Array(UnsafeBufferPointer(start: items.start, count: items.top - items.start))
        case YAML_MAPPING_NODE:
            let pairs = node.data.mapping.pairs
            return UnsafeBufferPointer(start: pairs.start, count: pairs.top - pairs.start).flatMap {
                [$0.key, $0.value]
            }
        default: return []
        }
    }

    private mutating func content(_ node: yaml_node_t) throws(YAMLError) -> YAMLNode.Content {
        switch node.type {
        case YAML_SEQUENCE_NODE:
            let items = node.data.sequence.items
            var sequence: [YAMLNode] = []
            for item in UnsafeBufferPointer(start: items.start, count: items.top - items.start) {
                sequence.append(try self.node(item))
            }
            return .sequence(sequence)
        case YAML_MAPPING_NODE:
            let pairs = node.data.mapping.pairs
            var mapping: [(key: YAMLNode, value: YAMLNode)] = []
            var lines: [String: Int] = [:]
            for pair in UnsafeBufferPointer(start: pairs.start, count: pairs.top - pairs.start) {
                let key = try self.node(pair.key)
                if let text = key.text {
                    if let first = lines.updateValue(key.line, forKey: text) {
                        let shown = ConfigurationReader.oneLine(text)
                        throw YAMLError(
                            line: key.line, problem: "key '\(shown)' is there twice, first in line \(first)")
                    }
                }
                mapping.append((key, try self.node(pair.value)))
            }
            return .mapping(mapping)
        default:
            let scalar = node.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
        }
    }
}

extension YAMLError {
    /// What a parser that has failed says.
    fileprivate init(_ parser: yaml_parser_t, in yaml: String) {
        problem = parser.problem.map { String(cString: $0) } ?? "is no valid YAML"
        switch parser.error {
        case YAML_READER_ERROR:
            line = yaml.utf8.prefix(parser.problem_offset).count { $0 == UInt8(ascii: "\n") } + 1
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR, YAML_COMPOSER_ERROR:
            line = Int(parser.problem_mark.line) + 1
        default:
            line = nil
        }
    }
}
