/// Where a program's persistent values are, and how often they are written: the section `persistent` of `lectern.yaml`.
public struct PersistentConfiguration: Equatable, Sendable {
    /// Where they are.
    public enum Place: Equatable, Sendable {
        /// In `.lectern/persistent` of the program's folder. In a simulated world: ``nowhere``.
        case automatic
        /// In the folder at a path, which need not be there yet. All that is in it is the host's.
        case folder(String)
        /// They are not stored, and each run begins with the defaults.
        case nowhere
    }

    /// Where they are.
    public var place = Place.automatic
    /// How long after a write the next one comes at the earliest: what a crash may lose.
    public var interval: Duration = .seconds(1)

    /// The defaults named at each property.
    public init() {}

    /// The path of the folder; nil: there is none.
    /// - Parameters:
    ///   - program: the path of the program's folder.
    ///   - isSimulated: whether the world is simulated.
    func folder(program: String, isSimulated: Bool) -> String? {
        switch place {
        case .automatic: isSimulated ? nil : "\(program)/\(FoldedName.hostFolder)/persistent"
        case .folder(let path): path
        case .nowhere: nil
        }
    }
}
