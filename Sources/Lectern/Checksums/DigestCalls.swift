internal import Digests
internal import LuaRuntime

extension LuaFault {
    /// A digest that could not be computed.
    init(_ error: DigestError) { self.init(.runtimeError, error.text) }
}

extension LuaCall {
    /// Returns the digest of a string, in parts between which the task's time is looked at.
    func returningDigest<Value>(
        of data: Parameter<Value>, by algorithm: MessageDigest.Algorithm
    ) throws(LuaFault) -> LuaResult {
        let digest = try digesting { () throws(DigestError) in try MessageDigest(algorithm) }
        try update(digest, with: data)
        stack.push(try digesting { () throws(DigestError) in try digest.result() })
        return .values(1)
    }

    /// Lets a digest take a string.
    func update<Value>(_ digest: MessageDigest, with data: Parameter<Value>) throws(LuaFault) {
        try withSlices(of: data) { (bytes) throws(LuaFault) in
            try digesting { () throws(DigestError) in try digest.update(bytes) }
        }
    }

    /// Runs code that computes digests.
    func digesting<T>(_ body: () throws(DigestError) -> T) throws(LuaFault) -> T {
        do throws(DigestError) { return try body() } catch { throw LuaFault(error) }
    }
}
