import Testing

@testable import ControlCore

@Suite("TcpConnectionState")
struct TcpConnectionStateTests {
    @Test("It has begun once it is told to connect, or is connected by another, and stays so")
    func begins() {
        var told = TcpConnectionState(retry: .everyFiveSeconds)
        #expect(!told.hasBegun)
        _ = told.connectCalled()
        #expect(told.hasBegun)
        _ = told.disconnectCalled()
        #expect(told.hasBegun)
        var connected = TcpConnectionState(retry: .everyFiveSeconds)
        _ = connected.socketConnected()
        #expect(connected.hasBegun)
        _ = connected.socketDisconnected()
        #expect(connected.hasBegun)
    }

    @Test("An attempt that the program waits for goes on when AutoReconnect is switched off, and a mere retry does not")
    func asked() {
        var retrying = TcpConnectionState(retry: .everyFiveSeconds)
        _ = retrying.connectCalled()
        _ = retrying.attemptFailed(.timedOut)
        _ = retrying.retryDue()
        var askedFor = retrying
        #expect(retrying.autoReconnectSet(false) == [.abandonAttempt])
        _ = askedFor.connectCalled()
        #expect(askedFor.autoReconnectSet(false) == [])
        var reopening = TcpConnectionState(retry: .everyFiveSeconds)
        _ = reopening.socketConnected()
        _ = reopening.disconnectCalled()
        _ = reopening.connectCalled()
        #expect(reopening.socketDisconnected() == [.openSocket])
        #expect(reopening.autoReconnectSet(false) == [])
    }

    @Test("It is connecting from the call, or the retry, to the connection or the failure")
    func connecting() {
        var state = TcpConnectionState(retry: .everyFiveSeconds)
        #expect(!state.isConnecting && !state.isUp)
        _ = state.connectCalled()
        #expect(state.isConnecting && !state.isUp)
        _ = state.attemptFailed(.timedOut)
        #expect(!state.isConnecting)
        _ = state.retryDue()
        #expect(state.isConnecting)
        _ = state.socketConnected()
        #expect(!state.isConnecting && state.isUp)
        _ = state.disconnectCalled()
        #expect(!state.isConnecting && !state.isUp)
    }
}
