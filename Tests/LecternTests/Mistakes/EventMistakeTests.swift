import Testing

/// What `event` was given by mistake.
@Suite("Mistakes with event")
struct EventMistakeTests {
    private static let preparation = """
        local dev, other = EthernetClientInterface('10.0.0.9', 23), EthernetClientInterface('10.0.0.9', 24)
        """

    static let mistakes: [Mistake] = [
        Mistake(
            "event(dev, 'Connected', Later)",
            "TypeError: event needs a function as its third argument, and got nil: is it defined above this line?"),
        Mistake(
            "event(dev, 'Connected')(Later)",
            "TypeError: event needs a function as the argument of event(…)(f), and got nil: is it defined above this line?"
        ),
        Mistake(
            "event(dev, 'Connected', 'Later')",
            "TypeError: event needs a function as its third argument, got the string 'Later'"),
        Mistake(
            "event(Device, 'Connected', print)",
            "TypeError: event needs an object as its first argument, and got nil: is it defined above this line?"),
        Mistake(
            "event('Connected', dev, print)",
            "TypeError: event takes the object first and the name of the event second: event(object, 'Connected', f)"),
        Mistake(
            "event(5, 'Connected', print)",
            "TypeError: event needs an object or a list of objects as its first argument, got a number"),
        Mistake(
            "event(EthernetClientInterface, 'Connected', print)",
            "TypeError: event needs an object or a list of objects as its first argument, got a class"),
        Mistake(
            "event({dev, Device, other}, 'Connected', print)",
            "TypeError: event: element 2 of the list of objects is nil: is it defined above this line?"),
        Mistake(
            "event({Device, other}, 'Connected', print)",
            "TypeError: event: element 1 of the list of objects is nil: is it defined above this line?"),
        Mistake(
            "event({dev, 'other'}, 'Connected', print)",
            "TypeError: event: element 2 of the list of objects must be an object, got the string 'other'"),
        Mistake(
            "event({dev, Timer}, 'Connected', print)",
            "TypeError: event: element 2 of the list of objects must be an object, got a class"),
        Mistake(
            "event(dev, Name, print)",
            "TypeError: event needs the name of an event or a list of names as its second argument, got nil"),
        Mistake(
            "event(dev, {}, print)",
            "TypeError: event needs the name of an event or a list of names as its second argument, got an empty list"),
        Mistake(
            "event(dev, {'Connected', Name, 'Disconnected'}, print)",
            "TypeError: event: element 2 of the list of names is nil: is it defined above this line?"),
        Mistake(
            "event(dev, {'Connected', 5}, print)",
            "TypeError: event: element 2 of the list of names must be a string, got a number"),
        Mistake(
            "event(dev, {'Connected', 'Disconected'}, print)",
            "AttributeError: EthernetClientInterface has no event 'Disconected'; did you mean 'Disconnected'?"),
    ]

    @Test("A wrong argument of event is an error at the program's line that names it", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws { try mistake.expect(after: Self.preparation) }

    @Test("A mistake anywhere in a list of objects or of names leaves every handler as it was")
    func isWhole() throws {
        let room = try Stage().start(
            "room",
            """
            \(Self.preparation)
            print(pcall(event, {dev, 'other'}, 'Connected', print))
            print(pcall(event, dev, {'Connected', 5}, print))
            print(dev.Connected)
            """)
        #expect(room.lines.last == "nil")
    }
}
