internal import ByteText
internal import CLuaShim

/// Checks the arguments of a call against the declaration and brings them into declared order.
///
/// Afterwards the stack holds exactly the declared parameters after the method's instance, `nil` where left out.
struct ArgumentChecks {
    let function: String
    let parameters: [LuaParameter]
    private let takesAnyNumber: Bool
    /// How many arguments come before one that may give others by name.
    private let dataCount: Int
    /// Whether no message shows a string that was given: it may be the secret, in the wrong place.
    private let takesSecret: Bool
    /// What needs no look at the declaration, for each parameter.
    private let plain: [PlainArgument]
    /// The parameters' names as keys of a table have them.
    private let keys: [[UInt8]]

    init(function: String, parameters: [LuaParameter]) {
        self.function = function
        self.parameters = parameters
        takesAnyNumber = parameters.last?.isRepeated == true
        dataCount = parameters.first?.isData == true ? 1 : 0
        takesSecret = parameters.contains { $0.type.isSecret }
        plain = parameters.map(PlainArgument.init)
        keys = parameters.map { Array($0.name.utf8) }
    }

    func apply(_ runtime: LuaRuntime, _ L: OpaquePointer, base: Int32) throws(LuaFault) {
        var given = Int(shim_top(L) - base)
        if given == 0 && parameters.isEmpty { return }
        if given > dataCount, !parameters.isEmpty, shim_type(L, base + Int32(given)) == Int32(SHIM_TTABLE.rawValue) {
            if try placeKeywords(L, base: base, given: given) {
                given = parameters.count
            } else {
                try refuseKeywords(L, base: base, given: given)
            }
        }
        if given > parameters.count, !takesAnyNumber {
            // Trailing nils are as good as nothing.
            while given > parameters.count && shim_type(L, base + Int32(given)) == Int32(SHIM_TNIL.rawValue) {
                given -= 1
            }
            guard given <= parameters.count else { throw tooMany(given) }
        }
        let count = max(given, parameters.count)
        if given != count || shim_top(L) != base + Int32(given) {
            guard shim_reserve(L, Int32(count) + 8) else { throw stackOverflow }
            shim_set_top(L, base + Int32(count))
        }
        for offset in plain.indices where !plain[offset].accepts(L, base + Int32(offset) + 1) {
            try check(parameters[offset], runtime, L, base + Int32(offset) + 1)
        }
        if count > parameters.count, let repeated = parameters.last {
            for offset in parameters.count..<count { try check(repeated, runtime, L, base + Int32(offset) + 1) }
        }
    }

    private var stackOverflow: LuaFault { LuaFault(.runtimeError, "\(function): stack overflow") }

    private func tooMany(_ given: Int) -> LuaFault {
        let names = parameters.map(\.name).joined(separator: ", ")
        let takes =
            parameters.isEmpty
            ? "takes no arguments"
            : "takes at most \(parameters.count) argument\(parameters.count == 1 ? "" : "s") (\(names))"
        return LuaFault(.typeError, "\(function) \(takes), got \(given)")
    }

    // MARK: - Keywords

    /// Puts the values of a trailing table in the places of the parameters that its keys name.
    /// - Returns: false, with the arguments as they were, when a key is no parameter's name, or names one that is given
    ///   by position. ``refuseKeywords(_:base:given:)`` finds out what that means.
    private func placeKeywords(_ L: OpaquePointer, base: Int32, given: Int) throws(LuaFault) -> Bool {
        let first = base + Int32(given)
        let keywords = base + Int32(parameters.count) + 1
        guard first < keywords, shim_object(L, first, nil) == nil else { return false }
        guard shim_reserve(L, Int32(parameters.count) + 8) else { throw stackOverflow }
        // The table goes above the places, and nil into those that are not filled.
        shim_set_top(L, keywords - 1)
        shim_push_value(L, first)
        shim_push_nil(L)
        shim_replace(L, first)
        var hasKeys = false
        shim_push_nil(L)
        while shim_next(L, keywords) {
            guard let index = parameter(namedAt: -2, L), index >= given - 1 else {
                hasKeys = false
                break
            }
            shim_replace(L, base + Int32(index) + 1)
            hasKeys = true
        }
        if !hasKeys {
            shim_push_value(L, keywords)
            shim_replace(L, first)
        }
        shim_set_top(L, hasKeys ? keywords - 1 : first)
        return hasKeys
    }

    private func parameter(namedAt index: Int32, _ L: OpaquePointer) -> Int? {
        var length = 0
        guard let bytes = shim_to_bytes(L, index, &length) else { return nil }
        let name = UnsafeRawBufferPointer(start: bytes, count: length)
        for index in keys.indices where keys[index].count == length && keys[index].elementsEqual(name) { return index }
        return nil
    }

