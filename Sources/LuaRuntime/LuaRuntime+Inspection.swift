internal import CLuaShim

extension LuaRuntime {
    /// The classes that programs may have objects of, and the types of these. Opens every library.
    package var declaredTypes: [(name: String, type: AnyClass)] {
        openLibraries()
        return classes.map { ($0.name, $0.type) }
    }

    /// The names of the globals that programs find, in no order. Opens every library.
    package var globalNames: [String] {
        openLibraries()
        guard shim_reserve(L, 8) else { return [] }
        shim_push_globals(L)
        defer { shim_pop(L, 1) }
        return fieldNamesOfTop()
    }

    /// The names that the table in a global has, in no order, without those that a metatable gives; none when it is no
    /// table.
    package func fieldNames(ofGlobal table: String) -> [String] {
        openLibrary(of: table)
        guard shim_reserve(L, 8) else { return [] }
        let level = StackLevel(L)
        defer { level.expect(0) }
        shim_push_globals(L)
        LuaStack(L).getRaw(-1, table)
        defer { shim_pop(L, 2) }
        return shim_type(L, -1) == Int32(SHIM_TTABLE.rawValue) ? fieldNamesOfTop() : []
    }

    /// Of the table on top.
    private func fieldNamesOfTop() -> [String] {
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        let table = shim_top(L)
        var names: [String] = []
        shim_push_nil(L)
        while shim_next(L, table) {
            shim_pop(L, 1)
            if shim_type(L, -1) == Int32(SHIM_TSTRING.rawValue), let name = stack.string(at: -1) { names.append(name) }
        }
        level.expect(0)
        return names
    }

    /// What a call of a declared function would be refused for, by the checks of the call itself; the function is not
    /// called.
    /// - Parameters:
    ///   - function: its name, as messages show it.
    ///   - parameters: as declared.
    ///   - arguments: what is known of the arguments that are given.
    ///   - mayHaveMore: whether the last one may stand for any number of values, none included.
    /// - Returns: the error; nil when there is none, or when what is not known decides.
    package func refusal(
        of function: String, _ parameters: [LuaParameter], arguments: [SketchedValue], mayHaveMore: Bool = false
    ) -> LuaFault? {
        var parameters = parameters
        var arguments = arguments
        if mayHaveMore, let last = arguments.popLast() {
            // Without it, the one before would be the last.
            if case .table = arguments.last { return nil }
            if arguments.count < parameters.count { arguments.append(last) }
        }
        // What is not known fits anything.
        func release(_ index: Int) {
            parameters[index].type = parameters[index].type.isSecret ? .secret(.any) : .any
            parameters[index].isRequired = false
        }
        for (index, argument) in arguments.enumerated() where argument.isUnknown {
            if index < parameters.count { release(index) }
        }
        if arguments.last?.isUnknown == true {
            // It may be a table that gives the rest by name.
            for index in arguments.indices.last.map({ $0..<max($0, parameters.count) }) ?? 0..<0 { release(index) }
        }
        if case .table(0, let fields) = arguments.last {
            for field in fields where field.value.isUnknown {
                if let index = parameters.firstIndex(where: { $0.name == field.name }) { release(index) }
            }
        }
        let base = shim_top(L)
        defer { shim_set_top(L, base) }
        guard shim_reserve(L, Int32(clamping: arguments.count + parameters.count + 16)) else { return nil }
        for argument in arguments { push(argument) }
        do throws(LuaFault) {
            try ArgumentChecks(function: function, parameters: parameters).apply(self, L, base: base)
            return nil
        } catch {
            return error
        }
    }

    /// Pushes one value.
    private func push(_ value: SketchedValue) {
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        defer { level.expect(1) }
        switch value {
        case .none: stack.pushNil()
        case .unknown: stack.push(true)
        case .boolean(let value): stack.push(value)
        case .integer(let value): stack.push(value)
        case .number(let value): stack.push(value)
        case .string(let bytes): stack.push(bytes)
        case .function: shim_push_function(L, 0)
        case .table(let count, let fields):
            shim_push_table(L, 0, 0)
            for index in 0..<count {
                stack.push(true)
                shim_raw_set_index(L, -2, Int64(index) + 1)
            }
            for field in fields {
                // Not deeper: no check of arguments looks into what a field has.
                switch field.value {
                case .table: shim_push_table(L, 0, 0)
                default: push(field.value)
                }
                stack.setTop(field.name)
            }
        }
    }
}
