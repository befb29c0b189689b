internal import ControlCore
internal import Glibc
internal import HSMS
internal import LuaRuntime

/// The table of all bounds, as the guide shows it: made of the values that bind.
package struct LimitTable {
    private let limits = LuaLimits()

    package init() {}

    private struct Row {
        let what: String
        let limit: String
        var key = ""
        let then: String
    }

    /// The table in Markdown, its head included.
    package func markdown() -> String {
        var text = "| What | Limit | Key | Then |\n|---|---|---|---|\n"
        for row in programs + devices + servers + secsgem + files {
            let key = row.key.isEmpty ? "" : "`\(row.key)`"
            text += "| \(row.what) | \(row.limit) | \(key) | \(row.then) |\n"
        }
        return text
    }

    private var programs: [Row] {
        [
            Row(
                what: "memory of Lua, and of the host's objects of the program",
                limit: size(limits.memoryBytes),
                key: "memory",
                then: "the task that asks for more ends with an error; when nothing can be freed, the program ends"),
            Row(
                what: "a task that does not wait", limit: seconds(limits.slowTaskWarning), key: "warnAfter",
                then: "a warning names the line and the function"),
            Row(what: "", limit: seconds(limits.taskBurst), key: "endAfter", then: "the task is ended"),
            Row(
                what: "the end of a program", limit: seconds(limits.stop), key: "stop",
                then: "work that is not done by then is dropped; the exit code is kept"),
            Row(
                what: "calls within calls", limit: "\(count(LuaLimits.stackValues)) values on the stack of a task",
                then: "an error: stack overflow"),
            Row(
                what: "a pattern of `find`, `match`, `gsub`", limit: "\(count(limits.patternSteps)) steps",
                key: "patternSteps", then: "an error names the pattern"),
            Row(
                what: "the result of a function that can be larger than its arguments", limit: size(limits.stringBytes),
                key: "stringSize", then: "an error; the result is not made"),
            Row(
                what: "lists and objects of `json` within one another", limit: count(LuaLimits.jsonDepth),
                then: "a `ValueError`"),
            Row(
                what: "a pattern of `re`", limit: size(PatternTranslator.lengthLimit), then: "an error of `re.compile`"),
            Row(
                what: "events of one object that wait for its handler", limit: count(limits.queuedEvents),
                key: "queuedEvents",
                then: "connections stop reading well before; other events are dropped with a warning"),
            Row(what: "times of a Clock", limit: count(mostClockEntries), then: "an error of `Clock` and `SetTimes`"),
            Row(
                what: "the name of a file", limit: "\(count(Int(PATH_MAX) - 1)) bytes",
                then: "an error: File name too long"),
            Row(
                what: "an entry of the log", limit: size(ProgramJournal.textLimit),
                then: "it is cut, and a note says so"),
        ]
    }

    private var devices: [Row] {
        [
            Row(
                what: "bytes that wait to be sent on a connection", limit: size(ConnectionBounds.queuedBytes),
                then: "`Send` waits; if its task cannot wait, it raises an `IOError`"),
            Row(
                what: "commands of one interface that wait for their turn of `SendAndWait`",
                limit: size(ConnectionBounds.waitingBytes), then: "`SendAndWait` raises an `IOError`"),
            Row(
                what: "the response of `SendAndWait`", limit: size(DeviceTraffic.defaultResponseLimit),
                key: "stringSize",
                then: "an error; a `deliLen` above it is refused"),
            Row(
                what: "bytes that one `ReceiveData` gets", limit: size(ConnectionBounds.deliveredBytes),
                then: "the rest comes with the next"),
            Row(
                what: "bytes of a connection that are kept while its handler waits",
                limit: size(ConnectionBounds.keptBytes), then: "the device has to wait; nothing is lost"),
        ]
    }

    private var servers: [Row] {
        [
            Row(
                what: "clients of a server", limit: count(EthernetServerInterfaceEx.defaultMaxClients),
                key: "MaxClients", then: "further ones are closed at once, and the log says so"),
            Row(
                what: "bytes that wait to be sent to one client", limit: size(ClientObject.sendQueueLimit),
                then: "as on a connection"),
            Row(
                what: "bytes that wait to be sent to all clients of a server",
                limit: size(EthernetServerInterfaceEx.clientsQueueLimit),
                then: "the clients with the most waiting bytes are disconnected"),
            Row(
                what: "clients of a UDP server", limit: count(ConnectionBounds.senders),
                then: "the one that was silent longest is forgotten"),
        ]
    }

    private var secsgem: [Row] {
        [
            Row(
                what: "lists within lists of a `SecsItem`", limit: count(SecsLimits.deepest), then: "a `ValueError`"),
            Row(
                what: "items within an item", limit: count(SecsLimits.mostItems),
                then: "a `ValueError` when the item is written, compared or shown"),
            Row(
                what: "the text of a message", limit: size(SecsLimits.largestText),
                then: "a `ValueError`; the connection of a peer that sends more is closed"),
            Row(
                what: "messages of a connection that wait for their handlers",
                limit: "\(count(HsmsHeldMessages.mostMessages)), or \(size(HsmsHeldMessages.mostBytes))",
                then: "see [HSMS](hsms.md)"),
            Row(
                what: "work for one HSMS connection at a time",
                limit: "\(count(SecsBounds.messagesInATurn)) messages, or \(size(SecsBounds.bytesInATurn))",
                then: "the rest comes after everything else had its turn"),
            Row(
                what: "the spool of equipment", limit: size(SecsBounds.spooledBytes),
                then: "the same as with a full spool"),
        ]
    }

    private var files: [Row] {
        [
            Row(what: "a source text", limit: size(BoundedFile.sourceLimit), then: "an error"),
            Row(
                what: "`lectern.yaml`", limit: size(BoundedFile.configurationLimit),
                then: "the program does not start"),
            Row(
                what: "a certificate, a key, the known hosts", limit: size(BoundedFile.certificateLimit),
                then: "an error"),
            Row(
                what: "the log that `SaveProgramLog` writes",
                limit: "\(count(LogHistory.entryLimit)) entries, or \(size(LogHistory.byteLimit))",
                then: "the oldest entries are left out"),
            Row(
                what: "persistent values, all together", limit: size(PersistentValues.sizeLimit),
                then: "the log says which; what was stored before stays"),
            Row(
                what: "tables within one another of a persistent value", limit: count(StoredBounds.depth),
                then: "the same"),
            Row(what: "names of persistent values", limit: count(PersistentValues.countLimit), then: "a `ValueError`"),
            Row(
                what: "mails of one `Email` that wait", limit: count(Email.queueLimit), then: "an `IOError`"),
            Row(
                what: "receivers of a mail", limit: count(Email.recipientLimit), then: "a `ValueError`"),
            Row(what: "the text of a mail", limit: size(Email.textLimit), then: "a `ValueError`"),
        ]
    }

    // MARK: - Values

    private func size(_ bytes: Int) -> String {
        for (unit, name) in [(1 << 20, "MiB"), (1 << 10, "KiB")] where bytes >= unit && bytes.isMultiple(of: unit) {
            return "\(bytes / unit) \(name)"
        }
        return "\(count(bytes)) bytes"
    }

    private func seconds(_ duration: Duration) -> String {
        let tenths = Int(duration / .milliseconds(100))
        return tenths.isMultiple(of: 10) ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }

    /// 1,000,000
    private func count(_ number: Int) -> String {
        var digits = String(number), groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }
}
