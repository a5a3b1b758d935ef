"""The workshop's web pages: which host name each has behind the ingress, and which Service it is without one."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from brokerlab.cluster.monitoring import NAMESPACE, RELEASE

PATIENCE = 3.0  # seconds for a page to answer


@dataclass(frozen=True)
class Page:
    """One page. host: its name behind the ingress."""

    host: str
    namespace: str
    service: str


PAGES = {
    "alertmanager": Page("alertmanager.test", NAMESPACE, f"{RELEASE}-kube-prometheus-alertmanager"),
    "grafana": Page("grafana.test", NAMESPACE, f"{RELEASE}-grafana"),
    "headlamp": Page("headlamp.test", "headlamp", "headlamp"),
    "kubetail": Page("kubetail.test", "kubetail-system", "kubetail-dashboard"),
    "prometheus": Page("prometheus.test", NAMESPACE, f"{RELEASE}-kube-prometheus-prometheus"),
}
HOSTS = tuple(page.host for page in PAGES.values())


def unreachable(host: str, port: int = 80) -> str:
    """Why http://host does not answer here; "" when it does."""
    import http.client

    try:
        socket.getaddrinfo(host, port)
    except OSError:
        return f"{host} is not known here: `brokerlab dns add` puts it into the hosts file"
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{host} does not answer ({error}): is the cluster up, and on macOS with docker the tunnel?"
    finally:
        connection.close()
    known = status < 500 and status != 404  # the ingress controller answers 404 for a host that it does not know
    return "" if known else f"{host} answers {status}: is `brokerlab core deploy` done?"
