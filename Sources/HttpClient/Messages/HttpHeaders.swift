import ByteText
import Bytes
public import ControlCore

/// The header fields of a message, in their order. Names are compared without regard to case.
public struct HttpHeaders: Equatable, Sendable {
    /// One field.
    public struct Field: Equatable, Sendable {
        /// Its name, as it was written.
        public var name: String
        /// Its value, without spaces around it.
        public var value: String

        /// Bundles both.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The fields, in their order. A name may come more than once.
    public private(set) var fields: [Field] = []

    /// Makes an empty list.
    public init() {}

    /// Makes a list of `fields`.
    public init(_ fields: [(String, String)]) {
        self.fields = fields.map { Field(name: $0.0, value: $0.1) }
    }

    /// The value of a field; of several with the name, their values with `, ` between them. `nil` when there is none.
    /// Of `Set-Cookie`, use ``values(of:)``: those cannot be joined.
    public subscript(name: String) -> String? {
        let values = values(of: name)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// The values of all fields with a name, in their order.
    public func values(of name: String) -> [String] {
        fields.filter { Self.areSame($0.name, name) }.map(\.value)
    }

    /// Whether there is a field with the name.
    public func has(_ name: String) -> Bool { fields.contains { Self.areSame($0.name, name) } }

    /// Appends a field.
    public mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

    /// Puts one field in the place of all with its name.
    public mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    /// Appends a field unless there is one with its name.
    public mutating func setDefault(_ name: String, _ value: String) {
        if !has(name) { add(name, value) }
    }

    /// Removes all fields with a name.
    public mutating func remove(_ name: String) { fields.removeAll { Self.areSame($0.name, name) } }

    /// Whether a field that lists words has `word` among them, without regard to case.
    public func lists(_ word: String, in name: String) -> Bool {
        values(of: name).contains { value in
            value.utf8.split(separator: UInt8(ascii: ",")).contains { part in
                Self.areSame(String(decoding: Self.trimmed(part[...]), as: UTF8.self), word)
            }
        }
    }

    /// How many bytes they are on the wire.
    public var byteCount: Int { fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 } }

    // MARK: Comparing and checking

    static func areSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lowered($0) == lowered($1) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// `text` without spaces and tabs around it.
    static func trimmed<Text: BidirectionalCollection<UInt8>>(_ text: Text) -> Text.SubSequence {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        let rest = text.drop(while: isBlank)
        guard let last = rest.lastIndex(where: { !isBlank($0) }) else { return rest[rest.endIndex...] }
        return rest[...last]
    }

    /// Whether no value may have it.
    static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }

    /// Whether `text` is a token: what names of fields and methods are made of.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Finds what would break the message, or let its author write another one behind it.
    /// - Throws: what is wrong with which field; the parameter is `headers`.
    public func check() throws(ParameterError) {
        func error(_ problem: String, _ allowed: String) -> ParameterError {
            ParameterError(parameter: "headers", problem: problem, allowed: allowed)
        }
        guard fields.count <= HttpLimits.fieldCount, byteCount <= HttpLimits.headBytes else {
            throw error(
                "has \(fields.count) fields of \(byteCount) bytes",
                "at most \(HttpLimits.fieldCount) fields of \(HttpLimits.headBytes) bytes")
        }
        for field in fields {
            guard Self.isToken(field.name) else {
                throw error(
                    "has the name '\(field.name.showingRawBytes.prefix(80))'",
                    "letters, digits and any of !#$%&'*+-.^_`|~")
            }
            if let index = field.value.rawBytes.firstIndex(where: Self.isControl) {
                throw error(
                    "has a control character at byte \(index + 1) of '\(field.name)'",
                    "values without line ends and zero bytes")
            }
        }
    }

    /// Appends the fields as they stand on the wire, and the empty line behind them.
    func write(to bytes: inout ByteBuffer) {
        for field in fields {
            bytes.writeString(field.name)
            bytes.writeString(": ")
            field.value.withRawBytes { _ = bytes.writeBytes(UnsafeRawBufferPointer($0)) }
            bytes.writeString("\r\n")
        }
        bytes.writeString("\r\n")
    }
}
