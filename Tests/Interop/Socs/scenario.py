"""Plays a scenario with the TCPInterface of SOCS. Arguments: the scenario's file, the ports of device.py."""
import contextlib
import io
import socket
import sys
import time

from socs.tcp import TCPInterface

path, port, control = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
director = socket.create_connection(("127.0.0.1", control))
replies = director.makefile("r")
interface = None


def attempt(function, *arguments, **keywords):
    """The result as text, or the error's type."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # what SOCS logs
            result = function(*arguments, **keywords)
    except ConnectionError:
        return "ConnectionError"
    return "ok" if result is None else result.decode() or "nothing"


def play(step):
    global interface
    command, _, rest = step.partition(" ")
    if command == "device":
        director.sendall(rest.encode() + b"\n")
        return replies.readline().strip()
    if command == "sleep":
        time.sleep(float(rest))
        return "ok"
    if command == "make":
        with contextlib.redirect_stdout(io.StringIO()):
            interface = TCPInterface("127.0.0.1", port, float(rest))
        return "nil" if interface.comm is None else "connected"
    if command == "connected":
        return "no" if interface.comm is None else "yes"
    if command == "send":
        return attempt(interface.send, rest.encode() + b"\n")
    if command == "flood":
        return attempt(interface.send, b"x" * int(rest))
    if command == "recv":
        return attempt(interface.recv, int(rest or 4096))
    if command == "recv_and_reset":
        return attempt(interface.recv, reset_on_error=True)
    raise ValueError(step)


for line in open(path):
    step = line.partition(" -> ")[0].strip()
    if step and not step.startswith("#"):
        print("|", step, "->", play(step), flush=True)
print("| end", flush=True)
