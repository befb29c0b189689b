internal import ByteText
internal import CLuaShim

/// What the shim calls: finds the runtime of a state and hands the call on. What outlives its runtime finds it here,
/// too.
///
/// A separate object because the state is opened before the runtime is complete, and because a state that is being
/// closed by the runtime's `deinit` must find nobody.
final class CallbackRelay {
    /// Cleared by the runtime before it goes. Not weak: every call from Lua reads it, and counting the references to an
    /// object takes twice as long for ever once there was a weak one.
    unowned(unsafe) var runtime: LuaRuntime?

    static func table(context: UnsafeMutableRawPointer) -> shim_callbacks {
        shim_callbacks(
            context: context,
            call: { context, L, function in
                // The shim passes the context and the running thread that it was opened with: never nil.
                guard let runtime = CallbackRelay.runtime(context), let L else { return LuaResult.none.verdict }
                return runtime.call(function, L)
            },
            missing: { context, L, classID, use in
                guard let runtime = CallbackRelay.runtime(context), let L else { return LuaResult.none.verdict }
                return runtime.missingName(L, classID: classID, use: use)
            },
            release: { context, object in
                guard let object else { return }
                let instance = Unmanaged<LuaInstance>.fromOpaque(object)
                CallbackRelay.runtime(context)?.released(instance.takeUnretainedValue())
                instance.release()
            },
            print: { context, text, length in
                guard let runtime = CallbackRelay.runtime(context) else { return }
                runtime.host.luaDidPrint(CallbackRelay.text(text, length), task: runtime.runningTaskName)
            },
            warn: { context, text, length in
                guard let runtime = CallbackRelay.runtime(context) else { return }
                runtime.host.luaDidWarn(CallbackRelay.text(text, length), task: runtime.runningTaskName)
            },
            slow: { context, L, nanoseconds in
                guard let runtime = CallbackRelay.runtime(context), let L else { return }
                runtime.reportSlow(L, nanoseconds)
            }
        )
    }

    private static func runtime(_ context: UnsafeMutableRawPointer?) -> LuaRuntime? {
        guard let context else { return nil }
        return Unmanaged<CallbackRelay>.fromOpaque(context).takeUnretainedValue().runtime
    }

    private static func text(_ bytes: UnsafePointer<CChar>?, _ length: Int) -> String {
        String(rawBytes: UnsafeRawBufferPointer(start: bytes, count: length))
    }
}
