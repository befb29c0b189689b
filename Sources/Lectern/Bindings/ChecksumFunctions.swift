internal import LuaRuntime

/// The tables of the checks that a program uses. A program uses one or two; more are made anew each time.
private final class CheckTables {
    private var tables: [CyclicRedundancyCheck: [UInt64]] = [:]

    func table(of check: CyclicRedundancyCheck) -> [UInt64] {
        if let known = tables[check] { return known }
        let table = check.table()
        if tables.count < 16 { tables[check] = table }
        return table
    }
}

private let checkedData = LuaParameter.required("data", .string, "The bytes to check.")

/// Declares the functions of `checksum`.
func declareChecksumFunctions() -> [LuaFunction] {
    let tables = CheckTables()
    return [
        LuaFunction(
            "checksum.sum",
            [checkedData, .optional("bits", .integer(1...32), default: "8", "How many bits of the sum to keep.")],
            returns: .of("integer"), "Adds up the bytes."
        ) { (call) throws(LuaFault) in
            var sum: UInt64 = 0
            try call.withSlices(1) { (bytes) throws(LuaFault) in for byte in bytes { sum += UInt64(byte) } }
            return call.returning(Int(sum & (UInt64.max >> UInt64(64 - (call.integer(2) ?? 8)))))
        },
        LuaFunction(
            "checksum.xor", [checkedData], returns: .of("integer", "a number from 0 to 255"),
            "Combines the bytes by exclusive or."
        ) {
            (call) throws(LuaFault) in
            var result: UInt8 = 0
            try call.withSlices(1) { (bytes) throws(LuaFault) in for byte in bytes { result ^= byte } }
            return call.returning(Int(result))
        },
        LuaFunction(
            "checksum.lrc", [checkedData], returns: .of("integer", "a number from 0 to 255"),
            "Gives the two's complement of the sum of the bytes: added to the sum, it gives 0."
        ) { (call) throws(LuaFault) in
            var sum: UInt8 = 0
            try call.withSlices(1) { (bytes) throws(LuaFault) in for byte in bytes { sum &+= byte } }
            return call.returning(Int(0 &- sum))
        },
        LuaFunction(
            "checksum.crc",
            [
                checkedData,
                .optional(
                    "model", .oneOf(CyclicRedundancyCheck.named.keys.sorted()),
                    "The name of a common check; without it the other parameters describe the check."),
                .optional("width", .integer(1...64), "Bits of the result."),
                .optional("poly", .integer, "The generator polynomial without its highest term."),
                .optional("init", .integer, default: "0", "The first value of the register."),
                .optional("refin", .boolean, default: "false", "Whether the lowest bit of a byte comes first."),
                .optional("refout", .boolean, default: "false", "Whether the bits of the result are reversed."),
                .optional(
                    "xorout", .integer, default: "0", "The value that the result is combined with by exclusive or."),
            ], returns: .of("integer"), "Computes a cyclic redundancy check by a name or by parameters."
        ) { (call) throws(LuaFault) in
            let check = try call.cyclicRedundancyCheck()
            let table = tables.table(of: check)
            var register = check.firstRegister
            try call.withSlices(1) { (bytes) throws(LuaFault) in check.take(bytes, into: &register, table: table) }
            return call.returning(Int(bitPattern: UInt(check.result(of: register))))
        },
        LuaFunction(
            "checksum.md5", [.required("data", .string, "The bytes to digest.")], returns: .of("string", "16 bytes"),
            "Computes the MD5 digest of RFC 1321, for device protocols that need it. MD5 is not secure."
        ) { (call) throws(LuaFault) in
            var md5 = MD5()
            try call.withSlices(1) { (bytes) throws(LuaFault) in md5.take(part: bytes) }
            call.stack.push(md5.finish())
            return .values(1)
        },
    ]
}

extension LuaCall {
    /// The check that the arguments of `checksum.crc` mean.
    fileprivate func cyclicRedundancyCheck() throws(LuaFault) -> CyclicRedundancyCheck {
        if let model = string(2) {
            guard let check = CyclicRedundancyCheck.named[model] else {
                throw LuaFault(.valueError, "checksum.crc: there is no model '\(model)'")
            }
            for argument in 3...8 where !isNil(argument) {
                throw LuaFault(.valueError, "checksum.crc: give a model or parameters, not both")
            }
            return check
        }
        guard let width = integer(3), let polynomial = integer(4) else {
            throw LuaFault(.typeError, "checksum.crc: give a model, or the parameters 'width' and 'poly'")
        }
        do throws(CyclicRedundancyCheck.InvalidParameter) {
            return try CyclicRedundancyCheck(
                width: width, polynomial: UInt64(bitPattern: Int64(polynomial)),
                initial: UInt64(bitPattern: Int64(integer(5) ?? 0)), reflectsInput: boolean(6),
                reflectsOutput: boolean(7), finalXor: UInt64(bitPattern: Int64(integer(8) ?? 0)))
        } catch {
            throw LuaFault(.valueError, "argument '\(error.name)' of checksum.crc must be \(error.allowed)")
        }
    }
}
