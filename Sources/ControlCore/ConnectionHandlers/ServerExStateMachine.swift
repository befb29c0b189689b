import Polling

/// What a ``ServerExHandler`` decides: inputs in, outputs out. No I/O; times come with the inputs.
///
/// Outputs are carried out in order. Those that call the program come last.
struct ServerExStateMachine {
    /// Tells clients apart.
    typealias ClientID = Int

    enum Input: Equatable {
        /// The program called `StartListen`.
        case startListenCalled
        /// The program called `StopListen`.
        case stopListenCalled
        /// The server listens, since now or before.
        case listening
        /// It could not.
        case listenFailed(ListenFailure)
        /// The time set by ``Output/scheduleRetry`` is over.
        case retryDue
        /// A client has connected.
        case clientConnected(ClientID, at: Deadline)
        /// A client has sent something.
        case clientTalked(ClientID, at: Deadline)
        /// A client is gone.
        case clientDisconnected(ClientID)
        /// A second has passed while there were clients.
        case scanDue(at: Deadline)
    }

    enum Output: Equatable {
        /// Begin to listen.
        case startListening
        /// End listening, or the attempt at it.
        case stopListening
        /// Let ``Input/retryDue`` come after the retry time.
        case scheduleRetry
        /// It is not to come.
        case cancelRetry
        /// Let ``Input/scanDue(at:)`` come each second.
        case startScan
        /// It is not to come.
        case stopScan
        /// Disconnect the client, which was idle for too long.
        case drop(ClientID)
        /// Tell the program of the client.
        case reportConnected(ClientID)
        /// Tell the program that the client is gone.
        case reportDisconnected(ClientID)
        /// Tell the program that listening failed.
        case reportListenFailed(ListenFailure)
    }

    enum Listening: Equatable {
        case idle
        case starting
        /// It listens, or did until the time that the program gave was over.
        case started
        case waitingForRetry
    }

    private(set) var state = Listening.idle
    /// When each client has last sent something.
    private(set) var lastTalk: [ClientID: Deadline] = [:]

    private let serverTimeout: TimeAmount

    init(serverTimeout: TimeAmount) {
        self.serverTimeout = serverTimeout
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .startListenCalled:
            let wasWaiting = state == .waitingForRetry
            guard state != .starting else { return [] }
            state = .starting
            return wasWaiting ? [.cancelRetry, .startListening] : [.startListening]
        case .stopListenCalled:
            let wasWaiting = state == .waitingForRetry
            state = .idle
            return wasWaiting ? [.cancelRetry, .stopListening] : [.stopListening]
        case .listening:
            if state == .starting { state = .started }
            return []
        case .listenFailed(let failure):
            guard state == .starting else { return [] }
            state = .waitingForRetry
            return [.scheduleRetry, .reportListenFailed(failure)]
        case .retryDue:
            guard state == .waitingForRetry else { return [] }
            state = .starting
            return [.startListening]
        case .clientConnected(let client, let time):
            guard lastTalk.updateValue(time, forKey: client) == nil else { return [] }
            return lastTalk.count == 1 ? [.startScan, .reportConnected(client)] : [.reportConnected(client)]
        case .clientTalked(let client, let time):
            if lastTalk[client] != nil { lastTalk[client] = time }
            return []
        case .clientDisconnected(let client):
            guard lastTalk.removeValue(forKey: client) != nil else { return [] }
            return lastTalk.isEmpty ? [.stopScan, .reportDisconnected(client)] : [.reportDisconnected(client)]
        case .scanDue(let time):
            // In the order of connection, so that the same run gives the same trace.
            return lastTalk.filter { time - $0.value > serverTimeout }.keys.sorted().map { .drop($0) }
        }
    }
}
