"""Leaders and in-sync replicas over time: one lane a partition, as high as the share of its replicas in sync."""

from __future__ import annotations

import htpy as h

from brokerlab.ledger.series import Grid
from brokerlab.reports.html.dossier import Dossier
from brokerlab.reports.tracks import Stretch

DRAWN = 4  # lanes; what more partitions do is in the table


def lanes(dossier: Dossier, variant: str, grid: Grid) -> h.Renderable | None:
    topic = dossier.story.topics.get(variant, "")
    found = {place: stretches for place, stretches in dossier.tracks.items() if place[0] == topic}
    if not found:
        return None
    rest = len(found) - DRAWN
    return h.figure[
        h.figcaption[h.span["Leader, and how many replicas are in sync"]],
        [_lane(dossier, grid, partition, stretches) for (_, partition), stretches in list(found.items())[:DRAWN]],
        rest > 0 and h.p(".note")[f"and {rest} more partitions"],
    ]


def _lane(dossier: Dossier, grid: Grid, partition: int, stretches: tuple[Stretch, ...]) -> h.Element:
    drawn = [each for each in stretches if each.ended_us > grid.start_us and each.started_us < grid.end_us]
    says = "; ".join(f"from {_seconds(grid, each)} s {_told(dossier, each)}" for each in drawn)
    return h.div(".lane", role="img", aria_label=f"partition {partition}: {says}")[
        h.span(".y", aria_hidden="true")[f"p{partition}"],
        h.div(".track", aria_hidden="true")[[_stretch(dossier, grid, each) for each in drawn]],
    ]


def _stretch(dossier: Dossier, grid: Grid, each: Stretch) -> h.Element:
    span = grid.end_us - grid.start_us
    left, right = (min(max((at - grid.start_us) / span, 0), 1) * 100 for at in (each.started_us, each.ended_us))
    in_sync = len(each.state.isr) / max(len(each.state.replicas), 1) * 100
    look = ".stretch.none" if each.state.leader == -1 else ".stretch"
    told = _told(dossier, each)
    return h.div(look, style=f"left:{left:.2f}%;width:{right - left:.2f}%", title=told)[
        h.span(".sync", style=f"height:{in_sync:.0f}%"), h.span(".told")[told]
    ]


def _told(dossier: Dossier, each: Stretch) -> str:
    state = each.state
    leader = "no leader" if state.leader == -1 else dossier.story.nodes.get(state.leader, f"broker {state.leader}")
    return f"{leader}, {len(state.isr)}/{len(state.replicas)}"


def _seconds(grid: Grid, each: Stretch) -> str:
    return f"{max(each.started_us - grid.start_us, 0) / 1e6:.1f}"
