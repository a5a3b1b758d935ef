"""The set-up as a small picture: who sends, the brokers, who reads, and where the faults struck, by their receipts."""

from __future__ import annotations

from collections.abc import Mapping

import htpy as h

from brokerlab.core.fault import Receipt
from brokerlab.core.scenario import Grow, Join
from brokerlab.reports.html.dossier import Dossier
from brokerlab.reports.html.plot import lasted

_NAMED = ("node", "nodes", "agents")
_ROLES = ("consumer", "producer")  # of a scenario that this version no longer has


def picture(dossier: Dossier) -> h.Element:
    """In the order in which a message goes: the role that sends, the nodes, the roles that read."""
    steps = dossier.scenario.timeline if dossier.scenario else ()
    sender, *readers = reversed(dossier.scenario.roles if dossier.scenario else _ROLES)
    readers += ["subscriber" for step in steps if isinstance(step, Join)]  # the second group
    consumers = max([dossier.load.consumers, *(step.consumers for step in steps if isinstance(step, Grow))])
    numbers = {sender: dossier.load.producers, "consumer": consumers, "subscriber": 1}
    senders, *others = (_agents(dossier, role, numbers.get(role, 0)) for role in (sender, *readers))
    boxes = [senders, _nodes(dossier), *others]
    if dossier.scenario and dossier.scenario.store:
        boxes.append(h.div(".box")[h.h4["what they keep outside the log"], h.p(".party")[h.b[dossier.scenario.store]]])
    arrow = h.span(".arrow", aria_hidden="true")["→"]
    return h.figure(".picture", role="group", aria_label="The set-up, and where the faults struck")[
        boxes[0], [[arrow, box] for box in boxes[1:]]
    ]


def struck(receipts: Mapping[str, Receipt]) -> dict[str, dict[str, int]]:
    """Which faults struck whom, and how many of them: {a node or an agent's role: {the fault's name: 1}}."""
    found: dict[str, dict[str, int]] = {}
    for name, receipt in receipts.items():
        for key in _NAMED:
            named = receipt.facts.get(key) or ()
            for who in (named,) if isinstance(named, str) else named:
                hits = found.setdefault(str(who).partition("-")[0] if key == "agents" else str(who), {})
                hits[name] = hits.get(name, 0) + 1
    return found


def _agents(dossier: Dossier, role: str, number: int) -> h.Element:
    """number: of processes a variant; 0: not known."""
    return h.div(".box")[
        h.h4[f"{role}s"],
        [h.p(".party")[h.b[each.variant], h.small[_processes(number)]] for each in dossier.verdict.variants],
        _marks(dossier, role),
    ]


def _processes(number: int) -> str:
    return f"{number} process{'es' if number > 1 else ''}" if number else ""


def _nodes(dossier: Dossier) -> h.Element:
    partitions = dossier.load.partitions
    return h.div(".box")[
        h.h4[f"{len(dossier.story.nodes) or 'your'} {dossier.broker} nodes"],
        [_node(dossier, number, node) for number, node in dossier.story.nodes.items()],
        h.p(".note")[f"{partitions} partition{'s' if partitions > 1 else ''} a topic, one topic a variant"],
    ]


def _node(dossier: Dossier, number: int, node: str) -> h.Element:
    marks = _marks(dossier, node)
    return h.div(".node.struck" if marks else ".node")[h.p(".party")[h.b[node], h.small[_part(dossier, number)]], marks]


def _part(dossier: Dossier, number: int) -> str:
    """What the node was at first, when it was the same for every partition."""
    leaders = {stretches[0].state.leader for stretches in dossier.tracks.values() if stretches}
    if len(leaders) != 1:
        return ""
    return "leader at first" if number in leaders else "follower at first"


def _marks(dossier: Dossier, who: str) -> list[h.Element]:
    windows = {window.name: lasted(dossier.grid, window) for window in dossier.story.windows if dossier.grid}
    return [
        h.p(".mark")[
            h.span(aria_hidden="true")["⚡ "],
            ", ".join(filter(None, (name, windows.get(name), _processes(number) if number > 1 else ""))),
        ]
        for name, number in struck(dossier.story.receipts).get(who, {}).items()
    ]
