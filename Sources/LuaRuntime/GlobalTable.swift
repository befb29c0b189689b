/// A global table that programs see, and what it has beside functions.
public struct GlobalTable: Sendable {
    /// A field that is neither a function nor a number.
    public struct Value: Sendable {
        /// Its name, without that of the table.
        public let name: String
        /// Its type in the words of the Lua language server.
        public let type: String
        /// One sentence.
        public let documentation: String

        /// Bundles what is known of a value.
        public init(name: String, type: String, documentation: String) {
            self.name = name
            self.type = type
            self.documentation = documentation
        }
    }

    /// The global's name.
    public let name: String
    /// Fields that hold a number.
    public let constants: [(name: String, number: Int)]
    /// Fields that hold another value.
    public let values: [Value]

    /// Bundles what is known of a table.
    package init(name: String, constants: [(name: String, number: Int)], values: [Value]) {
        self.name = name
        self.constants = constants
        self.values = values
    }
}
