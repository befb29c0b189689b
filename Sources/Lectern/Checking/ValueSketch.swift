internal import ByteText
internal import LuaRuntime

extension ProgramFacts {
    /// What is known of a value without running anything.
    func sketch(_ id: ExpressionID, in file: Int) -> SketchedValue {
        guard let tree = files[file].tree else { return .unknown }
        if case .table(let fields) = tree[id].kind { return sketch(fields, tree, in: file) }
        guard let site = origin(id, in: file), let expression = expression(site) else { return .unknown }
        switch expression.kind {
        case .none: return .none
        case .boolean(let value): return .boolean(value)
        case .integer(let value): return .integer(Int(value))
        case .float(let value): return .number(value)
        case .string(let bytes): return .string(bytes)
        case .function: return .function
        case .unary(.symbol(.minus), let operand):
            switch sketch(operand, in: site.file) {
            case .integer(let value): return .integer(0 &- value)
            case .number(let value): return .number(-value)
            default: return .unknown
            }
        default: return .unknown
        }
    }

    /// A table as it is written where it is used; one in a variable may have changed.
    private func sketch(_ fields: [Expression.Field], _ tree: SyntaxTree, in file: Int) -> SketchedValue {
        var count = 0
        var named: [(name: String, value: SketchedValue)] = []
        for field in fields {
            guard let key = field.key else {
                count += 1
                continue
            }
            guard let name = tree.name(key) else { return .unknown }
            // Deeper than one table no declaration looks.
            if case .table = tree[field.value].kind {
                named.append((name, .table(count: 0, fields: [])))
            } else {
                named.append((name, sketch(field.value, in: file)))
            }
        }
        return .table(count: count, fields: named)
    }
}
