extension BacktrackingMatcher {
    /// What follows a step.
    private enum Next {
        case goOn
        /// The context on top ends.
        case succeed, fail
    }

    /// Tries to match at `position`. On success `reached` is the end, and the marks tell the groups.
    mutating func matches(_ task: Task, at position: Int, isTop: Bool) throws(Failure) -> Bool {
        contexts.count = 0
        saved.count = 0
        repetitions.count = 0
        repetition = -1
        highestMark = -1
        lastGroup = -1
        call(.root, 0, at: position, isTop: isTop)
        while true {
            stepsLeft -= 1
            if stepsLeft < 0 { try look() }
            var next = perform(task)
            while next != .goOn {
                let ended = contexts.top.pointee.reason
                contexts.count -= 1
                if ended == .root { return next == .succeed }
                next = resume(after: ended, succeeded: next == .succeed, task)
            }
        }
    }

    // MARK: - Down

    /// Performs steps of the context on top, as long as they stay in it.
    @inline(__always)
    private mutating func perform(_ task: Task) -> Next {
        var at = contexts.top.pointee.step
        var position = contexts.top.pointee.position
        let isTop = contexts.top.pointee.isTop
        let first = at
        // Steps only go forward within a context. A long way counts as several.
        defer { stepsLeft -= (at - first) >> 4 }
        while true {
            let step = steps + at
            switch step.pointee.operation {
            case .byte:
                guard position < task.end, Int(task.bytes[position]) == step.pointee.value else { return .fail }
                position += 1
                at += 1
            case .set:
                guard position < task.end, tables[step.pointee.value * 256 + Int(task.bytes[position])] != 0 else {
                    return .fail
                }
                position += 1
                at += 1
            case .place:
                guard holds(step.pointee.value, at: position, in: task) else { return .fail }
                at += 1
            case .mark:
                mark(step.pointee.value, at: position)
                at += 1
            case .jump:
                at = step.pointee.target
            case .alternative:
                at += 1
            case .reference, .referenceIgnoringCase:
                guard let text = group(step.pointee.value) else { return .fail }
                let ignoresCase = step.pointee.operation == .referenceIgnoringCase
                guard isText(text, at: position, ignoringCase: ignoresCase, in: task) else { return .fail }
                position += text.count
                at += 1
            case .unlessGroup:
                at = group(step.pointee.value) == nil ? step.pointee.target : at + 1
            case .success:
                if isTop, cannotEnd(task, at: position) { return .fail }
                reached = position
                return .succeed
            case .runPossessive:
                let count = run(of: step.pointee.value, in: task, from: position, most: step.pointee.most)
                guard count >= step.pointee.least else { return .fail }
                position += count
                at += 1
            default:
                contexts.top.pointee.step = at
                contexts.top.pointee.position = position
                return begin(step.pointee, task)
            }
        }
    }

    /// Performs the step of the context on top, which begins another context.
    private mutating func begin(_ step: MatchStep, _ task: Task) -> Next {
        let context = contexts.top
        let at = context.pointee.step
        let position = context.pointee.position
        let isTop = context.pointee.isTop
        switch step.operation {
        case .branch:
            saveMarks()
            context.pointee.count = at + 1
            call(.branch, at + 2, at: position, isTop: isTop)
        case .runGreedy:
            let count = run(of: step.value, in: task, from: position, most: step.most)
            guard count >= step.least else { return .fail }
            context.pointee.count = count
            context.pointee.position = position + count
            saveMarks()
            return tryRun(step, task)
        case .runLazy:
            let count = step.least == 0 ? 0 : run(of: step.value, in: task, from: position, most: step.least)
            guard count >= step.least else { return .fail }
            context.pointee.count = count
            context.pointee.position = position + count
            saveMarks()
            call(.runLazy, at + 1, at: position + count, isTop: isTop)
        case .repetition:
            context.pointee.repetition = Int32(truncatingIfNeeded: repetitions.count)
            repetitions.push(Repetition(step: at, outer: repetition))
            repetition = context.pointee.repetition
            call(.repetition, step.target, at: position, isTop: isTop)
        case .untilGreedy, .untilLazy:
            return endRound(step)
        case .possessive:
            context.pointee.count = 0
            reached = position
            return repeatPossessively(step)
        case .atomic:
            call(.atomic, at + 1, at: position, isTop: false)
        case .look:
            guard position >= step.value else { return .fail }
            call(.look, at + 1, at: position - step.value, isTop: false)
        case .lookNot:
            guard position >= step.value else {
                context.pointee.step = step.target
                return .goOn
            }
            saveMarks()
            call(.lookNot, at + 1, at: position - step.value, isTop: false)
        default:
            preconditionFailure("a step that begins no context")
        }
        return .goOn
    }

