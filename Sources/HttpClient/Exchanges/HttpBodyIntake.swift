import Bytes

/// The way of a response's body from the wire to its owner, as a plain value: decompressed, in pieces, and bounded.
struct HttpBodyIntake {
    /// `nil`: it comes as it is.
    private var decoder: ContentDecoder?
    /// `nil`: no limit.
    private let limit: Int?
    private var pending = ByteBuffer()
    private var wireBytes = 0
    private var givenBytes = 0

    /// - Parameters:
    ///   - head: what the response says of its body.
    ///   - hasBody: false when none follows, whatever the head says.
    ///   - decompresses: whether this side has asked for compressed bodies.
    ///   - limit: the most bytes, decompressed; `nil`: there is none.
    /// - Throws: when the head announces too many bytes.
    init(_ head: HttpResponseHead, hasBody: Bool, decompresses: Bool, limit: Int?) throws(HttpFailure) {
        self.limit = limit
        guard hasBody else { return }
        decoder = decompresses ? ContentDecoder(head.headers["Content-Encoding"]) : nil
        if decoder == nil, let limit, let length = head.headers["Content-Length"].flatMap({ Int($0) }), length > limit {
            throw Self.tooLarge(limit)
        }
    }

    /// How many bytes of memory it keeps.
    var heldBytes: Int { pending.readableBytes + (decoder == nil ? 0 : ContentDecoder.heldBytes) }

    /// Takes bytes from the wire.
    mutating func add(_ bytes: ByteBuffer) throws(HttpFailure) {
        wireBytes += bytes.readableBytes
        // Compressed bytes may be a little more than what they stand for.
        if let limit, wireBytes > limit + HttpLimits.pieceBytes { throw Self.tooLarge(limit) }
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// Gives the next piece, at most ``HttpLimits/pieceBytes``; `nil` when there is none now.
    mutating func next() throws(HttpFailure) -> ByteBuffer? {
        var piece = ByteBuffer()
        if decoder != nil {
            try decoder?.decode(&pending, into: &piece, limit: HttpLimits.pieceBytes)
        } else {
            piece = pending.readSlice(length: min(pending.readableBytes, HttpLimits.pieceBytes)) ?? piece
        }
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        guard piece.readableBytes > 0 else { return nil }
        givenBytes += piece.readableBytes
        if let limit, givenBytes > limit { throw Self.tooLarge(limit) }
        return piece
    }

    /// No more bytes come, and all pieces were taken.
    /// - Throws: when a compressed body is not complete.
    func finish() throws(HttpFailure) { try decoder?.finish() }

    private static func tooLarge(_ limit: Int) -> HttpFailure {
        .tooLarge("the body has more than \(limit) bytes; max_body allows more")
    }
}
