"""Brings up what a run needs on this machine: mock Meta, the receiver, and the reference as the embedded default."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import threading
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx

from conformance.meta.provider import Provider
from conformance.meta.templates import TEMPLATES
from conformance.target.target import SCOPES, Receiver, Target
from conformance.webhooks.certificate import mismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.target.target import Meta

START_DEADLINE = 30.0
STOP_DEADLINE = 5.0
FULL_KEYS = 160
"""Enough that a whole gate never waits for a window, and that every limiter check has fresh keys."""


class StackError(Exception):
    """A part of the stack did not start. The message says which, and what it printed."""


class Process:
    """A server of ours as a process: prints one JSON line when it listens, ends when its standard input does.

    `prefix`: a command that runs it elsewhere, such as `nsenter`.
    """

    def __init__(self, module: str, *arguments: str, prefix: Sequence[str] = ()) -> None:
        command = [*prefix, sys.executable, "-m", module, *arguments, "--exit-with-stdin"]
        root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
        self.module = module
        self._process = subprocess.Popen(  # noqa: S603 - our own modules
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
            start_new_session=True,  # a Ctrl-C is for the judge, which still has a report to write
        )  # fmt: skip
        self._errors: list[str] = []
        self._drain = threading.Thread(target=self._keep_errors, daemon=True)
        self._drain.start()
        self.address = self._first_line()

    def _keep_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors.append(line)
            del self._errors[:-40]

    def _first_line(self) -> dict[str, Any]:
        """The addresses; `StackError` when the process ends or stays silent."""
        assert self._process.stdout is not None
        watchdog = threading.Timer(START_DEADLINE, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        try:
            found: dict[str, Any] = json.loads(line)
        except ValueError:
            self.stop()
            said = "".join(self._errors).strip() or line.strip() or "nothing"
            raise StackError(f"{self.module} did not start; it said: {said}") from None
        return found

    @property
    def ended(self) -> str | None:
        """None while it runs; afterwards its exit code and what it said last."""
        code = self._process.poll()
        return None if code is None else f"exit code {code}; it said: {''.join(self._errors[-8:]).strip() or 'nothing'}"

    def kill(self) -> None:
        """End the process as a crash would."""
        self._process.kill()
        self._process.wait()

    def terminate(self) -> None:
        """Ask the process to end, and do not wait for it."""
        self._process.terminate()

    def stop(self) -> None:
        """End the process; kill it when it does not end by itself."""
        self.terminate()
        try:
            self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._drain.join(STOP_DEADLINE)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


@dataclass(frozen=True)
class Embedded:
    """The reference as this run wants it: broken in named ways, correct in other ways, with this limit and window, and with
    so many keys of every scope.
    """

    faults: Sequence[str] = ()
    variants: Sequence[str] = ()
    limit: int = 120
    window: float = 60.0
    port: int = 0
    keys: int = FULL_KEYS


@dataclass
class Stack:
    """What runs for this run. `start_receiver`, then `start_reference`; leaving the context ends all of it."""

    seed: int
    directory: Path = field(init=False)
    receiver: dict[str, Any] | None = None
    _processes: dict[str, Process] = field(default_factory=dict)
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.directory = Path(self._exit.enter_context(TemporaryDirectory(prefix="wacrm-harness-")))
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.terminate()
        self._exit.close()

    def _start(self, module: str, *arguments: str) -> dict[str, Any]:
        process = self._processes[module] = Process(module, *arguments)
        self._exit.callback(process.stop)
        return process.address

    def pid(self, module: str) -> int | None:
        """The process of one part; None when it was not started here."""
        process = self._processes.get(module)
        return None if process is None else int(process.address["pid"])

    def ended(self) -> dict[str, str]:
        """Parts that run no more, and how they ended."""
        return {module: how for module, process in self._processes.items() if (how := process.ended) is not None}

    def kill(self, module: str) -> None:
        """End one part at once, as a crash would."""
        self._processes[module].kill()

    def start_receiver(self, how: Receiver = Receiver(), *, inner: bool = False) -> None:  # noqa: B008 - frozen
        """The receiver, with a CA of this run alone unless the target file names one that is kept.

        `inner`: its tripwires listen on private addresses too, as far as this machine has such.
        """
        ca = Path(how.ca) if how.ca else self.directory / "receiver-ca.pem"
        arguments = ["--ca", str(ca), "--host", how.host, "--port", str(how.port)]
        if name := urlsplit(how.origin).hostname:
            arguments += ["--name", name]
        if inner:
            arguments.append("--inner")
        self.receiver = self._start("conformance.webhooks.receiver", *arguments)
        if trouble := mismatch(how.origin or self.receiver["origin"], ca):
            raise StackError(
                f"{trouble}\nNo delivery would arrive: correct receiver.origin, or the certificate shown there."
            )

    def start_reference(self, how: Embedded = Embedded()) -> Target:
        """Mock Meta and the reference deployment, wired to each other and to the receiver; what the judge must know."""
        assert self.receiver is not None
        mock = self._start("mock_meta", "--port", "0", "--seed", str(self.seed))
        accounts = embedded_accounts(how.keys)
        file = self.directory / "accounts.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(accounts), encoding="utf-8")
        switches = [f"--fault={name}" for name in how.faults] + [f"--variant={name}" for name in how.variants]
        address = self._start(
            "reference.wacrm", "--port", str(how.port), "--accounts", str(file),
            "--graph-url", mock["graph"], "--graph-timeout", "5",
            "--limit", str(how.limit), "--window", str(how.window), "--webhook-allow", self.receiver["origin"],
            "--webhook-ca", self.receiver["ca"], "--webhook-only-allowed", *switches,
        )  # fmt: skip
        target = embedded_target(accounts, address, mock["control"], how)
        introduce(target)
        return target


def new_key() -> str:
    """A key of the documented form: 32 random bytes, base64url, behind `wacrm_live_`."""
    return "wacrm_live_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def embedded_accounts(full: int = FULL_KEYS) -> dict[str, Any]:
    """The accounts file of the reference: an account with keys of every role, another one, one without WhatsApp."""
    keys: list[tuple[str, tuple[str, ...], dict[str, str]]] = [("full", SCOPES, {})] * full
    keys += [("none", (), {})] * 8 + [("revoked", SCOPES, {"revoked_at": "2026-01-01T00:00:00Z"})]
    keys += [("expired", SCOPES, {"expires_at": "2026-01-01T00:00:00Z"})]
    keys += [(f"only:{scope}", (scope,), {}) for scope in SCOPES]
    keys += [(f"all_but:{scope}", tuple(s for s in SCOPES if s != scope), {}) for scope in SCOPES]
    main = _account("Harness main", keys, _whatsapp("106540000000001", "102290000000001"))
    other = _account(
        "Harness other", [("other_account", SCOPES, {})] * 24, _whatsapp("106540000000002", "102290000000002")
    )
    bare = _account("Harness unconfigured", [("unconfigured", SCOPES, {})] * 2, None)
    return {"app_secret": secrets.token_hex(16), "verify_token": secrets.token_hex(8), "accounts": [main, other, bare]}


def _whatsapp(phone_number_id: str, waba_id: str) -> dict[str, str]:
    return {"phone_number_id": phone_number_id, "waba_id": waba_id, "access_token": "EAA" + secrets.token_hex(30)}


def _account(name: str, keys: list[Any], whatsapp: dict[str, str] | None) -> dict[str, Any]:
    rows = [
        {"key": new_key(), "name": role, "scopes": list(scopes), "revoked_at": None, "expires_at": None, **dates}
        for role, scopes, dates in keys
    ]
    return {"id": str(uuid.uuid4()), "name": name, "whatsapp": whatsapp, "keys": rows}


def embedded_target(accounts: dict[str, Any], address: dict[str, Any], control: str, how: Embedded) -> Target:
    """The target that a harness.toml would describe, for the reference."""
    by_role: dict[str, Any] = {"only": {}, "all_but": {}}
    for row in (key for account in accounts["accounts"] for key in account["keys"]):
        kind, _, scope = row["name"].partition(":")
        if scope:
            by_role[kind][scope] = row["key"]
        else:
            by_role.setdefault(kind, []).append(row["key"])
    main, other, _ = (account["whatsapp"] for account in accounts["accounts"])
    meta = {
        "control": control, **main, "app_secret": accounts["app_secret"], "verify_token": accounts["verify_token"],
        **{f"other_{name}": value for name, value in other.items()},
    }  # fmt: skip
    target = {
        "base_url": address["url"], "webhook_url": address["meta_webhook"], "limit": how.limit, "window": how.window,
        "embedded": True,
    }  # fmt: skip
    # The reference contacts allowed origins only, so no packet leaves, whatever it is asked to deliver to.
    capabilities = {"probe_private_networks": True}
    given = {"target": target, "keys": by_role, "meta": meta, "receiver": {}, "capabilities": capabilities}
    return Target.model_validate(given)


def introduce(target: Target) -> None:
    """Tell mock Meta of the target's accounts (where their tokens are known) and of the templates that checks send."""
    assert target.meta is not None
    meta = target.meta
    with closing(httpx.Client(timeout=40.0, trust_env=False)) as client:
        _introduce(meta, target.target.meta_webhook, Provider(meta.control, client=client))


def _introduce(meta: Meta, webhook_url: str, provider: Provider) -> None:
    for waba_id, phone, token in (
        (meta.waba_id, meta.phone_number_id, meta.access_token),
        (meta.other_waba_id, meta.other_phone_number_id, meta.other_access_token),
    ):
        if waba_id and token is not None:
            account = {
                "access_token": token.get_secret_value(), "app_id": "670843000000001",
                "app_secret": meta.app_secret.get_secret_value(), "verify_token": meta.verify_token.get_secret_value(),
                "webhook_url": webhook_url,
                "phone_numbers": [{"id": phone, "display_phone_number": f"1555010{phone[-4:]}", "verified_name": "Harness"}],
                "templates": list(TEMPLATES),
            }  # fmt: skip
            provider.request("PUT", f"/accounts/{waba_id}", account)
