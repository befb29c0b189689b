/// What may hold something open or act by itself until somebody ends that: a connection, a server, a port, a timer, a
/// file.
///
/// Whoever ends a program closes all that it has made, in the order of ``closingOrder``.
package protocol ClosableResource: AnyObject {
    /// When it is closed, as seen from the others.
    static var closingOrder: ClosingOrder { get }

    /// Ends all that it does by itself, and gives back what it holds open. Waits for nothing. Idempotent.
    func close()
}

/// When a resource is closed, in the order of the cases; of the same case, what was made first is closed first.
package enum ClosingOrder: CaseIterable {
    /// It opens again what is closed before it.
    case firstAsItReconnects
    /// Nothing else opens it again.
    case afterWhatReconnects
}
