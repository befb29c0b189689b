"""A server that misbehaves, each path in a way of its own. Prints its port. Knows nothing of Lectern."""

import socket
import ssl
import sys
import threading
import time

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"


def patiently(connection, pieces, pause):
    for piece in pieces:
        connection.sendall(piece)
        time.sleep(pause)


def endless(connection, head, piece):
    connection.sendall(head)
    while True:
        connection.sendall(piece)


def reset(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
    # What is not read when a socket closes makes a reset of the close.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def chunked(rest):
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest


# Each answers one request; the connection is closed afterwards unless it says True.
WAYS = {
    "closes-at-once": lambda c: None,
    "closes-in-the-head": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "closes-in-the-body": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    "closes-in-a-chunk": lambda c: c.sendall(chunked(b"10\r\nabc")),
    "closes-before-the-last-chunk": lambda c: c.sendall(chunked(b"3\r\nabc\r\n")),
    "resets-in-the-body": reset,
    "two-lengths": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    "length-and-chunks": lambda c: c.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    ),
    "negative-length": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
    "bad-chunk": lambda c: c.sendall(chunked(b"zz\r\nabc\r\n")),
    "wrong-chunk-length": lambda c: c.sendall(chunked(b"2\r\nabc\r\n0\r\n\r\n")),
    "endless-headers": lambda c: endless(c, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100),
    "header-of-a-megabyte": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n"),
    "endless-body": lambda c: endless(c, b"HTTP/1.1 200 OK\r\n\r\n", b"z" * 65536),
    "endless-chunks": lambda c: endless(c, chunked(b""), b"10\r\n0123456789abcdef\r\n" * 1000),
    "endless-announcements": lambda c: endless(c, b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "bomb": lambda c: c.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(BOMB), BOMB)
    ),
    "cut-gzip": lambda c: c.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n" + BOMB[:100]
    ),
    "redirect-loop": lambda c: c.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: /redirect-loop\r\nContent-Length: 0\r\n\r\n"
    ),
    "redirect-to-nonsense": lambda c: c.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: gopher://x/\r\nContent-Length: 0\r\n\r\n"
    ),
    "another-protocol": lambda c: c.sendall(b"220 mail.example ESMTP\r\n"),
    "zero-in-a-header": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"),
    "silence": lambda c: time.sleep(60),
    "slow-head": lambda c: patiently(c, [bytes([b]) for b in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500], 0.1),
    # Odd, and right even so.
    "byte-by-byte": lambda c: patiently(c, [bytes([b]) for b in GOOD], 0.002),
    "line-feeds-alone": lambda c: c.sendall(GOOD.replace(b"\r\n", b"\n")),
    "old-version": lambda c: c.sendall(b"HTTP/1.0 200 OK\r\n\r\ngood"),
    "no-reason": lambda c: c.sendall(GOOD.replace(b" OK", b"")),
    "announcements": lambda c: c.sendall(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 3 + GOOD),
    "keeps": lambda c: c.sendall(GOOD) or True,
    "closes-when-idle": lambda c: c.sendall(GOOD),
}


def serve(connection):
    try:
        arrived = b""
        while True:
            while b"\r\n\r\n" not in arrived:
                received = connection.recv(65536)
                if not received:
                    return
                arrived += received
            head, arrived = arrived.split(b"\r\n\r\n", 1)
            if not WAYS[head.split(b" ")[1].decode().strip("/")](connection):
                return
    except (OSError, ssl.SSLError):
        # The other side has given up, which is what most paths are for.
        pass
    finally:
        connection.close()


def listen(context):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    print("port", listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        if context:
            try:
                connection = context.wrap_socket(connection, server_side=True)
            except (OSError, ssl.SSLError):
                connection.close()
                continue
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    import gzip

    BOMB = gzip.compress(b"\0" * (64 << 20), 9)
    CONTEXT = None
    if len(sys.argv) > 1:
        CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        CONTEXT.load_cert_chain(sys.argv[1], sys.argv[2])
    listen(CONTEXT)
