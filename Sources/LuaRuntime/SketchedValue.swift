/// What is known of a value of a call that is only looked at, not made.
package indirect enum SketchedValue: Sendable {
    /// It may be anything.
    case unknown
    /// `nil`.
    case none
    /// `true` or `false`.
    case boolean(Bool)
    /// A whole number.
    case integer(Int)
    /// Another number.
    case number(Double)
    /// A string of these bytes.
    case string([UInt8])
    /// Some function.
    case function
    /// A table: how long its list is, and its fields whose keys are strings, the value of the last one of a name.
    case table(count: Int, fields: [(name: String, value: SketchedValue)])

    /// Whether nothing is known of it.
    package var isUnknown: Bool { if case .unknown = self { true } else { false } }
}
