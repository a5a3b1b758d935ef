"""A run's verdict as JSON, and back again. The schema is documented in docs/json.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from brokerlab.core.errors import UsageError
from brokerlab.core.fault import Receipt
from brokerlab.core.files import write_json
from brokerlab.core.verdict import (
    Autopsy,
    Finding,
    Group,
    Identity,
    MessageRef,
    RunVerdict,
    Stage,
    Testimony,
    VariantVerdict,
    Verdict,
    upper_bound,
)
from brokerlab.core.words import Cause, Word

VERSION = 1
VERDICT = "verdict.json"


def render(run: RunVerdict) -> str:
    return json.dumps(encode(run), indent=2)


def save(run: RunVerdict, folder: Path) -> None:
    write_json(folder / VERDICT, encode(run))


def encode(run: RunVerdict) -> dict[str, Any]:
    return {
        "version": VERSION,
        "run": run.run,
        "scenario": run.scenario,
        "verdict": run.verdict.value,
        "exit_code": run.exit_code,
        "reasons": list(run.reasons),
        "explanation": list(run.explanation),
        "receipts": [asdict(receipt) for receipt in run.receipts],
        "variants": [_variant(variant) for variant in run.variants],
    }


def _variant(variant: VariantVerdict) -> dict[str, Any]:
    base = max(variant.counts.get("acked", 0), variant.counts.get("handed", 0))
    return {
        "variant": variant.variant,
        "verdict": variant.verdict.value,
        "permits": variant.permits,
        "counts": dict(variant.counts),
        "lost": variant.found(Word.LOST),
        "lost_upper_bound": upper_bound(variant.found(Word.LOST), base),
        "duplicated": variant.duplicated,
        "duplicated_upper_bound": upper_bound(variant.duplicated, base),
        "findings": {word.value: _finding(finding) for word, finding in variant.findings.items()},
        "identities": [{**asdict(each), "balanced": each.balanced} for each in variant.identities],
        "testimonies": [{**asdict(each), "agrees": each.agrees} for each in variant.testimonies],
        "reasons": list(variant.reasons),
        "latency_ms": dict(variant.latency_ms),
        "stages": [asdict(stage) for stage in variant.stages],
        "group": _group(variant.group) if variant.group else None,
        "autopsies": [{**asdict(each), "word": each.word.value} for each in variant.autopsies],
    }


def _group(group: Group) -> dict[str, Any]:
    return {**asdict(group), "missed": _finding(group.missed)}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "count": finding.count,
        "unit": finding.unit,
        "examples": [asdict(ref) for ref in finding.examples],
        "causes": dict(finding.causes),
    }


def decode(data: Mapping[str, Any]) -> RunVerdict:
    """What `encode` made. Raises UsageError for another version's."""
    if data.get("version") != VERSION:
        raise UsageError(
            f"this verdict is of version {data.get('version')!r}, this brokerlab reads {VERSION}",
            "judge the run again: brokerlab scenario check RUN",
        )
    return RunVerdict(
        run=data["run"],
        scenario=data["scenario"],
        verdict=Verdict(data["verdict"]),
        variants=tuple(_decoded(variant) for variant in data["variants"]),
        reasons=tuple(data["reasons"]),
        explanation=tuple(data["explanation"]),
        receipts=tuple(Receipt(**receipt) for receipt in data["receipts"]),
    )


def _decoded(data: Mapping[str, Any]) -> VariantVerdict:
    return VariantVerdict(
        variant=data["variant"],
        verdict=Verdict(data["verdict"]),
        counts=data["counts"],
        findings={Word(word): _found(Word(word), finding) for word, finding in data["findings"].items()},
        identities=tuple(Identity(each["name"], each["left"], each["right"]) for each in data["identities"]),
        testimonies=tuple(
            Testimony(each["counter"], each["ledger"], each["prometheus"], each["explanation"])
            for each in data["testimonies"]
        ),
        reasons=tuple(data["reasons"]),
        latency_ms=data["latency_ms"],
        autopsies=tuple(_autopsy(each) for each in data["autopsies"]),
        permits=data["permits"],
        stages=tuple(Stage(**stage) for stage in data.get("stages", ())),
        group=_joined(data["group"]) if data.get("group") else None,
    )


def _joined(data: Mapping[str, Any]) -> Group:
    missed, stage = _found(Word.MISSED, data["missed"]), Stage(**data["stage"])
    return Group(**{**data, "missed": missed, "stage": stage})


def _autopsy(data: Mapping[str, Any]) -> Autopsy:
    return Autopsy(
        word=Word(data["word"]),
        message=MessageRef(**data["message"]),
        logged=tuple(MessageRef(**each) for each in data["logged"]),
        delivered=tuple(MessageRef(**each) for each in data["delivered"]),
        instead=MessageRef(**data["instead"]) if data["instead"] else None,
        place=data.get("place", ""),
        causes=tuple(map(Cause, data.get("causes", ()))),
        leader=data.get("leader", ""),
        epoch=data.get("epoch", -1),
    )


def _found(word: Word, data: Mapping[str, Any]) -> Finding:
    examples = tuple(MessageRef(**ref) for ref in data["examples"])
    causes = {Cause(cause): count for cause, count in data.get("causes", {}).items()}
    return Finding(word, data["count"], data["unit"], examples, causes)
