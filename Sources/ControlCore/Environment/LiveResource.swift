/// What a live environment has open, in the order in which it is closed when the program ends.
enum LiveResourceKind: Int, CaseIterable {
    /// An attempt to open something, or to find out something.
    case attempt
    /// A listening socket.
    case listener
    /// A stream over a network.
    case stream
    /// A serial port.
    case serialPort
    /// A UDP socket.
    case datagrams
    /// Work on a thread of its own.
    case work
}

/// What a live environment keeps while it is open.
protocol LiveResource: AnyObject {
    /// What it is.
    var kind: LiveResourceKind { get }

    /// Begins to close it. It reports its end by ``LiveEnvironment/closed(_:)``, from inside this call or later.
    func close()

    /// The time of the program's end is over, and it was closed before: lets go of the environment without waiting for
    /// anything else. It reports its end by ``LiveEnvironment/closed(_:)`` from inside this call.
    func abandonClose()
}

extension LiveResource {
    /// Most keep to the time by themselves.
    func abandonClose() {}
}

/// What is open in one environment.
struct LiveResources {
    private var open: [ObjectIdentifier: any LiveResource] = [:]
    private var counts = [Int](repeating: 0, count: LiveResourceKind.allCases.count)

    var isEmpty: Bool { open.isEmpty }

    func count(_ kind: LiveResourceKind) -> Int { counts[kind.rawValue] }

    mutating func add(_ resource: any LiveResource) {
        if open.updateValue(resource, forKey: ObjectIdentifier(resource)) == nil { counts[resource.kind.rawValue] += 1 }
    }

    mutating func remove(_ resource: any LiveResource) {
        if open.removeValue(forKey: ObjectIdentifier(resource)) != nil { counts[resource.kind.rawValue] -= 1 }
    }

    /// All that is open, in the order in which it is to be closed.
    var inClosingOrder: [any LiveResource] { open.values.sorted { $0.kind.rawValue < $1.kind.rawValue } }
}
