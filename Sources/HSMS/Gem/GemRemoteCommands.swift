/// Commands of the host to equipment: S2F41 with named parameters, and S2F21 without.
///
/// It belongs to its handler.
public final class GemRemoteCommands {
    /// The answer to a command: HCACK.
    public enum Acknowledge: UInt8, Sendable {
        /// Done.
        case done = 0
        /// There is no such command.
        case invalidCommand = 1
        /// Not now.
        case cannotNow = 2
        /// A parameter is not valid.
        case invalidParameter = 3
        /// It will be done, and an event will tell when it is.
        case willBeDone = 4
        /// What it asks for is so already.
        case alreadySo = 5
        /// There is no such object.
        case noSuchObject = 6
    }

    /// What is wrong with a parameter: CPACK.
    public enum ParameterFault: UInt8, Sendable {
        /// There is no such parameter.
        case unknownName = 1
        /// Its value is out of range.
        case illegalValue = 2
        /// Its value has the wrong format.
        case illegalFormat = 3
    }

    /// A command under way. It is answered at once or later; the host waits for its T3.
    public final class Call {
        /// The name of the command (RCMD).
        public let name: SecsText
        /// The parameters (CPNAME, CPVAL) in the order in which they came.
        public let parameters: [(name: SecsText, value: SecsItem)]
        private let answer: (Acknowledge, [(name: SecsText, fault: ParameterFault)]) -> Void
        private var isAnswered = false

        init(
            name: SecsText, parameters: [(name: SecsText, value: SecsItem)],
            answer: @escaping (Acknowledge, [(name: SecsText, fault: ParameterFault)]) -> Void
        ) {
            self.name = name
            self.parameters = parameters
            self.answer = answer
        }

        /// The value of a parameter; nil when it was not given.
        public subscript(name: SecsText) -> SecsItem? { parameters.first { $0.name == name }?.value }

        /// Answers the command; a second answer is without effect.
        /// - Parameters:
        ///   - acknowledge: what became of it.
        ///   - faults: the parameters that are wrong, for ``Acknowledge/invalidParameter``.
        public func reply(_ acknowledge: Acknowledge, faults: [(name: SecsText, fault: ParameterFault)] = []) {
            guard !isAnswered else { return }
            isAnswered = true
            answer(acknowledge, faults)
        }
    }

    /// A command that equipment knows.
    public struct Command {
        /// The name (RCMD). Hosts may write it in upper or lower case.
        public let name: SecsText
        /// The names of the parameters that it takes; nil takes all.
        public let parameters: [SecsText]?
        /// Whether the host may use it while the operator is in command.
        public let isAllowedInLocal: Bool
        /// Does it, and answers.
        public let action: (Call) -> Void

        /// A command.
        public init(
            _ name: SecsText, parameters: [SecsText]? = nil, isAllowedInLocal: Bool = false,
            action: @escaping (Call) -> Void
        ) {
            self.name = name
            self.parameters = parameters
            self.isAllowedInLocal = isAllowedInLocal
            self.action = action
        }
    }

    /// The most parameters of one command.
    static let mostParameters = 10_000

    private var commands: [SecsText: Command] = [:]
    private unowned let handler: GemEquipmentHandler

    init(_ handler: GemEquipmentHandler) {
        self.handler = handler
        handler.register(stream: 2, function: 41) { [unowned self] in try commandReceived($0) }
        handler.register(stream: 2, function: 21) { [unowned self] in try plainCommandReceived($0) }
    }

    /// Adds a command.
    /// - Throws: when there is one of that name.
    public func add(_ command: Command) throws(GemDeclarationError) {
        let key = command.name.capitalized
        guard commands[key] == nil else { throw GemDeclarationError("remote command \(command.name) exists already") }
        commands[key] = command
    }

    private func commandReceived(_ request: SecsRequest) throws {
        let fields = try request.message.item.list(2)
        guard fields[1].count <= Self.mostParameters else {
            throw SecsIllegalData("there are \(fields[1].count) parameters; at most \(Self.mostParameters) are read")
        }
        let parameters = try fields[1].list().map { entry in
            let entry = try entry.list(2)
            return (name: try entry[0].requireText(), value: entry[1])
        }
        let places = Dictionary(parameters.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let call = Call(name: try fields[0].requireText(), parameters: parameters) { acknowledge, faults in
            // The host learns of each wrong parameter, in the order of its own list.
            let details = faults.sorted { left, right in
                places[left.name, default: .max] < places[right.name, default: .max]
            }.map { [.ascii($0.name), .binary($0.fault.rawValue)] as SecsItem }
            request.reply([.binary(acknowledge.rawValue), .list(details)])
        }
        run(call)
    }

    private func plainCommandReceived(_ request: SecsRequest) throws {
        guard let name = request.message.item?.secsText else { throw SecsIllegalData("RCMD is a text") }
        run(
            Call(name: name, parameters: []) { acknowledge, _ in
                // CMDA knows only: done, no such command, not now.
                switch acknowledge {
                case .done, .willBeDone, .alreadySo: request.reply(code: 0)
                case .invalidCommand: request.reply(code: 1)
                case .cannotNow, .invalidParameter, .noSuchObject: request.reply(code: 2)
                }
            })
    }

    private func run(_ call: Call) {
        guard let command = commands[call.name.capitalized] else {
            call.reply(.invalidCommand)
            return
        }
        guard handler.controlState == .onlineRemote || command.isAllowedInLocal else {
            call.reply(.cannotNow)
            return
        }
        let known = command.parameters.map { Set($0) }
        let unknown = call.parameters.map(\.name).filter { known?.contains($0) == false }
        guard unknown.isEmpty else {
            call.reply(.invalidParameter, faults: unknown.map { ($0, .unknownName) })
            return
        }
        command.action(call)
    }
}
