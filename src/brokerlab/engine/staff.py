"""Who works in a run: the settings that its agents share, and each agent's spec. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from brokerlab.core.agent import AgentSpec
from brokerlab.core.load import Load
from brokerlab.core.scenario import SECOND, Variant

SUBSCRIBER = "subscriber"  # the role of a second group's consumers: see `scenario.Join`


@dataclass(frozen=True)
class Setting:
    """What all agents of a run have in common. settings: the user's own client properties.

    topics: variant -> the topic that is read and audited. sources: variant -> the topic that a processor reads, where
    there is one. roles: see `Scenario`. store: its plug-in's name. link: the broker's endpoint by way
    of the lab's links, "" where there are none. others: the endpoints of the brokers that variants name.
    """

    run: str
    broker: str
    endpoint: str
    load: Load
    variants: Sequence[Variant]
    topics: Mapping[str, str]
    settings: Mapping[str, str]
    folder: Path  # the run's
    roles: tuple[str, ...] = ("consumer", "producer")
    sources: Mapping[str, str] = field(default_factory=dict)
    store: str = ""
    store_endpoint: str = ""
    link: str = ""
    others: Mapping[str, str] = field(default_factory=dict)

    def shares(self) -> list[int]:
        """How many messages each producer of a variant sends; the first ones take what does not divide."""
        whole, rest = divmod(self.load.messages, self.load.producers)
        return [whole + (number < rest) for number in range(self.load.producers)]

    def ledger(self, variant: str) -> Path:
        return self.folder / "ledger" / slug(variant)

    def specs(self, role: str) -> list[AgentSpec]:
        """Of all agents of a role: those that send share the messages, readers are as many as the load says, and behind
        a processor a second auditor reads what is committed alone."""
        if role == self.roles[-1]:
            shares = self.shares()
        else:
            counts = {"consumer": self.load.consumers, "auditor": 2 if self.sources else 1}
            shares = [0] * counts.get(role, 1)
        return [
            self.spec(role, variant, number, messages)
            for variant in self.variants
            for number, messages in enumerate(shares)
        ]

    def spec(self, role: str, variant: Variant, number: int, messages: int) -> AgentSpec:
        """One agent's spec; its ledger is a file of its variant's folder (an auditor's: the folder)."""
        name = f"{role}-{slug(variant.name)}-{number}"
        folder, topic = self.ledger(variant.name), self.topics[variant.name]
        source = self.sources.get(variant.name, "")
        return AgentSpec(
            role=role,
            name=name,
            run=self.run,
            variant=variant.name,
            broker=variant.broker or self.broker,
            endpoint=self._endpoint(role, variant),
            topic=source if source and role == "producer" else topic,
            ledger=str(folder / SECOND if role == SUBSCRIBER else folder),
            metrics=str(self.folder / "metrics"),
            settings={**({} if variant.broker else self.settings), **_settings(variant, role)},
            load=self.load,
            producer=number,
            messages=messages,
            group=self._group(role, variant),
            options=_options(variant, role, number),
            source=source,
            store=self.store,
            store_endpoint=self.store_endpoint,
        )

    def second_groups(self) -> dict[str, str]:
        """Topic -> the second group that reads it, where one joins."""
        return {topic: f"{topic}.{SECOND}" for topic in self.topics.values()}

    def _group(self, role: str, variant: Variant) -> str:
        topic = self.topics[variant.name]
        if role == SUBSCRIBER:
            return self.second_groups()[topic]
        return self.sources.get(variant.name, topic) if role == "processor" else topic

    def _endpoint(self, role: str, variant: Variant) -> str:
        if variant.broker:
            return self.others[variant.broker]
        return (role in variant.linked and self.link) or self.endpoint


def slug(variant: str) -> str:
    """A variant's name as a topic's and a folder's name may be: "acks=1" -> "acks-1"."""
    return "".join(char if char.isalnum() else "-" for char in variant)


def _settings(variant: Variant, role: str) -> Mapping[str, str]:
    of_role = {"consumer": variant.consumer, SUBSCRIBER: variant.consumer, "processor": variant.processor}
    return of_role.get(role, variant.producer if role in ("producer", "writer", "relay") else {})


def _options(variant: Variant, role: str, number: int) -> Mapping[str, str]:
    """A second group only counts; a second auditor reads what is committed."""
    if role == SUBSCRIBER:
        return {name: value for name, value in variant.options.items() if name != "effects"}
    return {**variant.options, "view": "committed"} if role == "auditor" and number else variant.options
