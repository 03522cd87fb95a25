"""Changes of one application compose: each keeps its effect, whatever else is installed before or after it."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from reference.wacrm.assembly import Wacrm
from reference.wacrm.inbound.meta_webhook import Post
from reference.wacrm.patching.patches import Patch, install, sql
from reference.wacrm.patching.steps import PatchError, drop_index, replace_step, under_way, wrap
from reference.wacrm.settings import Settings, parse_accounts
from tests.reference.wacrm.conftest import accounts

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def wacrm() -> Iterator[Wacrm]:
    read = parse_accounts(accounts())
    made = Wacrm(Settings(read.app_secret, read.verify_token, read.accounts))
    yield made
    made.db.close()


def _add(suffix: str) -> Patch:
    def around(wacrm: Wacrm) -> None:
        digits = wacrm.phones.digits
        wrap(wacrm.phones, "digits", lambda phone: digits(phone) + suffix)

    return around


def _constant(wacrm: Wacrm) -> None:
    replace_step(wacrm.phones, "digits", lambda _phone: "0")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_wrappers_and_a_replacement_compose_in_any_order(wacrm: Wacrm, order: tuple[int, ...]) -> None:
    patches = [_add("a"), _add("b"), _constant]
    install(wacrm, [patches[n] for n in order])
    seen = wacrm.phones.digits("+1")
    assert (seen[0], sorted(seen[1:])) == ("0", ["a", "b"])


def test_an_application_without_changes_has_its_own_methods(wacrm: Wacrm) -> None:
    install(wacrm, [])
    assert "digits" not in vars(wacrm.phones)


def test_changes_that_exclude_each_other_are_refused(wacrm: Wacrm) -> None:
    rewriting = sql("contacts.page", "instr(phone, :search)", "0")
    with pytest.raises(PatchError, match=r"Phones\.digits is replaced by another change already"):
        install(wacrm, [_constant, _constant])
    with pytest.raises(PatchError, match=r"ContactsSQL\.page does not contain 'instr\(phone, :search\)'"):
        install(wacrm, [rewriting, rewriting])


def test_a_step_that_is_not_there_is_an_error(wacrm: Wacrm) -> None:
    with pytest.raises(PatchError, match="Phones has no step dial"):
        install(wacrm, [lambda wacrm: wrap(wacrm.phones, "dial", str)])


def test_an_index_may_be_dropped_twice(wacrm: Wacrm) -> None:
    install(wacrm, [lambda wacrm: drop_index(wacrm, "messages_by_wamid")] * 2)


def test_a_step_is_under_way_while_it_runs(wacrm: Wacrm) -> None:
    def only_for_digits(wacrm: Wacrm) -> None:
        formatting, valid = under_way(wacrm.phones, "digits"), wacrm.phones.valid
        wrap(wacrm.phones, "valid", lambda text: formatting() and valid(text))
        replace_step(wacrm.phones, "digits", lambda phone: str(wacrm.phones.valid(phone)))

    install(wacrm, [only_for_digits])
    assert wacrm.phones.digits("+14155550100") == "True"
    assert not wacrm.phones.valid("+14155550100")


def test_work_that_was_queued_before_a_change_follows_it(wacrm: Wacrm) -> None:
    """The queue of Meta's webhooks is made with the application, before any change of what it does."""

    async def queued() -> None:
        worked: asyncio.Queue[Post] = asyncio.Queue()
        install(wacrm, [lambda wacrm: replace_step(wacrm.meta_webhook, "process", worked.put)])
        wacrm.meta_webhook.queue(Post("payload", ""))
        assert await asyncio.wait_for(worked.get(), 5) == Post("payload", "")

    asyncio.run(queued())
