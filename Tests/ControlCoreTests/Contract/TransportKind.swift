import Polling
import Testing

/// A kind of transport that the contract binds.
///
/// A new kind plugs in with a file of its own that has its ``TransportScene`` and its value here, and with its name in
/// ``all``. Whatever is said here of a kind is tested of it.
struct TransportKind: Sendable {
    let name: String
    /// Where both of its ends can be had.
    var environments = EnvironmentKind.allCases
    /// Why its live ends cannot be had on this machine; `nil` when they can.
    var obstacle: String?
    /// The reason that is given when the partner refuses.
    let refusal: String
    /// The reason that ends it when the line breaks; `nil`: nobody notices.
    var loss: String?
    /// The reason that a live one gives instead, where others find the loss and say it in their words.
    var liveLoss: String?
    /// Whether it stays open for the partner alone, so that an opening may go unanswered, and the partner's close is
    /// heard.
    let isConnection: Bool
    /// Where its ends are the two of one connection, so that each knows the other's address and hears of its reset.
    /// Where others lie between, each end has its own connection, and a reset arrives as an orderly end.
    var directEnvironments = EnvironmentKind.allCases
    /// Whether an opening that is under way can be called off.
    var canBeCalledOff = true
    /// How long a test of it may take.
    var limit = TimeAmount.seconds(120)
    /// How many bytes can be handed in at once and arrive even so when it is closed at once.
    var burst = 8 * 1024 * 1024
    /// How many are opened side by side when many are to be opened.
    var lanes = 1
    /// How many bytes an opening and a close may leave on the heap: the testing library keeps a trace of some 400 bytes
    /// of each error that is thrown, also of those that are caught.
    var heapTraces = 1024
    /// Makes what opens transports of this kind in `environments`.
    let makeScene: @Sendable (_ environments: EnvironmentScene) -> any TransportScene

    static let all: [TransportKind] = [.tcp, .tls, .ssh, .udp, .serial]
}

/// One kind in one environment, which may be watched.
struct TransportCase: Sendable, CustomTestStringConvertible {
    let kind: TransportKind
    let environment: EnvironmentKind
    /// Whether a trace watches both programs.
    var isTraced = false

    /// Whether its ends are the two of one connection.
    var isDirect: Bool { kind.directEnvironments.contains(environment) }

    /// The reason that ends it when the line breaks; `nil`: nobody notices.
    var loss: String? { environment.backend != nil ? kind.liveLoss ?? kind.loss : kind.loss }

    /// Ends the test as skipped where it cannot be had.
    func check() throws {
        guard environment.backend != nil, let obstacle = kind.obstacle else { return }
        try Test.cancel("\(kind.name) \(obstacle)")
    }

    var testDescription: String { "\(kind.name), \(environment.rawValue)\(isTraced ? ", traced" : "")" }

    /// All kinds, wherever they can be had.
    static let all = having { _ in true }

    /// The kinds of which `ability` is true.
    static func having(_ ability: (TransportKind) -> Bool) -> [TransportCase] {
        TransportKind.all.filter(ability).flatMap { kind in
            kind.environments.flatMap { environment in
                [false, true].map { TransportCase(kind: kind, environment: environment, isTraced: $0) }
            }
        }
    }

    /// Runs `body` in its environment until the scene ends, then closes everything and checks that nothing is left
    /// open.
    func run(
        limit: TimeAmount? = nil,
        at location: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (_ transports: any TransportScene, _ scene: EnvironmentScene) -> Void
    ) async throws {
        try check()
        try await withScene(
            environment, isTraced: isTraced, limit: limit ?? kind.limit, at: location
        ) { [kind] scene in
            body(kind.makeScene(scene), scene)
        }
    }
}
