"""Several faults at once: none undoes another that patches something else, in whichever order they are installed."""

from __future__ import annotations

import itertools
import random

import pytest

from reference.wacrm.app import create_app
from reference.wacrm.faults import FAULTS
from reference.wacrm.patching.steps import PatchError
from reference.wacrm.settings import Settings, parse_accounts
from tests.reference.wacrm.conftest import accounts
from tests.reference.wacrm.faults.scenarios import SCENARIOS, observed, unbroken

PAIRS = [
    # one step replaced by the one and wrapped by the other
    ("signature-is-base64", "signature-time-is-in-milliseconds"),
    ("patched-tags-are-added", "empty-tags-are-ignored"),
    # one step wrapped by both
    ("company-is-dropped-on-create", "email-is-lower-cased-on-create"),
    ("documents-are-sent-twice", "template-language-is-always-english"),
    # one statement rewritten by both
    ("search-matches-email", "tag-filter-sees-the-first-tag-only"),
    # different steps, where one asks which step is running
    ("foreign-webhook-can-be-read", "patch-accepts-http"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_both_faults_of_a_pair_show(first: str, second: str) -> None:
    for one, other in ((first, second), (second, first)):
        group = FAULTS[one].group
        showing = next(s for s in SCENARIOS[group] if observed(s, group, one) != unbroken(s, group))
        without = observed(showing, group, other)
        assert observed(showing, group, one, other) != without
        assert observed(showing, group, other, one) != without


def test_pairs_of_a_sample_can_be_installed_or_exclude_each_other() -> None:
    read = parse_accounts(accounts())
    settings = Settings(read.app_secret, read.verify_token, read.accounts)
    pairs = random.Random(1).sample(list(itertools.combinations(FAULTS, 2)), 300)
    refused = 0
    for pair in pairs:
        try:
            create_app(settings, pair).state.wacrm.db.close()
        except PatchError:
            assert FAULTS[pair[0]].group == FAULTS[pair[1]].group, pair
            refused += 1
    assert refused <= 3
