"""What the API server, or its absence, means for the user: each failure as a sentence, with what to do.

The API server answers a failure with a Status object (kubernetes.io/docs/reference/kubernetes-api: reason, message,
details); its message for missing rights has the form `pods is forbidden: User "u" cannot list resource "pods" in API
group "" in the namespace "n"`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from brokerlab.core.errors import LabError

_RIGHT = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<what>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)"| (?P<cluster>at the cluster scope))?'
)


class NotFoundError(LabError):
    """The API server has no such object."""


class NoSuchKindError(LabError):
    """The API server has no such kind: its CRD is not installed."""


class ConflictError(LabError):
    """Another writer was faster, or the object is there already."""


_WRONG = (LabError, "finds the manifest wrong", "")
_BUSY = (LabError, "can't do it now", "is it starting, or overloaded? run the command again")
_ANSWERS: dict[int, tuple[type[LabError], str, str]] = {
    400: _WRONG,
    404: (NotFoundError, "has no such thing", ""),
    409: (ConflictError, "refused it", "run the command again"),
    422: _WRONG,
    429: _BUSY,
    500: _BUSY,
    503: _BUSY,
    504: _BUSY,
}


def explained(error: Exception, server: str, context: str) -> LabError:
    """error: an ApiException of the kubernetes client, or an HTTPError of urllib3."""
    status = getattr(error, "status", None)
    if not status:  # 0 is the client's word for a TLS handshake that failed
        return _unreachable(error, server, context)
    message = _message(error)
    if status == 401:
        what = f"{server} does not accept the credentials of context '{context}': they are wrong or have expired"
        return LabError(what, "log in again, or fetch a new kubeconfig (minikube: `minikube update-context`)")
    if status == 403:
        return LabError(_forbidden(message), "ask whoever runs this cluster for this right; see `kubectl auth can-i`")
    kind, what, hint = _ANSWERS.get(status, (LabError, f"answered {status}", ""))
    return kind(f"{server} {what}: {message}", hint)


def _message(error: Any) -> str:
    """The Status object's message, else the body's first line, else the HTTP reason."""
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or "")
    try:
        parsed = json.loads(body)
        return str(parsed["message"])
    except (ValueError, KeyError, TypeError):
        return (body.strip().splitlines() or [str(error.reason)])[0]


def _forbidden(message: str) -> str:
    right = _RIGHT.search(message)
    if right is None:
        return f"not allowed: {message}"
    what = right["what"] + (f" ({right['group']})" if right["group"] else "")
    where = f"in the namespace '{right['namespace']}'" if right["namespace"] else "in the whole cluster"
    return f"the right to {right['verb']} {what} {where} is missing for the user '{right['user']}'"


def _unreachable(error: Exception, server: str, context: str) -> LabError:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
        what = f"the certificate of {server} (context '{context}') is not accepted: {_reason(text)}"
        return LabError(what, "an old kubeconfig of a cluster that was made anew? fetch it again")
    what = f"the API server {server} of context '{context}' does not answer: {_reason(text)}"
    return LabError(what, "is the cluster running? `brokerlab cluster status`, or another --context")


def _reason(text: str) -> str:
    """The innermost reason of urllib3's nested texts: "[Errno 111] Connection refused" -> "Connection refused"."""
    for known in ("Connection refused", "timed out", "Name or service not known", "No route to host"):
        if known in text:
            return known.lower()
    if any(cut in text for cut in ("Connection aborted", "reset by peer", "UNEXPECTED_EOF")):
        return "it cut the connection"
    certificate = re.search(r"certificate verify failed: ([^(]+)", text)
    return certificate[1].strip() if certificate else text.splitlines()[0][:200]
