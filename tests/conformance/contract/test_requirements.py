from pathlib import Path

import pytest

from conformance.contract.requirements import Level, Requirement, RequirementsError, load
from conformance.wacrm.system import SYSTEM

CONTRACT = {
    "AUTH": 9,
    "SCOPE": 4,
    "TENANT": 6,
    "ENV": 8,
    "RATE": 12,
    "PAGE": 7,
    "CONT": 12,
    "CONV": 9,
    "MSG": 16,
    "BCAST": 14,
    "HOOK": 13,
    "META": 8,
    "SPEC": 4,
}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "requirements.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_clause_of_the_contract_is_there_in_order() -> None:
    expected = [f"{group}-{number:02}" for group, count in CONTRACT.items() for number in range(1, count + 1)]
    assert list(load(SYSTEM.requirements)) == expected


def test_levels_follow_the_contract() -> None:
    levels = {id_: requirement.level for id_, requirement in load(SYSTEM.requirements).items()}
    assert [id_ for id_, level in levels.items() if level is Level.I] == ["RATE-10", "RATE-11"]
    assert levels["RATE-05"] is Level.M
    assert levels["RATE-12"] is Level.S
    assert sum(level is Level.S for level in levels.values()) == 27


def test_a_group_is_the_letters_of_the_id() -> None:
    assert Requirement("RATE-05", Level.M, "A sentence.", "docs").group == "RATE"


def test_sentences_end_and_are_told_apart() -> None:
    sentences = [requirement.sentence for requirement in load(SYSTEM.requirements).values()]
    assert all(sentence.endswith(".") for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


def test_a_source_names_a_page_of_public_documentation() -> None:
    for requirement in load(SYSTEM.requirements).values():
        assert "docs: " in requirement.source or "Meta: " in requirement.source or requirement.group == "SPEC"
        assert requirement.source.startswith("follows from ") or requirement.level is not Level.S


ENTRY = "- {id: RATE-05, level: M, sentence: It holds., source: 'docs: Rates'}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a non-empty list of clauses, got NoneType"),
        ("a: 1", "expected a non-empty list of clauses, got dict"),
        ("- [", "cannot be read"),
        ("- RATE-05", "entry 1: expected a mapping, got str: 'RATE-05'"),
        (ENTRY + ENTRY, "entry 2: id RATE-05 is already taken"),
        (ENTRY.replace("M", "X"), r"entry 1 \(RATE-05\): level must be one of M, S, I, got 'X'"),
        (ENTRY.replace("RATE-05", "RATE5"), "id must look like RATE-05, got 'RATE5'"),
        (ENTRY.replace("level: M, ", ""), r"entry 1 \(RATE-05\): lacks level"),
        (ENTRY.replace("level", "lvl: 1, level"), r"entry 1 \(RATE-05\): has unknown members lvl"),
        (ENTRY.replace("It holds.", "''"), "sentence must be a non-empty string, got ''"),
        (ENTRY.replace("It holds.", "5"), "sentence must be a non-empty string, got 5"),
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RequirementsError, match=message):
        load(written(tmp_path, text))


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RequirementsError, match=r"absent\.yaml: cannot be read"):
        load(tmp_path / "absent.yaml")
