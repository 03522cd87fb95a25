from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.target.sources import load
from conformance.target.target import SCOPES
from conformance.wacrm.reference import new_key
from harness.provision import checklist
from harness.provision.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXTS = {
    "phone number id": "106540000000001",
    "account id": "102290000000001",
    "token": "EAAtoken",
    "META_APP_SECRET": "s",
}


def person(*, optional: bool = True, first: tuple[str, ...] = ()) -> Callable[[str], str]:
    """Answers every prompt: two keys where several are asked for, and before that what `first` holds."""
    early, several = list(first), dict[str, int]()

    def ask(prompt: str) -> str:
        if early:
            return early.pop(0)
        title = prompt.removesuffix(": ").split(" (Enter")[0]
        several[title] = several.get(title, 0) + 1
        if several[title] > 2 or ("Enter" in prompt and not optional and several[title] == 1):
            return ""
        return next((text for words, text in TEXTS.items() if words in prompt), "") or new_key()

    return ask


def guide(out: Path, ask: Callable[[str], str]) -> str:
    said: list[str] = []
    checklist.guide("http://127.0.0.1:3000", "http://127.0.0.1:8790/_control", 60, out, ask=ask, say=said.append)
    return "\n".join(said)


def test_what_is_pasted_ends_in_the_same_file(tmp_path: Path) -> None:
    out = tmp_path / "harness.toml"
    said = guide(out, person())
    target = load(out, {})
    assert (len(target.keys.full), len(target.keys.other_account), len(target.keys.unconfigured)) == (2, 2, 1)
    assert set(target.keys.only) == set(target.keys.all_but) == set(SCOPES)
    assert target.meta is not None
    assert target.meta.other_phone_number_id == "106540000000001"
    assert not [key for key in target.keys.flat() if key.secret in said]


def test_what_is_optional_may_be_left_out(tmp_path: Path) -> None:
    out = tmp_path / "harness.toml"
    guide(out, person(optional=False))
    target = load(out, {})
    assert len(target.keys.full) == 2
    assert (target.keys.none, target.keys.only) == ([], {})


def test_a_paste_that_is_no_id_or_key_is_asked_for_again(tmp_path: Path) -> None:
    key = new_key()
    first = ("my phone", "1065400000001", "2", "102290000000001", "EAA", "v", "s", key[:-1], key, key, "")
    said = guide(tmp_path / "harness.toml", person(optional=False, first=first))
    assert said.count("the digits of Meta's id") == 2
    assert said.count("wacrm_live_ and 43") == 1
    assert said.count("was pasted before") == 1
    assert load(tmp_path / "harness.toml", {}).keys.full[0].get_secret_value() == key


def test_the_end_of_the_input_writes_nothing(tmp_path: Path) -> None:
    def ask(_: str) -> str:
        raise EOFError

    with pytest.raises(ProvisionError, match="nothing was written"):
        guide(tmp_path / "harness.toml", ask)
    assert not list(tmp_path.iterdir())


def test_the_printed_list_has_everything_in_80_columns() -> None:
    text = checklist.printed(60)
    assert all(len(line) < 80 for line in text.splitlines())
    assert text.count("[ ]") == sum(len(things) for _, things in checklist.items(60))
