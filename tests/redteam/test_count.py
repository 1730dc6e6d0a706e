"""The table of cases in README.md is what pytest finds."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
LEAST = 150


def test_the_table_of_cases_is_true() -> None:
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", HERE],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent.parent,
    ).stdout
    found = Counter(re.findall(r"redteam/(test_\w+\.py)::", collected))
    if not found:
        found = Counter(
            {name: int(count) for name, count in re.findall(r"(test_\w+\.py): (\d+)", collected)}
        )
    found.pop("test_count.py", None)
    rows = re.findall(
        r"^\| `(test_\w+\.py)` \|.*\| (\d+) \|$",
        (HERE / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert {name: int(count) for name, count in rows} == dict(found)
    assert sum(found.values()) >= LEAST
