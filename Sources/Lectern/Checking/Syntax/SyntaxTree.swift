/// An expression's place in its tree.
struct ExpressionID: Hashable { var index: Int }

/// A local variable's place in its tree.
struct VariableID: Hashable { var index: Int }

/// A function's place in its tree; 0 is the main chunk.
struct FunctionID: Hashable { var index: Int }

/// A file's text as Lua understands it: expressions as a tree in an array, and of statements what a check wants to
/// know.
///
/// Parts come before what is made of them, so whoever looks at all of something goes over an array, however deep it
/// nests.
struct SyntaxTree {
    var expressions: [Expression] = []
    var variables: [Variable] = []
    var functions: [Function] = []
    var assignments: [Assignment] = []
    /// Each place where a name is no local variable's.
    var globals: [GlobalUse] = []
    /// What decides about a branch or a loop, and the left sides of `and` and `or`.
    var conditions: [ExpressionID] = []
    /// Whether the text names `_ENV`: then globals may be anything.
    var namesEnvironment = false

    subscript(_ id: ExpressionID) -> Expression { expressions[id.index] }
    subscript(_ id: VariableID) -> Variable { variables[id.index] }
    subscript(_ id: FunctionID) -> Function { functions[id.index] }
}

/// A value that the text spells out.
struct Expression {
    enum Kind {
        case none
        case boolean(Bool)
        case integer(Int64)
        case float(Double)
        case string([UInt8])
        case varargs
        case function(FunctionID)
        case local(VariableID)
        /// The index of a ``GlobalUse``.
        case global(Int)
        case member(of: ExpressionID, key: ExpressionID)
        case call(Call)
        case table([Field])
        case unary(Operator, ExpressionID)
        case binary(Operator, ExpressionID, ExpressionID)
        /// In parentheses: one value, however many there are.
        case single(ExpressionID)
    }

    /// A function call, `f(…)` or `object:method(…)`.
    struct Call {
        var callee: ExpressionID
        /// The method's name; the callee is the object then.
        var method: String?
        var arguments: [ExpressionID]
    }

    /// A field of a table.
    struct Field {
        /// Nil in a list.
        var key: ExpressionID?
        var value: ExpressionID
    }

    /// What connects operands; `minus` and `tilde` also stand before one.
    enum Operator: Equatable {
        case and, or, not
        case symbol(Symbol)
    }

    var kind: Kind
    /// Of a member or call: where its last name or its bracket is.
    var place: SourcePlace
    /// All of it.
    var extent: Range<Int>
    /// The function whose body it is in.
    var function: FunctionID
}

/// A local variable.
struct Variable {
    var name: String
    var place: SourcePlace
    /// Where its statement begins.
    var statementStart: Int
    /// The one that was declared last where this one is declared.
    var before: VariableID?
    /// What it is from the beginning, if that is one expression of its own.
    var value: ExpressionID?
    /// How often it is given another value.
    var assignmentCount = 0
}

/// A function's body.
struct Function {
    /// The function that it is in; nil for the main chunk.
    var parent: FunctionID?
    /// Whether a `return` of it has values.
    var returnsValues = false
}

/// A value given to what is there already, or a function with a name.
struct Assignment {
    var target: ExpressionID
    /// Nil when it is one of several that come from one expression.
    var value: ExpressionID?
}

/// A name that is no local variable's.
struct GlobalUse {
    var name: String
    var expression: ExpressionID
    /// The local variable that was declared last, of those in scope.
    var scope: VariableID?
    /// The local variable of this name that is declared further down in a block around it.
    var later: VariableID?
    /// Whether it is given a value there.
    var isTarget = false
}
