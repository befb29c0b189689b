/// The protocol of an Ethernet interface. Raw values are the words that programs use.
public enum NetworkProtocol: String, Equatable, Sendable, CaseIterable {
    /// A TCP stream.
    case tcp = "TCP"
    /// UDP datagrams.
    case udp = "UDP"
    /// An interactive SSH channel.
    case ssh = "SSH"
}
