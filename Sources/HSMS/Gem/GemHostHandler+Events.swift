/// What a host asks of collection events, alarms, commands and the spool.
extension GemHostHandler {
    /// The answer to a remote command.
    public struct CommandReply: Hashable, Sendable {
        /// HCACK; a code of 64 and more is the equipment's own.
        public let code: UInt8
        /// The parameters that were wrong, with their CPACK.
        public let faults: [ParameterFault]
    }

    /// A parameter of a remote command that was wrong.
    public struct ParameterFault: Hashable, Sendable {
        /// The name (CPNAME).
        public let name: SecsText
        /// CPACK: 1 no such parameter, 2 illegal value, 3 illegal format.
        public let code: UInt8
    }

    // MARK: Reports

    /// Defines a report (S2F33), or deletes it when there are no variables.
    /// - Parameters:
    ///   - id: the report (RPTID).
    ///   - variables: the variables (VID) whose values it has, in order; none deletes it.
    ///   - completion: gets DRACK: 0 done, 1 no space, 2 format, 3 it exists already, 4 a variable does not exist.
    public func define(
        report id: GemID, variables: [GemID], completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        let item: SecsItem = [nextDataID(), [[id.item(idFormat), item(variables)]]]
        requestCode(2, 33, item) { [weak self] result in
            if case .success(0) = result { self?.definitions[id] = variables.isEmpty ? nil : variables }
            completion(result)
        }
    }

    /// Whether this side has defined the report.
    public func hasDefined(report id: GemID) -> Bool { definitions[id] != nil }

    /// Deletes all reports and their links (S2F33).
    /// - Parameter completion: gets DRACK.
    public func deleteReports(completion: @escaping (SecsResult<UInt8>) -> Void) {
        requestCode(2, 33, [nextDataID(), []]) { [weak self] result in
            if case .success(0) = result { self?.definitions = [:] }
            completion(result)
        }
    }

    /// Links reports to an event (S2F35), or removes its links when there are no reports.
    /// - Parameters:
    ///   - id: the event (CEID).
    ///   - reports: the reports (RPTID) that come with it, in order; none removes the links.
    ///   - completion: gets LRACK: 0 done, 1 no space, 2 format, 3 it has links already, 4 the event does not exist,
    ///     5 a report does not exist.
    public func link(
        event id: GemID, reports: [GemID], completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        requestCode(2, 35, [nextDataID(), [[id.item(idFormat), item(reports)]]], completion: completion)
    }

    /// Enables or disables events (S2F37); none are all.
    /// - Parameters:
    ///   - isEnabled: whether they are to be reported.
    ///   - events: the events (CEID); none are all.
    ///   - completion: gets ERACK: 0 done, 1 an event does not exist.
    public func enable(
        _ isEnabled: Bool, events: [GemID] = [], completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        requestCode(2, 37, [.boolean(isEnabled), item(events)], completion: completion)
    }

    /// Defines a report of these variables, links it to the event and enables the event. It stops at the first step
    /// that is not done.
    /// - Parameters:
    ///   - event: the event (CEID).
    ///   - report: an identifier for the report (RPTID) that is not in use.
    ///   - variables: the variables (VID) whose values come with the event, in order.
    ///   - completion: gets 0 when all is done, else the code of the step that failed.
    public func subscribe(
        to event: GemID, report: GemID, variables: [GemID], completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        define(report: report, variables: variables) { [weak self] result in
            guard let self, case .success(0) = result else { return completion(result) }
            link(event: event, reports: [report]) { [weak self] result in
                guard let self, case .success(0) = result else { return completion(result) }
                enable(true, events: [event], completion: completion)
            }
        }
    }

    /// Asks for the reports of an event as if it happened now (S6F15).
    public func report(of event: GemID, completion: @escaping (SecsResult<EventReport>) -> Void) {
        request(6, 15, event.item(idFormat), completion: completion) { [weak self] in self?.eventReport($0) }
    }

    /// Asks for the values of one report now (S6F19).
    public func values(of report: GemID, completion: @escaping (SecsResult<[SecsItem]>) -> Void) {
        request(6, 19, report.item(idFormat), completion: completion) { $0?.items }
    }

    // MARK: Alarms

