internal import LuaRuntime

/// Declares the functions of `hex`.
func declareHexadecimalFunctions() -> [LuaFunction] {
    [
        LuaFunction(
            "hex.encode",
            [
                .required("data", .string, "Any bytes."),
                .optional("separator", .string, default: "''", "What stands between two bytes."),
            ], returns: .of("string", "capital hexadecimal digits, two for each byte"), "Writes bytes as digits."
        ) { (call) throws(LuaFault) in
            let text = try call.hexadecimalDigits(separator: call.bytes(2) ?? [])
            call.stack.push(text)
            return .values(1)
        },
        LuaFunction(
            "hex.decode",
            [
                .required(
                    "text", .string, "Pairs of hexadecimal digits; spaces, colons and dashes may stand between them.")
            ],
            returns: .of("string"), "Makes bytes of hexadecimal digits. Raises ValueError when there is anything else."
        ) { (call) throws(LuaFault) in
            var data: [UInt8] = []
            var high: UInt8?
            var index = 0
            try call.withSlices(1) { (text) throws(LuaFault) in
                for character in text {
                    index += 1
                    let digit: UInt8
                    switch character {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
                    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - UInt8(ascii: "A") + 10
                    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
                    case UInt8(ascii: " "), UInt8(ascii: ":"), UInt8(ascii: "-"):
                        if high == nil { continue }
                        fallthrough
                    default:
                        throw LuaFault(.valueError, "hex.decode: byte \(index) of the text is no hexadecimal digit")
                    }
                    if let first = high {
                        data.append(first << 4 | digit)
                        high = nil
                    } else {
                        high = digit
                    }
                }
            }
            guard high == nil else { throw LuaFault(.valueError, "hex.decode: the last byte has one digit only") }
            call.stack.push(data)
            return .values(1)
        },
    ]
}

extension LuaCall {
    /// The first argument's bytes as digits.
    fileprivate func hexadecimalDigits(separator: [UInt8]) throws(LuaFault) -> [UInt8] {
        let count = try withBytes(1) { (bytes) throws(LuaFault) in bytes?.count ?? 0 }
        guard count > 0 else { return [] }
        let (gaps, overflows) = separator.count.multipliedReportingOverflow(by: count - 1)
        let (size, overflowsToo) = gaps.addingReportingOverflow(2 * count)
        try checkSize(ofResult: overflows || overflowsToo ? .max : size)
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(size)
        try withSlices(1) { (bytes) throws(LuaFault) in
            for byte in bytes {
                if !text.isEmpty { text += separator }
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
        }
        return text
    }
}
