"""HSMS equipment with secsgem 0.1.0 that answers S1F1. Argument: the port to listen on."""
import logging
import sys
import threading

import secsgem

logging.disable(logging.CRITICAL)
handler = secsgem.SecsHandler("127.0.0.1", int(sys.argv[1]), False, 0, "host")
handler.register_stream_function(1, 1, lambda handler, packet: secsgem.SecsS01F02(["secsgem", "0.1.0"]))
handler.enable()
threading.Event().wait()
