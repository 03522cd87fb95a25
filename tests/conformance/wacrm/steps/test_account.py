from __future__ import annotations

import random

import pytest

from conformance.target.numbers import Numbers
from conformance.target.verdicts import NoVerdict
from tests.conformance.wacrm.deployment import Deployment, account_at


@pytest.mark.parametrize("spelled", ["+{}", "{}", "+ {}"])
@pytest.mark.parametrize("searches", [True, False])
def test_a_contact_is_found_by_its_digits(spelled: str, searches: bool) -> None:  # noqa: FBT001 - a parameter
    account = account_at(Deployment(spelled, searches=searches))
    made = account.contact()
    phone = account.phone_of(made)
    assert phone.startswith("+")
    assert account.contact_by_phone(phone) == made
    assert account.contact_by_phone(account.numbers.fresh()) is None


def test_a_number_that_is_known_is_drawn_again() -> None:
    deployment = Deployment()
    deployment.post("/contacts", {"phone": Numbers(random.Random(1)).fresh()})
    account = account_at(deployment)
    assert account.contact(name="Ada")["name"] == "Ada"


def test_a_given_number_is_not_exchanged() -> None:
    account = account_at(Deployment())
    phone = account.phone_of(account.contact())
    with pytest.raises(NoVerdict):
        account.contact(phone=phone)
