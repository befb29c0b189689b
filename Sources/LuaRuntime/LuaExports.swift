internal import CLuaShim

/// What a Lua text of the host's own exports: the functions of the table that it returns, by the cases of an
/// enumeration.
///
/// What is demanded of `Name` is demanded where it is needed, not by the class: to make a class whose parameter must
/// conform, the Swift runtime searches all conformances of the process, for each of them at each start.
public final class LuaExports<Name> {
    /// By the names of the cases: all dictionaries of strings share one such search.
    private var functions: [String: LuaReference] = [:]

    /// Nothing yet: ``LuaRuntime/run(_:chunk:arguments:exporting:)`` fills it.
    public init() {}
}

extension LuaExports where Name: RawRepresentable<String> {
    /// The function of a name. The text must have run.
    public subscript(_ name: Name) -> LuaReference {
        guard let function = functions[name.rawValue] else {
            preconditionFailure("'\(name.rawValue)' is called before the text that exports it has run")
        }
        return function
    }

    fileprivate func take(_ names: [Name], from stack: LuaStack, runtime: LuaRuntime, chunk: String) {
        let level = StackLevel(stack)
        for name in names {
            stack.getRaw(-1, name.rawValue)
            precondition(shim_is_callable(stack.L, -1), "\(chunk) exports no function '\(name.rawValue)'")
            functions[name.rawValue] = LuaReference(popping: stack, runtime: runtime)
        }
        level.expect(0)
    }
}

extension LuaRuntime {
    /// Runs a text of the host's own, which returns a table with a function for each case of `Name`.
    /// - Parameters:
    ///   - text: the Lua text, as bytes.
    ///   - chunk: its name, as messages show it.
    ///   - arguments: what the text gets beside the host's own functions.
    ///   - exports: gets the functions.
    /// - Throws: ``LuaFault`` when it does not compile or fails.
    public func run<Name: RawRepresentable<String> & CaseIterable>(
        _ text: [UInt8], chunk: String, arguments: [String] = [], exporting exports: LuaExports<Name>
    ) throws(LuaFault) where Name.AllCases == [Name] {
        let stack = LuaStack(L)
        let level = StackLevel(stack)
        try run(text, chunk: chunk, arguments: arguments, results: 1)
        exports.take(Name.allCases, from: stack, runtime: self, chunk: chunk)
        stack.pop()
        level.expect(0)
    }
}

extension LuaCall {
    /// Lets a function of Lua answer: its results are those of this call.
    /// - Returns: what the host function must return.
    @inlinable
    public func handOver<each Argument: LuaPushable>(
        to function: LuaReference, _ arguments: repeat each Argument
    ) -> LuaResult {
        stack.push(function)
        var count = 0
        for argument in repeat each arguments {
            stack.push(argument)
            count += 1
        }
        return .call(arguments: count)
    }
}
