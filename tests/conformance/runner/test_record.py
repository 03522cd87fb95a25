"""How a run names its checks."""

from __future__ import annotations

import pytest

from conformance.runner.record import check_name


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("conformance/wacrm/checks/test_page.py::test_x", "test_page.py::test_x"),
        ("conformance/wacrm/checks/test_page.py::test_x[2]", "test_page.py::test_x[2]"),
        ("checks/test_page.py::test_x@role-keys", "test_page.py::test_x"),
        ("checks/test_page.py::test_x[2]@role-keys", "test_page.py::test_x[2]"),
        ("checks/test_page.py::test_x[main-/contacts]", "test_page.py::test_x[main-/contacts]"),
        ("checks/test_page.py::test_x[/contacts/{id}]@role-keys", "test_page.py::test_x[/contacts/{id}]"),
        ("checks/test_page.py::test_x[a@b]", "test_page.py::test_x[a@b]"),
    ],
)
def test_a_checks_name_is_its_file_and_its_parameters(nodeid: str, name: str) -> None:
    assert check_name(nodeid) == name
