public import Polling

/// What a host asks of variables, constants and the control state.
extension GemHostHandler {
    /// What equipment says of a status variable.
    public struct VariableName: Hashable, Sendable {
        /// The identifier (SVID).
        public let id: GemID
        /// The name; empty when the equipment has no such variable.
        public let name: SecsText
        /// The units of measure.
        public let units: SecsText
    }

    /// What equipment says of a constant.
    public struct ConstantName: Hashable, Sendable {
        /// The identifier (ECID).
        public let id: GemID
        /// The name; empty when the equipment has no such constant.
        public let name: SecsText
        /// The least value, as the equipment writes it; empty for none.
        public let minimum: SecsItem
        /// The greatest value; empty for none.
        public let maximum: SecsItem
        /// The value at the start.
        public let initial: SecsItem
        /// The units of measure.
        public let units: SecsText
    }

    /// Asks equipment to go on-line (S1F17).
    /// - Parameter completion: gets ONLACK: 0 done, 1 not allowed, 2 it is on-line already.
    public func goOnline(completion: @escaping (SecsResult<UInt8>) -> Void) {
        requestCode(1, 17, completion: completion)
    }

    /// Asks equipment to go off-line (S1F15).
    /// - Parameter completion: gets OFLACK: 0 done.
    public func goOffline(completion: @escaping (SecsResult<UInt8>) -> Void) {
        requestCode(1, 15, completion: completion)
    }

    /// Asks for the values of status variables (S1F3).
    /// - Parameters:
    ///   - ids: none are all.
    ///   - completion: gets a value for each; an empty list for one that does not exist.
    public func statusVariables(_ ids: [GemID] = [], completion: @escaping (SecsResult<[SecsItem]>) -> Void) {
        request(1, 3, item(ids), completion: completion) { reply in
            reply?.items.flatMap { ids.isEmpty || $0.count == ids.count ? $0 : nil }
        }
    }

    /// Asks for the names of status variables (S1F11); none are all.
    public func statusVariableNames(
        _ ids: [GemID] = [], completion: @escaping (SecsResult<[VariableName]>) -> Void
    ) {
        requestList(1, 11, item(ids), completion: completion) { entry in
            guard entry.count == 3, let id = entry[0].flatMap(GemID.init), let name = entry[1]?.secsText,
                let units = entry[2]?.secsText
            else { return nil }
            return VariableName(id: id, name: name, units: units)
        }
    }

    /// Asks for the values of constants (S2F13).
    /// - Parameters:
    ///   - ids: none are all.
    ///   - completion: gets a value for each; an empty list for one that does not exist.
    public func constants(_ ids: [GemID] = [], completion: @escaping (SecsResult<[SecsItem]>) -> Void) {
        request(2, 13, item(ids), completion: completion) { reply in
            reply?.items.flatMap { ids.isEmpty || $0.count == ids.count ? $0 : nil }
        }
    }

    /// Changes constants (S2F15): all, or none of them.
    /// - Parameters:
    ///   - values: constants (ECID) with their new values.
    ///   - completion: gets EAC: 0 done, 1 one does not exist, 2 not now, 3 a value is out of range.
    public func setConstants(
        _ values: [(id: GemID, value: SecsItem)], completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        requestCode(2, 15, .list(values.map { [$0.id.item(idFormat), $0.value] }), completion: completion)
    }

    /// Asks for the names and bounds of constants (S2F29); none are all.
    public func constantNames(_ ids: [GemID] = [], completion: @escaping (SecsResult<[ConstantName]>) -> Void) {
        requestList(2, 29, item(ids), completion: completion) { entry in
            guard let fields = entry.items, fields.count == 6, let id = GemID(fields[0]), let name = fields[1].secsText,
                let units = fields[5].secsText
            else { return nil }
            return ConstantName(
                id: id, name: name, minimum: fields[2], maximum: fields[3], initial: fields[4], units: units)
        }
    }

    /// Lets equipment sample status variables (S2F23); ``GemHostHandler/onTrace`` gets the samples.
    /// - Parameters:
    ///   - id: the trace (TRID).
    ///   - period: 10 ms to 99 hours, in steps of 10 ms.
    ///   - total: how many samples there are to be; 0 ends the trace.
    ///   - groupSize: how many samples come in one message, at least 1.
    ///   - variables: the status variables (SVID) whose values a sample has, in order.
    ///   - completion: gets TIAACK: 0 done, 1 too many variables, 2 too many traces, 3 period, 4 unknown variable,
    ///     5 group size.
    public func trace(
        _ id: GemID, period: TimeAmount, total: UInt64, groupSize: UInt64 = 1, variables: [GemID],
        completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        let item: SecsItem = [
            id.item(idFormat), .ascii(Self.period(period)), .unsigned(total), .unsigned(groupSize), item(variables),
        ]
        requestCode(2, 23, item, completion: completion)
    }

    /// DSPER: with hundredths only where there are any, as not all equipment knows them.
    private static func period(_ period: TimeAmount) -> String {
        let hundredths = period.nanoseconds / 10_000_000
        let seconds = hundredths / 100
        let parts =
            [seconds / 3_600, seconds / 60 % 60, seconds % 60] + (hundredths % 100 > 0 ? [hundredths % 100] : [])
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined()
    }

    /// Sends a primary message whose reply is a list, each entry of which `read` understands or returns nil.
    func requestList<Entry>(
        _ stream: UInt8, _ function: UInt8, _ item: SecsItem? = nil,
        completion: @escaping (SecsResult<[Entry]>) -> Void, read: @escaping (SecsItem) -> Entry?
    ) {
        request(stream, function, item, completion: completion) { reply in
            guard let items = reply?.items else { return nil }
            let entries = items.compactMap(read)
            return entries.count == items.count ? entries : nil
        }
    }
}
