"""What holds for every test."""

from __future__ import annotations

import signal

# A shell lets what it runs in the background (`make test &`, nohup) ignore these, and children would inherit that: a
# test of Ctrl-C would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
