internal import LuaRuntime

extension ClassSurface {
    /// What devices of modules that `DeviceModule` makes have beside their interface. It is written in Lua, and
    /// declared here for the reference.
    static let deviceOfModule: ClassSurface = {
        let command = LuaParameter.required("command", .string, "A command of the module.")
        let qualifier = LuaParameter.optional(
            "qualifier", .table.annotated("table<string, string|number|boolean>"),
            "The qualifier, for a command that has one.")
        func method(
            _ name: String, _ parameters: [LuaParameter], _ documentation: String, returns type: LuaShape = .nothing
        )
            -> Member
        {
            Member(kind: .method, name: name, parameters: parameters, type: type, documentation: documentation)
        }
        return ClassSurface(
            name: "DeviceClass",
            documentation:
                "A device of a module that DeviceModule makes; see device-modules.md. The module's field DeviceClass is this class.",
            members: [
                Member(
                    kind: .event, name: "ErrorOccurred",
                    parameters: [
                        .optional("command", .string, "The command; nil: it concerns none."),
                        .optional(
                            "qualifier", .table.annotated("table<string, string|number|boolean>"), "Its qualifier."),
                        .required(
                            "reason",
                            .oneOf([
                                "Checksum", "DeviceError", "Failed", "Framing", "ModuleError", "Refused", "Timeout",
                                "Unmatched", "Value",
                            ]), "What kind of trouble it is."),
                        .required("text", .string, "What the log says of it."),
                    ], type: .of("string|nil", "the command or nil; then its qualifier, the reason and a text"),
                    documentation: "Something is wrong with the device or with a message from it."),
                method(
                    "Set",
                    [
                        command,
                        .optional(
                            "value", .any.annotated("string|number|boolean"),
                            "The value, one that the command allows; nil for a trigger."), qualifier,
                    ],
                    "Makes the device do something."),
                method("Update", [command, qualifier], "Asks the device for a status."),
                method(
                    "ReadStatus", [command, qualifier],
                    "Tells a status without asking the device.",
                    returns: .of("string|number|boolean|nil", "the last known value; nil when there is none")
                ),
                method(
                    "WriteStatus",
                    [command, .required("value", .any.annotated("string|number|boolean"), "The status."), qualifier],
                    "For the module itself: stores a status and calls the subscribed callbacks."),
                method(
                    "SubscribeStatus",
                    [
                        command,
                        .optional(
                            "qualifier", .table.annotated("table<string, string|number|boolean>"),
                            "The qualifier; nil: every change of the command."),
                        .required(
                            "callback",
                            .function.annotated(
                                "fun(command: string, value: string|number|boolean|nil, qualifier: table|nil)"),
                            "Called with the command, the value and the qualifier."),
                    ], "Calls a function at each change of a status."),
                method("OnConnected", [], "Says that the device is there."),
                method("OnDisconnected", [], "Says that the device is gone."),
                method(
                    "OnRestarted", [],
                    "Says that the device has restarted. Login and handshake are done again, then every status is asked for."
                ),
                method(
                    "AddMatchString",
                    [
                        .required("pattern", .any.annotated("string|Pattern"), "A pattern of re."),
                        .required(
                            "callback", .function.annotated("fun(match: Match, tag: any)"),
                            "Called with the Match and the tag."),
                        .optional("tag", .any, "Anything."),
                    ], "Calls a function for messages that fit no command."),
                method(
                    "Error", [.required("text", .any, "What is wrong.")],
                    "For the module itself: reports an error in the log, and by ErrorOccurred."),
            ])
    }()
}
