import CPCRE2

/// A pattern compiled by PCRE2, with the memory that its searches use. Belongs to one event loop.
///
/// What keeps a search short: the engine counts the ways it tries from one start (the match limit), and its interpreter
/// bounds its memory. The count begins anew at each start, so a long subject is searched in windows of starts, between
/// which the CPU time used so far is held against a budget. And the count does not see how far a repetition of one
/// character runs, so that `a*a*[bc]` can use the square of the subject's length from one start: a *watched* program,
/// whose pattern has a callout behind each unbounded repetition, looks at the budget there too.
///
/// The budget is time of this thread, not of the clock: no program can see it, and only a search that is hopeless
/// anyway depends on it.
final class RegularExpressionProgram {
    /// Ways to try from one start, before the subject's share. A catastrophic pattern uses them up in 2 ms of machine
    /// code or 40 ms of the interpreter; a sound pattern needs a few for each byte.
    private static let matchLimitBase = 1_000_000
    private static let matchLimitPerByte = 4

    /// Memory of the interpreter, in KiB. It takes over where the machine stack of compiled code ends.
    private static let heapLimit: UInt32 = 32 * 1024

    /// A search with no more starts than this is bounded by the match limit alone.
    private static let unwatchedStarts = 512

    /// The first window has as many starts as keep a pattern that reads the whole subject from each of them within
    /// a millisecond or so; later ones grow as long as they stay within it.
    private static let firstWindowWork = 512 * 1024
    private static let windowTime: UInt64 = 1_000_000

    /// Nested parentheses; the engine's compiler is recursive.
    private static let nestingLimit: UInt32 = 250

    /// Callouts between two looks at the time.
    private static let calloutsPerLook = 64

    /// What the callout of a watched program sees.
    private struct Watch {
        var deadline: UInt64
        var calloutsLeft: Int
    }

    private let code: OpaquePointer
    private var matchData: OpaquePointer
    private let matchContext: OpaquePointer
    private let hasMachineCode: Bool
    private let isAnchored: Bool
    private let slotCount: Int
    private let watch: UnsafeMutablePointer<Watch>?

    /// Start and end of each group of the last successful search. PCRE2_UNSET reads as -1.
    private var offsets: UnsafeMutablePointer<Int>

