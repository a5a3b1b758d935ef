"""A new usecase that works as it stands: a Deployment, its Service, its ServiceMonitor, and the kustomization.

The image answers on /metrics by itself, so the target is up before a line is written. The pod runs as nobody, without
privileges, with a root file system that can't be written, and without a service-account token.
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from brokerlab.core.errors import UsageError
from brokerlab.core.files import write_atomic

IMAGE = "quay.io/brancz/prometheus-example-app:v0.5.0"  # the Prometheus operator's own example: /metrics on port 8080
PORT = 8080
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,48}[a-z0-9])?")

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $name
  labels: {app: $name}
spec:
  replicas: 1
  selector:
    matchLabels: {app: $name}
  template:
    metadata:
      labels: {app: $name}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65534
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: $name
          image: $image
          imagePullPolicy: IfNotPresent
          ports:
            - {name: metrics, containerPort: $port}
          readinessProbe:
            httpGet: {path: /metrics, port: metrics}
            periodSeconds: 2
          resources:
            requests: {cpu: 10m, memory: 32Mi}
            limits: {memory: 128Mi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
"""
_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: $name
  labels: {app: $name}
spec:
  selector: {app: $name}
  ports:
    - {name: metrics, port: $port, targetPort: metrics}
"""
_SERVICE_MONITOR = """\
# Found in any namespace. selector: the labels of the Service; port: the name of its port.
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: $name
spec:
  selector:
    matchLabels: {app: $name}
  endpoints:
    - {port: metrics, path: /metrics, interval: 5s}
"""
_KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: $name
resources:
  - deployment.yaml
  - service.yaml
  - servicemonitor.yaml
"""
_FILES = {
    "deployment.yaml": _DEPLOYMENT,
    "service.yaml": _SERVICE,
    "servicemonitor.yaml": _SERVICE_MONITOR,
    "kustomization.yaml": _KUSTOMIZATION,
}


def files(name: str, image: str = IMAGE, port: int = PORT) -> dict[str, str]:
    """{file: text} of a usecase of that name. Raises UsageError for a name that Kubernetes would not take."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"'{name}' is no name for a usecase", "use small letters, digits and '-', as in my-usecase")
    if not image or any(character.isspace() for character in image):
        raise UsageError(f"'{image}' is no image", "name it with its tag: registry/name:tag")
    known = {"name": name, "image": image, "port": str(port)}
    return {file: Template(text).substitute(known) for file, text in _FILES.items()}


def write(folder: Path, texts: dict[str, str]) -> list[Path]:
    """Write the files; none is written when one of them is there already (UsageError)."""
    paths = {folder / file: text for file, text in texts.items()}
    present = [path for path in paths if path.exists()]
    if present:
        raise UsageError(f"{present[0]} is there already", "choose another name, or remove it")
    for path, text in paths.items():
        try:
            write_atomic(path, text, mode=0o644)
        except OSError as error:
            raise UsageError(f"{path} can't be written: {error.strerror}") from error
    return list(paths)
