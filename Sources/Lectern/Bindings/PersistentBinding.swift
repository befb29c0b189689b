internal import LuaRuntime

/// Declares `persistent`.
func declarePersistent(_ context: BindingContext) -> LuaFunction {
    var parameters = ParameterList()
    let name = parameters.required("name", .string, "The name under which the table is stored.")
    let fallback = parameters.optional(
        "default", .table, absence: "{}", "The table when nothing is stored under that name yet.")
    return LuaFunction(
        "persistent", parameters, returns: .of("table", "the same one at each call with that name"),
        "Gives a table that survives restarts. Changes of it are stored within about a second."
    ) { (call) throws(LuaFault) in
        let table = call.argument(for: fallback)
        guard table.instance == nil else {
            throw LuaFault(.typeError, "argument 'default' of persistent must be a table, got a \(table.typeName)")
        }
        let values = context.persistentValues
        let wasOpen = values.isOpen
        let found = try values.table(call[name], default: table.reference)
        // The disk may have been slow. Once only: else a loop of such calls would never be ended.
        if !wasOpen { call.forgiveTime() }
        return call.returning(found)
    }
}
