"""How the examination sends the harness's templates."""

from conformance.meta.templates import ORDER, PLAIN
from harness.doctor.templates import NEEDED, sent

BY_NAME = {template["name"]: template for template in NEEDED}


def test_a_template_without_parameters_has_an_empty_list() -> None:
    assert sent(BY_NAME[PLAIN])["params"] == []


def test_values_go_to_the_components_of_their_examples() -> None:
    assert sent(BY_NAME[ORDER])["params"] == {"header": "4711", "body": ["Ada", "the mail"], "buttons": ["A-17"]}
