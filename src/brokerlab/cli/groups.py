"""The command groups, in the order of the help page: each one's line, and how it is imported when it is used."""

from __future__ import annotations

import typer

from brokerlab.cli.tree import Later


def _scenario() -> typer.Typer:
    from brokerlab.cli import scenario

    return scenario.app


def _runs() -> typer.Typer:
    from brokerlab.cli import runs

    return runs.app


def _report() -> typer.Typer:
    from brokerlab.cli import report

    return report.app


def _workshop() -> typer.Typer:
    from brokerlab.cli import workshop

    return workshop.app


def _lab() -> typer.Typer:
    from brokerlab.cli import lab

    return lab.app


def _doctor() -> typer.Typer:
    from brokerlab.cli import doctor

    return doctor.app


def _cluster() -> typer.Typer:
    from brokerlab.cli import cluster

    return cluster.app


def _dns() -> typer.Typer:
    from brokerlab.cli import dns

    return dns.app


def _core() -> typer.Typer:
    from brokerlab.cli import core

    return core.app


def _headlamp() -> typer.Typer:
    from brokerlab.cli import headlamp

    return headlamp.app


def _usecase() -> typer.Typer:
    from brokerlab.cli import usecase

    return usecase.app


def _open() -> typer.Typer:
    from brokerlab.cli import open as pages

    return pages.app


GROUPS = {
    "scenario": Later("Run an experiment on a real broker, and judge it.", _scenario),
    "runs": Later("Look at finished runs.", _runs),
    "report": Later("A finished run as one HTML page.", _report),
    "workshop": Later("A guided tour through the six questions, with experiments.", _workshop),
    "lab": Later("Brokers of our own on this machine, and Prometheus.", _lab),
    "doctor": Later("What this machine has, what is missing, and getting it.", _doctor),
    "cluster": Later("The workshop's Kubernetes cluster, a minikube.", _cluster),
    "dns": Later("The cluster's .test names in the hosts file.", _dns),
    "core": Later("Ingress and monitoring: Prometheus, Alertmanager, Grafana.", _core),
    "headlamp": Later("Headlamp, the cluster's page.", _headlamp),
    "usecase": Later("Usecases: applications with their own monitoring.", _usecase),
    "open": Later("Open one of the cluster's pages.", _open),
}
