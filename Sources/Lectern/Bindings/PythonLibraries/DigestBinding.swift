internal import Digests
internal import LuaRuntime

/// Declares the digests under way of `hashlib` and `hmac`, which their Lua text holds. Programs do not see them.
func declareDigest() -> LuaClass<MessageDigest> {
    var c = LuaClass<MessageDigest>("digest", "A digest under way.") { $0.algorithm.rawValue }
    c.holds(512)
    var taking = ParameterList()
    let data = taking.required("data", .bytes, "More bytes.")
    c.method("update", taking, "Takes more bytes.") { (digest, call) throws(LuaFault) in
        try call.update(digest, with: data)
        return .none
    }
    c.method("result", returns: .of("string"), "Gives the digest of all that was taken.") {
        (digest, call) throws(LuaFault) in
        call.stack.push(try call.digesting { () throws(DigestError) in try digest.result() })
        return .values(1)
    }
    c.method("sizes", returns: .of("integer, integer"), "Tells the bytes of the digest and of a block.") {
        (digest, call) in call.returning(digest.size, digest.blockSize)
    }
    return c
}

/// What makes digests for Lua text of the host.
struct DigestFunctions {
    let registered: RegisteredClass<MessageDigest>
    private let algorithms = MessageDigest.Algorithm.allCases

    /// `new_digest(algorithm [, key])`: a digest, or with a key an HMAC.
    func new() -> LuaFunction {
        var parameters = ParameterList()
        let algorithm = parameters.required("algorithm", .oneOf(algorithms), "The algorithm's name.")
        let key = parameters.optional("key", .bytes, "Makes it an HMAC.")
        return LuaFunction("hashlib.new", parameters, "Begins a digest.") { (call) throws(LuaFault) in
            let digest = try call.digesting { () throws(DigestError) in
                try MessageDigest(call[algorithm], key: call[key])
            }
            return push(digest, of: call)
        }
    }

    /// `copy_digest(digest)`.
    func copy() -> LuaFunction {
        var parameters = ParameterList()
        let original = parameters.required("digest", .any, "A digest.")
        return LuaFunction("copy", parameters, "Copies a digest.") { (call) throws(LuaFault) in
            let digest = try digest(call[original])
            return push(try call.digesting { () throws(DigestError) in try digest.copy() }, of: call)
        }
    }

    /// `derive_block(digest, salt, iterations)`: a block of PBKDF2 with the password as the digest's key.
    func deriveBlock() -> LuaFunction {
        var parameters = ParameterList()
        let keyed = parameters.required("digest", .any, "An HMAC that has taken nothing.")
        let salt = parameters.required("salt", .bytes, "The salt and the number of the block.")
        let iterations = parameters.required("iterations", .integer, "How often.")
        return LuaFunction("hashlib.pbkdf2_hmac", parameters, "Derives a block of a key.") { (call) throws(LuaFault) in
            let keyed = try digest(call[keyed])
            var last = call[salt]
            var block: [UInt8] = []
            for round in 0..<call[iterations] {
                if round % 256 == 0 { try call.checkTime() }
                last = try call.digesting { () throws(DigestError) in
                    let digest = try keyed.copy()
                    try last.withUnsafeBufferPointer { (bytes) throws(DigestError) in
                        try digest.update(UnsafeRawBufferPointer(bytes))
                    }
                    return try digest.result()
                }
                if block.isEmpty { block = last } else { for index in block.indices { block[index] ^= last[index] } }
            }
            call.stack.push(block)
            return .values(1)
        }
    }

    private func digest(_ argument: LuaArgument) throws(LuaFault) -> MessageDigest {
        guard let digest = argument.instance?.object as? MessageDigest else {
            throw LuaFault(.typeError, "a digest is needed, got a \(argument.typeName)")
        }
        return digest
    }

    private func push(_ digest: MessageDigest, of call: LuaCall) -> LuaResult {
        call.runtime.push(new: digest, of: registered, keeping: 0, onto: call.stack)
        return .values(1)
    }
}
