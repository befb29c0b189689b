"""Round trips a second with the TCPInterface of SOCS. Arguments: port, bytes of a message, round trips."""
import sys
import time

from socs.tcp import TCPInterface

port, size, count = (int(argument) for argument in sys.argv[1:])
device = TCPInterface("127.0.0.1", port, 10)
message = b"x" * size


def round_trips(count):
    for _ in range(count):
        device.send(message)
        answer = device.recv(65536)
        while len(answer) < size:
            answer += device.recv(65536)


round_trips(count // 10)
started = time.perf_counter()
round_trips(count)
print(round(count / (time.perf_counter() - started)))
