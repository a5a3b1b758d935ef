"""A token for Headlamp's login field, from the TokenRequest API (authentication.k8s.io/v1), and the way to a clipboard.

minikube's addon makes the service account `headlamp` in the namespace `headlamp`, bound to cluster-admin.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube.api import Kube
from brokerlab.kube.kube_errors import NotFoundError

NAMESPACE, ACCOUNT = "headlamp", "headlamp"
SHORTEST = 600  # seconds: the API server refuses less
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
CLIPBOARDS = (  # the first that is there gets the token, by its standard input
    ("pbcopy",),
    ("clip.exe",),
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("xsel", "--clipboard", "--input"),
)


def seconds(duration: str) -> int:
    """Of "24h", "1h30m", "90m". Raises UsageError for what is no duration, or shorter than ten minutes."""
    parts = re.findall(r"(\d+)([smhd])", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise UsageError(f"'{duration}' is no duration", "write it like 24h, 90m or 1h30m")
    total = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if total < SHORTEST:
        raise UsageError(f"'{duration}' is too short", "Kubernetes gives no token for less than 10m")
    return total


def token(kube: Kube, duration: str, account: str = ACCOUNT, namespace: str = NAMESPACE) -> str:
    """A new token of the service account. Raises LabError when there is no such account, or no right to it."""
    path = kube.resource("v1", "ServiceAccount").url(namespace, account) + "/token"
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": seconds(duration)},
    }
    try:
        return str(kube.json("post", path, request)["status"]["token"])
    except NotFoundError as error:
        raise LabError(
            f"there is no service account {account} in the namespace {namespace}",
            "`brokerlab cluster up` enables Headlamp; elsewhere name its account with --account and --namespace",
        ) from error


def copy(text: str) -> str:
    """Put the text on the clipboard; returns the program that did it. Raises LabError when there is none."""
    for command in CLIPBOARDS:
        program = shutil.which(command[0])
        if program is None:
            continue
        # xclip stays in the background with what it inherited: a pipe would never come to its end
        quiet = subprocess.DEVNULL
        done = subprocess.run([program, *command[1:]], input=text.encode(), stdout=quiet, stderr=quiet, check=False)
        if done.returncode == 0:
            return command[0]
    raise LabError(
        "no program for the clipboard works here",
        "install xclip or wl-clipboard, or leave --copy out and copy the token",
    )
