internal import ControlCore
internal import HSMS
internal import LuaRuntime
import Polling

extension BindingContext {
    /// How long a program may take to have its handlers connect.
    private static let idleTime = TimeAmount.seconds(10)

    /// Says that a handler was never told to begin, when that is so after a while.
    /// - Parameters:
    ///   - method: what begins it.
    ///   - handler: its report, and whether it has begun; nil when it is gone.
    func tellIfIdle(_ method: String, _ handler: @escaping () -> (report: ConnectionReport, hasBegun: Bool)?) {
        connections.check(after: Self.idleTime, in: environment) {
            guard let (report, hasBegun) = handler(), !hasBegun else { return }
            report.tell(
                .warning, "its handler was never told to begin: call \(method) of the handler")
        }
    }

    /// Logs what becomes of an HSMS connection.
    func followHsms(_ connection: HsmsConnection, name: String?, madeBy call: LuaCall?) {
        let name = name.flatMap { $0.isEmpty ? nil : $0 }
        connections.follow(connection.report, name: name, madeBy: call) { [unowned connection] in
            "HSMS \(connection.address):\(connection.port)"
        }
    }
}
