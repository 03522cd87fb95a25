"""What a person is told when a run starts: where things listen, what was set, how the gate is started."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.pointing.place import Place
    from harness.pointing.request import Request
    from harness.pointing.runtime import Runtime

_INDENT = " " * 16


def screen(
    request: Request, place: Place, kind: Runtime, variables: Mapping[str, str], for_gate: Mapping[str, str]
) -> str:
    """The lines; each value is one that another program can be given."""
    rows = {
        "mock Meta": _mock(place),
        "namespace": _namespace(request, place),
        "receiver": _receiver(place),
        "set": "\n".join(f"{name}={value}" for name, value in variables.items()),
        "note": kind.value,
        "gate": _gate(request, place, for_gate),
    }
    lines = [f"  {name:<14}" + text.replace("\n", f"\n{_INDENT}") for name, text in rows.items() if text]
    return "\n".join([f"wacrm-harness run: {shlex.join(request.command)}", *lines, ""])


def _mock(place: Place) -> str:
    return f"{place.mock} ({'ends with this run' if place.is_mock_ours else 'was running'}); live page: {place.mock}/_control/"


def _namespace(request: Request, place: Place) -> str:
    if not place.enter or place.receiver is None:
        return ""
    forwarded = f", and {', '.join(request.forwards)} outside" if request.forwards else ""
    reached = f"reaches 127.0.0.1 and {place.receiver.host} inside, Unix sockets{forwarded}; nothing else"
    return f"{reached}\nto enter: {shlex.join(place.enter)} sh"


def _receiver(place: Place) -> str:
    """Where the gate will listen, and whom the deployment trusts for it."""
    if place.receiver is None:
        return ""
    at = place.receiver.origin or f"https://{place.receiver.host}:{place.receiver.port or '<a free port>'}"
    return f"{at}, opened by the gate; its CA: {place.receiver.ca}"


def _gate(request: Request, place: Place, for_gate: Mapping[str, str]) -> str:
    if request.gate is not None:
        return "starts when the deployment answers"
    if request.target is None:
        return ""
    given = ["env", *(f"{name}={value}" for name, value in for_gate.items())] if for_gate else []
    return shlex.join([*place.enter, *given, "wacrm-harness", "gate", "--target", str(request.target)])
