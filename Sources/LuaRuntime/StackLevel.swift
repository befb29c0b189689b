internal import CLuaShim

/// How high a Lua stack was at one moment, for a function that counts by hand what it pushes and pops.
///
/// A wrong count shows far from its place: as another value than was meant, or when the stack is full. In a debug build
/// ``expect(_:by:function:file:line:)`` ends the process at the place instead. A release build has nothing of all this.
struct StackLevel {
    #if DEBUG
        private let L: OpaquePointer
        private let height: Int32
    #endif

    /// Notes the height of the stack of `L`.
    @inline(__always)
    init(_ L: OpaquePointer) {
        #if DEBUG
            self.L = L
            height = shim_top(L)
        #endif
    }

    /// Notes the height of a stack.
    @inline(__always)
    init(_ stack: LuaStack) { self.init(stack.L) }

    /// Ends the process of a debug build unless the stack is `change` values higher than it was.
    /// - Parameters:
    ///   - change: the values that were pushed less those that were popped.
    ///   - counter: who has counted, where that is not the function that asks.
    ///   - function: the function that asks.
    ///   - file: its file.
    ///   - line: the line of the question.
    @inline(__always)
    func expect(
        _ change: Int, by counter: @autoclosure () -> String? = nil, function: StaticString = #function,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        #if DEBUG
            let found = Int(shim_top(L) - height)
            guard found != change else { return }
            preconditionFailure(
                Self.complaint(of: counter() ?? "\(function)", found: found, wanted: "\(change)"), file: file,
                line: line
            )
        #endif
    }

    /// Ends the process of a debug build when fewer values were pushed than a host function's result says. More may
    /// have been: only the last ones are taken.
    @inline(__always)
    func expect(
        _ result: LuaResult, by counter: @autoclosure () -> String? = nil, function: StaticString = #function,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        #if DEBUG
            let found = Int(shim_top(L) - height)
            let least = result.takenValues
            guard found < least else { return }
            preconditionFailure(
                Self.complaint(of: counter() ?? "\(function)", found: found, wanted: "\(least) or more"), file: file,
                line: line)
        #endif
    }

    #if DEBUG
        private static func complaint(of name: String, found: Int, wanted: String) -> String {
            "\(name) counts wrongly: the height of the Lua stack has changed by \(found), not by \(wanted)"
        }
    #endif
}

#if DEBUG
    extension LuaResult {
        /// How many values on top of the stack it speaks of.
        fileprivate var takenValues: Int {
            switch self {
            case .values(let count): count
            case .wait: 0
            case .call(let arguments): arguments + 1
            }
        }
    }
#endif
