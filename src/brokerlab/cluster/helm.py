"""One Helm release of one context, through pyhelm3 (which runs the helm program): install or upgrade, look, uninstall.

What helm says when it fails is turned into a sentence. A release that an interrupted helm left behind as "pending" is
first taken back, as helm refuses to touch it otherwise.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from brokerlab.cluster import tools
from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.lab import Progress

T = TypeVar("T")
LOOK, LOOKS = 3.0, 3  # seconds between two looks at the API server; how often it may be silent in a row
GONE = "is the cluster running? `brokerlab cluster status`; then run the command again: it takes up what was left"
TIMEOUT = "10m"  # of helm's own waits: its hooks pull images on a first start


@dataclass(frozen=True)
class Chart:
    """ref: a chart's name in `repo`, or the path of a chart's folder, then without repo and version."""

    ref: str
    repo: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Revision:
    """What is installed. status: Helm's word: deployed, failed, pending-install, ..."""

    number: int
    status: str
    chart: str
    version: str


@dataclass(frozen=True)
class Release:
    """A release by name, in a namespace of a context of the kubeconfig. server: the API server's URL; helm goes on
    waiting for one that has gone away, so it is looked after where its URL is known."""

    name: str
    namespace: str
    context: str
    server: str = ""

    def deploy(self, chart: Chart, values: dict[str, Any], say: Progress) -> Revision:
        """Install it, or upgrade it to this chart and these values; its pods are not waited for."""
        return self._done(lambda client: self._deploy(client, chart, values, say))

    def revision(self) -> Revision | None:
        """What is installed; None when nothing is."""
        return self._done(self._revision)

    def uninstall(self) -> None:
        """Remove it with all that it installed, CRDs excepted (Helm never deletes those); fine when there is none."""
        self._done(lambda client: client.uninstall_release(self.name, namespace=self.namespace, timeout=TIMEOUT))

    async def _deploy(self, client: Any, chart: Chart, values: dict[str, Any], say: Progress) -> Revision:
        before = await self._revision(client)
        if before is not None and before.status.startswith(("pending", "uninstalling")):
            say(f"helm was interrupted here earlier (release {self.name} is {before.status}): taking that back first")
            await client.get_proceedable_revision(self.name, namespace=self.namespace, timeout=TIMEOUT)
        ref = Path(chart.ref).resolve() if chart.repo is None else chart.ref
        say(f"reading the chart {chart.ref} {chart.version or ''}".rstrip())
        found = await client.get_chart(ref, repo=chart.repo, version=chart.version)
        say(f"helm upgrade --install {self.name} ({found.metadata.name} {found.metadata.version})")
        await client.install_or_upgrade_release(
            self.name, found, values, namespace=self.namespace, create_namespace=True, timeout=TIMEOUT
        )
        after = await self._revision(client)
        if after is None:
            raise LabError(f"helm installed the release {self.name}, but does not find it")
        return after

    async def _revision(self, client: Any) -> Revision | None:
        from pyhelm3 import ReleaseNotFoundError

        try:
            found = await client.get_current_revision(self.name, namespace=self.namespace)
            chart = await found.chart_metadata()
        except ReleaseNotFoundError:
            return None
        return Revision(found.revision, str(found.status.value), chart.name, chart.version)

    def _done(self, action: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        import pyhelm3

        logging.getLogger("pyhelm3").addHandler(logging.NullHandler())  # or Python prints its warnings
        try:
            return asyncio.run(_watched(action(_client(self.context)), self.server))
        except pyhelm3.Error as error:
            raise explained(error.stderr.decode(errors="replace"), self.name) from error
        except ValueError as error:  # pyhelm3 checks what it parses
            reason = " ".join(str(error).split())[:200]
            raise LabError(f"helm's answer about the release {self.name} was not understood: {reason}") from error


def _client(context: str) -> Any:
    """pyhelm3's, which takes no helm whose version is not in full: one built from source calls itself v3.22."""
    import pyhelm3
    from pyhelm3.command import Command, semver

    class Lenient(Command):  # type: ignore[misc]
        def client_version(self) -> Any:
            answer = tools.run([self._executable, "version", "--template", "{{ .Version }}"])
            return semver.Version.parse(answer.out.strip().removeprefix("v"), optional_minor_and_patch=True)

    return pyhelm3.Client(Lenient(executable=tools.path_of("helm"), kubecontext=context))


async def _watched(action: Coroutine[Any, Any, T], server: str) -> T:
    """Await it. An interruption, or an API server that goes away, ends helm, which notes that the release failed where
    it still can. pyhelm3 runs helm in a shell, and would end that shell alone."""
    work = asyncio.ensure_future(action)
    silent = 0
    try:
        watched = bool(server) and await _accepts(server)  # behind a proxy it may not: then nobody looks after it
        while not (await asyncio.wait([work], timeout=LOOK))[0]:
            silent = 0 if not watched or await _accepts(server) else silent + 1
            if silent == LOOKS:
                raise LabError(f"the API server {server} has gone away while helm was at work", GONE)
        return work.result()
    except (asyncio.CancelledError, LabError):
        tools.end_children()
        await asyncio.gather(work, return_exceptions=True)
        raise


async def _accepts(server: str) -> bool:
    """Whether the server takes connections."""
    where = urlsplit(server)
    try:
        async with asyncio.timeout(LOOK):
            _, writer = await asyncio.open_connection(where.hostname, where.port or 443)
    except OSError:
        return False
    writer.close()
    return True


def explained(said: str, release: str) -> LabError | DeadlineError:
    """What helm said on standard error, as a sentence."""
    text = " ".join(line for line in said.strip().splitlines() if not line.startswith(("WARNING:", "level=")))
    for pattern, sentence, hint in _KNOWN:
        match = re.search(pattern, text)
        if match:
            return LabError(sentence.format(*(part or "" for part in match.groups()), release=release), hint)
    if "timed out waiting" in text or "context deadline exceeded" in text:
        return DeadlineError(
            f"waited {TIMEOUT} for helm's release {release}: {text}", "`brokerlab core status` tells why"
        )
    return LabError(f"helm failed with release {release}: {text.removeprefix('Error: ') or 'it said nothing'}")


_KNOWN = (
    (
        r"(\w+) \"([^\"]+)\" in namespace \"([^\"]*)\" exists and cannot be imported into the current release",
        "{0} {1} is there already, and is not the Helm release {release}'s: it was installed in another way",
        "`brokerlab core rollback` removes the earlier installation, then run `brokerlab core deploy` again",
    ),
    (
        r"[Aa]pply failed with \d+ conflicts?: (.*)",
        "another program owns parts of what the release {release} installs: {0}",
        "`brokerlab core rollback` removes the earlier installation, then run `brokerlab core deploy` again",
    ),
    (
        r"looks like \"([^\"]+)\" is not a valid chart repository or cannot be reached(.*)",
        "the chart repository {0} can't be reached{1}",
        "is there a network? A chart that is on this machine is used by --chart FOLDER",
    ),
    (
        r"chart \"([^\"]+)\"(?: version \"([^\"]+)\")? not found|chart \"([^\"]+)\" matching (\S+) not found",
        "the repository has no such chart or version: {0}{2} {1}{3}",
        "see its versions with `helm search repo --versions`, or leave --version out",
    ),
    (
        r"another operation \(install/upgrade/rollback\) is in progress",
        "another helm is at work on the release {release}",
        "wait for it; if none runs any more, `brokerlab core rollback` and deploy again",
    ),
    (
        r"Kubernetes cluster unreachable: (.*)",
        "helm can't reach the cluster: {0}",
        "is the cluster running? `brokerlab cluster status`, or another --context",
    ),
    (
        r"values don't meet the specifications of the schema\(s\)(.*)",
        "the chart does not accept these values{0}",
        "look at --set and --values",
    ),
)
