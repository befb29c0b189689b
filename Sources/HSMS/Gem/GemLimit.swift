/// A limit of a variable with its two bounds: the variable counts as above once it reaches the upper one, and as below
/// once it reaches the lower one. In between nothing changes. A plain value.
struct GemLimit: Equatable {
    enum Zone: Equatable {
        /// Not decided yet.
        case unknown
        case above
        case below
    }

    enum Transition: UInt8 {
        case upward = 0
        case downward = 1
    }

    let upper: Double
    let lower: Double
    private(set) var zone = Zone.unknown

    init(upper: Double, lower: Double) {
        self.upper = upper
        self.lower = lower
    }

    /// Takes a new value.
    /// - Returns: the transition, if the value has gone from one zone to the other. Finding the first zone is none.
    mutating func update(_ value: Double) -> Transition? {
        let before = zone
        if value >= upper {
            zone = .above
        } else if value <= lower {
            zone = .below
        }
        switch (before, zone) {
        case (.below, .above): return .upward
        case (.above, .below): return .downward
        default: return nil
        }
    }
}
