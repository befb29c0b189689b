/// The functions of a file that run inside a `pcall` only for what may fail: what is wrong in them may be meant so.
struct GuardedFunctions {
    /// For each function, whether it is one, or is inside one.
    private var isGuarded: [Bool]

    init(_ tree: SyntaxTree) {
        isGuarded = Array(repeating: false, count: tree.functions.count)
        for expression in tree.expressions {
            guard case .call(let call) = expression.kind, call.method == nil, let first = call.arguments.first,
                let name = tree.globalName(call.callee), name == "pcall" || name == "xpcall",
                let function = Self.function(first, of: tree)
            else { continue }
            isGuarded[function.index] = true
        }
        // A function comes behind the one that it is in.
        for (index, function) in tree.functions.enumerated() {
            if let parent = function.parent, isGuarded[parent.index] { isGuarded[index] = true }
        }
    }

    func contains(_ function: FunctionID) -> Bool { isGuarded[function.index] }

    private static func function(_ id: ExpressionID, of tree: SyntaxTree) -> FunctionID? {
        switch tree[id].kind {
        case .function(let function): return function
        case .local(let variable):
            guard tree[variable].assignmentCount == 0, let value = tree[variable].value,
                case .function(let function) = tree[value].kind
            else { return nil }
            return function
        default: return nil
        }
    }
}
