import Testing

@testable import HSMS

@Suite("GEM spool store")
struct GemSpoolStoreTests {
    private func message(_ number: UInt8) -> SecsMessage {
        SecsMessage(stream: 6, function: 11, expectsReply: true, item: .u1(number))
    }

    private func store(_ streams: [UInt8: Set<UInt8>] = [6: [11]], capacity: Int = 3) -> GemSpoolStore {
        var store = GemSpoolStore()
        store.streams = streams
        store.capacity = capacity
        store.communicationLost()
        return store
    }

    @Test("Only the streams and functions that the host has named are spooled, and only without communication")
    func selection() {
        var idle = GemSpoolStore()
        idle.streams = [6: []]
        #expect(idle.load(message(1)) == false)
        var store = store([6: [11], 5: []])
        #expect(store.load(message(1)) == true)
        #expect(store.load(SecsMessage(stream: 5, function: 1)) == true)
        #expect(store.load(SecsMessage(stream: 6, function: 1)) == false)
        #expect(store.load(SecsMessage(stream: 10, function: 1)) == false)
        var none = self.store([:])
        #expect(!none.isActive)
        #expect(none.load(message(1)) == false)
    }

    @Test("A full spool drops the oldest, or the newest")
    func full() {
        var store = store()
        for number in 1...5 { #expect(store.load(message(UInt8(number))) == true) }
        #expect(store.messages.map(\.item) == [.u1(3), .u1(4), .u1(5)])
        #expect(store.total == 5)
        #expect(store.isFull)
        var keeping = self.store()
        keeping.overwrites = false
        for number in 1...5 { #expect(keeping.load(message(UInt8(number))) == true) }
        #expect(keeping.messages.map(\.item) == [.u1(1), .u1(2), .u1(3)])
    }

    @Test("Messages leave in order, as many as the host gets at a time, and spooling ends with the last")
    func transmission() {
        var store = store()
        for number in 1...3 { #expect(store.load(message(UInt8(number))) == true) }
        #expect(store.next == nil)
        store.transmit(atMost: 2)
        #expect(store.next == message(1))
        #expect(store.acknowledged() == false)
        #expect(store.next == message(2))
        #expect(store.acknowledged() == false)
        #expect(store.next == nil)
        #expect(store.isActive)
        store.transmit(atMost: nil)
        // What comes meanwhile waits behind it.
        #expect(store.load(message(4)) == true)
        #expect(store.acknowledged() == false)
        #expect(store.next == message(4))
        #expect(store.acknowledged() == true)
        #expect(!store.isActive)
        #expect(store.load(message(5)) == false)
    }

    @Test("A message that the host does not take stays the first")
    func failure() {
        var store = store()
        #expect(store.load(message(1)) == true)
        store.transmit(atMost: nil)
        store.transmissionFailed()
        #expect(store.next == nil)
        store.transmit(atMost: nil)
        #expect(store.next == message(1))
        store.communicationLost()
        #expect(store.next == nil)
        #expect(store.messages == [message(1)])
    }

    @Test("The message that is being sent is not the one that makes room")
    func overwriteWhileSending() {
        var store = store(capacity: 2)
        #expect(store.load(message(1)) == true)
        #expect(store.load(message(2)) == true)
        store.transmit(atMost: nil)
        #expect(store.load(message(3)) == true)
        #expect(store.messages == [message(1), message(3)])
        #expect(store.acknowledged() == false)
        #expect(store.next == message(3))
    }
}
