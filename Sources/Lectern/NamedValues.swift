/// Values for the cases of an enumeration, by the names of the cases.
///
/// For a dictionary whose keys are of a type of its own the Swift runtime searches all conformances of the process when
/// it first meets it, and a start would meet six of them. All dictionaries of strings share one search.
struct NamedValues<Value> {
    private var values: [String: Value] = [:]

    var count: Int { values.count }

    subscript(_ name: some RawRepresentable<String>) -> Value? {
        get { values[name.rawValue] }
        set { values[name.rawValue] = newValue }
    }

    mutating func removeAll() { values.removeAll(keepingCapacity: true) }
}
