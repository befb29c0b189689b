internal import ControlCore
internal import Digests
internal import LuaRuntime
import Polling

/// What the Lua text of Python's libraries asks of the host's clocks.
func declareClockFunctions(_ context: BindingContext) -> [(name: String, function: LuaFunction)] {
    let environment = context.environment
    return [
        (
            "wall_clock_nanoseconds",
            LuaFunction("time.time_ns", "") { (call) throws(LuaFault) in
                call.returning(Int(environment.wallClock))
            }
        ),
        (
            "monotonic_nanoseconds",
            LuaFunction("time.monotonic_ns", "") { (call) throws(LuaFault) in
                call.returning(Int(clamping: environment.now.uptimeNanoseconds))
            }
        ),
    ]
}

/// What the Lua text of Python's libraries asks of the host's digests and randomness.
func declareDigestFunctions(_ context: BindingContext) -> [(name: String, function: LuaFunction)] {
    let environment = context.environment
    let digests = DigestFunctions(registered: context.runtime.register(hidden: declareDigest()))
    var counting = ParameterList()
    let count = counting.required("count", .integer(0...Int.max), "How many bytes.")
    var comparing = ParameterList()
    let first = comparing.required("a", .bytes, "A string.")
    let second = comparing.required("b", .bytes, "Another.")
    return [
        ("new_digest", digests.new()), ("copy_digest", digests.copy()), ("derive_block", digests.deriveBlock()),
        (
            "random_bytes",
            LuaFunction("random", counting, "") { (call) throws(LuaFault) in
                call.stack.push(try call.randomBytes(call[count], of: environment))
                return .values(1)
            }
        ),
        (
            "secret_bytes",
            LuaFunction("secrets", counting, "") { (call) throws(LuaFault) in
                let count = call[count]
                // A simulated world must be the same in each run.
                if environment.isRepeatable {
                    call.stack.push(try call.randomBytes(count, of: environment))
                } else {
                    try call.checkSize(ofResult: count)
                    call.stack.push(try call.digesting { () throws(DigestError) in try SecureRandom.bytes(count) })
                }
                return .values(1)
            }
        ),
        (
            "compare_digest",
            LuaFunction("compare_digest", comparing, "") { (call) throws(LuaFault) in
                let first = call[first]
                var (difference, index) = (first.count ^ call.argument(for: second).byteCount, 0)
                // As long as the second one, whatever the first one has.
                try call.withSlices(of: second) { (bytes) throws(LuaFault) in
                    for byte in bytes {
                        difference |= Int(byte ^ (index < first.count ? first[index] : ~byte))
                        index += 1
                    }
                }
                return call.returning(difference == 0)
            }
        ),
    ]
}

extension LuaCall {
    /// Bytes of the environment's randomness, which are the same in each run of a simulated world.
    fileprivate func randomBytes(_ count: Int, of environment: any Environment) throws(LuaFault) -> [UInt8] {
        try checkSize(ofResult: count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            if bytes.count % Self.sliceBytes == 0 { try checkTime() }
            withUnsafeBytes(of: environment.nextRandom().littleEndian) { bytes += $0 }
        }
        return Array(bytes.prefix(count))
    }
}
