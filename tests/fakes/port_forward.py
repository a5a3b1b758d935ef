"""The pod's end of port-forward streams: a websocket as the API server speaks it, with a program behind it."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from websocket import ABNF

Program = Callable[["PodEnd"], None]
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455


class PodEnd:
    """One accepted stream."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._file = connection, connection.makefile("rb")

    def say(self, channel: int, data: bytes) -> None:
        self.send(ABNF.OPCODE_BINARY, bytes([channel]) + data)

    def send(self, opcode: int, data: bytes) -> None:
        frame = ABNF(1, 0, 0, 0, opcode, 0, data)
        self._connection.sendall(frame.format())

    def hear(self) -> bytes:
        """What comes on the data channel next; b"" when the client is gone."""
        head = self._file.read(2)
        if len(head) < 2 or head[0] & 0xF == ABNF.OPCODE_CLOSE:
            return b""
        length = head[1] & 0x7F
        if length > 125:
            length = int.from_bytes(self._file.read(2 if length == 126 else 8), "big")
        key = self._file.read(4)
        data = ABNF.mask(key, self._file.read(length))
        return data[1:] if head[0] & 0xF == ABNF.OPCODE_BINARY else self.hear()


def accept(request: BaseHTTPRequestHandler, port: int, program: Program) -> None:
    """Answer a client's handshake, name the port on both channels, and run `program`."""
    key = request.headers["Sec-WebSocket-Key"] + MAGIC
    request.send_response(101)
    request.send_header("Upgrade", "websocket")
    request.send_header("Connection", "Upgrade")
    request.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
    request.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
    request.end_headers()
    request.close_connection = True
    end = PodEnd(request.connection)
    for channel in (0, 1):
        end.say(channel, port.to_bytes(2, "little"))
    program(end)
