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
