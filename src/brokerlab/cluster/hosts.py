"""The hosts file as a pure function, bytes to bytes: our block of names between two marker lines, and nothing else.

The markers are those that the workshop's Taskfile wrote (`# >>> minikube-workshop-mb`, `# <<< minikube-workshop-mb`),
so its block is taken over. Every byte outside of it stays, CRLF and a missing last newline included: a new block is
put in front of the last, perhaps empty, line, so that removing it gives the very bytes from before. Markers that do
not pair up are reported with their line numbers; what they were meant to enclose is not guessed at.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brokerlab.core.errors import LabError, UsageError

WORKSHOP = "workshop-mb"
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII)


@dataclass(frozen=True)
class Block:
    """Where our block stands: content[start:end] is the markers and all between them. entries: {name: address}."""

    start: int
    end: int
    entries: Mapping[str, str]


def find(content: bytes, profile: str = WORKSHOP) -> Block | None:
    """Our block, or None when there is none. Raises LabError when the markers are broken."""
    starts = _marked(content, b"# >>> minikube-" + profile.encode())
    ends = _marked(content, b"# <<< minikube-" + profile.encode())
    if not starts and not ends:
        return None
    if len(starts) != 1 or len(ends) != 1 or starts[0][0] > ends[0][0]:
        raise _broken(content, starts, ends, profile)
    start, end = starts[0][0], ends[0][1]
    return Block(start, end, _entries(content[start:end]))


def put(content: bytes, entries: Mapping[str, str], profile: str = WORKSHOP) -> bytes:
    """The file with our block saying {name: address}: where it stood, or in front of the last line. Twice is once."""
    newline = b"\r\n" if content.split(b"\n", 1)[0].endswith(b"\r") else b"\n"
    lines = [f"# >>> minikube-{profile}", *_lines(entries), f"# <<< minikube-{profile}", ""]
    text = newline.join(line.encode() for line in lines)
    block = find(content, profile)
    if block is None:
        last_line = content.rfind(b"\n") + 1
        return content[:last_line] + text + content[last_line:]
    return content[: block.start] + text + content[block.end :]


def remove(content: bytes, profile: str = WORKSHOP) -> bytes:
    """The file without our block; the same bytes when there is none."""
    block = find(content, profile)
    return content if block is None else content[: block.start] + content[block.end :]


def shadowed(content: bytes, profile: str = WORKSHOP) -> dict[str, str]:
    """{name: address} of our names that a line in front of the block maps too: hosts(5) takes the first one."""
    block = find(content, profile)
    if block is None:
        return {}
    earlier = _entries(content[: block.start])
    return {name: address for name, address in earlier.items() if name in block.entries}


def diff(old: bytes, new: bytes, path: str) -> str:
    """The unified diff of the two files, "" when they are the same. Bytes that are not UTF-8 are shown escaped."""
    before, after = (data.decode(errors="backslashreplace").splitlines(keepends=True) for data in (old, new))
    lines = difflib.unified_diff(before, after, path, f"{path} (new)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(entries: Mapping[str, str]) -> Sequence[str]:
    """One line a name. Raises UsageError for what is no address, or no host name (RFC 1123, section 2.1)."""
    for name, address in entries.items():
        if not _NAME.fullmatch(name):
            raise UsageError(f"'{name}' is no host name", "use letters, digits, '-' and '.', as in grafana.test")
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise UsageError(f"'{address}' is no IP address", "give one like 192.168.49.2") from error
    return [f"{address} {name}" for name, address in entries.items()]


def _marked(content: bytes, marker: bytes) -> list[tuple[int, int]]:
    """(start, end) of every line that is this marker; the end includes the line's newline."""
    found, at = [], 0
    for line in content.split(b"\n"):
        end = min(at + len(line) + 1, len(content))
        if line.strip() == marker:
            found.append((at, end))
        at = end
    return found


def _entries(text: bytes) -> dict[str, str]:
    """{name: address} of the lines of a hosts file, hosts(5): address, names, and a comment after '#'."""
    entries: dict[str, str] = {}
    for line in text.decode(errors="replace").splitlines():
        address, *names = line.split("#", 1)[0].split() or [""]
        for name in names:
            entries.setdefault(name, address)
    return entries


def _broken(content: bytes, starts: list[tuple[int, int]], ends: list[tuple[int, int]], profile: str) -> LabError:
    def numbers(marks: list[tuple[int, int]]) -> str:
        return ", ".join(str(content.count(b"\n", 0, at) + 1) for at, _ in marks) or "none"

    return LabError(
        f"the hosts file's markers do not pair up: '# >>> minikube-{profile}' on line {numbers(starts)}, "
        f"'# <<< minikube-{profile}' on line {numbers(ends)}",
        "there must be one of each, in this order: look at these lines, and delete what was the workshop's",
    )
