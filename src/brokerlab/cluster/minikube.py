"""The workshop's cluster: one minikube profile, driven through the minikube program, for which there is no library.

`minikube start --output=json` prints one CloudEvent a line (minikube's pkg/minikube/out/register); `profile list`,
`addons list` and `version` answer in JSON. A profile is looked up in `profile list`, whose answer has its state, its
driver and its address in one, and which does not fail when there is none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packaging.version import InvalidVersion, Version

from brokerlab.cluster import minikube_events, tools
from brokerlab.core.errors import LabError
from brokerlab.core.lab import Progress

OLDEST = Version("1.35.0")
PROFILE = "workshop-mb"
ADDONS = ("headlamp", "metrics-server", "registry", "ingress", "ingress-dns", "default-storageclass", "kubetail")
RUNNING = frozenset({"OK", "Running"})  # "OK" is its word since 1.34, "Running" the older one


@dataclass(frozen=True)
class Profile:
    """One profile as minikube describes it. state: its own word, "OK" or "Running", "Stopped", ..."""

    name: str
    state: str
    driver: str
    address: str
    kubernetes: str
    cpus: int
    memory_mb: int
    addons: Mapping[str, bool] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.state in RUNNING


def version() -> Version:
    """Raises LabError when minikube is missing or older than `OLDEST`, compared as versions."""
    answer = tools.run(["minikube", "version", "--output=json"])
    try:
        found = Version(json.loads(answer.out)["minikubeVersion"])
    except (ValueError, KeyError, TypeError, InvalidVersion) as error:
        raise LabError("minikube does not tell its version", "see `minikube version --output=json`") from error
    if found < OLDEST:
        raise LabError(f"minikube {found} is too old: {OLDEST} or later is needed", tools.HOW_TO_GET["minikube"])
    return found


def profile(name: str = PROFILE) -> Profile | None:
    """The profile of that name, or None when there is none. Raises LabError when minikube can't tell."""
    answer = tools.run(["minikube", "profile", "list", "--output=json"], deadline=120)
    listed = _parsed(answer, "minikube profile list")
    return next((_profile(each) for each in listed.get("valid") or () if each.get("Name") == name), None)


def existing(name: str = PROFILE) -> Profile:
    found = profile(name)
    if found is None:
        raise LabError(f"there is no minikube profile {name}", "`brokerlab cluster up` makes it")
    return found


def running(name: str = PROFILE) -> Profile:
    found = existing(name)
    if not found.running:
        raise LabError(
            f"the minikube profile {name} does not run (it is {found.state})", "`brokerlab cluster up` starts it"
        )
    return found


def up(name: str, options: Mapping[str, str], wanted: Sequence[str], say: Progress) -> Profile:
    """The profile running with these addons: one that runs is left alone, a stopped one is started with its data."""
    version()
    found = profile(name)
    if found is None or not found.running:
        say(f"starting the minikube profile {name}" if found else f"making the minikube profile {name}")
        start(name, options, say)
    enable(name, wanted, say)
    return existing(name)


def start(name: str, options: Mapping[str, str], say: Progress) -> None:
    """Create or start the profile; tells its progress. options: more of `minikube start`'s: {"cpus": "2"}."""
    command = ["minikube", "start", f"--profile={name}", "--output=json"]
    failure, other = "", ""
    with tools.lines([*command, *(f"--{key}={value}" for key, value in options.items())]) as running:
        for line in running:
            event = minikube_events.parse(line)
            if event is None:
                other = line.strip() or other
                continue
            failure = failure or (event.sentence if event.is_error else "")
            if event.sentence and not event.is_error:
                say(event.sentence)
        code = running.exit_code()
    if code != 0:
        hint = f"`minikube logs -p {name}` tells more; `brokerlab cluster down` removes what is there"
        raise LabError(f"minikube start ended with {code}: {failure or other or 'no reason given'}", hint)


def enable(name: str, wanted: Sequence[str], say: Progress) -> None:
    """Enable those of the addons that are not enabled yet. One that this minikube does not have is told and left out:
    kubetail is one of minikube's since 1.37.0."""
    known = addons(name)
    for addon in wanted:
        if addon not in known:
            say(f"this minikube has no addon {addon}: it is left out (a later minikube may have it)")
        elif not known[addon]:
            say(f"enabling addon {addon}")
            _must(["minikube", "addons", "enable", addon, f"--profile={name}"], deadline=600)


def addons(name: str) -> dict[str, bool]:
    """{addon: enabled} of every addon that this minikube knows."""
    answer = tools.run(["minikube", "addons", "list", f"--profile={name}", "--output=json"])
    listed = _parsed(answer, "minikube addons list")
    return {addon: about.get("Status") == "enabled" for addon, about in listed.items()}


def stop(name: str) -> None:
    """Stop it; its data stays."""
    _must(["minikube", "stop", f"--profile={name}"], deadline=300)


def delete(name: str) -> None:
    _must(["minikube", "delete", f"--profile={name}"], deadline=300)


def needs_tunnel(found: Profile) -> bool:
    """Whether the node's address can't be reached from here: Docker runs in a machine of its own on macOS."""
    return sys.platform == "darwin" and found.driver == "docker"


def tunnel(name: str) -> int:
    """`minikube tunnel` on this terminal, until Ctrl-C; returns its exit code."""
    return tools.attached(["minikube", "tunnel", f"--profile={name}"])


def reachable_address(found: Profile) -> str:
    """The address that the names of the ingress must lead to: the node's, or this machine's end of the tunnel."""
    return "127.0.0.1" if needs_tunnel(found) else found.address


def _must(command: Sequence[str], deadline: float) -> None:
    answer = tools.run(command, deadline)
    if answer.code != 0:
        raise LabError(f"`{' '.join(command)}` ended with {answer.code}: {_last_line(answer)}")


def _parsed(answer: tools.Answer, what: str) -> dict[str, Any]:
    try:
        parsed = json.loads(answer.out)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or "error" in parsed:
        raise LabError(f"`{what}` gave no answer (exit code {answer.code}): {_last_line(answer)}")
    return parsed


def _last_line(answer: tools.Answer) -> str:
    said = (answer.err.strip() or answer.out.strip()).splitlines()
    return said[-1].strip() if said else "it said nothing"


def _profile(listed: Mapping[str, Any]) -> Profile:
    config = listed.get("Config") or {}
    kubernetes = config.get("KubernetesConfig") or {}
    nodes = config.get("Nodes") or [{}]
    return Profile(
        name=listed["Name"],
        state=listed.get("Status", "Unknown"),
        driver=config.get("Driver", ""),
        address=next((node.get("IP", "") for node in nodes if node.get("ControlPlane")), ""),
        kubernetes=kubernetes.get("KubernetesVersion", ""),
        cpus=int(config.get("CPUs", 0)),
        memory_mb=int(config.get("Memory", 0)),
        addons={addon: bool(on) for addon, on in (config.get("Addons") or {}).items()},
    )
