public import Polling

extension LoopBackend {
    /// Those that loops are tested with here. What is left out, and why, is printed once.
    public static let tested = allCases.filter { backend in
        guard let refusal = backend.refusal else { return true }
        print("Nothing is tested with \(backend.rawValue) here: \(refusal)")
        return false
    }
}
