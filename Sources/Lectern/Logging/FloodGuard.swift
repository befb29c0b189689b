internal import ControlCore
import Polling

/// Keeps a program that floods its log from drowning the rest: passes the first entries of a second, counts the others
/// and says how many there were when the second is over.
///
/// Entries of one task and severity that begin alike count as one place. Each severity and topic has a bound of its
/// own, so what a program prints never hides a fault, nor what becomes of its connections what it prints.
final class FloodGuard {
    /// Entries of one place that pass in one second.
    static let entriesPerPlace = 20
    /// Entries of one severity that pass in one second. It contains a program that changes its text with every entry.
    static let entriesPerSeverity = 500
    /// Places that are told apart in one second; a bound on memory.
    private static let mostPlaces = 2000
    /// Places that are named when a second is over; the others are summed up, so that the report is no flood itself.
    private static let mostNamed = 5
    /// How much of a text tells its place: enough for file and line, and for a row's number.
    private static let prefixLength = 40

    private struct Place: Hashable {
        var severity: ProgramLogEntry.Severity
        var topic: ProgramLogEntry.Topic
        var task: String?
        var prefix: String
    }

    /// What has a bound of its own.
    private struct Kind: Hashable {
        var severity: ProgramLogEntry.Severity
        var topic: ProgramLogEntry.Topic
    }

    private let sink: any ProgramLogSink
    private let environment: any Environment
    private var secondEnd: Deadline
    private var passedOfPlace: [Place: Int] = [:]
    private var passedOfKind: [Kind: Int] = [:]
    /// The places that were named first among those with something left out, and the rest of what was left out.
    private var leftOut: [(place: Place, count: Int)] = []
    private var leftOutElsewhere = 0
    private var report: (any Cancellable)?

    init(_ sink: any ProgramLogSink, environment: any Environment) {
        self.sink = sink
        self.environment = environment
        secondEnd = environment.now
    }

    func write(_ entry: ProgramLogEntry) {
        // By the monotonic clock: the wall clock may be set while a program runs.
        if environment.now >= secondEnd {
            flush()
            secondEnd = environment.now + .seconds(1)
        }
        let place = Place(
            severity: entry.severity, topic: entry.topic, task: entry.task,
            prefix: String(entry.text.unicodeScalars.prefix(Self.prefixLength)))
        let ofPlace = passedOfPlace[place] ?? 0
        let kind = Kind(severity: entry.severity, topic: entry.topic)
        let ofKind = passedOfKind[kind] ?? 0
        guard ofPlace < Self.entriesPerPlace, ofKind < Self.entriesPerSeverity,
            ofPlace > 0 || passedOfPlace.count < Self.mostPlaces
        else {
            leaveOut(place)
            return
        }
        passedOfPlace[place] = ofPlace + 1
        passedOfKind[kind] = ofKind + 1
        sink.write(entry)
    }

    /// Says what was left out so far, and begins anew.
    func flush() {
        report?.cancel()
        report = nil
        for (place, count) in leftOut {
            let start = place.prefix.prefix { !$0.isNewline }
            tell("\(count) more entries within a second were left out, like '\(start)'", about: place)
        }
        if leftOutElsewhere > 0 {
            tell("\(leftOutElsewhere) more entries within a second were left out, of various texts", about: nil)
        }
        leftOut.removeAll(keepingCapacity: true)
        leftOutElsewhere = 0
        passedOfPlace.removeAll(keepingCapacity: true)
        passedOfKind.removeAll(keepingCapacity: true)
    }

    private func leaveOut(_ place: Place) {
        if let index = leftOut.firstIndex(where: { $0.place == place }) {
            leftOut[index].count += 1
        } else if leftOut.count < Self.mostNamed, passedOfPlace[place] == Self.entriesPerPlace {
            leftOut.append((place, 1))
        } else {
            leftOutElsewhere += 1
        }
        // Without it the report would wait for the program's next entry, which may be hours away.
        report = report ?? environment.schedule(at: secondEnd) { [weak self] in self?.flush() }
    }

    private func tell(_ text: String, about place: Place?) {
        sink.write(
            ProgramLogEntry(
                time: environment.wallClock, severity: .warning, task: place?.task, text: text,
                topic: place?.topic ?? .program))
    }
}
