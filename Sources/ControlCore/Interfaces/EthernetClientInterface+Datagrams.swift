import NIOCore

// What a UDP client does differently.

extension EthernetClientInterface: DatagramConnectionOwner {
    func datagrams(_ connection: DatagramConnection, didReceive bytes: ByteBuffer) {
        deliver(bytes)
    }

    func datagrams(_ connection: DatagramConnection, didReceiveAwaited bytes: ByteBuffer) {
        observer?.clientDidReceiveAwaited(self)
        traffic.sendAndWaits.receive(bytes)
    }

    func datagrams(_ connection: DatagramConnection, didFail fault: IOFault) {
        onFault?(fault)
    }

    func datagramsActivityMayHaveChanged(_ connection: DatagramConnection) {
        activityMayHaveChanged()
    }
}
