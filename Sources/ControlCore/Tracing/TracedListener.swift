/// A listening port that is watched.
final class TracedListener: Listener {
    private let listener: any Listener
    private let tap: WireTap

    init(_ listener: any Listener, tap: WireTap) {
        self.listener = listener
        self.tap = tap
    }

    var port: Int { listener.port }

    var onTrouble: ((String) -> Void)? {
        get { listener.onTrouble }
        set { listener.onTrouble = newValue }
    }

    func close() {
        listener.close()
        tap.ended(.local)
    }
}
