internal import HSMS
internal import LuaRuntime

/// An item as programs have it.
final class LuaSecsItem {
    let item: SecsItem
    /// What it holds, charged to the program. Items within items share what they have in common.
    let charge: MemoryCharge

    /// An item with a charge of its own.
    convenience init(_ item: SecsItem, of runtime: LuaRuntime) {
        self.init(item, charge: MemoryCharge(item.heldBytes, to: runtime.account))
    }

    /// A part of an item, which the charge keeps.
    init(_ item: SecsItem, charge: MemoryCharge) {
        self.item = item
        self.charge = charge
    }

    /// An item that a program made of `value`.
    convenience init(_ item: SecsItem, of runtime: LuaRuntime, madeOf value: LuaValue) {
        self.init(item, charge: MemoryCharge(for: item, of: runtime, madeOf: value))
    }
}

extension MemoryCharge {
    /// What an item holds that was made of `value`: what other items in it hold is charged already.
    convenience init(for item: SecsItem?, of runtime: LuaRuntime, madeOf value: LuaValue) {
        var parts: [MemoryCharge] = []
        var rest = item?.heldBytes ?? 0
        value.forEachItem {
            parts.append($0.charge)
            rest -= min($0.item.heldBytes, rest)
        }
        self.init(rest + 16 * parts.count, to: runtime.account, parts: parts)
    }
}

extension LuaValue {
    /// Calls `body` with each item in the value, however deep.
    fileprivate func forEachItem(_ body: (LuaSecsItem) -> Void) {
        switch self {
        case .instance(let instance):
            if let item = instance.object as? LuaSecsItem { body(item) }
        case .list(let values):
            for value in values { value.forEachItem(body) }
        default:
            break
        }
    }
}

/// The most items that the property `items` gives at once: each is an object of its own.
private let mostListedItems = 100_000

/// Declares `SecsItem`.
func declareSecsItem(_ context: BindingContext) -> LuaClass<LuaSecsItem> {
    var c = LuaClass<LuaSecsItem>("SecsItem", "A SECS-II item: a list, a text, or numbers of one format.") { _ in "" }
    c.holds(64)
    let runtime = context.runtime
    c.isShownAs { (item, _) throws(LuaFault) in
        try item.item.checked { () throws(SecsEncodingError) in try item.item.sml() }
    }
    c.constructor(
        [
            .required(
                "value", .any.annotated(secsValueType),
                "A string, number, boolean, SecsItem, or a list of them."),
            .optional(
                "format", .string, "'L', 'A', 'B', 'BOOLEAN', 'U1' to 'U8', 'I1' to 'I8', 'F4', 'F8', 'J', 'C2'."),
        ],
        "Makes an item. Without format a list gives L, a string A, a boolean BOOLEAN, an integer the smallest of U1 to "
            + "U8 or I1 to I8, another number F8. Raises ValueError when the value does not fit."
    ) { (call) throws(LuaFault) in
        let value = try call.value(1)
        guard let name = call.string(2) else {
            return LuaSecsItem(try SecsItem(value), of: call.runtime, madeOf: value)
        }
        guard let format = SecsFormat(name: name) else {
            throw LuaFault(.valueError, "argument 'format' of SecsItem must be a format of SECS-II, got '\(name)'")
        }
        return LuaSecsItem(try SecsItem(value, as: format), of: call.runtime, madeOf: value)
    }
    c.property("format", .string, "The format, such as 'U4'.") { $0.item.format.name }
    c.property(
        "value", .any.annotated("string|number|boolean|table"),
        "The content as a value of Lua: a string, one number or boolean, or a list of what the item holds."
    ) { (item, call) throws(LuaFault) in try call.plain(item.item) }
    c.property("items", .table.annotated("SecsItem[]|nil"), "The SecsItems of a list; nil for all else.") {
        (item, call) throws(LuaFault) -> InstanceList? in
        guard let items = item.item.items else { return nil }
        guard items.count <= mostListedItems else {
            throw LuaFault(
                .valueError,
                "SecsItem.items: \(items.count) items are over the limit of \(mostListedItems); take each by item(index)"
            )
        }
        let parts = items.map { LuaSecsItem($0, charge: item.charge) }
        return InstanceList(objects: parts, className: "SecsItem", runtime: call.runtime)
    }
    c.property("count", .integer, "How many items, bytes, numbers or truth values it has.") { $0.item.count }
    c.method(
        "item", [.required("index", .integer(1...Int.max), "From 1.")],
        returns: .of("SecsItem|nil", "nil when it is no list or not so long"), "Gives an item of a list."
    ) { [unowned runtime] (item, call) throws(LuaFault) in
        call.returning(
            item.item[(call.integer(1) ?? 1) - 1].map {
                runtime.instance(for: LuaSecsItem($0, charge: item.charge), class: "SecsItem")
            })
    }
    c.method(
        "equals",
        [.required("other", .any.annotated(secsValueType), "A SecsItem or a value.")],
        returns: .of("boolean"), "Compares contents."
    ) {
        (item, call) throws(LuaFault) in
        let other = try SecsItem(call.value(1))
        for item in [item.item, other] {
            try item.checked { () throws(SecsEncodingError) in try item.checkSize() }
        }
        return call.returning(item.item == other)
    }
    c.method("encode", [], returns: .of("string"), "Gives the bytes on the wire.") { (item, call) throws(LuaFault) in
        call.returning(try item.item.checked { () throws(SecsEncodingError) in try item.item.encoded() })
    }
    return c
}

/// Declares what makes items: `SecsItem.U4(…)` and its kin, `SecsItem.sml` and `SecsItem.decode`.
func declareSecsItemFunctions(_ context: BindingContext) -> [LuaFunction] {
    let make = { [unowned runtime = context.runtime] (item: SecsItem) in
        runtime.instance(for: LuaSecsItem(item, of: runtime), class: "SecsItem")
    }
    let formats = SecsFormat.allCases.map { format in
        LuaFunction(
            "SecsItem.\(format.name)",
            [
                .optional(
                    "value", .any.annotated(secsValueType),
                    "One value, or a list; nil makes an item without values.")
            ],
            returns: .of("SecsItem"),
            "Makes an item of the format \(format.name). Raises ValueError when the value does not fit."
        ) { (call) throws(LuaFault) in
            if call.isNil(1) { return call.returning(make(.empty(format))) }
            let value = try call.value(1)
            let item = LuaSecsItem(try SecsItem(value, as: format), of: call.runtime, madeOf: value)
            return call.returning(call.runtime.instance(for: item, class: "SecsItem"))
        }
    }
    return formats + [
        LuaFunction(
            "SecsItem.sml", [.required("text", .string, "An item in SML, such as '<L <A \"START\"> <U4 1 2>>'.")],
            returns: .of("SecsItem"), "Reads SML. Raises ValueError with line and column."
        ) { (call) throws(LuaFault) in
            do throws(SmlError) {
                return call.returning(make(try SecsItem(sml: call.bytes(1) ?? [])))
            } catch {
                throw LuaFault(.valueError, "SecsItem.sml: \(error)")
            }
        },
        LuaFunction(
            "SecsItem.decode", [.required("bytes", .string, "The bytes of one item.")],
            returns: .of("SecsItem|nil", "nil when there are no bytes"),
            "Reads an item from its bytes. Raises ValueError when they are not an item."
        ) { (call) throws(LuaFault) in
            do throws(SecsDecodingError) {
                return call.returning(try SecsItem.decode(call.bytes(1) ?? []).map(make))
            } catch {
                throw LuaFault(.valueError, "SecsItem.decode: \(error)")
            }
        },
    ]
}
