import Lectern
import Testing

/// Option tables with names that a function does not have.
@Suite("Mistakes with options")
struct OptionMistakeTests {
    private static let preparation = """
        local dev = EthernetClientInterface('10.0.0.9', 23)
        local server = EthernetServerInterfaceEx(2000)
        local module = {Interface = dev, Update = print, Commands = {
            ConnectionStatus = {}, Power = {}, Input = {Parameters = {'Output', 'Tie Type'}}, Mute = {Parameters = {}}}}
        """

    private static let handlerParameters =
        "Interface, keepAliveQuery, keepAliveQueryQualifier, DisconnectLimit, pollFrequency, connectRetryTime, "
        + "serverTimeout, ConnectedOn, Retry, connectRetryLimit"

    static let mistakes: [Mistake] = [
        Mistake(
            "dev:SendAndWait('x', 1, {deliTga = '\\r'})",
            "TypeError: SendAndWait has no parameter 'deliTga'; did you mean 'deliTag'?"),
        Mistake(
            "dev:SendAndWait('x', 1, {terminator = '\\r'})",
            "TypeError: SendAndWait has no parameter 'terminator'; it has data, timeout, deliLen, deliTag, deliRex"),
        Mistake(
            "EthernetServerInterfaceEx(2001, {Clients = 5})",
            "TypeError: EthernetServerInterfaceEx has no parameter 'Clients'; it has IPPort, Protocol, Interface, MaxClients"
        ),
        Mistake("Timer(1, {fn = print})", "TypeError: Timer has no parameter 'fn'; it has Interval, Function"),
        Mistake(
            "GetConnectionHandler(dev, print, {retries = 5})",
            "TypeError: GetConnectionHandler has no parameter 'retries'; it has \(handlerParameters)"),
        Mistake(
            "GetConnectionHandler(server, {retries = 5})",
            "TypeError: GetConnectionHandler has no parameter 'retries'; it has \(handlerParameters)"),
        Mistake(
            "GetConnectionHandler(dev, print, {disconnectLimit = 5})",
            "TypeError: GetConnectionHandler has no parameter 'disconnectLimit'; did you mean 'DisconnectLimit'?"),
        Mistake(
            "GetConnectionHandler(module, 'Input', {retries = 5})",
            "TypeError: GetConnectionHandler has no parameter 'retries', and the module's 'Input' no such qualifier; "
                + "it has Output, Tie Type"),
        Mistake(
            "GetConnectionHandler(module, 'Mute', {retries = 5})",
            "TypeError: GetConnectionHandler has no parameter 'retries', and the module's 'Mute' no such qualifier; "
                + "it takes none"),
    ]

    @Test(
        "An option of a name that the function does not have is an error with the names that it has",
        arguments: mistakes)
    func mistake(_ mistake: Mistake) throws { try mistake.expect(after: Self.preparation) }

    @Test("A table that is a value stays one: qualifiers, lists, callable objects")
    func values() throws {
        let room = try Stage().start(
            "room",
            """
            \(Self.preparation)
            local callable = setmetatable({name = 'poll'}, {__call = function() end})
            GetConnectionHandler(module, 'Input', {Output = '1', ['Tie Type'] = 'Audio'})
            GetConnectionHandler(module, 'Power', {Zone = 1})
            GetConnectionHandler(dev, callable)
            GetConnectionHandler(dev, print, {})
            Timer(1, callable)
            Clock({'12:00:00'}, {'Monday'})
            print('done')
            """)
        #expect(room.lines.last == "done", "\(room.lines)")
        #expect(room.errors.isEmpty)
    }
}
