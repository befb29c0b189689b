internal import Digests
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

/// Declares the functions of `checksum`.
func declareChecksumFunctions() -> [LuaFunction] {
    var parameters = ParameterList()
    let data = parameters.required("data", .bytes, "The bytes to check.")
    var digesting = ParameterList()
    let digested = digesting.required("data", .bytes, "The bytes to digest.")
    return [
        declareSum(of: data, parameters),
        LuaFunction(
            "checksum.xor", parameters, returns: .of("integer", "a number from 0 to 255"),
            "Combines the bytes by exclusive or."
        ) {
            (call) throws(LuaFault) in
            var result: UInt8 = 0
            try call.withSlices(of: data) { (bytes) throws(LuaFault) in for byte in bytes { result ^= byte } }
            return call.returning(Int(result))
        },
        LuaFunction(
            "checksum.lrc", parameters, returns: .of("integer", "a number from 0 to 255"),
            "Gives the two's complement of the sum of the bytes: added to the sum, it gives 0."
        ) { (call) throws(LuaFault) in
            var sum: UInt8 = 0
            try call.withSlices(of: data) { (bytes) throws(LuaFault) in for byte in bytes { sum &+= byte } }
            return call.returning(Int(0 &- sum))
        },
        declareCyclicRedundancyCheck(of: data, parameters),
        LuaFunction(
            "checksum.md5", digesting, returns: .of("string", "16 bytes"),
            "Computes the MD5 digest of RFC 1321, for device protocols that need it. MD5 is not secure."
        ) { (call) throws(LuaFault) in
            try call.returningDigest(of: digested, by: .md5)
        },
    ]
}

/// Declares `checksum.sum`, with the data that `parameters` begin with.
private func declareSum(of data: Parameter<[UInt8]>, _ parameters: ParameterList) -> LuaFunction {
    var parameters = parameters
    let bits = parameters.optional("bits", .integer(1...32), default: 8, "How many bits of the sum to keep.")
    return LuaFunction("checksum.sum", parameters, returns: .of("integer"), "Adds up the bytes.") {
        (call) throws(LuaFault) in
        var sum: UInt64 = 0
        try call.withSlices(of: data) { (bytes) throws(LuaFault) in for byte in bytes { sum += UInt64(byte) } }
        return call.returning(Int(sum & (UInt64.max >> UInt64(64 - call[bits]))))
    }
}

/// Declares `checksum.crc`, with the data that `parameters` begin with.
private func declareCyclicRedundancyCheck(of data: Parameter<[UInt8]>, _ parameters: ParameterList) -> LuaFunction {
    var parameters = parameters
    let description = CheckParameters(&parameters)
    let tables = CheckTables()
    return LuaFunction(
        "checksum.crc", parameters, returns: .of("integer"),
        "Computes a cyclic redundancy check by a name or by parameters."
    ) { (call) throws(LuaFault) in
        let check = try description.check(of: call)
        let table = tables.table(of: check)
        var register = check.firstRegister
        try call.withSlices(of: data) { (bytes) throws(LuaFault) in check.take(bytes, into: &register, table: table) }
        return call.returning(Int(bitPattern: UInt(check.result(of: register))))
    }
}

/// The parameters of `checksum.crc` that say which check is meant.
private struct CheckParameters {
    private let model: Parameter<String?>
    private let width: Parameter<Int?>
    private let polynomial: Parameter<Int?>
    private let initial: Parameter<Int>
    private let reflectsInput: Parameter<Bool>
    private let reflectsOutput: Parameter<Bool>
    private let finalXor: Parameter<Int>

    init(_ parameters: inout ParameterList) {
        model = parameters.optional(
            "model", .oneOf(CyclicRedundancyCheck.named.keys.sorted()),
            "The name of a common check; without it the other parameters describe the check.")
        width = parameters.optional("width", .integer(1...64), "Bits of the result.")
        polynomial = parameters.optional("poly", .integer, "The generator polynomial without its highest term.")
        initial = parameters.optional("init", .integer, default: 0, "The first value of the register.")
        reflectsInput = parameters.optional(
            "refin", .boolean, default: false, "Whether the lowest bit of a byte comes first.")
        reflectsOutput = parameters.optional(
            "refout", .boolean, default: false, "Whether the bits of the result are reversed.")
        finalXor = parameters.optional(
            "xorout", .integer, default: 0, "The value that the result is combined with by exclusive or.")
    }

    func check(of call: LuaCall) throws(LuaFault) -> CyclicRedundancyCheck {
        if let model = call[model] {
            guard let check = CyclicRedundancyCheck.named[model] else {
                throw LuaFault(.valueError, "checksum.crc: there is no model '\(model)'")
            }
            let others = [
                call.argument(for: width), call.argument(for: polynomial), call.argument(for: initial),
                call.argument(for: reflectsInput), call.argument(for: reflectsOutput), call.argument(for: finalXor),
            ]
            guard others.allSatisfy(\.isNil) else {
                throw LuaFault(.valueError, "checksum.crc: give a model or parameters, not both")
            }
            return check
        }
        guard let width = call[width], let polynomial = call[polynomial] else {
            throw LuaFault(.typeError, "checksum.crc: give a model, or the parameters 'width' and 'poly'")
        }
        do throws(CyclicRedundancyCheck.InvalidParameter) {
            return try CyclicRedundancyCheck(
                width: width, polynomial: UInt64(bitPattern: Int64(polynomial)),
                initial: UInt64(bitPattern: Int64(call[initial])), reflectsInput: call[reflectsInput],
                reflectsOutput: call[reflectsOutput], finalXor: UInt64(bitPattern: Int64(call[finalXor])))
        } catch {
            throw LuaFault(.valueError, "argument '\(error.name)' of checksum.crc must be \(error.allowed)")
        }
    }
}
