internal import HSMS
internal import LuaRuntime

/// An item as programs have it.
final class LuaSecsItem {
    let item: SecsItem

    init(_ item: SecsItem) { self.item = item }
}

/// Declares `SecsItem`.
func declareSecsItem(_ context: BindingContext) -> LuaClass<LuaSecsItem> {
    var c = LuaClass<LuaSecsItem>("SecsItem", "A SECS-II item: a list, a text, or numbers of one format.") { _ in "" }
    c.isShownAs { $0.item.description }
    c.constructor(
        [
            .required("value", .any, "A string, number, boolean, SecsItem, or a list of them."),
            .optional(
                "format", .string, "'L', 'A', 'B', 'BOOLEAN', 'U1' to 'U8', 'I1' to 'I8', 'F4', 'F8', 'J', 'C2'."),
        ],
        "Makes an item. Without format a list gives L, a string A, a boolean BOOLEAN, an integer the smallest of U1 to "
            + "U8 or I1 to I8, another number F8. Raises ValueError when the value does not fit."
    ) { (call) throws(LuaFault) in
        guard let name = call.string(2) else { return LuaSecsItem(try SecsItem(call.value(1))) }
        guard let format = SecsFormat(name: name) else {
            throw LuaFault(.valueError, "argument 'format' of SecsItem must be a format of SECS-II, got '\(name)'")
        }
        return LuaSecsItem(try SecsItem(call.value(1), as: format))
    }
    let runtime = context.runtime
    c.property("format", .string, "The format, such as 'U4'.") { $0.item.format.name }
    c.property(
        "value", .any,
        "The content as a value of Lua: a string, one number or boolean, or a list of what the item holds."
    ) { $0.item.value }
    c.property("items", .table, "The SecsItems of a list; nil for all else.") { [unowned runtime] item in
        item.item.items.map {
            InstanceList(objects: $0.map(LuaSecsItem.init), className: "SecsItem", runtime: runtime)
        }
    }
    c.property("count", .integer, "How many items, bytes, numbers or truth values it has.") { $0.item.count }
    c.method(
        "item", [.required("index", .integer(1...Int.max), "From 1.")],
        returns: "the SecsItem, or nil when it is no list or not so long", "Gives an item of a list."
    ) { [unowned runtime] (item, call) throws(LuaFault) in
        call.returning(
            item.item[(call.integer(1) ?? 1) - 1].map { runtime.instance(for: LuaSecsItem($0), class: "SecsItem") })
    }
    c.method("equals", [.required("other", .any, "A SecsItem or a value.")], returns: "a boolean", "Compares contents.")
    {
        (item, call) throws(LuaFault) in call.returning(item.item == (try SecsItem(call.value(1))))
    }
    c.method("encode", [], returns: "bytes", "Gives the bytes on the wire.") { (item, call) throws(LuaFault) in
        do throws(SecsEncodingError) {
            return call.returning(try item.item.encoded())
        } catch {
            throw LuaFault(.valueError, "SecsItem: \(error)")
        }
    }
    return c
}

/// Declares what makes items: `SecsItem.U4(…)` and its kin, `SecsItem.sml` and `SecsItem.decode`.
func declareSecsItemFunctions(_ context: BindingContext) -> [LuaFunction] {
    let make = { [unowned runtime = context.runtime] (item: SecsItem) in
        runtime.instance(for: LuaSecsItem(item), class: "SecsItem")
    }
    let formats = SecsFormat.allCases.map { format in
        LuaFunction(
            "SecsItem.\(format.name)",
            [.optional("value", .any, "One value, or a list; nil makes an item without values.")],
            returns: "a SecsItem",
            "Makes an item of the format \(format.name). Raises ValueError when the value does not fit."
        ) { (call) throws(LuaFault) in
            if call.isNil(1) { return call.returning(make(.empty(format))) }
            return call.returning(make(try SecsItem(call.value(1), as: format)))
        }
    }
    return formats + [
        LuaFunction(
            "SecsItem.sml", [.required("text", .string, "An item in SML, such as '<L <A \"START\"> <U4 1 2>>'.")],
            returns: "a SecsItem", "Reads SML. Raises ValueError with line and column."
        ) { (call) throws(LuaFault) in
            do throws(SmlError) {
                return call.returning(make(try SecsItem(sml: call.string(1) ?? "")))
            } catch {
                throw LuaFault(.valueError, "SecsItem.sml: \(error)")
            }
        },
        LuaFunction(
            "SecsItem.decode", [.required("bytes", .string, "The bytes of one item.")],
            returns: "a SecsItem, or nil when there are no bytes",
            "Reads bytes. Raises ValueError when they are no item."
        ) { (call) throws(LuaFault) in
            do throws(SecsDecodingError) {
                return call.returning(try SecsItem.decode(call.bytes(1) ?? []).map(make))
            } catch {
                throw LuaFault(.valueError, "SecsItem.decode: \(error)")
            }
        },
    ]
}
