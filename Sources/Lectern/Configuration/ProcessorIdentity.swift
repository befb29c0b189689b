/// What the configuration says of a processor's hardware. A program that asks is told this.
public struct ProcessorIdentity: Equatable, Sendable {
    /// The model's name, such as `IPCP Pro 250`.
    public var model: String?
    /// The part number, such as `60-1430-01`.
    public var partNumber: String?
    /// The serial number.
    public var serialNumber: String?

    /// Bundles what is known.
    public init(model: String? = nil, partNumber: String? = nil, serialNumber: String? = nil) {
        self.model = model
        self.partNumber = partNumber
        self.serialNumber = serialNumber
    }
}
