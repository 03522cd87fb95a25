from __future__ import annotations

import pytest

from harness import module_map


def test_the_page_is_true() -> None:
    if module_map.PAGE.read_text(encoding="utf-8") != module_map.render():
        pytest.fail("docs/modules.md is not what it should be: run wacrm-harness modules --write")


def test_every_module_with_code_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(module_map.ROOT))
        for package in module_map.PACKAGES
        for path in (module_map.ROOT / package).rglob("*.py")
        if path.name not in {"__init__.py", "__main__.py"} and not module_map.first_line(path)
    ]
    assert silent == []
