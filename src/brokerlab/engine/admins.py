"""Several brokers asked as one: each question goes to the broker that a topic belongs to, the answers come together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brokerlab.core.broker import Admin, PartitionState


@dataclass(frozen=True)
class Admins:
    """An `Admin`. main: the scenario's broker's. elsewhere: topic -> the admin of another broker that it belongs to."""

    main: Admin
    elsewhere: Mapping[str, Admin]

    def await_ready(self, nodes: int, deadline: float) -> None:
        self.main.await_ready(nodes, deadline)

    def create(
        self, topics: Mapping[str, Mapping[str, str]], partitions: int, assignment: Sequence[int] | None
    ) -> None:
        """The assignment is of the main broker's nodes."""
        for admin, own in self._split(list(topics)):
            placed = assignment if admin is self.main else None
            admin.create({topic: topics[topic] for topic in own}, partitions, placed)

    def delete(self, topics: Sequence[str]) -> None:
        for admin, own in self._split(topics):
            admin.delete(own)

    def describe(self, topics: Sequence[str]) -> list[PartitionState]:
        return [state for admin, own in self._split(topics) for state in admin.describe(own)]

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        return {at: end for admin, own in self._split(topics) for at, end in admin.ends(own).items()}

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        """Of each of them: its nodes have settings, too."""
        return {name: told for admin in self._all() for name, told in admin.settings(self._of(admin, topics)).items()}

    def admit(self, groups: Mapping[str, str]) -> None:
        for admin, own in self._split(list(groups)):
            admin.admit({topic: groups[topic] for topic in own})

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        return {topic: told for admin, own in self._split(topics) for topic, told in admin.storage(own).items()}

    def close(self) -> None:
        for admin in self._all():
            admin.close()

    def _all(self) -> list[Admin]:
        return [self.main, *{id(admin): admin for admin in self.elsewhere.values()}.values()]

    def _split(self, topics: Sequence[str]) -> list[tuple[Admin, list[str]]]:
        """The topics of each admin that has any."""
        by_admin = [(admin, self._of(admin, topics)) for admin in self._all()]
        return [(admin, own) for admin, own in by_admin if own]

    def _of(self, admin: Admin, topics: Sequence[str]) -> list[str]:
        return [topic for topic in topics if self.elsewhere.get(topic, self.main) is admin]