    /// Says what is wrong with a trailing table that is meant to give parameters by name, and could not be placed. Any
    /// other table is an argument as it is.
    private func refuseKeywords(_ L: OpaquePointer, base: Int32, given: Int) throws(LuaFault) {
        let table = base + Int32(given)
        guard shim_object(L, table, nil) == nil else { return }
        var names: [String] = []
        var unknown: String?
        var hasOtherKeys = false
        guard shim_reserve(L, Int32(parameters.count) + 16) else { throw stackOverflow }
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        shim_push_nil(L)
        while shim_next(L, table) {
            shim_pop(L, 1)
            if let name = stack.string(at: -1) {
                if parameters.contains(where: { $0.name == name }) {
                    names.append(name)
                } else if unknown == nil || NearMiss.find(name, in: parameters.map(\.name)) != nil {
                    unknown = name
                }
            } else {
                hasOtherKeys = true
            }
        }
        level.expect(0)
        let takesTable = given <= parameters.count && Self.accepts(parameters[given - 1].type.plain, L, table)
        if let unknown {
            let near = NearMiss.find(unknown, in: parameters.map(\.name))
            guard !takesTable || near != nil || !names.isEmpty else { return }
            if let near {
                throw LuaFault(
                    .typeError, "\(function) has no parameter '\(unknown.showingRawBytes)'; did you mean '\(near)'?")
            }
            let list = parameters.map(\.name).joined(separator: ", ")
            let shown = takesSecret ? "of a name that was given" : "'\(unknown.showingRawBytes)'"
            throw LuaFault(.typeError, "\(function) has no parameter \(shown); it has \(list)")
        }
        guard !hasOtherKeys else { return }
        if names.isEmpty, !takesTable, given <= parameters.count, !parameters[given - 1].isRequired {
            // Options of which none is chosen.
            shim_push_nil(L)
            shim_replace(L, table)
            return
        }
        for name in names {
            if let index = parameters.firstIndex(where: { $0.name == name }), index < given - 1 {
                throw LuaFault(.typeError, "\(function) got parameter '\(name)' twice: by position and by name")
            }
        }
    }

    /// Whether a parameter may mean the table at `index` as it is.
    private static func accepts(_ type: LuaType, _ L: OpaquePointer, _ index: Int32) -> Bool {
        switch type {
        case .table, .any: true
        case .function: shim_is_callable(L, index)
        default: false
        }
    }

    // MARK: - Types

    private func check(
        _ parameter: LuaParameter, _ runtime: LuaRuntime, _ L: OpaquePointer, _ index: Int32
    ) throws(LuaFault) {
        let type = shim_type(L, index)
        if type == Int32(SHIM_TNIL.rawValue) {
            if parameter.isRequired && parameter.type.plain != .any {
                throw LuaFault(
                    .typeError,
                    "argument '\(parameter.name)' of \(function) is missing: it must be \(parameter.type.description)")
            }
            return
        }
        switch parameter.type.plain {
        case .any, .secret, .shown:
            return
        case .boolean:
            if type == Int32(SHIM_TBOOLEAN.rawValue) { return }
        case .string:
            if type == Int32(SHIM_TSTRING.rawValue) { return }
        case .oneOf(let words):
            if type == Int32(SHIM_TSTRING.rawValue) {
                let word = LuaStack(L).string(at: index) ?? ""
                if words.contains(word) { return }
                throw LuaFault(
                    .valueError, message(parameter, takesSecret ? "another string" : "'\(word.showingRawBytes)'"))
            }
        case .integer(let range):
            if type == Int32(SHIM_TNUMBER.rawValue) {
                var ok = false
                let value = shim_to_integer(L, index, &ok)
                guard ok else { throw LuaFault(.typeError, message(parameter, LuaStack(L).text(at: index))) }
                if range.contains(Int(value)) { return }
                throw LuaFault(.valueError, message(parameter, "\(value)"))
            }
        case .number(let range), .seconds(let range):
            if type == Int32(SHIM_TNUMBER.rawValue) {
                var ok = false
                let value = shim_to_number(L, index, &ok)
                if range.contains(value) { return }
                throw LuaFault(.valueError, message(parameter, "\(value)"))
            }
        case .function:
            if shim_is_callable(L, index) { return }
        case .table:
            if type == Int32(SHIM_TTABLE.rawValue) && shim_object(L, index, nil) == nil { return }
        case .instance(let names):
            if let instance = runtime.instance(at: index, L), instance.record.names.contains(where: names.contains) {
                return
            }
        }
        throw LuaFault(.typeError, message(parameter, got(runtime, L, index)))
    }

    private func message(_ parameter: LuaParameter, _ got: String) -> String {
        "argument '\(parameter.name)' of \(function) must be \(parameter.type.description), got \(got)"
    }

    private func got(_ runtime: LuaRuntime, _ L: OpaquePointer, _ index: Int32) -> String {
        let name = runtime.typeName(at: index, L)
        if name == "string", !takesSecret, let text = LuaStack(L).string(at: index)?.showingRawBytes {
            return "the string '\(text.count > 40 ? text.prefix(40) + "…" : text[...])'"
        }
        return "a \(name)"
    }
}
