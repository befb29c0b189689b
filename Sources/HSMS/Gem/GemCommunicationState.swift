/// Where the establishing of communication stands; see SEMI E30's communication state model.
public enum GemCommunicationState: Sendable {
    /// Nothing is sent, and what comes in is dropped.
    case disabled
    /// There is no selected session.
    case notCommunicating
    /// S1F13 is sent, and S1F14 awaited.
    case waitCRA
    /// S1F13 failed; the next one follows after a delay.
    case waitDelay
    /// The peer is to send S1F13.
    case waitCR
    /// Communication is established.
    case communicating
}
