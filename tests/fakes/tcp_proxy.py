"""A TCP proxy on 127.0.0.1 that a test can shut in mid-sentence, or make silent: an API server that goes away."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """port: where it listens. target: where it leads; None: it accepts, and never says a word."""

    port: int
    target: tuple[str, int] | None
    listener: socket.socket
    accepted: threading.Event = field(default_factory=threading.Event)
    open: list[socket.socket] = field(default_factory=list)

    def shut(self) -> None:
        """From now on connections are refused, and those that are open are cut."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for each in list(self.open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                here, _ = self.listener.accept()
                self.accepted.set()
                self.open.append(here)
                if self.target is not None:
                    there = socket.create_connection(self.target)
                    self.open.append(there)
                    for pair in ((here, there), (there, here)):
                        threading.Thread(target=_carry, args=pair, daemon=True).start()


@contextlib.contextmanager
def proxying(target: tuple[str, int] | None) -> Iterator[Proxy]:
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(listener.getsockname()[1], target, listener)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shut()
        thread.join()
        for each in proxy.open:
            each.close()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