    // MARK: - Up

    /// Goes on with the context on top when the one that it began has ended.
    private mutating func resume(after reason: Reason, succeeded: Bool, _ task: Task) -> Next {
        let context = contexts.top
        let step = steps[context.pointee.step]
        switch reason {
        case .root:
            return .fail
        case .branch:
            return resumeBranch(succeeded)
        case .run:
            if succeeded {
                dropMarks()
                return .succeed
            }
            restoreMarks(keeps: true)
            context.pointee.position -= 1
            context.pointee.count -= 1
            return tryRun(step, task)
        case .runLazy:
            return resumeLazyRun(succeeded, step, task)
        case .repetition:
            repetition = repetitions.base[Int(context.pointee.repetition)].outer
            repetitions.count -= 1
            return succeeded ? .succeed : .fail
        case .round, .further, .tail, .lazyRound, .lazyTail, .lazyFurther:
            return resumeRound(reason, succeeded, step)
        case .possessive:
            guard succeeded else { return .fail }
            context.pointee.count += 1
            return repeatPossessively(step)
        case .possessiveMore:
            if succeeded {
                dropMarks(always: true)
                context.pointee.count += 1
                return repeatPossessively(step)
            }
            restoreMarks(always: true, keeps: false)
            reached = context.pointee.position
            return leave(step)
        case .atomic:
            guard succeeded else { return .fail }
            return leave(step)
        case .look:
            guard succeeded else { return .fail }
            context.pointee.step = step.target
            return .goOn
        case .lookNot:
            if succeeded {
                dropMarks()
                return .fail
            }
            restoreMarks(keeps: false)
            context.pointee.step = step.target
            return .goOn
        }
    }

    private mutating func resumeBranch(_ succeeded: Bool) -> Next {
        let context = contexts.top
        if succeeded {
            dropMarks()
            return .succeed
        }
        let next = steps[context.pointee.count].target
        guard next != 0 else {
            restoreMarks(keeps: false)
            return .fail
        }
        restoreMarks(keeps: true)
        context.pointee.count = next
        call(.branch, next + 1, at: context.pointee.position, isTop: context.pointee.isTop)
        return .goOn
    }

    /// Tries what follows a run of single bytes, with as many of them as the context on top counts or less.
    private mutating func tryRun(_ step: MatchStep, _ task: Task) -> Next {
        let context = contexts.top
        let at = context.pointee.step + 1
        if steps[at].operation == .byte {
            // What follows begins with a byte: only where that stands it can match.
            let byte = steps[at].value
            var count = context.pointee.count
            var position = context.pointee.position
            while count >= step.least, position >= task.end || Int(task.bytes[position]) != byte {
                count -= 1
                position -= 1
            }
            stepsLeft -= (context.pointee.count - count) >> 4
            context.pointee.count = count
            context.pointee.position = position
        }
        guard context.pointee.count >= step.least else {
            dropMarks()
            return .fail
        }
        call(.run, at, at: context.pointee.position, isTop: context.pointee.isTop)
        return .goOn
    }

    private mutating func resumeLazyRun(_ succeeded: Bool, _ step: MatchStep, _ task: Task) -> Next {
        let context = contexts.top
        if succeeded {
            dropMarks()
            return .succeed
        }
        restoreMarks(keeps: true)
        let position = context.pointee.position
        guard context.pointee.count < step.most, position < task.end,
            tables[step.value * 256 + Int(task.bytes[position])] != 0
        else {
            dropMarks()
            return .fail
        }
        context.pointee.position += 1
        context.pointee.count += 1
        call(.runLazy, context.pointee.step + 1, at: position + 1, isTop: context.pointee.isTop)
        return .goOn
    }

    // MARK: - Rounds of a repetition

