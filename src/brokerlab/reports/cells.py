"""The numbers of one variant as texts for a table: headline first, its split and its bound below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from brokerlab.core.verdict import Finding, Stage, VariantVerdict, upper_bound
from brokerlab.core.words import Cause, Word

NUMBERS = (
    "sent",
    "acked",
    "received",
    "lost",
    "duplicated",
    "reordered",
    "aborted reads",
    "unknown",
    "gone",
    "Prometheus",
    "p50/p99 ms",
    "effects",
    "phantom events",
    "outage s",
)
HEADLINE = 5  # the first of them stay beside the verdict
NOTHING = "-"
SHORT = {Cause.PRODUCER_RETRY: "retried", Cause.RELAY: "relayed"}  # a column is narrow


def numbers(variant: VariantVerdict) -> tuple[str, ...]:
    """One text a column of `NUMBERS`."""
    counts = variant.counts
    return (
        f"{counts.get('sent', 0):,}",
        _acked(variant),
        f"{counts.get('received', 0):,}",
        _lost(variant),
        _duplicated(variant),
        f"{variant.found(Word.REORDERED):,}" if variant.found(Word.REORDERED) else NOTHING,
        f"{variant.found(Word.ABORTED_READ):,}" if variant.found(Word.ABORTED_READ) else NOTHING,
        f"{counts.get('unknown', 0):,}",
        _gone(variant),
        _prometheus(variant),
        _latency(variant),
        _effects(variant),
        _phantoms(variant),
        f"{variant.latency_ms['outage'] / 1000:.1f}" if "outage" in variant.latency_ms else NOTHING,
    )


def columns(variants: Sequence[VariantVerdict]) -> dict[str, tuple[str, ...]]:
    """The texts of each column, by heading. Behind the headline one in which no variant has anything is left out."""
    rows = [numbers(variant) for variant in variants]
    texts = {name: tuple(row[place] for row in rows) for place, name in enumerate(NUMBERS)}
    return {name: column for name, column in texts.items() if name in NUMBERS[:HEADLINE] or set(column) != {NOTHING}}


def curves(variants: Sequence[VariantVerdict]) -> dict[str, tuple[str, ...]]:
    """Of a load that grows, by stage: how many messages came through a second, and below it their lag."""
    names = [stage.name for stage in variants[0].stages if stage.grows] if variants else []
    return {name: tuple(_stage(variant.stages[place]) for variant in variants) for place, name in enumerate(names)}


CURVES = "Messages a second that came through, and p50/p99 ms from sent to delivered"
SECOND_GROUP = "What a second group was given, which joined late"


def second_group(variants: Sequence[VariantVerdict]) -> dict[str, tuple[str, ...]]:
    """{} where none joined."""
    groups = [variant.group for variant in variants if variant.group]
    if not groups or len(groups) < len(variants):
        return {}
    return {
        "sent since it joined": tuple(f"{each.read_since:,} of {each.since:,}" for each in groups),
        "sent before": tuple(f"{each.read_before:,} of {each.before:,}" for each in groups),
        "missed": tuple(observed(each.missed.count, each.since) for each in groups),
        "lag p50/p99 ms": tuple(_lag(each.stage) or NOTHING for each in groups),
    }


def _stage(stage: Stage) -> str:
    return "\n".join(filter(None, (f"{stage.per_second:,.0f}/s", _lag(stage))))


def _lag(stage: Stage) -> str:
    return "/".join(_ms(stage.lag_ms[name]) for name in ("p50", "p99") if name in stage.lag_ms)


def _acked(variant: VariantVerdict) -> str:
    """acks=0 confirms nothing: its sends were (handed), which is another thing, and says so."""
    handed = variant.counts.get("handed", 0)
    return f"{handed:,}\n(handed)" if handed else f"{variant.counts.get('acked', 0):,}"


def base(variant: VariantVerdict) -> int:
    """Of how many messages none was lost: those that the application believes delivered."""
    return max(variant.counts.get("acked", 0), variant.counts.get("handed", 0))


def _lost(variant: VariantVerdict) -> str:
    """And below it what was read and is in no log, and what is in the log, but passed over by the readers or not where
    it was said to be."""
    lost, trials = variant.found(Word.LOST), base(variant)
    told = f"{lost:,}\n{lost / trials * 100:.1f} %" if lost and trials else observed(lost, trials)
    below = (Word.VANISHED, Word.MISSED, Word.MISPLACED)
    return "\n".join([told, *(f"{count:,} {word}" for word in below if (count := variant.found(word)))])


def _duplicated(variant: VariantVerdict) -> str:
    split = {
        "written 2x": Word.DUPLICATE,
        "delivered 2x": Word.REDELIVERED,
        "applied 2x": Word.DUPLICATE_EFFECT,
    }
    lines = [f"{variant.duplicated:,}" if variant.duplicated else observed(0, base(variant))]
    for name, word in split.items():
        if count := variant.found(word):
            lines += [f"{count:,} {name}", *_causes(variant.findings[word])]
    return "\n".join(lines)


def _causes(finding: Finding) -> Iterator[str]:
    """Of what was delivered twice there is one cause, which its name says already."""
    for cause, count in finding.causes.items():
        if cause is not Cause.CONSUMER_REDELIVERY:
            yield f"({count:,} {SHORT.get(cause, cause.value)})"


def _gone(variant: VariantVerdict) -> str:
    """Where the messages got to that are nowhere now: lost, dropped and refused ones together."""
    places = {name.removeprefix("gone_"): count for name, count in variant.counts.items() if name.startswith("gone_")}
    return "\n".join(f"{count:,} {place.replace('_', ' ')}" for place, count in places.items() if count) or NOTHING


def observed(count: int, trials: int) -> str:
    """What was not observed may still be there: the rule of three says how fine a rate would have been seen."""
    bound = upper_bound(count, trials)
    return f"{count:,}" if bound is None else f"{count:,}\n≤ {percent(bound)}"


def percent(share: float) -> str:
    """A bound, rounded up to two digits that say something: 0.0015 -> 0.15 %."""
    if share >= 1:
        return "100 %"
    from math import ceil, floor, log10

    scale = 10.0 ** (1 - floor(log10(share * 100)))
    return f"{ceil(round(share * 100 * scale, 6)) / scale:g} %"


def _effects(variant: VariantVerdict) -> str:
    """How many there are in the store, and how many messages have none; those with several are among the duplicated."""
    if "effects" not in variant.counts:
        return NOTHING
    never = variant.found(Word.MISSED_EFFECT)
    return f"{variant.counts['effects']:,}" + (f"\n{never:,} never" if never else "")


def _phantoms(variant: VariantVerdict) -> str:
    """Where a database is what events tell of."""
    return f"{variant.found(Word.PHANTOM_EVENT):,}" if "committed" in variant.counts else NOTHING


def _prometheus(variant: VariantVerdict) -> str:
    """✓, or each number that differs."""
    if not variant.testimonies:
        return "not asked"
    differing = [each for each in variant.testimonies if each.prometheus != each.ledger]
    if not differing:
        return "✓"
    return "\n".join(
        f"{each.counter} {'none' if each.prometheus is None else f'{each.prometheus:,}'}" for each in differing
    )


def _latency(variant: VariantVerdict) -> str:
    return "/".join(_ms(variant.latency_ms[name]) for name in ("p50", "p99") if name in variant.latency_ms) or NOTHING


def _ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
