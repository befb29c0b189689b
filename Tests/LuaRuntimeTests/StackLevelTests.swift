import CLuaShim
import Testing

@testable import LuaRuntime

@Suite("Counts of what is pushed and popped")
struct StackLevelTests {
    @Test("A text of a module that does not compile leaves nothing on the stack")
    func refusedModule() throws {
        let probe = try Probe()
        let runtime = try #require(probe.runtime)
        let height = shim_top(runtime.L)
        #expect(throws: LuaFault.self) { try runtime.addModule("broken", text: Array("= 1".utf8)) }
        #expect(shim_top(runtime.L) == height)
        #expect(!runtime.hasModule("broken"))
    }

    @Test("Right counts go on, and a host function may push more than it returns")
    func rightCounts() throws {
        let probe = try Probe()
        let runtime = try #require(probe.runtime)
        let stack = runtime.mainStack
        let level = StackLevel(stack)
        level.expect(0)
        stack.push(1)
        stack.push("two")
        level.expect(2)
        stack.pop(2)
        level.expect(0)
        StackLevel(stack).expect(.wait)
        runtime.setGlobal(
            LuaFunction("last", "") { (call) throws(LuaFault) in
                call.stack.push("left over")
                call.stack.push("taken")
                return .values(1)
            })
        try probe.run("print(last())")
        #expect(probe.printed == ["taken"])
    }

    #if DEBUG
        /// What the process says that a wrong count has ended.
        private func lastWords(_ result: ExitTest.Result?) throws -> String {
            String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        }

        private static func pushTooMuch(_ stack: LuaStack) {
            let level = StackLevel(stack)
            stack.push(1)
            stack.push(2)
            level.expect(1)
        }

        private static let wrongLine = #line - 3

        @Test("A wrong count ends a debug build's process, with function and line")
        func wrongCount() async throws {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let probe = try Probe()
                Self.pushTooMuch(probe.runtime.mainStack)
                withExtendedLifetime(probe) {}
            }
            let words = try lastWords(result)
            #expect(words.contains("LuaRuntimeTests/StackLevelTests.swift:\(Self.wrongLine)"), "\(words)")
            #expect(
                words.contains(
                    "pushTooMuch(_:) counts wrongly: the height of the Lua stack has changed by 2, not by 1"),
                "\(words)"
            )
        }

        @Test("So does a host function that returns more than it has pushed")
        func greedyFunction() async throws {
            let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let probe = try Probe()
                probe.runtime.setGlobal(
                    LuaFunction("greedy", "") { (call) throws(LuaFault) in
                        call.stack.push(1)
                        return .values(2)
                    })
                try probe.run("greedy()")
            }
            let words = try lastWords(result)
            #expect(
                words.contains("greedy counts wrongly: the height of the Lua stack has changed by 1, not by 2 or more"),
                "\(words)")
        }

        @Test("So does a function that hands over to one that it has not pushed")
        func missingFunction() async {
            await #expect(processExitsWith: .failure) {
                let probe = try Probe()
                probe.runtime.setGlobal(
                    LuaFunction("forgetful", "") { (call) throws(LuaFault) in
                        call.stack.push(1)
                        return .call(arguments: 1)
                    })
                try probe.run("forgetful()")
            }
        }

        @Test("So does a value that is two, alone and in a list")
        func twofoldValue() async throws {
            struct Twofold: LuaPushable {
                func push(onto stack: LuaStack) {
                    stack.push(1)
                    stack.push(2)
                }
            }
            let alone = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let probe = try Probe()
                probe.runtime.mainStack.push(Twofold())
                withExtendedLifetime(probe) {}
            }
            #expect(try lastWords(alone).contains("Twofold.push(onto:) counts wrongly"))
            let listed = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let probe = try Probe()
                probe.runtime.mainStack.push([Twofold()])
                withExtendedLifetime(probe) {}
            }
            #expect(try lastWords(listed).contains("Twofold.push(onto:) counts wrongly"))
        }

        @Test("So does what ends a wait with fewer values than it says, and what starts a task with more")
        func wrongTasks() async throws {
            let ended = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let probe = try Probe()
                try probe.run("pause('a')")
                probe.pauses["a"]?.first?.resume { _ in .values(1) }
            }
            #expect(try lastWords(ended).contains("what ends the wait of 'main' counts wrongly"))
            let started = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                let probe = try Probe()
                probe.runtime.start(.text("odd")) { stack in
                    stack.pushNil()
                    stack.pushNil()
                    return 0
                }
                withExtendedLifetime(probe) {}
            }
            #expect(try lastWords(started).contains("the arguments of 'odd' counts wrongly"))
        }
    #endif
}
