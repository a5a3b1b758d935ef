"""`python -m brokerlab.labs.local.link_proxy FILE`: the links of a lab, a TCP proxy each, in one process.

FILE is JSON: `links` ({name: [the port that is listened on, the node's own port]}), `control` (the port of orders) and
`token`. An order is one line of JSON on a connection of its own: {"token", "link", "way", "what", "amount"} (as in
`core.links`), or without `what` only asks; the answer is one line, that way's counters. Nothing heavy is imported: the
process is there in a tenth of a second, beside brokers that need seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import socket
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from brokerlab.core.links import COUNTERS, Trouble

HOST = "127.0.0.1"
PIECE = 65_536  # bytes taken at a time
AHEAD = 256  # pieces that may be on their way, of one connection and way: what a slow link holds
PORTIONS = 20  # a second, in which a limited link passes its bytes on
FLIPPED_FROM = 400  # bytes: smaller pieces are the clients' own talk (who leads what?), not messages
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST at once


@dataclass(eq=False)
class Way:
    """One way of a link: what is wrong with it now, and what it has done so far."""

    drop: int = 0
    delay: int = 0
    limit: int = 0
    flip: int = 0
    cut: int = 0
    flips: int = 0  # how often turning bits was ordered
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))

    def count(self, what: str, amount: int) -> None:
        self.counts[what] += amount


@dataclass(eq=False)
class Stream:
    """One way of one connection: taken from `reader`, given to `writer`, in order, `Way` permitting."""

    way: Way
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    holed: bool = False  # bytes of it were thrown away
    turned: tuple[int, int] = (0, 0)  # how often it had been ordered then, how many bits since

    async def run(self) -> None:
        """Returns when either end is closed."""
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(AHEAD)
        await _first_of(self._take(on_its_way), self._give(on_its_way))

    async def _take(self, on_its_way: asyncio.Queue[tuple[float, bytes]]) -> None:
        now = asyncio.get_running_loop().time
        while data := await self.reader.read(PIECE):
            if self.way.drop:
                self.holed = True
                self.way.count("dropped", len(data))
                continue
            if self.way.delay:
                self.way.count("delayed", len(data))
            await on_its_way.put((now() + self.way.delay / 1000, self._turned(data)))
        await on_its_way.put((now(), b""))

    def _turned(self, data: bytes) -> bytes:
        """`data`, with one bit in its middle turned over if that is due."""
        order, bits = self.turned
        bits = bits if order == self.way.flips else 0
        if bits >= self.way.flip or len(data) < FLIPPED_FROM:
            return data
        self.turned = self.way.flips, bits + 1
        self.way.count("flipped", 1)
        middle = len(data) // 2
        return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]

    async def _give(self, on_its_way: asyncio.Queue[tuple[float, bytes]]) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due, data = await on_its_way.get()
            await asyncio.sleep(max(0.0, due - now()))
            if not data:
                return
            while data:
                data = await self._pass_on(data)

    async def _pass_on(self, data: bytes) -> bytes:
        """Write what may be written now; returns the rest."""
        most = len(data)
        if limit := self.way.limit:
            most = max(1, min(most, limit // PORTIONS))
            self.way.count("limited", most)
            await asyncio.sleep(most / limit)
        self.writer.write(data[:most])
        await self.writer.drain()
        self.way.count("passed", most)
        return data[most:]


class Link:
    """All connections to one node."""

    def __init__(self, target: int) -> None:
        self.ways = {"up": Way(), "down": Way()}
        self._target = target
        self._open: dict[asyncio.Task[None], tuple[Stream, Stream]] = {}

    async def serve(self, port: int, host: str = HOST) -> None:
        """Take connections from now on; host "": at every address."""
        await asyncio.start_server(self._connected, host or None, port, limit=PIECE)

    def set(self, way: str, what: str, amount: int) -> None:
        if what not in get_args(Trouble):
            raise ValueError(what)
        setattr(self.ways[way], what, amount)
        self.ways[way].flips += what == "flip"
        if what == "cut" and amount:
            for streams in self._open.values():
                self._reset(*streams)
        if what == "drop" and not amount:
            for streams in self._open.values():
                if any(stream.holed for stream in streams):
                    self._reset(*streams)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, here = await asyncio.open_connection(HOST, self._target, limit=PIECE)
        except OSError:  # nobody listens there: the client is told so as well
            _abort(writer)
            return
        streams = Stream(self.ways["up"], reader, here), Stream(self.ways["down"], there, writer)
        if any(way.cut for way in self.ways.values()):
            self._reset(*streams)
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine that runs has one
        self._open[task] = streams
        try:
            await _first_of(*(stream.run() for stream in streams))
        finally:
            del self._open[task]
            for stream in streams:
                stream.writer.close()

    def _reset(self, *streams: Stream) -> None:
        self.ways["up"].count("cut", 1)
        for stream in streams:
            _abort(stream.writer)


class Control:
    """Takes orders, from whoever knows the token."""

    def __init__(self, token: str, links: Mapping[str, Link]) -> None:
        self._token, self._links = token, links

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ValueError, TypeError, KeyError, OSError):  # what is no order gets no answer
            order: dict[str, Any] = json.loads(await reader.readline())
            if hmac.compare_digest(str(order["token"]), self._token):
                link = self._links[order["link"]]
                if "what" in order:
                    link.set(order["way"], order["what"], int(order["amount"]))
                writer.write(json.dumps(link.ways[order["way"]].counts).encode() + b"\n")
                await writer.drain()
        writer.close()


async def _first_of(*works: Any) -> None:
    """Run them at once until the first ends; a connection that breaks is an end like any other."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, OSError):
            raise result


def _abort(writer: asyncio.StreamWriter) -> None:
    end: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


async def main(sheet: dict[str, Any]) -> None:
    links = {name: Link(target) for name, (_, target) in sheet["links"].items()}
    for name, (port, _) in sheet["links"].items():
        await links[name].serve(port)
    control = await asyncio.start_server(Control(sheet["token"], links).answer, HOST, sheet["control"])
    await control.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
