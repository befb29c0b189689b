internal import ControlCore
internal import LuaRuntime
import Polling

/// The tasks that wait until an object has come into a state.
final class StateWaiters {
    private struct Wait {
        let waiter: LuaWaiter
        var timer: (any Cancellable)?
    }

    private var waiting: [ObjectIdentifier: [UInt64: Wait]] = [:]
    private var lastNumber: UInt64 = 0

    /// Suspends the calling task until the object has come into its state, or the time is over; returns which.
    /// - Parameters:
    ///   - object: the task keeps it alive.
    ///   - timeout: `nil`: for ever.
    func wait(
        for object: AnyObject, isThere: Bool, timeout: TimeAmount?, in environment: any Environment, _ call: LuaCall
    ) throws(LuaFault) -> LuaResult {
        guard !isThere else { return call.returning(true) }
        let key = ObjectIdentifier(object)
        return try call.wait { (waiter) throws(LuaFault) in
            lastNumber += 1
            let number = lastNumber
            let timer = timeout.map { timeout in
                environment.schedule(after: timeout) {
                    self.forget(key, number)
                    waiter.resume(returning: false)
                }
            }
            waiting[key, default: [:]][number] = Wait(waiter: waiter, timer: timer)
            return { self.forget(key, number) }
        }
    }

    /// Ends the waits for an object, in the order in which they began.
    func reached(_ object: AnyObject) {
        guard let waiters = waiting.removeValue(forKey: ObjectIdentifier(object)) else { return }
        for (_, wait) in waiters.sorted(by: { $0.key < $1.key }) {
            wait.timer?.cancel()
            wait.waiter.resume(returning: true)
        }
    }

    private func forget(_ key: ObjectIdentifier, _ number: UInt64) {
        waiting[key]?.removeValue(forKey: number)?.timer?.cancel()
        if waiting[key]?.isEmpty == true { waiting[key] = nil }
    }
}