    /// Compiles a pattern in PCRE2's own syntax.
    ///
    /// - Parameter isWatched: Whether the pattern has callouts.
    /// - Throws: `syntax` with the offset in this text, or `engine` when memory is short.
    init(pattern: [UInt8], options: UInt32, isWatched: Bool = false) throws(RegularExpressionError) {
        guard let compileContext = pcre2_compile_context_create_8(nil) else {
            throw .engine(message: "out of memory")
        }
        defer { pcre2_compile_context_free_8(compileContext) }
        pcre2_set_newline_8(compileContext, UInt32(PCRE2_NEWLINE_LF))
        pcre2_set_parens_nest_limit_8(compileContext, Self.nestingLimit)
        var errorCode: Int32 = 0
        var errorOffset = 0
        let compiled = pattern.withUnsafeBufferPointer { bytes in
            // An empty array has no address; the engine wants one even for no bytes.
            var none: UInt8 = 0
            return withUnsafePointer(to: &none) { none in
                pcre2_compile_8(
                    bytes.baseAddress ?? none, bytes.count,
                    options | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT,
                    &errorCode, &errorOffset, compileContext)
            }
        }
        guard let compiled else {
            throw .syntax(message: Self.message(of: errorCode), offset: errorOffset)
        }
        guard let data = pcre2_match_data_create_from_pattern_8(compiled, nil) else {
            pcre2_code_free_8(compiled)
            throw .engine(message: "out of memory")
        }
        guard let context = pcre2_match_context_create_8(nil) else {
            pcre2_match_data_free_8(data)
            pcre2_code_free_8(compiled)
            throw .engine(message: "out of memory")
        }
        // Where the system forbids or lacks machine code, the interpreter runs the same pattern more slowly.
        hasMachineCode = pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE) == 0
        pcre2_set_heap_limit_8(context, Self.heapLimit)
        var allOptions: UInt32 = 0
        pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_ALLOPTIONS), &allOptions)
        isAnchored = allOptions & PCRE2_ANCHORED != 0
        code = compiled
        matchData = data
        matchContext = context
        slotCount = Int(pcre2_get_ovector_count_8(data)) * 2
        offsets = Self.offsets(of: data)
        guard isWatched else {
            watch = nil
            return
        }
        let watch = UnsafeMutablePointer<Watch>.allocate(capacity: 1)
        watch.initialize(to: Watch(deadline: .max, calloutsLeft: 0))
        self.watch = watch
        pcre2_set_callout_8(
            context,
            { _, data in
                guard let watch = data?.assumingMemoryBound(to: Watch.self) else {
                    return 0
                }
                watch.pointee.calloutsLeft -= 1
                guard watch.pointee.calloutsLeft <= 0 else {
                    return 0
                }
                watch.pointee.calloutsLeft = RegularExpressionProgram.calloutsPerLook
                return ThreadTime.now() < watch.pointee.deadline ? 0 : PCRE2_ERROR_MATCHLIMIT
            }, watch)
    }

    deinit {
        watch?.deallocate()
        pcre2_match_context_free_8(matchContext)
        pcre2_match_data_free_8(matchData)
        pcre2_code_free_8(code)
    }

    /// Whether the start optimizations of PCRE2's compiled code lose matches: those of all versions before 10.43 do,
    /// for patterns with an alternative that can be empty (PCRE2Project/pcre2 #336, #347).
    static let hasFaultyStartOptimizations: Bool = {
        let version = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            buffer.initialize(repeating: 0)
            pcre2_config_8(UInt32(PCRE2_CONFIG_VERSION), buffer.baseAddress)
            return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        }
        let numbers = version.split { !$0.isNumber }.compactMap { Int($0) }
        guard let major = numbers.first, let minor = numbers.dropFirst().first else { return true }
        return (major, minor) < (10, 43) || losesMatches
    }()

    /// Whether one of the patterns of the reports is not found where it should be, whatever the version says.
    private static var losesMatches: Bool {
        let probes = [("(?:-|)\\d*-", "-"), ("(A|)[ ]*A", "A"), ("(a|b|)c*a", "a")]
        return probes.contains { pattern, subject in
            let program = try? RegularExpressionProgram(pattern: Array(pattern.utf8), options: 0)
            let isFound = try? Array(subject.utf8).withUnsafeBytes { bytes in
                try program?.search(in: bytes, from: 0, allowsEmptyAtStart: true)
            }
            return isFound != true
        }
    }

    /// The memory of the program: the pattern's code, its machine code, and the places of its groups.
    var heldBytes: Int {
        var code = 0
        var machineCode = 0
        pcre2_pattern_info_8(self.code, UInt32(PCRE2_INFO_SIZE), &code)
        pcre2_pattern_info_8(self.code, UInt32(PCRE2_INFO_JITSIZE), &machineCode)
        return code + machineCode + pcre2_get_match_data_size_8(matchData)
    }

    /// Searches from byte `start` on. On success the groups are found by ``range(ofGroup:)``. Allocates nothing.
    ///
    /// - Parameters:
    ///   - start: 0 to the subject's count. What lies before is seen by `^`, `\b` and lookbehinds.
    ///   - allowsEmptyAtStart: Whether an empty match at `start` itself counts.
    /// - Throws: `matchLimitExceeded`, or `engine` when memory is short.
    func search(
        in subject: UnsafeRawBufferPointer, from start: Int, allowsEmptyAtStart: Bool
    ) throws(RegularExpressionError) -> Bool {
        let count = subject.count
        let limit = Self.matchLimitBase + Self.matchLimitPerByte * count
        pcre2_set_match_limit_8(matchContext, UInt32(clamping: limit))
        pcre2_set_depth_limit_8(matchContext, UInt32(clamping: limit))
        let options = allowsEmptyAtStart ? 0 : PCRE2_NOTEMPTY_ATSTART
        let isOneStep = isAnchored || count - start <= Self.unwatchedStarts
        if isOneStep, watch == nil {
            pcre2_set_offset_limit_8(matchContext, Int(bitPattern: UInt.max))
            return try run(subject, from: start, options: options)
        }
        var now = ThreadTime.now()
        let deadline = now + SearchBudget.nanoseconds(forBytes: count)
        watch?.pointee = Watch(deadline: deadline, calloutsLeft: Self.calloutsPerLook)
        if isOneStep {
            pcre2_set_offset_limit_8(matchContext, Int(bitPattern: UInt.max))
            return try run(subject, from: start, options: options)
        }
        var windowStart = start
        var window = max(Self.firstWindowWork / count, 1)
        while windowStart <= count {
            pcre2_set_offset_limit_8(matchContext, min(windowStart + window - 1, count))
            // Only the caller's start may be refused an empty match, not that of a later window.
            if try run(subject, from: windowStart, options: windowStart == start ? options : 0) {
                return true
            }
            windowStart += window
            let began = now
            now = ThreadTime.now()
            guard now < deadline else {
                throw .matchLimitExceeded
            }
            window = now - began < Self.windowTime ? window * 2 : max(window / 2, 1)
        }
        return false
    }

    /// The range of a group in the last successful search, nil when it took no part. `group` must exist.
    func range(ofGroup group: Int) -> Range<Int>? {
        precondition(group >= 0 && group * 2 < slotCount)
        let start = offsets[group * 2]
        return start < 0 ? nil : start..<offsets[group * 2 + 1]
    }

    /// The ranges of all groups in the last successful search, that of the whole match first.
    var ranges: [Range<Int>?] {
        var ranges = [Range<Int>?](repeating: nil, count: slotCount / 2)
        for group in ranges.indices { ranges[group] = range(ofGroup: group) }
        return ranges
    }

    // MARK: - The engine

    private func run(
        _ subject: UnsafeRawBufferPointer, from start: Int, options: UInt32
    ) throws(RegularExpressionError) -> Bool {
        var result = match(subject, from: start, options: options, into: matchData)
        if result == PCRE2_ERROR_JIT_STACKLIMIT {
            result = interpret(subject, from: start, options: options | PCRE2_NO_JIT)
        }
        if result > 0 {
            return true
        }
        switch result {
        case PCRE2_ERROR_NOMATCH:
            return false
        case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT:
            if !hasMachineCode {
                releaseInterpreterMemory()
            }
            throw .matchLimitExceeded
        case PCRE2_ERROR_NOMEMORY:
            throw .engine(message: "out of memory")
        default:
            throw .engine(message: Self.message(of: result))
        }
    }

    private func match(
        _ subject: UnsafeRawBufferPointer, from start: Int, options: UInt32, into data: OpaquePointer
    ) -> Int32 {
        var none: UInt8 = 0
        return withUnsafePointer(to: &none) { none in
            let bytes = subject.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? none
            return pcre2_match_8(code, bytes, subject.count, start, options, data, matchContext)
        }
    }

    /// Matches with the interpreter, in match data of its own: they keep the backtracking memory, which may be
    /// megabytes.
    private func interpret(_ subject: UnsafeRawBufferPointer, from start: Int, options: UInt32) -> Int32 {
        guard let data = pcre2_match_data_create_from_pattern_8(code, nil) else {
            return PCRE2_ERROR_NOMEMORY
        }
        defer { pcre2_match_data_free_8(data) }
        let result = match(subject, from: start, options: options, into: data)
        if result > 0 {
            offsets.update(from: Self.offsets(of: data), count: slotCount)
        }
        return result
    }

    /// Replaces the match data after a search that used all the memory it may.
    private func releaseInterpreterMemory() {
        guard let data = pcre2_match_data_create_from_pattern_8(code, nil) else {
            // The old ones go on working: they are only larger than they need to be.
            return
        }
        pcre2_match_data_free_8(matchData)
        matchData = data
        offsets = Self.offsets(of: data)
    }

    private static func offsets(of data: OpaquePointer) -> UnsafeMutablePointer<Int> {
        // swift-format-ignore: NeverForceUnwrap
        pcre2_get_ovector_pointer_8(data)!  // points into the match data: never null
    }

    private static func message(of code: Int32) -> String {
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
            let length = pcre2_get_error_message_8(code, buffer.baseAddress, buffer.count)
            guard length > 0 else {
                return "error \(code) of the regular expression engine"
            }
            return String(decoding: buffer.prefix(Int(length)), as: UTF8.self)
        }
    }
}
