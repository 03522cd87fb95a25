from __future__ import annotations

import pytest

from service.options import Options


def options() -> Options:
    return Options("python -m example", "An example.", "examples:\n  none")


def test_every_server_has_an_address_and_may_end_with_its_stdin() -> None:
    given = vars(options().parse_args(["--port", "8801", "--exit-with-stdin"]))
    assert given == {"host": "127.0.0.1", "port": 8801, "exit_with_stdin": True}


def test_an_unknown_option_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        options().parse_args(["--ports", "1"])
    told = capsys.readouterr().err
    assert told.startswith("example: ")
    assert "--ports" in told
    assert told.count("\n") == 1


def test_a_refusal_is_a_sentence_and_the_status_of_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert options().refuse("--accounts FILE is required") == 2
    assert capsys.readouterr().err == "example: --accounts FILE is required\n"
