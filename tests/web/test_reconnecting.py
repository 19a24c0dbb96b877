"""What a page missed while it had no line it sees once it has one."""

import re
from pathlib import Path

import pytest

import web

TEMPLATES = Path(web.__file__).parent / "templates"
WITH_LINE = sorted(each.parent for each in TEMPLATES.rglob("page.html") if "dist/loop.js" in each.read_text())


@pytest.mark.parametrize("folder", WITH_LINE, ids=lambda each: each.name)
def test_what_looks_again_when_something_changed_does_so_when_the_line_is_there(folder: Path) -> None:
    triggers = [
        trigger
        for template in folder.glob("*.html")
        for trigger in re.findall(r'hx-trigger="([^"]*plan:changed-[^"]*)"', template.read_text())
    ]

    assert triggers
    assert [each for each in triggers if "plan:reconnected from:body" not in each] == []
