"""A loopback instrument in any state that a scenario asks for.

Prints the port of the instrument and that of its control connection. A control line sets the state or does something at
once, and is answered with 'ok' or, for 'count', with how many lines were received since the last 'listen'.
"""
import socket
import struct
import threading
import time

clients, lock = [], threading.Lock()
listener, mode, received = None, "answer", 0


def listen(port):
    new = socket.socket()
    new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    new.bind(("127.0.0.1", port))
    new.listen(16)
    return new


def accept(server):
    while True:
        try:
            client, _ = server.accept()
        except OSError:  # closed by 'stop'
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with lock:
            clients.append(client)
        threading.Thread(target=serve, args=(client,), daemon=True).start()


def serve(client):
    global received
    pending = b""
    while True:
        while mode == "deaf":
            time.sleep(0.01)
        try:
            data = client.recv(4096)
        except OSError:
            return
        if not data:
            drop(client)
            return
        pending += data
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            received += 1
            if not answer(client, line.upper()):
                return


def answer(client, text):
    """Answers as the present mode says; False when the client was dropped."""
    if mode == "bytes":
        for byte in text:
            client.sendall(bytes([byte]))
            time.sleep(0.1)
    elif mode == "slow":
        time.sleep(0.8)
        try:
            client.sendall(text)
        except OSError:
            return False  # it did not wait so long
    elif mode == "answer and close":
        client.sendall(text)
        drop(client)
        return False
    elif mode == "close":
        drop(client)
        return False
    elif mode == "half and reset":
        client.sendall(text[: len(text) // 2])
        time.sleep(0.2)
        drop(client, reset=True)
        return False
    elif mode == "answer":
        client.sendall(text)
    return True  # "silent"


def drop(client, reset=False):
    with lock:
        if client in clients:
            clients.remove(client)
    if reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    try:
        client.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
    except OSError:
        pass  # it was closed by the other side
    client.close()


def start():
    global listener, received
    listener, received = listen(port), 0
    threading.Thread(target=accept, args=(listener,), daemon=True).start()


def stop():
    global listener
    if listener is not None:
        try:
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
        except OSError:
            pass
        listener.close()
        listener = None
    for client in list(clients):
        drop(client)


def fill():
    """Listens with a full queue: what else connects is not answered."""
    global listener
    stop()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        fillers.append(filler)
    time.sleep(0.1)


fillers = []
probe = listen(0)
port = probe.getsockname()[1]
probe.close()
control = listen(0)
print(port, control.getsockname()[1], flush=True)
start()

while True:
    director, _ = control.accept()
    for line in director.makefile("r"):
        command, result = line.strip(), "ok"
        if command == "listen":
            stop()
            for filler in fillers:
                filler.close()
            fillers.clear()
            mode = "answer"
            start()
        elif command == "stop":
            stop()
        elif command == "vanish":
            fill()
        elif command == "count":
            result = str(received)
        elif command.startswith("say "):
            for client in list(clients):
                client.sendall(command[4:].encode())
        else:
            mode = command
        director.sendall(result.encode() + b"\n")
