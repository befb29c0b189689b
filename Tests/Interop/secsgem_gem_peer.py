"""A secsgem endpoint of the GEM layer that tells what happens to it, line by line.

Usage: secsgem_gem_peer.py equipment PORT              passive equipment
       secsgem_gem_peer.py host PORT converse          active host that goes through a conversation
       secsgem_gem_peer.py host PORT starts COUNT      active host that establishes communication COUNT times
       secsgem_gem_peer.py host PORT late              active host that is selected before its GEM is enabled (0.1.0)

Works with secsgem 0.1.0, and with 0.2.0 and later, whose classes are others.
"""

import os
import sys
import threading
import time
import traceback

import secsgem

try:
    import secsgem.common
    import secsgem.gem
    import secsgem.hsms
except ImportError:
    # 0.1.0 exports everything at its top.
    pass

role = sys.argv[1]
port = int(sys.argv[2])
task = sys.argv[3:]
is_old = hasattr(secsgem, "GemHostHandler")


def say(*words):
    # In one piece, as several threads tell something.
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def make(active):
    if is_old:
        # Whole seconds only: a fraction is no wait at all.
        secsgem.HsmsConnection.T5 = 1.0
        cls = secsgem.GemHostHandler if role == "host" else secsgem.GemEquipmentHandler
        return cls("127.0.0.1", port, active, 0, "peer")
    mode = secsgem.hsms.HsmsConnectMode
    settings = secsgem.hsms.HsmsSettings(
        address="127.0.0.1",
        port=port,
        connect_mode=mode.ACTIVE if active else mode.PASSIVE,
        device_type=secsgem.common.DeviceType.HOST if role == "host" else secsgem.common.DeviceType.EQUIPMENT,
        session_id=0,
        t5=1.0,
    )
    cls = secsgem.gem.GemHostHandler if role == "host" else secsgem.gem.GemEquipmentHandler
    return cls(settings)


def subscribe(peer, name, callback):
    # `events.name += callback` for a name in a variable.
    event = getattr(peer.events, name)
    event += callback
    setattr(peer.events, name, event)


def plain(value):
    # Values of secsgem's item classes as plain ones.
    return value.get() if hasattr(value, "get") and not isinstance(value, dict) else value


def identity(peer):
    # The texts of an S1F2.
    answer = peer.are_you_there()
    if answer is None:
        return None
    decode = peer.secs_decode if is_old else peer.settings.streams_functions.decode
    return list(plain(decode(answer)))


def send(peer, stream, function, value):
    # Where the reply is optional, the methods of 0.3.0 ask for none and then wait for it.
    peer.send_stream_function(peer.stream_function(stream, function)(value))
    return "sent"


def conversation(peer):
    steps = (
        ("identity", lambda: identity(peer)),
        ("online", peer.go_online),
        ("svs", lambda: plain(peer.request_svs([10]))),
        ("names", lambda: plain(peer.list_svs([10]))),
        ("ecs", lambda: plain(peer.request_ecs([30]))),
        ("set", lambda: peer.set_ec(30, 42)),
        ("ecs", lambda: plain(peer.request_ecs([30]))),
        ("subscribe", lambda: peer.subscribe_collection_event(100, [10], 1)),
        ("alarm", lambda: send(peer, 5, 3, {"ALED": 0x80, "ALID": 7})),
        ("command", lambda: plain(peer.send_remote_command("START", [["LOT", "L1"]]))),
        ("terminal", lambda: send(peer, 10, 3, {"TID": 0, "TEXT": "hello"})),
        ("offline", peer.go_offline),
    )
    for name, step in steps:
        try:
            say(name, step())
        except Exception:
            say(name, "failed", traceback.format_exc().strip().replace("\n", " | "))
    say("done")


def run_host():
    if task[0] == "starts":
        for number in range(1, int(task[1]) + 1):
            peer = make(True)
            peer.enable()
            if not peer.waitfor_communicating(60):
                say("not communicating", number)
                break
            say("start", number, identity(peer))
            if is_old:
                # Its disable() waits for ever for a connect thread that has connected and is about to end.
                peer.connection.connectionThread.join()
            peer.disable()
        say("done")
        return
    if task[0] == "late":
        # What happens on a busy machine: enable() lets go of the connection first, and enables GEM when it comes to run
        # again. GEM then misses the session's beginning, and drops S1F13 until the next session.
        peer = make(True)
        enable_gem = peer.communicationState.enable
        selected = threading.Event()
        subscribe(peer, "hsms_selected", lambda data: selected.set())

        def enable_late():
            selected.wait()
            time.sleep(0.2)
            say("selected while", peer.communicationState.current)
            enable_gem()

        peer.communicationState.enable = enable_late
        peer.enable()
        say("start", identity(peer) if peer.waitfor_communicating(60) else None)
        return
    peer = make(True)
    subscribe(peer, "alarm_received", lambda data: say("received alarm", plain(data["alid"]), plain(data["text"])))
    subscribe(
        peer,
        "collection_event_received",
        lambda data: say("received event", plain(data["ceid"]), [plain(v["value"]) for v in data["values"]]),
    )
    subscribe(peer, "terminal_received", lambda data: say("received text", plain(data["text"])))
    if is_old:
        # What `late` provokes must not happen here by chance: GEM is enabled before the connection, not behind it.
        peer.communicationState.enable()
        peer.communicationState.enable = lambda: None
    peer.enable()
    if peer.waitfor_communicating(60):
        # Let the crossing S1F14 arrive, which secsgem takes for an error otherwise.
        time.sleep(0.2)
        conversation(peer)
    else:
        say("not communicating")


if role == "host":
    threading.Thread(target=run_host, daemon=True).start()
else:
    equipment = make(False)
    subscribe(equipment, "handler_communicating", lambda data: say("communicating"))
    equipment.enable()
say("ready")
try:
    # The parent's death is the end: nobody would kill it then.
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.2)
finally:
    # secsgem's own end may wait for ever.
    os._exit(0)
