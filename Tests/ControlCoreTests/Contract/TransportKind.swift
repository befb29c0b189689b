import NIOCore
import Testing

/// A kind of transport that the contract binds.
///
/// A new kind plugs in with a file of its own that has its ``TransportScene`` and its value here, and with its name in
/// ``all``. Whatever is said here of a kind is tested of it.
struct TransportKind: Sendable {
    let name: String
    /// Where both of its ends can be had.
    var environments = EnvironmentKind.allCases
    /// The reason that is given when the partner refuses.
    let refusal: String
    /// The reason that ends it when the line breaks; `nil`: nobody notices.
    var loss: String?
    /// Whether it stays open for the partner alone, so that an opening may go unanswered, and the partner's close is heard.
    let isConnection: Bool
    /// Whether an opening that is under way can be called off.
    var canBeCalledOff = true
    /// How many bytes an opening and a close may leave on the heap: the testing library keeps a trace of some 400 bytes of
    /// each error that is thrown, also of those that are caught.
    var heapTraces = 1024
    /// Makes what opens transports of this kind in `environments`.
    let makeScene: @Sendable (_ environments: EnvironmentScene) -> any TransportScene

    static let all: [TransportKind] = [.tcp, .tls, .udp, .serial]
}

/// One kind in one environment.
struct TransportCase: Sendable, CustomTestStringConvertible {
    let kind: TransportKind
    let environment: EnvironmentKind

    var testDescription: String { "\(kind.name), \(environment.rawValue)" }

    /// All kinds, wherever they can be had.
    static let all = having { _ in true }

    /// The kinds of which `ability` is true.
    static func having(_ ability: (TransportKind) -> Bool) -> [TransportCase] {
        TransportKind.all.filter(ability).flatMap { kind in
            kind.environments.map { TransportCase(kind: kind, environment: $0) }
        }
    }

    /// Runs `body` in its environment until the scene ends, then closes everything and checks that nothing is left open.
    func run(
        limit: TimeAmount = .seconds(30),
        at location: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (_ transports: any TransportScene, _ scene: EnvironmentScene) -> Void
    ) async throws {
        try await withScene(environment, limit: limit, at: location) { [kind] scene in
            body(kind.makeScene(scene), scene)
        }
    }
}