    /// Decides at the end of a round whether another follows, or what is behind the repetition.
    private mutating func endRound(_ step: MatchStep) -> Next {
        let context = contexts.top
        let position = context.pointee.position
        let isTop = context.pointee.isTop
        context.pointee.repetition = repetition
        let state = repetitions.base + Int(repetition)
        let count = state.pointee.count + 1
        context.pointee.count = count
        if count < step.least {
            state.pointee.count = count
            call(step.operation == .untilGreedy ? .round : .lazyRound, step.target + 1, at: position, isTop: isTop)
            return .goOn
        }
        if step.operation == .untilLazy {
            repetition = state.pointee.outer
            saveMarks()
            call(.lazyTail, context.pointee.step + 1, at: position, isTop: isTop)
            return .goOn
        }
        if count < step.most, position != state.pointee.lastStart {
            state.pointee.count = count
            saveMarks(always: true)
            saved.push(state.pointee.lastStart)
            state.pointee.lastStart = position
            call(.further, step.target + 1, at: position, isTop: isTop)
            return .goOn
        }
        return tryTail()
    }

    private mutating func tryTail() -> Next {
        let context = contexts.top
        repetition = repetitions.base[Int(context.pointee.repetition)].outer
        call(.tail, context.pointee.step + 1, at: context.pointee.position, isTop: context.pointee.isTop)
        return .goOn
    }

    private mutating func resumeRound(_ reason: Reason, _ succeeded: Bool, _ step: MatchStep) -> Next {
        let context = contexts.top
        let state = repetitions.base + Int(context.pointee.repetition)
        switch reason {
        case .tail:
            repetition = context.pointee.repetition
            return succeeded ? .succeed : .fail
        case .further:
            saved.count -= 1
            state.pointee.lastStart = saved.base[saved.count]
            if succeeded {
                dropMarks(always: true)
                return .succeed
            }
            restoreMarks(always: true, keeps: false)
            state.pointee.count = context.pointee.count - 1
            return tryTail()
        case .lazyTail:
            // The tail ran within the outer repetition, and so were the marks saved.
            if succeeded {
                dropMarks()
                repetition = context.pointee.repetition
                return .succeed
            }
            restoreMarks(keeps: false)
            repetition = context.pointee.repetition
            let position = context.pointee.position
            guard context.pointee.count < step.most, position != state.pointee.lastStart else { return .fail }
            state.pointee.count = context.pointee.count
            saved.push(state.pointee.lastStart)
            state.pointee.lastStart = position
            call(.lazyFurther, step.target + 1, at: position, isTop: context.pointee.isTop)
            return .goOn
        case .lazyFurther:
            saved.count -= 1
            state.pointee.lastStart = saved.base[saved.count]
            if succeeded { return .succeed }
            state.pointee.count = context.pointee.count - 1
            return .fail
        default:
            if succeeded { return .succeed }
            state.pointee.count = context.pointee.count - 1
            return .fail
        }
    }

    /// Begins the next round of a possessive repetition, or goes on behind it.
    private mutating func repeatPossessively(_ step: MatchStep) -> Next {
        let context = contexts.top
        let at = context.pointee.step + 1
        let count = context.pointee.count
        if count < step.least {
            call(.possessive, at, at: reached, isTop: false)
            return .goOn
        }
        // The first round beyond the least is always tried; then an empty one is the last.
        let isFirst = count == step.least
        guard count < step.most, isFirst || reached != context.pointee.position else { return leave(step) }
        saveMarks(always: true)
        context.pointee.position = reached
        call(.possessiveMore, at, at: reached, isTop: false)
        return .goOn
    }

    /// Goes on behind a part that is not gone back into, where it ended.
    private mutating func leave(_ step: MatchStep) -> Next {
        let context = contexts.top
        context.pointee.step = step.target
        context.pointee.position = reached
        return .goOn
    }

    // MARK: - Questions

    private func cannotEnd(_ task: Task, at position: Int) -> Bool {
        (task.mustReachEnd && position != task.end) || (task.mustAdvance && position == task.start)
    }

    private mutating func isText(_ text: Range<Int>, at position: Int, ignoringCase: Bool, in task: Task) -> Bool {
        var at = position
        // A long text that agrees for long takes its time, as the steps do.
        defer { stepsLeft -= (at - position) >> 4 }
        for index in text {
            guard at < task.end else { return false }
            let one = task.bytes[index]
            let two = task.bytes[at]
            guard one == two || (ignoringCase && one.lowercased == two.lowercased) else { return false }
            at += 1
        }
        return true
    }
}
