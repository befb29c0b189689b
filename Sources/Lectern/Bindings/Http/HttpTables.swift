internal import ByteText
internal import ControlCore
internal import HttpClient
internal import LuaRuntime

/// What tables of a program stand for: header fields, names and values, logins, words.
enum HttpTables {
    /// Header fields: values by name, in the order of the names, or a list of {name, value}.
    static func headers(_ value: LuaValue) throws(LuaFault) -> HttpHeaders {
        var headers = HttpHeaders()
        for field in try fields(value, of: "headers") { headers.add(field.name, field.value) }
        // Here, so that the message is of the call and not of a later one of the session.
        do throws(ParameterError) { try headers.check() } catch { throw LuaFault(error) }
        return headers
    }

    /// Names and values: values by name, in the order of the names, so that runs repeat; or a list of {name, value}. A
    /// value that is a list stands for several of the name.
    static func fields(_ value: LuaValue, of parameter: String) throws(LuaFault) -> [PercentCoding.Field] {
        switch value {
        case .none: return []
        case .list(let pairs):
            var fields: [PercentCoding.Field] = []
            for pair in pairs {
                guard case .list(let parts) = pair, parts.count == 2, let name = text(parts[0]),
                    let value = text(parts[1])
                else { throw refusal(of: parameter) }
                fields.append((name, value))
            }
            return fields
        case .fields(let entries):
            var named: [(name: [UInt8], value: LuaValue)] = []
            for entry in entries {
                guard let name = text(entry.key) else { throw refusal(of: parameter) }
                named.append((name.rawBytes, entry.value))
            }
            named.sort { $0.name.lexicographicallyPrecedes($1.name) }
            var fields: [PercentCoding.Field] = []
            for (name, value) in named {
                if case .list(let values) = value {
                    for value in values { fields.append(try field(name, value, of: parameter)) }
                } else {
                    fields.append(try field(name, value, of: parameter))
                }
            }
            return fields
        default: throw refusal(of: parameter)
        }
    }

    private static func field(
        _ name: [UInt8], _ value: LuaValue, of parameter: String
    ) throws(LuaFault) -> PercentCoding.Field {
        guard let value = text(value) else {
            throw LuaFault(
                .typeError,
                "argument '\(parameter)': the value of '\(String(rawBytes: name).showingRawBytes.prefix(80))' must be a "
                    + "string, a number or a boolean")
        }
        return (String(rawBytes: name), value)
    }

    private static func refusal(of parameter: String) -> LuaFault {
        LuaFault(
            .typeError,
            "argument '\(parameter)' must be a table of values by name, or a list of {name, value}; names and values are "
                + "strings, numbers or booleans")
    }

    private static func text(_ value: LuaValue) -> String? {
        switch value {
        case .string(let bytes): String(rawBytes: bytes)
        case .integer(let number): "\(number)"
        case .number(let number): number.isFinite ? "\(number)" : nil
        case .boolean(let flag): "\(flag)"
        default: nil
        }
    }

    /// The login that `{user, password}`, `{user =, password =, scheme =}` or `{bearer =}` stands for. No message shows
    /// what was given.
    static func login(_ value: LuaValue) throws(LuaFault) -> HttpLogin {
        let refusal = LuaFault(
            .typeError,
            "argument 'auth' must be {user, password}, with scheme = 'basic' or 'digest' if need be, or {bearer = token}"
        )
        var texts: [String: String] = [:]
        switch value {
        case .list(let words):
            guard words.count == 2, case .string(let user) = words[0], case .string(let password) = words[1] else {
                throw refusal
            }
            texts = ["user": String(rawBytes: user), "password": String(rawBytes: password)]
        case .fields(let entries):
            for entry in entries {
                guard case .string(let text) = entry.value else { throw refusal }
                switch entry.key {
                case .integer(1): texts["user"] = String(rawBytes: text)
                case .integer(2): texts["password"] = String(rawBytes: text)
                case .string(let name): texts[String(rawBytes: name)] = String(rawBytes: text)
                default: throw refusal
                }
            }
        default: throw refusal
        }
        if let token = texts["bearer"], texts.count == 1 { return .bearer(token) }
        let scheme = texts.removeValue(forKey: "scheme")
        guard let user = texts["user"], let password = texts["password"], texts.count == 2 else { throw refusal }
        let credentials = Credentials(user: user, password: password)
        switch scheme {
        case nil: return .automatic(credentials)
        case "basic": return .basic(credentials)
        case "digest": return .digest(credentials)
        default: throw refusal
        }
    }

    /// Strings by name.
    static func words(_ value: LuaValue) throws(LuaFault) -> [String: String] {
        var words: [String: String] = [:]
        switch value {
        case .list(let values) where values.isEmpty: break
        case .fields(let entries):
            for entry in entries {
                guard case .string(let name) = entry.key, case .string(let text) = entry.value else {
                    throw LuaFault(.typeError, "argument 'tls' must be a table of strings by name")
                }
                words[String(rawBytes: name)] = String(rawBytes: text)
            }
        default: throw LuaFault(.typeError, "argument 'tls' must be a table of strings by name")
        }
        return words
    }
}
