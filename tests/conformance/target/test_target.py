from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.runner.run_state import reveal
from conformance.target.keys import Role
from conformance.target.target import SettingsError, Target, load, refuse_strangers

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


@pytest.mark.parametrize("base", ["http://127.0.0.1:3000", "http://127.0.0.1:3000/", "http://127.0.0.1:3000/api/v1/"])
def test_the_origin_and_the_api_are_both_understood(base: str) -> None:
    target = load(None, {}, [f"target.base_url={base}", "keys.full=k"])
    assert target.target.api == "http://127.0.0.1:3000/api/v1"
    assert target.target.meta_webhook == "http://127.0.0.1:3000/api/whatsapp/webhook"


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


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read"):
        load(tmp_path / "nowhere.toml", {})


@pytest.mark.parametrize("override", ["limit=3", "target.limit"])
def test_an_override_needs_a_section_and_a_value(override: str) -> None:
    with pytest.raises(SettingsError, match=r"section\.name=value"):
        load(None, {}, [override])


def test_other_machines_must_be_named() -> None:
    target = load(None, {}, ["target.base_url=https://crm.example.com", "keys.full=k"])
    with pytest.raises(SettingsError, match=r"--allow-host crm\.example\.com"):
        refuse_strangers(target, [])
    refuse_strangers(target, ["crm.example.com"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_this_machine_needs_no_naming(host: str) -> None:
    refuse_strangers(load(None, {}, [f"target.base_url=http://{host}:1", "keys.full=k"]), [])


@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "169.254.169.254"])
def test_a_name_that_looks_local_is_not(host: str) -> None:
    with pytest.raises(SettingsError):
        refuse_strangers(load(None, {}, [f"target.base_url=http://{host}", "keys.full=k"]), [])


def test_settings_never_print_secrets(tmp_path: Path) -> None:
    target = load(write(tmp_path, MINIMAL.replace("env:SECOND_KEY", "wacrm_live_x")), {})
    assert "wacrm_live" not in f"{target!r} {target}"
    assert isinstance(target, Target)


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
