"""docs/mock-with-your-application.md: its snippets run as they stand, in a network of their own with nothing in it but the mock.

There port 443 is free, the hosts file can be laid over, and no packet leaves the machine.
"""

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_meta.control.accounts import configure
from mock_meta.protocol.meta_hosts import hosts_lines
from mock_meta.serving.app import create_app
from mock_meta.serving.cli import parse

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "mock-with-your-application.md"
ALONE = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
DEADLINE = 60.0
SENT = re.compile(r"200 wamid\.\S+$", re.MULTILINE)


@dataclass(frozen=True)
class Snippet:
    """A code block: the heading above it, its language, its file's name if it has one."""

    section: str
    language: str
    name: str
    text: str


def snippets() -> list[Snippet]:
    found, section = [], ""
    pattern = re.compile(
        r"^#+ (?P<heading>[^\n]+)$|^```(?P<language>\w+) ?(?P<name>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
    )
    for match in pattern.finditer(PAGE.read_text("utf-8")):
        if match["heading"]:
            section = match["heading"]
        else:
            found.append(Snippet(section, match["language"], match["name"], match["text"]))
    return found


SNIPPETS = snippets()


def shell(section: str, place: int = 0) -> str:
    return [one.text for one in SNIPPETS if (one.section, one.language) == (section, "sh")][place]


def file(name: str) -> str:
    return next(one.text for one in SNIPPETS if one.name == name)


@functools.cache
def why_not_alone() -> str:
    """Why no network of one's own can be made here; empty when it can."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "there is no unshare or no ip on this machine"
    ran = subprocess.run([*ALONE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
    return ran.stderr.strip() and f"the kernel refuses a network of one's own: {ran.stderr.strip()}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A reader's folder: the page's files, and the project where the page expects it."""
    if why_not_alone():
        pytest.skip(why_not_alone())
    for one in SNIPPETS:
        if one.name:
            (tmp_path / one.name).write_text(one.text)
    (tmp_path / "mock_meta").symlink_to(ROOT / "mock_meta")
    (tmp_path / "harness").symlink_to(ROOT)
    (tmp_path / "hosts").write_text(f"127.0.0.1 localhost\n{hosts_lines('127.0.0.1')}\n")
    return tmp_path


def run(folder: Path, server: str, client: str) -> str:
    """What the client's lines print, in a network of their own where the server's line runs beside them."""
    port = parse(shlex.split(server)[3:]).port
    script = f"""
        set -e
        ip link set lo up
        mount --bind hosts /etc/hosts
        {server.strip()} --exit-with-stdin --quiet < <(sleep {DEADLINE:.0f}) > mock.json &
        timeout 20 bash -c 'until (: < /dev/tcp/127.0.0.1/{port}) 2> /dev/null; do sleep 0.05; done'
        {client}
        kill %1
    """
    return alone(folder, script)


def alone(folder: Path, script: str) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    command = [*ALONE, "--pid", "--fork", "--kill-child", "bash", "-c", script]
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program} on this machine")


@needs("node")
@pytest.mark.parametrize("place", [0, 1])
def test_node_with_the_preload(folder: Path, place: int) -> None:
    assert SENT.search(run(folder, shell("An account to play with"), shell("Node", place)))


@pytest.mark.parametrize(
    "section",
    [
        "Python",
        pytest.param("PHP", marks=needs("php")),
        pytest.param("Node without the preload", marks=needs("node")),
    ],
)
def test_under_metas_own_name(folder: Path, section: str) -> None:
    assert SENT.search(run(folder, shell("Under Meta's own name"), shell(section)))


def test_the_hosts_lines(folder: Path) -> None:
    assert alone(folder, shell("Under Meta's own name", 1)) == f"{hosts_lines('127.0.0.1')}\n"


@needs("curl")
def test_webhooks(folder: Path) -> None:
    told = run(folder, shell("An account to play with"), shell("Webhooks"))
    assert '"ok":false' in told  # nothing listens at port 3000 there
    assert "wamid." in told


@needs("node")
@needs("curl")
def test_the_workflow(folder: Path) -> None:
    """Its steps one after the other, but for those that fetch something."""
    job = yaml.safe_load(file("test.yml"))["jobs"]["test"]
    steps = [step["run"] for step in job["steps"] if "run" in step and not step["run"].startswith("pip ")]
    settings = [f"export {name}={shlex.quote(value)}" for name, value in job["env"].items()]
    server, *others = steps
    started = server.replace(" >", " --exit-with-stdin < <(sleep 60) >")
    told = alone(folder, "\n".join(["set -e; ip link set lo up", *settings, started, *others, "kill %1"]))
    assert SENT.search(told)
    assert '"operation":"messages.send"' in told


def test_the_account() -> None:
    mock = create_app().mock
    configure(mock, json.loads(file("accounts.json")))
    assert [account.waba_id for account in mock.accounts] == ["102290129340398"]


def test_the_compose_file() -> None:
    compose: dict[str, Any] = yaml.safe_load(file("compose.yaml"))
    meta, app = compose["services"]["meta"], compose["services"]["app"]
    inner = shlex.split(meta["command"])[-1].partition("exec python -m mock_meta ")[2]
    options = parse(shlex.split(inner))
    assert (options.tls, str(options.tls_dir), options.port, options.allow_host) == (True, "/tls", 443, ["app"])
    assert meta["networks"]["default"]["aliases"] == ["graph.facebook.com", "lookaside.fbsbx.com"]
    assert app["environment"]["NODE_EXTRA_CA_CERTS"] == f"{options.tls_dir}/ca.pem"
    assert set(app["depends_on"]) <= set(compose["services"])
    named = {volume.partition(":")[0] for service in (meta, app) for volume in service["volumes"]}
    assert {name for name in named if not name.startswith(".")} == set(compose["volumes"])


def test_every_block_is_run_or_parsed() -> None:
    ran = {("sh", section) for section in ("An account to play with", "Node", "Under Meta's own name", "Python", "PHP")}
    ran |= {("sh", "Node without the preload"), ("sh", "Webhooks")}
    assert {(one.language, one.section) for one in SNIPPETS if not one.name} == ran
    files = {"accounts.json", "app.mjs", "app.py", "app.php", "compose.yaml", "test.yml"}
    assert {one.name for one in SNIPPETS if one.name} == files
