import ControlCore
import Polling
import Testing

/// Opens transports of one kind between the two programs of an ``EnvironmentScene``.
///
/// Whatever fails unexpectedly ends the scene with a failure of the test.
protocol TransportScene: AnyObject {
    /// Prepares the other side, so that an opening from then on is the near program's work alone.
    func prepare(then body: @escaping () -> Void)

    /// Opens a transport and gives both of its ends, neither of them started. When both are closed, it may be called
    /// again, and finds the partner at the same place.
    func open(then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void)

    /// Does as ``open(then:)`` and gives the means to break the line, too. Only for kinds that have a
    /// ``TransportKind/loss``.
    func openBreakable(
        then body:
            @escaping (_ near: any TransportEnd, _ far: any TransportEnd, _ breakLine: @escaping () -> Void) -> Void
    )

    /// Lets the near program open a transport to such a partner.
    /// - Parameters:
    ///   - timeout: for kinds that have one.
    ///   - report: called as the environment calls its completion.
    @discardableResult
    func openNear(
        to partner: TransportPartner,
        timeout: TimeAmount,
        report: @escaping (Result<any TransportEnd, FailedOpening>) -> Void
    ) -> any Cancellable
}

extension TransportScene {
    func prepare(then body: @escaping () -> Void) { body() }
}

/// How the other side takes an opening.
enum TransportPartner {
    case accepting
    case refusing
    /// Only for kinds that are connections.
    case silent
}

/// Why an opening failed, in the words that programs get.
struct FailedOpening: Error, Equatable {
    let reason: String
}

/// An opening that cannot be called off.
final class UnstoppableOpening: Cancellable {
    func cancel() {
        Issue.record("this opening cannot be called off")
    }
}
