import ControlCore

/// The clock of GEM: S2F17 on both sides, and S2F31 on equipment, which sets an offset and never the system's clock.
///
/// It belongs to its handler.
public final class GemClock {
    /// How this side writes times. By default 16 characters.
    public var format = GemTimeFormat.sixteen
    /// Asked on equipment before the host's S2F31 sets the clock, with nanoseconds since 1970 UTC. Without it every
    /// time is taken.
    public var onSet: ((Int64) -> Bool)?
    /// How far this clock is ahead of the environment's, in nanoseconds.
    public private(set) var offset: Int64 = 0

    private unowned let handler: GemHandler

    init(_ handler: GemHandler) {
        self.handler = handler
        handler.answer(stream: 2, function: 17) { [unowned self] in $0.reply(.ascii(text)) }
        guard handler.role == .equipment else { return }
        handler.register(stream: 2, function: 31) { [unowned self] in try setRequested($0) }
    }

    /// The time of this clock: nanoseconds since 1970-01-01 00:00:00 UTC.
    public var now: Int64 { handler.environment.wallClock &+ offset }

    /// ``now`` as it stands in messages.
    public var text: String { format.text(now, in: handler.environment.timeZone) }

    /// Asks the peer for its time (S2F17). Does not wait.
    /// - Parameter completion: gets nanoseconds since 1970 UTC.
    public func request(completion: @escaping (SecsResult<Int64>) -> Void) {
        let timeZone = handler.environment.timeZone
        handler.request(2, 17, completion: completion) { reply in
            reply?.secsText.flatMap { GemTimeFormat.instant($0.description, in: timeZone) }
        }
    }

    /// Sets the equipment's clock to this side's time (S2F31). Does not wait.
    /// - Parameter completion: gets TIACK: 0 done, 1 not done.
    /// - Precondition: the handler is a host's.
    public func setPeer(completion: @escaping (SecsResult<UInt8>) -> Void) {
        precondition(handler.role == .host, "only a host sets the clock of the other side")
        handler.requestCode(2, 31, .ascii(text), completion: completion)
    }

    private func setRequested(_ request: SecsRequest) throws {
        guard let text = request.message.item?.secsText else { throw SecsIllegalData("TIME is a text") }
        guard let instant = GemTimeFormat.instant(text.description, in: handler.environment.timeZone),
            onSet?(instant) ?? true
        else {
            request.reply(code: 1)
            return
        }
        offset = instant &- handler.environment.wallClock
        request.reply(code: 0)
    }
}