    /// Enables or disables an alarm (S5F3); nil is all of them.
    /// - Parameters:
    ///   - isEnabled: whether it is to be reported.
    ///   - alarm: the alarm (ALID); nil is all of them.
    ///   - completion: gets ACKC5: 0 done.
    public func enable(_ isEnabled: Bool, alarm: GemID?, completion: @escaping (SecsResult<UInt8>) -> Void) {
        let id = alarm?.item(idFormat) ?? .empty(idFormat ?? .u4)
        requestCode(5, 3, [.binary(isEnabled ? 0x80 : 0), id], completion: completion)
    }

    /// Asks for alarms with their state and text (S5F5); none are all.
    public func alarms(_ ids: [GemID] = [], completion: @escaping (SecsResult<[Alarm]>) -> Void) {
        requestList(5, 5, item(ids), completion: completion) { Self.listedAlarm($0) }
    }

    /// Asks for the alarms that are enabled (S5F7).
    public func enabledAlarms(completion: @escaping (SecsResult<[Alarm]>) -> Void) {
        requestList(5, 7, completion: completion) { Self.listedAlarm($0) }
    }

    /// An alarm that does not exist has neither code nor text.
    private static func listedAlarm(_ item: SecsItem) -> Alarm? {
        if item.count == 3, item[0]?.count == 0, let id = item[1].flatMap(GemID.init) {
            return Alarm(id: id, isSet: false, category: 0, text: "")
        }
        return alarm(item)
    }

    // MARK: Commands

    /// Gives a command with parameters (S2F41).
    public func command(
        _ name: SecsText, parameters: [(name: SecsText, value: SecsItem)] = [],
        completion: @escaping (SecsResult<CommandReply>) -> Void
    ) {
        let item: SecsItem = [.ascii(name), .list(parameters.map { [.ascii($0.name), $0.value] })]
        request(2, 41, item, completion: completion) { reply in
            guard reply?.count == 2, let code = reply?[0]?.unsignedInteger.flatMap(UInt8.init(exactly:)),
                let entries = reply?[1]?.items
            else { return nil }
            let faults = entries.compactMap { entry -> ParameterFault? in
                guard let name = entry[0]?.secsText, let code = entry[1]?.unsignedInteger.flatMap(UInt8.init(exactly:))
                else {
                    return nil
                }
                return ParameterFault(name: name, code: code)
            }
            return faults.count == entries.count ? CommandReply(code: code, faults: faults) : nil
        }
    }

    /// Gives a command without parameters in the older form (S2F21).
    /// - Parameters:
    ///   - name: the command (RCMD).
    ///   - completion: gets CMDA: 0 done, 1 no such command, 2 not now.
    public func plainCommand(_ name: SecsText, completion: @escaping (SecsResult<UInt8>) -> Void) {
        requestCode(2, 21, .ascii(name), completion: completion)
    }

    // MARK: The spool

    /// Says which streams equipment spools while there is no communication (S2F43).
    /// - Parameters:
    ///   - streams: their functions; no functions are all of the stream, and no streams none at all.
    ///   - completion: gets RSPACK: 0 done, 1 some are not allowed.
    public func spool(
        streams: [UInt8: [UInt8]], completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        let entries = streams.sorted { $0.key < $1.key }.map { stream, functions in
            [.u1(stream), .list(functions.map { .u1($0) })] as SecsItem
        }
        request(2, 43, .list(entries), completion: completion) { reply in reply?[0].flatMap { try? $0.code() } }
    }

    /// Fetches what waits in the spool, or drops it (S6F23). The messages come as if they had just been sent.
    /// - Parameters:
    ///   - purge: true drops what waits.
    ///   - completion: gets RSDA: 0 done, 1 not now, 2 nothing waits.
    public func unloadSpool(purge: Bool = false, completion: @escaping (SecsResult<UInt8>) -> Void) {
        requestCode(6, 23, .u1(purge ? 1 : 0), completion: completion)
    }

    // MARK: Limits

    /// Sets limits of a variable (S2F45).
    /// - Parameters:
    ///   - variable: the status variable (VID).
    ///   - limits: by number from 1, the upper and lower bound; nil removes one. None remove all of the variable.
    ///   - completion: gets VLAACK: 0 done, 1 some are wrong.
    public func setLimits(
        of variable: GemID, _ limits: [(number: UInt8, bounds: (upper: SecsItem, lower: SecsItem)?)],
        completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        let entries = limits.map { limit -> SecsItem in
            [.binary(limit.number), limit.bounds.map { [$0.upper, $0.lower] } ?? []]
        }
        request(
            2, 45, [nextDataID(), [[variable.item(idFormat), .list(entries)]]], completion: completion
        ) { reply in reply?[0].flatMap { try? $0.code() } }
    }
}
