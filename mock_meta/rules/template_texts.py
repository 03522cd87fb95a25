"""The texts of a new template: header, body and footer (fact sheet 13.1, 13.6, 20.5).

The order in the body is that of captures of September 2026: shape, then the ratio of words, then the ends.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mock_meta.protocol.errors import GraphError, management
from mock_meta.rules.template_send_match import VARIABLE, variables
from mock_meta.rules.text_marks import emojis, is_formatted, without_punctuation
from mock_meta.rules.value_checks import Object

_HEADER, _BODY, _FOOTER = 60, 1024, 60
_MOST_EMOJI = 10
_BRACES = re.compile(r"\{\{|\}\}")
_NAME = re.compile(r"[a-z0-9_]{1,512}\Z")
_WORD = re.compile(r"\S*[^\W_]\S*")
_HEADER_TITLE = "Message header format is incorrect"
_BODY_TITLE = "Message body format is incorrect"
_FOOTER_TITLE = "Message footer format is incorrect"
_WRONG_HEADER = "The message header can't have any new lines, formatting characters, emojis or asterisks."
_WRONG_BODY = (
    "The message body can't have more than two consecutive newline characters, only have parameters, "
    "or have more than 10 emojis."
)
_WRONG_FOOTER = "The message footer can't have any newlines or emojis"
_TOO_DENSE = (
    "This template has too many variables for its length. "
    "Reduce the number of variables or increase the message length."
)


def check_header_text(header: Object, form: str) -> None:
    """Raises GraphError 2388072 for its marks, 2388047 for its variables."""
    text = _text(header, 2388047, _HEADER_TITLE, _HEADER)
    if "\n" in text or "*" in text or emojis(text) or is_formatted(VARIABLE.sub("", text)):
        raise management(2388072, _HEADER_TITLE, _WRONG_HEADER)
    if len(VARIABLE.findall(text)) > 1:
        raise management(2388047, _HEADER_TITLE, "A header has at most one variable.")
    _check_variables(text, form, 2388047, _HEADER_TITLE)
    key = "header_text_named_params" if form == "NAMED" else "header_text"
    _check_samples("HEADER", text, _samples(header.get("example"), key), form)


def check_body(body: Object, form: str) -> None:
    text = _text(body, 2388072, _BODY_TITLE, _BODY)
    _check_variables(text, form, 2388072, _BODY_TITLE)
    fixed = VARIABLE.sub(" ", text)
    if "\n\n\n" in text or not _WORD.search(fixed) or emojis(text) > _MOST_EMOJI:
        raise management(2388072, _BODY_TITLE, _WRONG_BODY)
    if re.search(r"\}\}\s*\{\{", text):
        raise management(2388072, _BODY_TITLE, "Variables must not stand next to each other.")
    _check_density(fixed, len(VARIABLE.findall(text)))
    bare = without_punctuation(text)
    if bare.startswith("{{") or bare.endswith("}}"):
        text_of_it = "Variables can't be at the start or end of the template."
        raise management(2388299, "Leading or trailing params not allowed", text_of_it)
    key = "body_text_named_params" if form == "NAMED" else "body_text"
    _check_samples("BODY", text, _samples(body.get("example"), key), form)


def _check_density(fixed: str, count: int) -> None:
    """Words and variables together are at least three times the variables and one more: the rule of two providers."""
    if count and len(_WORD.findall(fixed)) + count < 3 * count + 1:
        raise management(2388293, "Parameters words ratio exceeds limit", _TOO_DENSE)


def check_footer(footer: Object) -> None:
    text = _text(footer, 2388073, _FOOTER_TITLE, _FOOTER)
    if "\n" in text or emojis(text):
        raise management(2388073, _FOOTER_TITLE, _WRONG_FOOTER)
    if _BRACES.search(text):
        raise management(2388073, _FOOTER_TITLE, "A footer has no variables.")


def missing_example(kind: str) -> GraphError:
    """A component without the samples that its variables or its media need."""
    title = 'Message template "components" param is missing expected field(s)'
    return management(2388043, title, f"component of type {kind} is missing expected field(s) (example)")


def _text(component: Object, subcode: int, title: str, longest: int) -> str:
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise management(subcode, title, "The text is missing.")
    if len(text) > longest:
        told = f"The text has {len(text)} characters, {longest} are allowed."
        raise management(2388040, "Character limit exceeded", told)
    return text


def _check_variables(text: str, form: str, subcode: int, title: str) -> None:
    """Double braces hold a variable and nothing else: a number, counted from 1, or a name in lower case."""
    names = variables(text)
    if _BRACES.search(VARIABLE.sub("", text)):
        raise management(subcode, title, "The variables are not well-formed.")
    if form == "POSITIONAL" and names != [str(number + 1) for number in range(len(names))]:
        raise management(subcode, title, "Variables must be numbered {{1}}, {{2}}, {{3}} in order.")
    if form == "NAMED" and not all(_NAME.match(name) for name in names):
        raise management(subcode, title, "Names of variables have lowercase letters, digits and underscores.")


def _samples(example: object, key: str) -> Sequence[Any]:
    """The samples of a component. ``body_text`` is a list of lists, the others are flat."""
    found = example.get(key) if isinstance(example, Mapping) else None
    if not isinstance(found, list):
        return []
    return found[0] if found and isinstance(found[0], list) else found


def _check_samples(kind: str, text: str, samples: Sequence[Any], form: str) -> None:
    names = variables(text)
    if form == "NAMED":
        named = (one for one in samples if isinstance(one, Mapping))
        given = {one.get("param_name") for one in named if isinstance(one.get("example"), str) and one["example"]}
        good = given == set(names) and len(samples) == len(names)
    else:
        good = len(samples) == len(names) and all(isinstance(one, str) and one for one in samples)
    if not good:
        raise missing_example(kind)
