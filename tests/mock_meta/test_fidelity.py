"""`docs/mock-fidelity.md` says what the tests hold."""

import re

from tests.mock_meta.fidelity import PAGE, SURE, facts, page


def test_the_page_is_true() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.mock_meta.fidelity writes it"


def test_every_fact_names_its_source_and_its_month() -> None:
    found = facts()
    assert found
    for one in found:
        assert one.source, one
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", one.month), one
        assert one.sure in SURE, one


def test_no_fact_is_told_twice() -> None:
    sentences = [one.sentence for one in facts()]
    assert len(set(sentences)) == len(sentences)
