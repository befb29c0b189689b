import ControlCore
import Polling

/// What one connection may do in one turn of the loop before others have theirs: messages, bytes and time.
///
/// A peer may send thousands of small messages in one piece, and each may run a handler of the program.
struct HsmsTurnShare {
    /// The most messages of one connection in one turn.
    static let mostMessages = 1_024
    /// The most bytes of text of one connection in one turn: 256 KiB. One message is handled whole.
    static let mostBytes = 256 << 10
    /// After this time no further message is begun: 5 ms.
    static let longest = TimeAmount.milliseconds(5)
    /// After so long the next share begins: 1 ms, in which the loop looks at all sockets and timers.
    static let pause = TimeAmount.milliseconds(1)

    private let environment: any Environment
    private let end: Deadline
    private var messages = 0
    private var bytes = 0

    init(_ environment: any Environment) {
        self.environment = environment
        end = environment.now + Self.longest
    }

    /// - Parameter text: the bytes of the message that was handled.
    /// - Returns: whether the turn has room for another one.
    mutating func allowsMore(after text: Int) -> Bool {
        messages += 1
        bytes += text
        return messages < Self.mostMessages && bytes < Self.mostBytes && environment.now < end
    }
}
