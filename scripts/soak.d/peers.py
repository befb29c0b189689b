#!/usr/bin/env python3
"""Peers of the soak, on 127.0.0.1: devices that come and go, answer, garble, fall silent; clients that do not read.

Prints a line 'NAME PORT' for each port, then 'ready', and runs until its standard input ends. Arguments: the ports of the
program's servers, as NAME=PORT, for the clients."""

import os
import random
import selectors
import socket
import struct
import sys
import threading
import time

random.seed(13)
stop = threading.Event()


def listen(port=0):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(('127.0.0.1', port))
    server.listen(64)
    return server


class Device(threading.Thread):
    """A device of one loop: `respond(state, data)` gives bytes, b'' or None, which hangs up."""

    def __init__(self, name, respond, greet=lambda state: b'', flaps=None):
        super().__init__(daemon=True, name=name)
        self.respond, self.greet, self.flaps = respond, greet, flaps
        self.server = listen()
        self.port = self.server.getsockname()[1]
        print(name, self.port, flush=True)

    def run(self):
        selector = selectors.DefaultSelector()
        clients = {}

        def drop(client):
            selector.unregister(client)
            clients.pop(client, None)
            client.close()

        selector.register(self.server, selectors.EVENT_READ)
        changes = time.monotonic() + (self.flaps or 1e9)
        while not stop.is_set():
            for key, _ in selector.select(0.2):
                sock = key.fileobj
                if sock is self.server:
                    client, _ = sock.accept()
                    client.setblocking(False)
                    clients[client] = {'n': 0}
                    selector.register(client, selectors.EVENT_READ)
                    self.say(client, self.greet(clients[client]), drop)
                    continue
                try:
                    data = sock.recv(65536)
                except BlockingIOError:
                    continue
                except OSError:
                    data = b''
                if not data:
                    drop(sock)
                    continue
                state = clients[sock]
                state['n'] += 1
                self.say(sock, self.respond(state, data), drop)
            if time.monotonic() > changes:
                # Gone with all its connections, and back after a while.
                changes = time.monotonic() + self.flaps
                for client in list(clients):
                    drop(client)
                selector.unregister(self.server)
                self.server.close()
                stop.wait(random.uniform(0.2, self.flaps))
                self.server = listen(self.port)
                selector.register(self.server, selectors.EVENT_READ)

    @staticmethod
    def say(client, data, drop):
        if data is None:
            drop(client)
        elif data:
            try:
                client.send(data)
            except OSError:
                drop(client)


def answers(state, data):
    return b'Pwr1\r\n' * max(1, data.count(b'\r'))


def garbles(state, data):
    kind = random.randrange(8)
    if kind == 0:
        return None
    if kind < 4:
        return os.urandom(random.randrange(1, 4000))
    return answers(state, data)


def silent(state, data):
    return b''


def refuses_login(state, data):
    return b'login: ' if state['n'] > 1 else b'Password: '


def hsms(state, data):
    """Selects, answers linktests and questions, and now and then nonsense or an end."""
    state['rest'] = state.get('rest', b'') + data
    out = b''
    while len(state['rest']) >= 14:
        (length,) = struct.unpack('>I', state['rest'][:4])
        if len(state['rest']) < 4 + length:
            break
        header = state['rest'][4:14]
        state['rest'] = state['rest'][4 + length:]
        kind = header[5]
        if kind in (1, 3, 5):
            out += struct.pack('>I', 10) + header[:5] + bytes([kind + 1]) + header[6:]
        elif kind == 0 and header[2] & 0x80:
            out += struct.pack('>I', 10) + header[:2] + bytes([header[2] & 0x7F, (header[3] + 1) & 0xFF]) + header[4:]
    if random.randrange(40) == 0:
        return None
    if random.randrange(30) == 0:
        out += struct.pack('>I', 200) + os.urandom(60)
    return out


def slow_reader(port):
    """Connects to a server that sends all the time, reads a little, seldom, and leaves."""
    while not stop.is_set():
        try:
            with socket.create_connection(('127.0.0.1', port), 2) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                for _ in range(random.randrange(1, 30)):
                    if stop.wait(0.5):
                        return
                    sock.send(b'hello\r')
                    if random.randrange(3) == 0:
                        sock.settimeout(0.1)
                        try:
                            sock.recv(512)
                        except socket.timeout:
                            pass
        except OSError:
            stop.wait(1)


def visitors(port):
    """Many short connections, one after the other."""
    while not stop.is_set():
        try:
            with socket.create_connection(('127.0.0.1', port), 2) as sock:
                sock.send(b'hello\r' * random.randrange(1, 50))
                sock.settimeout(0.3)
                sock.recv(4096)
        except OSError:
            pass
        stop.wait(0.05)


def datagrams(port):
    """Senders from many ports."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
    while not stop.is_set():
        for sock in sockets:
            try:
                sock.sendto(os.urandom(random.randrange(0, 1200)), ('127.0.0.1', port))
            except OSError:
                pass
        stop.wait(0.05)


def main():
    for device in (
        Device('answers', answers),
        Device('flaps', answers, flaps=4),
        Device('garbles', garbles, greet=lambda state: os.urandom(random.randrange(2000)), flaps=20),
        Device('silent', silent),
        Device('login', refuses_login, greet=lambda state: b'login: '),
        Device('hsms', hsms, flaps=15),
    ):
        device.start()
    closed = listen()
    print('closed', closed.getsockname()[1], flush=True)
    closed.close()
    print('ready', 0, flush=True)
    for line in sys.stdin:
        name, port = line.split()
        targets = {'stream': [slow_reader] * 6 + [visitors], 'datagram': [datagrams], 'handled': [visitors, slow_reader]}
        for target in targets.get(name, []):
            threading.Thread(target=target, args=(int(port),), daemon=True).start()
    stop.set()


main()
