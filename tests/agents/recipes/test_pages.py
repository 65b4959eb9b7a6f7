"""The pages show the files that the tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import RECIPES, ROOT

PAGES = sorted((ROOT / "docs/recipes").glob("*.md"))


def test_each_recipe_has_a_page_and_is_in_the_index() -> None:
    index = (ROOT / "docs/recipes.md").read_text("utf-8")
    assert {it.stem for it in PAGES} == {it.name for it in RECIPES.iterdir()}
    assert all(f"(recipes/{it.name})" in index for it in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.stem)
def test_the_code_of_a_page_is_that_of_its_file(page: Path) -> None:
    file, shown = None, 0
    either = r"\]\((\.\./\.\./examples/[^)]+)\)|^```\w+\n(.*?)\n```$"
    for link, code in re.findall(either, page.read_text("utf-8"), re.S | re.M):
        if link:
            file = (page.parent / link).resolve()
        else:
            assert file is not None and code in file.read_text("utf-8"), code
            shown += 1
    assert shown > 0


@pytest.mark.parametrize("page", [ROOT / "docs/recipes.md", *PAGES], ids=lambda it: it.stem)
def test_what_a_page_leads_to_is_there(page: Path) -> None:
    for link in re.findall(r"\]\(((?!https?:)[^)#]+)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link
