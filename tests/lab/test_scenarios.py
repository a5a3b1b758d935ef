"""Scenarios on real brokers, each with a variant that promises what its settings do not keep: it must be caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab import catalog
from brokerlab.brokers.kafka import BROKER
from brokerlab.brokers.postgres import BROKER as POSTGRES
from brokerlab.brokers.postgres import STORE
from brokerlab.checkers import torn_transaction
from brokerlab.core.scenario import Grow, Scenario, Variant
from brokerlab.core.verdict import RunVerdict, VariantVerdict, Verdict
from brokerlab.core.watch import Silent
from brokerlab.core.words import Word
from brokerlab.engine.run import Request, run
from brokerlab.engine.staff import slug
from brokerlab.engine.verdict import judge_folder
from brokerlab.labs.local.lab import LocalLab
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.gone import BROKER as IN_BROKER
from brokerlab.ledger.gone import CLIENT, WIRE
from brokerlab.ledger.ledger import Ledger
from brokerlab.ledger.read import load

pytestmark = pytest.mark.lab
COMMITTED = "transactions, read_committed"
UNCLEAN = "min.isr=1, unclean"


def with_liar(name: str, promises: str, does: str) -> tuple[Scenario, Variant]:
    """The scenario with one variant more: it promises what one variant does, and does what another one does."""
    scenario = catalog.scenario(name)
    by_name = {variant.name: variant for variant in scenario.variants}
    honest = by_name[promises]
    liar = replace(by_name[does], name="liar", allows=honest.allows, shows=honest.shows)
    return replace(scenario, variants=(*scenario.variants, liar)), liar


def carry_out(lab: LocalLab, scenario: Scenario, folder: Path) -> RunVerdict:
    request = Request(lab, BROKER, folder.name, scenario, scenario.variants, scenario.load, folder)
    return run(request, Silent())


def test_consumer_crash(lab: LocalLab, tmp_path: Path) -> None:
    scenario, _ = with_liar("consumer-crash", promises="commit after", does="commit before")
    verdict = carry_out(lab, scenario, tmp_path)
    *honest, liar = verdict.variants
    assert [variant.verdict for variant in honest] == [Verdict.HELD] * 3, verdict.reasons
    assert (liar.verdict, verdict.verdict) == (Verdict.BROKEN, Verdict.BROKEN)
    assert liar.found(Word.MISSED) > 0


def test_retries(lab: LocalLab, tmp_path: Path) -> None:
    scenario, _ = with_liar("retries", promises="retries+idempotence", does="retries")
    verdict = carry_out(lab, scenario, tmp_path)
    five, one, idempotent, liar = verdict.variants
    assert [variant.verdict for variant in (five, one, idempotent)] == [Verdict.HELD] * 3, verdict.reasons
    assert five.found(Word.DUPLICATE) > 0
    assert five.found(Word.REORDERED) > 0
    assert one.found(Word.DUPLICATE) > 0
    assert (liar.verdict, verdict.verdict) == (Verdict.BROKEN, Verdict.BROKEN)


def test_fire_and_forget(lab: LocalLab, tmp_path: Path) -> None:
    verdict = carry_out(lab, catalog.scenario("fire-and-forget"), tmp_path)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    forgetful, given_up, full, at_once = (variant.counts for variant in verdict.variants)
    for counts in (forgetful, given_up, full, at_once):
        assert counts["gone_on_wire"] > 0
        assert counts["gone_in_broker"] > 0
        assert sum(counts[place] for place in (CLIENT, WIRE, IN_BROKER)) == counts["sent"] - counts["logged"]
    assert forgetful["gone_in_client"] == 0
    assert full["gone_in_client"] > 0
    assert at_once["gone_in_client"] > 0


def caught(folder: Path, name: str, does: str, promises: str) -> VariantVerdict:
    """A stored run, judged as if one variant had promised what another one does."""
    scenario = catalog.scenario(name)
    by_name = {variant.name: variant for variant in scenario.variants}
    liar = replace(by_name[does], allows=by_name[promises].allows, shows=by_name[promises].shows)
    (variant,) = judge_folder(folder, replace(scenario, variants=(liar,))).variants
    assert variant.verdict is Verdict.BROKEN, variant.reasons
    return variant


def torn(ledger: Ledger) -> int:
    """How many transactions would have been, had every second record not been committed."""
    assert ledger.committed
    half = replace(ledger.committed, rows=ledger.committed.rows[::2])
    return torn_transaction.check(Facts(replace(ledger, committed=half))).count


def test_exactly_once(lab: LocalLab, tmp_path: Path) -> None:
    verdict = carry_out(lab, catalog.scenario("exactly-once"), tmp_path)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    reckless = "transactions, read_uncommitted"
    zombie = next(receipt for receipt in verdict.receipts if receipt.fault == "pause agent")
    assert (zombie.facts["fenced"], zombie.facts["went_on"]) == ([COMMITTED, reckless], ["idempotent", "plain"])
    for variant in verdict.variants[2:]:
        assert variant.counts["transactions_committed"] > 0
        assert variant.found(Word.TORN_TRANSACTION) == 0
    assert torn(load(tmp_path / "ledger" / slug(COMMITTED), piped=True)) > 0
    assert caught(tmp_path, "exactly-once", does=reckless, promises=COMMITTED).found(Word.ABORTED_READ) > 0
    assert caught(tmp_path, "exactly-once", does="idempotent", promises=COMMITTED).found(Word.DUPLICATE) > 0


def test_durability(lab: LocalLab, tmp_path: Path) -> None:
    verdict = carry_out(lab, catalog.scenario("durability"), tmp_path)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    assert caught(tmp_path, "durability", does=UNCLEAN, promises="min.isr=2, unclean").found(Word.LOST) > 0
    outages = {variant.variant: variant.latency_ms["outage"] for variant in verdict.variants}
    assert outages[UNCLEAN] < min(outages["min.isr=1, clean"], outages["min.isr=2, clean"]), outages


def with_postgres(lab: LocalLab) -> None:
    if not lab.nodes("postgres"):
        lab.add(POSTGRES.nodes(1))


@pytest.mark.parametrize(
    ("liar_of", "word"),
    [
        (("idempotent-consumer", "ids in the transaction", "ids elsewhere, after"), Word.DUPLICATE_EFFECT),
        (("outbox", "outbox", "database, then broker"), Word.LOST),
    ],
)
def test_with_a_store(lab: LocalLab, tmp_path: Path, liar_of: tuple[str, str, str], word: Word) -> None:
    with_postgres(lab)
    scenario, _ = with_liar(*liar_of)
    request = Request(lab, BROKER, tmp_path.name, scenario, scenario.variants, scenario.load, tmp_path, store=STORE)
    *honest, liar = run(request, Silent()).variants
    assert {variant.variant: variant.verdict for variant in honest} == {v.variant: Verdict.HELD for v in honest}
    assert liar.verdict is Verdict.BROKEN
    assert liar.found(word) > 0


def test_database(lab: LocalLab, tmp_path: Path) -> None:
    """Without its eight workers, which take long to start."""
    with_postgres(lab)
    scenario = catalog.scenario("database")
    scenario = replace(scenario, timeline=tuple(step for step in scenario.timeline if step != Grow(8)))
    load, others = scenario.quick_load, {"postgres": POSTGRES}
    request = Request(
        lab, BROKER, tmp_path.name, scenario, scenario.variants, load, tmp_path, store=STORE, others=others
    )
    verdict = run(request, Silent())
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    liar = caught(tmp_path, "database", does="SELECT, DELETE", promises="SKIP LOCKED")
    assert liar.found(Word.DUPLICATE_EFFECT) > 0
    groups = {variant.variant: variant.group for variant in verdict.variants if variant.group}
    assert {name: group.read_before == group.before for name, group in groups.items()} == {
        "SELECT, DELETE": False,
        "SKIP LOCKED": False,
        "visibility timeout": False,
        "Kafka": True,
    }
    queue = replace(scenario.variants[1], rereads=True)
    (promised,) = judge_folder(tmp_path, replace(scenario, variants=(queue,))).variants
    assert promised.group
    assert (promised.verdict, promised.group.missed.count) == (Verdict.BROKEN, promised.group.before)
