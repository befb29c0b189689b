import ControlCore
public import LuaRuntime

public struct ProgramConfiguration: Sendable {
    public var limits = LuaLimits()
    public var profile = LuaProfile.standard
    public var serverAddress: String?
    public var interfaceAddresses: [String: String] = [:]
    public init() {}
}
public struct ProgramLogEntry: Sendable {
    public enum Severity: Sendable { case debug, info, warning, error }
    public var time: Int64; public var severity: Severity; public var task: String?; public var text: String;
    public var traceback: [String]
}
public protocol ProgramLogSink: AnyObject { func write(_ entry: ProgramLogEntry) }
func compilePattern(_ t: [UInt8], flags: Int) throws(LuaFault) -> any ResponsePattern {
    throw LuaFault(.valueError, "x")
}
