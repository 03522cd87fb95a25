"""What `wacrm-harness run` says to a command line that does not fit together."""

from __future__ import annotations

import pytest

from harness.pointing.command_line import main, parse


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "no command given"),
        ("--", "no command given"),
        ("npm start", "The command stands behind --"),
        ("--netns --watch -- npm start", "--watch: no option of run"),
        ("--gate -- npm start", "--gate needs --target FILE"),
        ("--forward 127.0.0.1:5432 -- npm start", "--forward is for --netns"),
        ("--netns --forward 5432 -- npm start", "'5432' is no address such as 127.0.0.1:5432"),
        ("--print-env -- npm start", "--print-env starts nothing"),
        ("-- nosuch-command start", "nosuch-command: command not found"),
        ("--target nosuch.toml -- true", "nosuch.toml: cannot be read"),
    ],
)
def test_a_sentence_says_what_to_do(capsys: pytest.CaptureFixture[str], line: str, sentence: str) -> None:
    assert main(line.split()) == 4
    said = capsys.readouterr().err
    assert said.startswith("wacrm-harness run: ")
    assert sentence in said


def test_everything_behind_the_two_dashes_is_the_commands() -> None:
    request = parse(["--netns", "--forward", "127.0.0.1:1", "--", "npm", "run", "--", "--netns"])
    assert request.command == ["npm", "run", "--", "--netns"]
    assert (request.netns, request.forwards, request.gate) == (True, ["127.0.0.1:1"], None)


def test_the_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert "wacrm-harness run --target harness.toml -- npm start" in said
    assert max(map(len, said.splitlines())) <= 80
