"""HTTP to one pod's port, through the API server's proxy to pods: it needs the right to `pods/proxy`, and no listener,
port-forward or address of the cluster on this side.

A connection that breaks, or an API server that is gone for a moment, is a `BrokenError`: whoever asked may ask again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brokerlab.core.errors import LabError
from brokerlab.kube import kube_errors
from brokerlab.kube.api import Kube

CHUNK = 1 << 20
DEADLINE = 30.0
_PASSING = frozenset({429, 500, 502, 503, 504})  # the API server's: it is busy, or does not reach the pod just now


class BrokenError(LabError):
    """No answer this time; asking again may get one."""


class AnsweredError(Exception):
    """The pod's program answered with a failure. body: what it said."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:200]}")
        self.status, self.body = status, body


@dataclass(frozen=True)
class PodHttp:
    """A port of a pod that speaks HTTP. headers: sent with every request."""

    kube: Kube
    namespace: str
    pod: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def proxy(self) -> str:
        """The API server's path to it."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.pod}:{self.port}/proxy"

    def json(self, method: str, path: str, body: Any = None, *, deadline: float = DEADLINE) -> Any:
        """Raises BrokenError, AnsweredError."""
        with self._answer(method, path, body, deadline) as answer:
            return json.loads(answer.data or b"null")

    def text(self, path: str) -> str:
        with self._answer("get", path, None, DEADLINE) as answer:
            return str(answer.data.decode(errors="replace"))

    def lines(self, path: str, silence: float) -> Iterator[bytes]:
        """The lines of an answer as they come. Raises BrokenError when none came for `silence` seconds."""
        with self._answer("get", path, None, silence) as answer:
            rest = b""
            while part := answer.read1(CHUNK):  # what is there; `stream` would wait for a whole piece
                *whole, rest = (rest + part).split(b"\n")
                yield from whole

    def save(self, path: str, file: Path) -> None:
        """Write the answer to a file, a piece at a time."""
        with self._answer("get", path, None, DEADLINE) as answer, file.open("wb") as out:
            for part in answer.stream(CHUNK):
                out.write(part)

    @contextlib.contextmanager
    def _answer(self, method: str, path: str, body: Any, deadline: float) -> Iterator[Any]:
        import urllib3
        from kubernetes.client.exceptions import ApiException

        answer: Any = None
        try:
            answer = self.kube.client.request(
                method,
                f"{self.proxy}/{path}",
                body=body,
                query_params=[],
                content_type="application/json",
                header_params=dict(self.headers),
                serialize=False,
                _request_timeout=deadline,
            )
            yield answer
        except ApiException as error:
            raise self._failure(error) from error
        except urllib3.exceptions.HTTPError as error:
            told = kube_errors.explained(error, self.kube.server, self.kube.context)
            raise BrokenError(told.message, told.hint) from error
        finally:
            if answer is not None:
                answer.close()

    def _failure(self, error: Any) -> Exception:
        """What the API server refuses is its Status; all else comes from the pod."""
        body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or "")
        refused = '"kind":"Status"' in body.replace(" ", "")
        if error.status in _PASSING or (refused and error.status == 404):  # 404: the pod is gone, or not there yet
            return BrokenError(f"the pod {self.pod} can't be reached: {body[:300].strip()}")
        if refused:
            return kube_errors.explained(error, self.kube.server, self.kube.context)
        return AnsweredError(error.status, body)
