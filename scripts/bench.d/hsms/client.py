"""An HSMS host with secsgem 0.1.0. Arguments: what to measure, port, how often; prints one number.

linktests, replies: answered Linktest.req or S1F1 a second, one after the other.
linktests-50, replies-16, replies-50: the same from so many threads.
large: seconds until an S7F6 of 16 MB is there.
connections: with one connection says "bare", makes so many more when the file "go" is there, says "connected".
gem: as connections, with a GEM host on each.
"""
import concurrent.futures
import logging
import os
import sys
import threading
import time
import traceback

import secsgem

task, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
logging.disable(logging.CRITICAL)


def connect():
    """Gives a handler whose connection is selected."""
    selected = threading.Event()
    handler = secsgem.HsmsHandler("127.0.0.1", port, True, 0, "peer")
    handler.events.hsms_selected += lambda data: selected.set()
    # 16 MB take it more than the 45 s that are usual.
    handler.connection.T3 = 600
    handler.connection.T5 = 0.5
    handler.connection.T6 = 1
    handler.enable()
    # A Select that follows the TCP connect at once can be lost in its passive side.
    for _ in range(30):
        if selected.wait(1):
            return handler
        if handler.connected:
            handler.send_select_req()
    sys.exit("not selected")


def communicate():
    """Gives a GEM host that has established communication."""
    host = secsgem.GemHostHandler("127.0.0.1", port, True, 0, "peer")
    # A quick S1F14 can be lost; then it tries again.
    host.connection.T3 = 1
    host.connection.T5 = 0.5
    host.establishCommunicationTimeout = 0.5
    host.enable()
    if not host.waitfor_communicating(60):
        sys.exit("not communicating")
    return host


def linktests(handler, repetitions):
    for _ in range(repetitions):
        assert handler.send_linktest_req() is not None


def replies(handler, repetitions):
    for _ in range(repetitions):
        assert handler.send_and_waitfor_response(secsgem.SecsS01F01()).header.function == 2


def at_once(number, measured):
    def all_measured(handler, repetitions):
        with concurrent.futures.ThreadPoolExecutor(number) as pool:
            # The results are asked for: a thread that has failed is to fail the measurement.
            list(pool.map(lambda _: measured(handler, repetitions // number), range(number)))

    return all_measured


def rate(measured):
    handler = connect()
    measured(handler, count // 10)
    started = time.perf_counter()
    measured(handler, count)
    return round(count / (time.perf_counter() - started))


def large():
    handler = connect()
    started = time.perf_counter()
    packet = handler.send_and_waitfor_response(secsgem.SecsS07F05("x"))
    seconds = time.perf_counter() - started
    assert len(packet.data) > 16_000_000
    return round(seconds, 4)


def connections(make):
    kept = [make()]
    print("bare", flush=True)
    while not os.path.exists("go"):
        time.sleep(0.05)
    kept.extend(make() for _ in range(count))
    for handler in kept:
        replies(handler, 1)
    print("connected", flush=True)
    time.sleep(60)


measurements = {
    "linktests": lambda: rate(linktests), "replies": lambda: rate(replies),
    "linktests-50": lambda: rate(at_once(50, linktests)), "replies-16": lambda: rate(at_once(16, replies)),
    "replies-50": lambda: rate(at_once(50, replies)), "large": large,
    "connections": lambda: connections(connect), "gem": lambda: connections(communicate),
}
try:
    print(measurements[task](), flush=True)
    status = 0
except Exception:
    traceback.print_exc()
    status = 1
# Its threads outlive disable().
os._exit(status)
