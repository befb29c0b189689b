/// Hears what becomes of tasks, for people who look for a defect. All calls come on the runtime's loop, and must not
/// enter Lua.
public protocol LuaTaskObserver: AnyObject {
    /// A task begins, or goes on after a wait.
    /// - Parameters:
    ///   - task: tells it from all others.
    ///   - name: what logs call it; to be asked for inside of this call only.
    func taskRuns(_ task: UInt64, _ name: TaskName)
    /// It waits.
    /// - Parameters:
    ///   - task: the one that was given to ``taskRuns(_:_:)``.
    ///   - place: where, as `main.lua:12`; "" when that is unknown. To be asked for inside of this call only.
    func taskWaits(_ task: UInt64, at place: () -> String)
    /// It has ended; told also of one that was ended before it began.
    /// - Parameters:
    ///   - task: the one that was given to ``taskRuns(_:_:)``, unless it never began.
    ///   - reason: what ended it before its time; `nil` when it has returned.
    func taskEnds(_ task: UInt64, _ reason: TaskFailure.Reason?)
}
