import Bytes

/// What becomes of the peer's messages.
extension HsmsStateMachine {
    mutating func received(_ packet: HsmsPacket) {
        guard connection == .up else { return }
        linktestFailures = 0
        let header = packet.header
        // A Reject.req is never itself rejected.
        guard header.pType == 0 || header.messageType == .rejectRequest else {
            return refuse(header, .pTypeNotSupported)
        }
        guard let type = header.messageType else {
            return refuse(header, .sTypeNotSupported)
        }
        guard type == .data || type == .rejectRequest || packet.data.readableBytes == 0 else {
            return refuse(header, .sTypeNotSupported)
        }
        if isStrict, isViolation(header, type, packet) { return fail(.violation(header)) }
        switch type {
        case .data: receivedData(packet)
        case .selectRequest: receivedSelectRequest(header)
        case .selectResponse: receivedSelectResponse(packet)
        case .deselectRequest: receivedDeselectRequest(header)
        case .deselectResponse: receivedDeselectResponse(packet)
        case .linktestRequest: send(.linktestResponse(system: header.system))
        case .linktestResponse: _ = answered(.linktestRequest, by: packet)
        case .rejectRequest: receivedReject(packet)
        case .separateRequest: receivedSeparate(header)
        }
    }

    /// Answers what has no place here.
    private mutating func refuse(_ header: HsmsHeader, _ reason: HsmsRejectReason) {
        if isStrict {
            fail(.violation(header))
        } else {
            send(.rejectRequest(of: header, reason: reason))
        }
    }

    /// What SEMI E37.1 has beyond the rules that both temperaments share. It knows a single session only.
    private func isViolation(_ header: HsmsHeader, _ type: HsmsMessageType, _ packet: HsmsPacket) -> Bool {
        if type != .data, packet.data.readableBytes > 0 { return true }
        guard isSingle else { return false }
        if type != .data, type != .rejectRequest, header.sessionID != HsmsHeader.controlSession { return true }
        guard selected.isEmpty else { return false }
        let allowed: [HsmsMessageType] =
            isActive ? [.selectResponse, .linktestRequest, .linktestResponse, .rejectRequest] : [.selectRequest]
        return !allowed.contains(type)
    }

    /// Ends the transaction that `packet` answers.
    /// - Returns: its request; `nil` when there is none, which was then answered.
    private mutating func answered(_ type: HsmsMessageType, by packet: HsmsPacket) -> HsmsHeader? {
        let header = packet.header
        guard let transaction = transactions[header.system], transaction.request.messageType == type,
            isSingle || type == .linktestRequest || transaction.request.sessionID == header.sessionID
        else {
            refuse(header, .transactionNotOpen)
            return nil
        }
        end(transaction, .reply(packet))
        return transaction.request
    }

    // MARK: Select and deselect

    private mutating func receivedSelectRequest(_ header: HsmsHeader) {
        let session = key(of: header)
        let status: HsmsSelectStatus
        if !sessions.contains(session) {
            status = .noSuchEntity
        } else if selected.contains(session) {
            status = isSingle ? .alreadyActive : .entityAlreadySelected
        } else {
            // Before the answer goes out: data that follows it at once finds the session established.
            status = .established
            select(session)
        }
        send(.selectResponse(session: header.sessionID, status: status, system: header.system))
    }

    private mutating func receivedSelectResponse(_ packet: HsmsPacket) {
        guard let request = answered(.selectRequest, by: packet), let status = packet.selectStatus else { return }
        let session = key(of: request)
        guard !selected.contains(session) else { return }
        // The answer to an earlier request may have come too late; the peer has counted it even so.
        let isKnown = status == .alreadyActive || status == .entityAlreadySelected
        if status == .established || (isKnown && selectTries[session, default: 0] > 1) {
            select(session)
        } else if isSingle {
            fail(.selectRefused(status))
        }
    }

    private mutating func receivedDeselectRequest(_ header: HsmsHeader) {
        let session = key(of: header)
        let status: HsmsDeselectStatus = selected.contains(session) ? .ended : .notEstablished
        deselect(session)
        send(.deselectResponse(session: header.sessionID, status: status, system: header.system))
    }

    private mutating func receivedDeselectResponse(_ packet: HsmsPacket) {
        guard let request = answered(.deselectRequest, by: packet), let status = packet.deselectStatus else { return }
        // Where the peer has no session there is none.
        if status == .ended || status == .notEstablished { deselect(key(of: request)) }
    }

    private mutating func receivedSeparate(_ header: HsmsHeader) {
        let session = key(of: header)
        guard selected.contains(session) else { return }
        if isSingle {
            fail(.separated)
        } else {
            deselect(session)
        }
    }

    // MARK: Reject

    private mutating func receivedReject(_ packet: HsmsPacket) {
        guard let transaction = transactions[packet.header.system], transaction.isRejected(by: packet.header),
            let reason = packet.rejectReason
        else { return }
        end(transaction, .rejected(packet))
        let session = key(of: transaction.request)
        switch transaction.request.messageType {
        case .selectRequest:
            if transaction.isAutomatic, isSingle { fail(.selectRejected(reason)) }
        case .data:
            // Some peers lose the Select.req that they have answered, and heal by another one.
            guard reason == .entityNotSelected, isActive, reselects < Self.mostReselects, selected.contains(session)
            else { return }
            reselects += 1
            deselect(session, keepingTransactions: true)
            sendSelect(session)
        default:
            // A peer that rejects a linktest is there; one that knows no Deselect goes on as before.
            return
        }
    }

    // MARK: Data

    private mutating func receivedData(_ packet: HsmsPacket) {
        let header = packet.header
        guard selected.contains(key(of: header)) else { return refuse(header, .entityNotSelected) }
        reselects = 0
        if header.function % 2 == 0 {
            receivedSecondary(packet)
        } else if configuration.role == .equipment, isSingle, header.sessionID != deviceID {
            let error = HsmsErrorMessage.unrecognizedDevice
            act(.send(error.packet(quoting: header, session: deviceID, system: allocateSystem())))
        } else {
            if header.stream == HsmsErrorMessage.stream { receivedErrorMessage(packet) }
            report(.packetReceived(packet))
        }
    }

    private mutating func receivedSecondary(_ packet: HsmsPacket) {
        let header = packet.header
        guard let transaction = transactions[header.system],
            transaction.isEnded(by: header, anySession: isSingle && !isStrict)
        else { return report(.unexpectedReply(packet)) }
        end(transaction, header.function == 0 ? .aborted(packet) : .reply(packet))
    }

    /// Ends the request that an error message concerns: the one that it quotes, or, as some peers do, the one whose
    /// system bytes it has itself.
    private mutating func receivedErrorMessage(_ packet: HsmsPacket) {
        // S9F9 and S9F13 tell of the equipment's own requests.
        guard let error = HsmsErrorMessage(rawValue: packet.header.function), error != .transactionTimeout else {
            return
        }
        let quoted = HsmsErrorMessage.quotedHeader(of: packet)
        let candidates = [quoted?.system, packet.header.system].compactMap { $0 }.compactMap { transactions[$0] }
        guard
            let transaction = candidates.first(where: { candidate in
                let request = candidate.request
                guard request.isData else { return false }
                guard let quoted else { return true }
                return quoted.stream == request.stream && quoted.function == request.function
            })
        else { return }
        end(transaction, .errorReported(packet))
    }
}
