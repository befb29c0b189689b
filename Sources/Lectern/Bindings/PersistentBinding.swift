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
        return call.returning(try context.persistentValues.table(call[name], default: table.reference))
    }
}
