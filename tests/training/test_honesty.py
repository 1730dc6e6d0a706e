"""What the embedded model was not shown: the demo, and the packages that it is measured on."""

from __future__ import annotations

import json
from pathlib import Path

from training import corpus

RECORD = Path(corpus.__file__).parent / "record"


def listed(side: str) -> set[str]:
    return set(RECORD.joinpath(f"{side}.txt").read_text("ascii").split())


def test_the_demo_is_not_among_what_was_learned() -> None:
    sources = corpus.demo_sources()
    assert len(sources) > 3
    assert not {corpus.digest(text) for text in sources} & listed("train")


def test_the_held_out_packages_are_not_among_what_was_learned() -> None:
    train, held_out = listed("train"), listed("held_out")
    assert len(train) > 1000
    assert len(held_out) > 100
    assert not train & held_out


def test_the_packages_are_recorded_with_their_licences() -> None:
    packages = json.loads(RECORD.joinpath("packages.json").read_text("utf-8"))
    for side, held_out in (("train", False), ("held_out", True)):
        files = sum(one["files"] for one in packages if one["held_out"] is held_out)
        assert files == len(listed(side))
    for one in packages:
        assert corpus.PERMISSIVE.search(one["licence"]), one
        assert not corpus.RESTRICTED.search(one["licence"]), one
        assert one["version"], one
        assert one["held_out"] == (one["name"] in corpus.HELD_OUT)


def test_nothing_knows_the_demo_by_heart() -> None:
    """No answer of the demo stands in the product's code: only a model can give it."""
    package = Path(corpus.__file__).parent.parent / "lsp_agent"
    for path in package.rglob("*.py"):
        if "project" not in path.parts:
            assert "nane" not in path.read_text("utf-8"), path
