"""A secsgem endpoint of the HSMS layer that tells what happens to it, line by line.

Usage: secsgem_peer.py active|passive PORT [converse]

With `converse` it goes through a conversation when it is selected for the first time. Works with secsgem 0.1.0, and with
0.2.0 and later, whose classes are others.
"""

import os
import sys
import threading
import time

import secsgem

active = sys.argv[1] == "active"
port = int(sys.argv[2])
converses = "converse" in sys.argv[3:]


def say(*words):
    print(*words, flush=True)


if hasattr(secsgem, "HsmsHandler"):
    secsgem.HsmsConnection.T5 = 1.0
    peer = secsgem.HsmsHandler("127.0.0.1", port, active, 0, "peer")
    selected_event, prefix = "hsms_selected", "hsms_"

    def status(packet):
        return packet.header.function
else:
    import secsgem.common
    import secsgem.hsms

    mode = secsgem.hsms.HsmsConnectMode
    peer = secsgem.hsms.HsmsProtocol(
        secsgem.hsms.HsmsSettings(
            address="127.0.0.1",
            port=port,
            connect_mode=mode.ACTIVE if active else mode.PASSIVE,
            device_type=secsgem.common.DeviceType.HOST if active else secsgem.common.DeviceType.EQUIPMENT,
            session_id=0,
            t5=1.0,
        )
    )
    selected_event, prefix = "communicating", ""

    def status(packet):
        return packet.header.function


def conversation():
    # The event comes before secsgem has handled the answer to its own Select.req.
    time.sleep(0.2)
    for step, request in (
        ("linktest", peer.send_linktest_req),
        ("deselect", peer.send_deselect_req),
        ("linktest", peer.send_linktest_req),
        ("select", peer.send_select_req),
        ("linktest", peer.send_linktest_req),
    ):
        answer = request()
        say(step, "unanswered" if answer is None else status(answer))
    peer.send_separate_req()
    say("separate sent")


def on_selected(data):
    global converses
    say("selected")
    if converses:
        converses = False
        threading.Thread(target=conversation, daemon=True).start()


def subscribe(name, callback):
    # `events.name += callback` for a name in a variable.
    event = getattr(peer.events, name)
    event += callback
    setattr(peer.events, name, event)


subscribe(selected_event, on_selected)
subscribe(prefix + "connected", lambda data: say("connected"))
subscribe(prefix + "disconnected", lambda data: say("disconnected"))
peer.enable()
say("ready")
try:
    # The parent's death is the end: nobody would kill it then.
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.2)
finally:
    # secsgem's own end may wait for ever.
    os._exit(0)
