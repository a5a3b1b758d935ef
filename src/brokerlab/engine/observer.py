"""The observer: asks the cluster who leads what, several times a second, and remembers every change of the answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event, Lock, Thread

from brokerlab.core.broker import Admin, PartitionState
from brokerlab.core.fault import Sighting

INTERVAL_S = 0.15
_log = logging.getLogger(__name__)


class Observer:
    """Watches the partitions of `topics` in a thread of its own until `close`.

    A cluster that does not answer (its nodes are being hurt) is asked again; what was not seen is not recorded.
    `publish` is given every answer: the states and the end offsets.
    The `admin` is the observer's own, and closed with it.
    """

    def __init__(
        self,
        admin: Admin,
        topics: Sequence[str],
        publish: Callable[[Sequence[PartitionState], dict[tuple[str, int], int]], None],
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._admin, self._topics, self._publish, self._interval_s = admin, topics, publish, interval_s
        self._lock, self._over = Lock(), Event()
        self._sightings: list[Sighting] = []
        self._last: dict[tuple[str, int], int] = {}  # the number of its last sighting
        self.look()  # what the cluster looks like before anything happens
        self._thread = Thread(target=self._run, name="observer", daemon=True)
        self._thread.start()

    def sightings(self) -> tuple[Sighting, ...]:
        with self._lock:
            return tuple(self._sightings)

    def look(self) -> None:
        """Ask once, now. Raises what the admin raises."""
        states = self._admin.describe(self._topics)
        now = time.time_ns() // 1000
        with self._lock:
            for state in states:
                self._note(now, state)
        self._publish(states, self._admin.ends(self._topics))

    def _note(self, now: int, state: PartitionState) -> None:
        """An epoch that is learned of later is that of the same sighting; one that is not told is no other."""
        number = self._last.get((state.topic, state.partition), -1)
        last = self._sightings[number].state if number >= 0 else None
        if last and -1 in (last.epoch, state.epoch) and replace(last, epoch=state.epoch) == state:
            known = replace(state, epoch=max(last.epoch, state.epoch))
            self._sightings[number] = replace(self._sightings[number], state=known)
        elif last != state:
            self._last[state.topic, state.partition] = len(self._sightings)
            self._sightings.append(Sighting(now, state))

    def _run(self) -> None:
        while not self._over.wait(self._interval_s):
            try:
                self.look()
            except Exception as error:  # the broker's client has exceptions of its own; a hurt cluster is expected
                _log.debug("the cluster did not answer: %s", error)

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._admin.close()
