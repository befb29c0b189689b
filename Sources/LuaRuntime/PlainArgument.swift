internal import CLuaShim

/// Of a parameter's declaration what tells most right arguments at a glance: a declaration is a dear thing to copy.
struct PlainArgument {
    private let takesAnything: Bool
    private let takesNil: Bool
    private let type: Int32
    /// Of numbers.
    private let range: ClosedRange<Double>

    init(_ parameter: LuaParameter) {
        var range = -Double.infinity...Double.infinity
        switch parameter.type.plain {
        case .boolean: type = Int32(SHIM_TBOOLEAN.rawValue)
        case .string: type = Int32(SHIM_TSTRING.rawValue)
        case .function: type = Int32(SHIM_TFUNCTION.rawValue)
        case .number(let numbers), .seconds(let numbers):
            type = Int32(SHIM_TNUMBER.rawValue)
            range = numbers
        default: type = Int32(SHIM_TNONE.rawValue)
        }
        self.range = range
        takesAnything = parameter.type.plain == .any
        takesNil = !parameter.isRequired
    }

    /// Whether the argument at `index` is right for sure; otherwise it has to be checked.
    func accepts(_ L: OpaquePointer, _ index: Int32) -> Bool {
        if takesAnything { return true }
        let given = shim_type(L, index)
        guard given == type else { return takesNil && given == Int32(SHIM_TNIL.rawValue) }
        guard given == Int32(SHIM_TNUMBER.rawValue) else { return true }
        var isNumber = false
        return range.contains(shim_to_number(L, index, &isNumber))
    }
}
