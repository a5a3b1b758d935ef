"""The lab's objects in its namespace: started, and taken away again when they do not get ready.

What is there under our names, but not ours, is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence

from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.lab import Progress
from brokerlab.kube import applying, waiting
from brokerlab.kube.api import Json
from brokerlab.labs.kubernetes.connection import Place
from brokerlab.labs.kubernetes.parts import OURS

READY_S = 300.0  # images may have to be pulled
GONE_S = 180.0
WORKLOADS = ("StatefulSet", "Deployment")


def is_ours(thing: Json) -> bool:
    labels = thing["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in OURS.items())


def refuse_what_is_not_ours(place: Place, wanted: Sequence[Json]) -> None:
    """Server-side apply would take over what has the same name."""
    if place.kube.get("v1", "Namespace", place.namespace) is None:
        return
    for each in wanted:
        there = place.kube.get(*_named(place, each))
        if there is not None and not is_ours(there):
            raise LabError(
                f"the namespace {place.namespace} has a {each['kind']} {each['metadata']['name']} that is not ours",
                "choose another --namespace",
            )


def start(place: Place, wanted: Sequence[Json], say: Progress) -> None:
    """Apply them; returns when every workload among them is ready. Raises LabError when one does not get so."""
    say(f"applying {len(wanted)} objects to the namespace {place.namespace}")
    for manifest in applying.in_order(wanted):
        place.kube.apply(manifest, place.namespace)
    workloads = [_named(place, each) for each in wanted if each["kind"] in WORKLOADS]

    def look() -> list[Json]:
        return [there for each in workloads if (there := place.kube.get(*each)) is not None]

    try:
        waiting.until_ready(place.kube, look, say, READY_S)
    except DeadlineError as error:
        raise LabError(error.message, error.hint) from error


def add(place: Place, wanted: Sequence[Json], say: Progress) -> None:
    """Start them beside what is there; when that fails, none of them stays."""
    refuse_what_is_not_ours(place, wanted)
    try:
        start(place, wanted, say)
    except BaseException:
        remove(place, wanted)
        raise


def remove(place: Place, wanted: Sequence[Json]) -> None:
    names = [_named(place, each) for each in wanted]
    for name in names:
        place.kube.delete(*name)
    waiting.until_deleted(place.kube, names, GONE_S)


def _named(place: Place, thing: Json) -> tuple[str, str, str, str]:
    return thing["apiVersion"], thing["kind"], thing["metadata"]["name"], place.namespace
