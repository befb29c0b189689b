internal import HSMS
internal import LuaRuntime

// What parameters of HSMS, SECS-II and GEM accept.

extension ParameterType where Value == UInt8 {
    /// A whole number from 0 to 255.
    static var byte: Self { byte(0...255) }
    /// A whole number within a range.
    static func byte(_ range: ClosedRange<Int>) -> Self {
        Self(.integer(range), show: { "\($0)" }) { $0.integer.flatMap(UInt8.init(exactly:)) }
    }
    /// A stream: a whole number from 0 to 127.
    static var stream: Self { byte(0...127) }
}

extension ParameterType where Value == UInt16 {
    /// A session ID, or a device ID: a whole number from 0 to 65535.
    static var sessionID: Self { sessionID(0...0xFFFF) }
    /// A session ID within a range.
    static func sessionID(_ range: ClosedRange<Int>) -> Self {
        Self(.integer(range), show: { "\($0)" }) { $0.integer.flatMap(UInt16.init(exactly:)) }
    }
}

extension ParameterType where Value == UInt32 {
    /// System bytes: a whole number from 0 to 4294967295.
    static var systemBytes: Self { Self(.integer(0...0xFFFF_FFFF)) { $0.integer.flatMap(UInt32.init(exactly:)) } }
}

extension ParameterType where Value == SecsText {
    /// A string whose bytes are a text of SECS-II.
    static var secsText: Self { Self(.string) { $0.bytes.map { SecsText($0) } } }
}

extension ParameterType where Value == LuaSecsMessage {
    /// A SecsMessage.
    static var secsMessage: Self { .object(of: "SecsMessage") }
}

extension ParameterType where Value == LuaHsmsHeader {
    /// An HsmsHeader.
    static var hsmsHeader: Self { .object(of: "HsmsHeader") }
}

extension ParameterType where Value == LuaHsmsPacket {
    /// An HsmsPacket.
    static var hsmsPacket: Self { .object(of: "HsmsPacket") }
}

extension ParameterType where Value == HsmsMultiPassiveServer {
    /// An HsmsMultiPassiveServer.
    static var multiPassiveServer: Self { .object(of: "HsmsMultiPassiveServer") }
}

extension ParameterType where Value == HsmsMultiPassiveConnection {
    /// An HsmsMultiPassiveConnection.
    static var multiPassiveConnection: Self { .object(of: "HsmsMultiPassiveConnection") }
}

extension ParameterType where Value == LuaArgument {
    /// A value that becomes an item, or a SecsItem; see ``LuaCall/item(_:as:)``.
    static var secsValue: Self { .any.annotated(secsValueType) }
    /// An identifier of GEM; see ``LuaCall/identifier(_:)``.
    static var identifier: Self { .any.annotated(secsIdentifierType) }
    /// Identifiers of GEM, or one; see ``LuaCall/identifiers(_:)``.
    static var identifiers: Self { .any.annotated(secsIdentifierListType) }
    /// A list of strings; see ``LuaCall/secsTexts(_:)``.
    static var strings: Self { .table.annotated("string[]") }
}

// MARK: - What can fail to be read

extension LuaCall {
    /// The item that was given; nil when it was left out.
    /// - Parameter format: the item's format; without it the value decides.
    /// - Throws: ``LuaFault`` when the value has no place in SECS-II or in the format.
    func item<Value>(
        _ parameter: Parameter<Value>, as format: SecsFormat? = nil
    ) throws(LuaFault) -> SecsItem? {
        argument(for: parameter).isNil ? nil : try SecsItem(try value(of: parameter), as: format)
    }

    /// The identifier that was given.
    func identifier(_ parameter: Parameter<LuaArgument>) throws(LuaFault) -> GemID {
        try GemID(try value(of: parameter), name(of: parameter))
    }

    /// The identifier that was given; nil when it was left out.
    func identifier(_ parameter: Parameter<LuaArgument?>) throws(LuaFault) -> GemID? {
        argument(for: parameter).isNil ? nil : try GemID(try value(of: parameter), name(of: parameter))
    }

    /// The identifiers that were given, or the one; none when they were left out.
    func identifiers<Value>(_ parameter: Parameter<Value>) throws(LuaFault) -> [GemID] {
        switch try value(of: parameter) {
        case .none: return []
        case .list(let values):
            var ids: [GemID] = []
            for value in values { ids.append(try GemID(value, name(of: parameter))) }
            return ids
        case let value: return [try GemID(value, name(of: parameter))]
        }
    }

    /// The list of strings that was given.
    func secsTexts(_ parameter: Parameter<LuaArgument>) throws(LuaFault) -> [SecsText] {
        guard let texts = self[parameter].byteStrings else {
            throw LuaFault(.typeError, "argument '\(name(of: parameter))' must be a list of strings")
        }
        return texts.map { SecsText($0) }
    }
}
