"""The keys of the target file: each accepted or refused as its role says, of the right account, given once."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.runner.preflight import SetupError, asked
from conformance.target.keys import Role
from conformance.wacrm.key_roles import ME, REFUSED, role
from conformance.wacrm.steps.own_account import own_account
from harness.doctor.line import from_error, mend, note, ok

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.target.exchange import Exchange
    from conformance.target.keys import Key, KeyPool
    from conformance.target.probe import Probe
    from harness.doctor.line import Line

AT_ONCE = 8
SHOWN = 3
"""Faulty keys of one role that are told one by one."""
ELSEWHERE = {Role.OTHER, Role.UNCONFIGURED}
"""Roles whose keys are of an account of their own."""


@dataclass(frozen=True)
class Examined:
    """`problem`: why the key is not what its role says, if it is not. `account`: empty when nothing names it."""

    key: Key
    account: str = ""
    problem: Line | None = None


def examined(probe: Probe, pool: KeyPool, keys: Sequence[Key]) -> Iterator[Line]:
    """A line for each role, or one for each key of it that is wrong; then what is wrong between keys."""
    with ThreadPoolExecutor(AT_ONCE) as executor:
        found = list(executor.map(lambda key: _examined(probe, pool, key), keys))
    found = _of_right_accounts(found)
    by_role: dict[str, list[Examined]] = defaultdict(list)
    for one in found:
        by_role[_kind(one.key.role)].append(one)
    for name, same_role in by_role.items():
        yield from _of_role(name, same_role)
    yield from _duplicates(keys)


def _examined(probe: Probe, pool: KeyPool, key: Key) -> Examined:
    try:
        if key.role in REFUSED:
            return Examined(key, problem=_accepted(key, asked(probe, pool, key, ME)))
        answer = role(probe, pool, key) or asked(probe, pool, key, ME)
    except SetupError as error:
        return Examined(key, problem=from_error(_wire(key.role), error))
    if answer.status == 401:  # noqa: PLR2004
        return Examined(key, problem=_expired(key))
    return Examined(key, own_account(answer).id or "")


def _accepted(key: Key, answer: Exchange) -> Line | None:
    if answer.status == 401:  # noqa: PLR2004
        return None
    text = f"keys.{key} is answered {answer.status}, not 401"
    return note(
        _wire(key.role), text, f"Make it {key.role}. If it is, the gate will say so ({REFUSED[Role(key.role)]})."
    )


def _expired(key: Key) -> Line:
    return note(
        _wire(key.role), f"keys.{key} has expired already, so a key that expires in use is not checked",
        "Call `wacrm-harness provision` again right before the gate.",
    )  # fmt: skip


def _of_right_accounts(found: Sequence[Examined]) -> list[Examined]:
    """The same, with a problem for each key whose account is not the one that its role says."""
    main = next((one.account for one in found if one.key.role == Role.FULL and one.account), "")
    return [_of_right_account(one, main) for one in found]


def _of_right_account(one: Examined, main: str) -> Examined:
    is_main = one.account == main
    if one.problem or not main or not one.account or is_main is (one.key.role not in ELSEWHERE):
        return one
    text = f"keys.{one.key} is {'of the same account as' if is_main else 'not of the account of'} keys.full[0]"
    remedy = "Give a key of another account." if is_main else "Give a key of that account."
    return Examined(one.key, one.account, mend(_wire(one.key.role), text, remedy))


def _of_role(name: str, same_role: Sequence[Examined]) -> Iterator[Line]:
    wrong = [one.problem for one in same_role if one.problem]
    yield from wrong[:SHOWN]
    if len(wrong) > SHOWN:
        yield mend(_wire(name), f"{len(wrong) - SHOWN} more keys of this role are wrong", "")
    if not wrong:
        is_as_said = "refused, as said" if name in REFUSED else "account and scopes as said"
        yield ok(_wire(name), f"{len(same_role)} of {len(same_role)}: {is_as_said}")


def _duplicates(keys: Sequence[Key]) -> Iterator[Line]:
    labels: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        labels[key.secret].append(f"keys.{key}")
    for same in labels.values():
        if len(same) > 1:
            yield mend("keys", f"{' and '.join(same)} are one key", "Give each its own: they would share one limit.")


def _kind(role_name: str) -> str:
    """The setting that has the key: `only` for `only:contacts:read`."""
    return role_name.partition(":")[0]


def _wire(role_name: str) -> str:
    return f"keys.{_kind(role_name)}"
