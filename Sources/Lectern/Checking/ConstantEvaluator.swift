internal import ByteText
internal import LuaRuntime

/// Has the library itself judge what a program writes down once and for all: its own code runs, the program's does not.
struct ConstantEvaluator {
    private let facts: ProgramFacts
    private let constants: ConstantText

    /// What only looks at its arguments when it is called, and opens nothing.
    private static let harmless: Set<String> = [
        "EthernetClientInterface", "EthernetServerInterface", "EthernetServerInterfaceEx", "Clock", "re.compile",
        "hex.decode",
    ]

    init(_ facts: ProgramFacts) {
        self.facts = facts
        constants = ConstantText(facts)
    }

    /// Why a call with arguments that never change is refused; nil when it is not, or cannot be judged.
    func refusal(ofCall id: ExpressionID, named name: String, in file: Int) -> String? {
        guard Self.harmless.contains(name), case .call(let call) = facts.expression(Site(file: file, id: id))?.kind
        else {
            return nil
        }
        var arguments: [String] = []
        for argument in call.arguments {
            guard let text = constants.text(argument, in: file) else { return nil }
            arguments.append(text)
        }
        return refusal(of: "\(name)(\(arguments.joined(separator: ", ")))")
    }

    /// The text of a value that never changes, see ``ConstantText/text(_:in:replacing:)``.
    func text(
        _ id: ExpressionID, in file: Int, replacing replace: (ExpressionID) -> String? = { _ in nil }
    ) -> String? { constants.text(id, in: file, replacing: replace) }

    /// Why the library refuses an expression: the message of a TypeError or ValueError. Whatever else happens is
    /// nothing that the expression alone decides.
    func refusal(of expression: String) -> String? {
        let runtime = facts.library.runtime
        do throws(LuaFault) {
            try runtime.load(Array("return \(expression)".utf8), path: "=check", on: runtime.mainStack)
        } catch {
            return nil
        }
        let function = runtime.takeReference()
        var refusal: String?
        runtime.start(
            .text("check"),
            onEnd: { outcome in
                guard case .failed(let failure) = outcome, failure.reason == .error, let kind = failure.kind,
                    kind == LuaFault.Kind.typeError.rawValue || kind == LuaFault.Kind.valueError.rawValue
                else { return }
                let message = failure.message
                refusal = message.firstRange(of: "\(kind): ").map { String(message[$0.upperBound...]) } ?? message
            }
        ) { stack in
            stack.push(function)
            return 0
        }
        return refusal
    }
}
