"""The documents under `loadtests/deploy` say what Docker Compose and Kubernetes understand, with arguments that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from typing import Any, cast

import pytest
import yaml

from loadtests.cluster import options
from loadtests.users.scenario import Scenario

DEPLOY = options.PACKAGE / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def by_kind(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in MANIFESTS if one["kind"] == kind)
    return found


def commands() -> list[list[str]]:
    pods = [by_kind(kind)["spec"]["template"]["spec"] for kind in ("Job", "Deployment")]
    return [service["command"] for service in COMPOSE["services"].values()] + [
        container["command"] for pod in pods for container in pod["containers"]
    ]


class Flags:
    """Takes the place of Locust's parser, which cannot be imported here: Locust patches the process it is in."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def add_argument(self, flag: str, **_: Any) -> None:
        self.found.add(flag)


@cache
def known() -> set[str]:
    """Every flag that Locust has, and ours."""
    command = [sys.executable, "-m", "locust", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    ours = Flags()
    options.add(cast("Any", ours), [Scenario("day", "all of them")])
    return set(re.findall(r"--[a-z][a-z-]+", done.stdout)) | ours.found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_argument_exists(command: list[str]) -> None:
    flags = {argument.partition("=")[0] for argument in command if argument.startswith("--")}
    assert flags <= known()


def test_workers_find_their_master() -> None:
    assert "--master-host=master" in COMPOSE["services"]["worker"]["command"]
    service, job, workers = by_kind("Service"), by_kind("Job"), by_kind("Deployment")
    assert service["spec"]["selector"] == job["spec"]["template"]["metadata"]["labels"]
    assert (
        f"--master-host={service['metadata']['name']}"
        in workers["spec"]["template"]["spec"]["containers"][0]["command"]
    )
    assert workers["spec"]["selector"]["matchLabels"] == workers["spec"]["template"]["metadata"]["labels"]
    assert (
        f"--expect-workers={workers['spec']['replicas']}" in job["spec"]["template"]["spec"]["containers"][0]["command"]
    )


def test_volumes_secrets_and_networks_are_declared() -> None:
    for service in COMPOSE["services"].values():
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    pod = by_kind("Job")["spec"]["template"]["spec"]
    mounted = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_the_page_is_published_to_this_machine_alone() -> None:
    assert all(
        port.startswith("127.0.0.1:") for service in COMPOSE["services"].values() for port in service.get("ports", ())
    )
