/// Takes what goes over the wires of a ``TracedEnvironment``. Called on the environment's loop, at the moment at which
/// it happens and before the program hears of it; it must not block, and must not call the environment's wires.
public protocol WireSink: AnyObject {
    /// Takes one event, in order.
    func record(_ event: WireEvent)
}
