"""The other side of a program whose instructions are counted.

peer.py echo PORT MESSAGES   ten clients, which send so many messages of 64 bytes in all, each when the last one is back
peer.py reply PORT MESSAGES  a device that answers each line with 'Pwr1', until it is ended
"""

import asyncio
import socket
import sys
import time

CLIENTS = 10


def connect(port):
    """A connection to the program, which takes a while to start."""
    for _ in range(1200):
        try:
            return socket.create_connection(('127.0.0.1', port))
        except ConnectionRefusedError:
            time.sleep(0.05)
    sys.exit(f'nothing listens on port {port}')


def echo(port, messages):
    clients = [connect(port) for _ in range(CLIENTS)]
    message = b'x' * 64
    for _ in range(messages // CLIENTS):
        for client in clients:
            client.sendall(message)
        for client in clients:
            received = 0
            while received < len(message):
                received += len(client.recv(len(message) - received))


async def serve(port):
    async def answer(reader, writer):
        try:
            while await reader.readuntil(b'\r\n'):
                writer.write(b'Pwr1\r\n')
        except (asyncio.IncompleteReadError, ConnectionResetError):
            writer.close()

    server = await asyncio.start_server(answer, '127.0.0.1', port)
    await server.serve_forever()


kind, port, messages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if kind == 'echo':
    echo(port, messages)
else:
    asyncio.run(serve(port))
