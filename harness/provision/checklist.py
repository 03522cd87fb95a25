"""For deployments whose database is out of reach: what to make in the dashboard, and the file from what was pasted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.target.keys import Role, scoped_role
from conformance.target.target import SCOPES
from harness.provision import target_file
from harness.provision.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ANY = r"\S+"
KEY = r"wacrm_live_[A-Za-z0-9_-]{43}"
IDENTIFIER = r"\d{6,20}"
FORMS = {
    ANY: "one word without spaces",
    KEY: "wacrm_live_ and 43 letters, digits, - or _",
    IDENTIFIER: "the digits of Meta's id",
}
FIRST = """\
Sign up a test account. Connect WhatsApp to a made-up number of the mock,
and add the templates of conformance/meta/templates.py as approved."""


@dataclass(frozen=True)
class Item:
    """One thing to make. `name`: the role of a key, or the name of a setting of `[meta]`."""

    title: str
    name: str
    form: str = KEY
    optional: bool = True
    many: bool = False


def items(full: int) -> list[tuple[str, list[Item]]]:
    """By heading: what to do in the dashboard, and what to paste after it."""
    single = [Item(f"a key with {scope} only", scoped_role("only", scope)) for scope in SCOPES]
    all_but = [Item(f"a key with all scopes but {scope}", scoped_role("all_but", scope)) for scope in SCOPES]
    return [
        (FIRST, [
            Item("its phone number id", "phone_number_id", IDENTIFIER, optional=False),
            Item("its WhatsApp business account id", "waba_id", IDENTIFIER, optional=False),
            Item("the access token that you entered", "access_token", ANY),
            Item("the verify token that you entered", "verify_token", ANY, optional=False),
            Item("META_APP_SECRET of the deployment", "app_secret", ANY, optional=False),
        ]),
        ("In that account, make API keys.", [
            Item(f"keys with all scopes (10 or more; {full} for no waiting)", Role.FULL, optional=False, many=True),
            Item("a key without any scope", Role.NONE),
            Item("a key that you then revoke", Role.REVOKED),
            Item("a key that has expired", Role.EXPIRED),
            *single, *all_but,
        ]),
        ("Sign up a second account, with another number of the mock.", [
            Item("its phone number id", "other_phone_number_id", IDENTIFIER),
            Item("its WhatsApp business account id", "other_waba_id", IDENTIFIER),
            Item("the access token that you entered", "other_access_token", ANY),
            Item("keys with all scopes (up to 24)", Role.OTHER, many=True),
        ]),
        ("Sign up a third account and leave WhatsApp unconnected.", [
            Item("a key with all scopes", Role.UNCONFIGURED),
        ]),
    ]  # fmt: skip


def printed(full: int) -> str:
    """The checklist for somebody who answers later."""
    lines = ["Make this in the dashboard. Then call again in a terminal, and paste:"]
    for number, (heading, things) in enumerate(items(full), 1):
        lines += ["", f"{number}. {heading}"]
        lines += [f"   [ ] {thing.title}{' (optional)' if thing.optional else ''}" for thing in things]
    return "\n".join([*lines, ""])


def guide(
    base_url: str, control: str, full: int, out: Path, *, ask: Callable[[str], str], say: Callable[[str], object]
) -> None:
    """Ask for everything and write the file. `ask` shows a prompt and reads a line. Raises `ProvisionError`."""
    old, _ = target_file.earlier(out)
    pasted: set[str] = set()
    meta: dict[str, Any] = {"control": control}
    keys: list[tuple[str, str]] = []
    for number, (heading, things) in enumerate(items(full), 1):
        say(f"\n{number}. {heading}")
        for thing in things:
            given = _answers(thing, pasted, ask, say)
            if thing.form == KEY:
                keys += [(thing.name, key) for key in given]
            else:
                meta.update((thing.name, value) for value in given)
    new = {"target": {"base_url": base_url}, "keys": target_file.by_role(keys), "meta": meta}
    with target_file.replaced(out, target_file.merged(old, new)):
        pass
    say(f"written      {out}\n             {len(keys)} keys, readable by its owner only")


def _answers(thing: Item, pasted: set[str], ask: Callable[[str], str], say: Callable[[str], object]) -> list[str]:
    """What was pasted for one item; an empty line ends a list, or skips what is optional."""
    found: list[str] = []
    while not found or thing.many:
        way_out = " (Enter: no more)" if found else " (Enter: none)" if thing.optional else ""
        try:
            given = ask(f"   {thing.title}{way_out}: ").strip()
        except EOFError:
            raise ProvisionError("The input ended before everything was asked; nothing was written.") from None
        if way_out and not given:
            break
        if problem := _problem(thing, given, pasted):
            say(f"   {problem}")
            continue
        found.append(given)
        if thing.form == KEY:
            pasted.add(given)
            say(f"   {given[:19]}… taken")
    return found


def _problem(thing: Item, given: str, pasted: set[str]) -> str:
    if not re.fullmatch(thing.form, given):
        return f"Not what is expected: {FORMS[thing.form]}. Paste it again."
    return "That key was pasted before. Make another one." if given in pasted else ""
