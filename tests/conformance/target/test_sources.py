from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.runner.run_state import reveal
from conformance.target.keys import Role
from conformance.target.sources import find, given_secrets, load, place
from conformance.target.target import SettingsError, Target

MINIMAL = """
[target]
base_url = "http://127.0.0.1:3000"
[keys]
full = ["wacrm_live_a", "env:SECOND_KEY"]
only = { "contacts:read" = "wacrm_live_b" }
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "harness.toml"
    path.write_text(text)
    return path


def refused(tmp_path: Path, text: str, **environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, text), environment)
    return str(caught.value)


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_KEY", "wacrm_live_c")
    path = write(tmp_path, MINIMAL + "\n")
    environment = {"WACRM_TARGET_LIMIT": "60", "WACRM_TARGET_WINDOW": "30", "WACRM_URL": "not ours"}
    target = load(path, environment, ["target.limit=10", "keys.only.messages:send=wacrm_live_d"])
    assert (target.target.limit, target.target.window) == (10, 30.0)
    assert [key.role for key in target.keys.flat()] == [
        Role.FULL,
        Role.FULL,
        "only:contacts:read",
        "only:messages:send",
    ]


def test_a_misspelled_setting_is_named_with_its_line(tmp_path: Path) -> None:
    said = refused(tmp_path, MINIMAL.replace("base_url", "limt = 3\nbase_url").replace("env:SECOND_KEY", "k"))
    assert "harness.toml:3: target.limt: unknown setting; did you mean target.limit?" in said


def test_a_misspelled_section_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, MINIMAL.replace("env:SECOND_KEY", "k") + "\n[recevier]\nport = 1\n")
    assert "harness.toml:8: recevier: unknown setting; did you mean receiver?" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[keys]", "limit = 1\n[keys]"), "target.limit"),
        (('"http://127.0.0.1:3000"', '"127.0.0.1:3000"'), "base_url must be an http or https URL"),
        (("contacts:read", "contacts:raed"), "did you mean 'contacts:read'?"),
        (('base_url = "http://127.0.0.1:3000"', ""), "target.base_url: missing"),
        (("[target]", "[target"), "not valid TOML"),
        (("env:SECOND_KEY", "env:THIRD_KEY"), "harness.toml:5: keys.full.1: the environment has no variable THIRD_KEY"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], said: str
) -> None:
    monkeypatch.setenv("SECOND_KEY", "wacrm_live_c")
    assert said in refused(tmp_path, MINIMAL.replace(*change))


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("WACRM_KEYS_FUL", "did you mean WACRM_KEYS_FULL?"),
        ("WACRM_TAGET_BASE_URL", "did you mean WACRM_TARGET_BASE_URL?"),
        ("WACRM_TARGET_ZZZ", "unknown setting"),
    ],
)
def test_a_misspelled_variable_is_named_even_when_nothing_else_is_given(variable: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: unknown setting") as caught:
        find(None, {variable: "x"})
    assert said in str(caught.value)


def test_variables_of_others_are_left_alone() -> None:
    assert find(None, {"WACRM_URL": "u", "WACRM_KEY": "k", "WACRM_KEY_REVOKED": "r", "WACRM_DATABASE_URL": "d"}) is None


def test_a_wrong_value_is_told_by_where_it_came_from(tmp_path: Path) -> None:
    text = MINIMAL.replace("env:SECOND_KEY", "k").replace("[keys]", "limit = 5\n[keys]")
    assert refused(tmp_path, text, WACRM_TARGET_LIMIT="x").startswith("WACRM_TARGET_LIMIT: target.limit: ")
    with pytest.raises(SettingsError, match=r"^--set target\.limit: target\.limit: "):
        load(write(tmp_path, text), {"WACRM_TARGET_LIMIT": "x"}, ["target.limit=y"])
    assert "harness.toml:4: target.limit: " in refused(tmp_path, text.replace("limit = 5", "limit = 'z'"))


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read"):
        load(tmp_path / "nowhere.toml", {})


@pytest.mark.parametrize("override", ["limit=3", "target.limit"])
def test_an_override_needs_a_section_and_a_value(override: str) -> None:
    with pytest.raises(SettingsError, match=r"section\.name=value"):
        load(None, {}, [override])


def test_the_example_file_is_valid() -> None:
    example = Path(__file__).parents[3] / "harness.example.toml"
    target = load(example, {})
    assert target.meta is not None
    assert target.receiver is not None


EXPIRING = '\nexpiring = { key = "wacrm_live_x", expires_at = 2026-12-31T12:03:00Z }\n'


def test_an_expiring_key_comes_with_its_time(tmp_path: Path) -> None:
    target = load(write(tmp_path, MINIMAL.replace("[keys]", f"[keys]{EXPIRING}").replace("env:SECOND_KEY", "k")), {})
    assert target.keys.expiring is not None
    assert target.keys.expiring.expires_at == datetime(2026, 12, 31, 12, 3, tzinfo=UTC)
    assert [key.secret for key in target.keys.flat() if key.role == Role.EXPIRING] == ["wacrm_live_x"]
    assert Target.model_validate(json.loads(json.dumps(reveal(target.model_dump())))) == target


def test_a_time_without_zone_is_refused(tmp_path: Path) -> None:
    text = MINIMAL.replace("[keys]", f"[keys]{EXPIRING}").replace("env:SECOND_KEY", "k").replace("00Z", "00")
    assert "keys.expiring.expires_at" in refused(tmp_path, text)


SPREAD = """
[target]
base_url = "http://127.0.0.1:3000"
[keys]
full = [
    "wacrm_live_a",
    "wacrm_live_b",
]
none = "wacrm_live_c"
only = { "contacts:read" = "wacrm_live_d" }
"""


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("keys.full[0]", 6),
        ("keys.full[1]", 7),
        ("keys.none[0]", 9),
        ("keys.only:contacts:read", 10),
        ("keys.revoked[0]", 4),
    ],
)
def test_a_key_is_found_at_its_line(tmp_path: Path, setting: str, line: int) -> None:
    path = write(tmp_path, SPREAD)
    assert place(path, {}, [], setting) == f"{path}:{line}: "


def test_a_key_from_elsewhere_is_found_at_its_source() -> None:
    assert place(None, {"WACRM_KEYS_FULL": "a"}, [], "keys.full[0]") == "WACRM_KEYS_FULL: "
    assert place(None, {}, ["keys.full=a"], "keys.full[0]") == "--set keys.full: "
    assert place(None, {}, [], "keys.full[0]") == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ('"wacrm_live_a",\n    "wacrm_live_a"', ":7: keys.full[1] is the same key as keys.full[0]"),
        (
            '"wacrm_live_a",\n    "wacrm_live_b "',
            ":7: keys.full.1: no key holds such a character: character 13 is a blank",
        ),
        ('"wacrm_live_ä",\n    "wacrm_live_b"', ":6: keys.full.0: no key holds such a character: character 12 is not"),
    ],
)
def test_a_key_that_cannot_be_right_is_named_by_line(tmp_path: Path, changed: str, said: str) -> None:
    text = SPREAD.replace('"wacrm_live_a",\n    "wacrm_live_b"', changed)
    refusal = refused(tmp_path, text)
    assert f"harness.toml{said}" in refusal
    assert "wacrm_live" not in refusal


def test_secrets_are_known_before_settings_are_read() -> None:
    found = given_secrets(
        ["--set", "keys.full=one,two", "--seed=5"], {"WACRM_META_APP_SECRET": "three", "PATH": "four"}
    )
    assert {"one", "two", "three"} <= set(found)
    assert not {"5", "four"} & set(found)
