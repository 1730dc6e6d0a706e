"""The figures that people read are those that were measured."""

from __future__ import annotations

import json
from pathlib import Path

from lsp_agent.engine.catalogue import EMBEDDED, Catalogue, embedded_card
from lsp_agent.engine.gguf_file import read_gguf_header
from training.table import rows, with_scores

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "lsp_agent" / "engine" / "embedded"
LIMIT = 24 * 2**20


def test_readme_and_card_show_the_scores() -> None:
    scores = embedded_card()["scores"]
    readme = ROOT.joinpath("README.md").read_text("utf-8")
    assert with_scores(readme, scores) == readme
    page = SHIPPED.joinpath("MODEL_CARD.md").read_text("utf-8")
    for row in rows(scores):
        assert f"| {' | '.join(row)} |" in page
    assert "{" not in page.replace("{'", "")


def test_the_card_is_that_of_the_file(home: Path) -> None:
    from lsp_agent.config.paths import Home

    path = Catalogue(Home.find({"LSP_AGENT_HOME": str(home)})).resolve(EMBEDDED)
    header, card = read_gguf_header(path), embedded_card()
    assert card["size_bytes"] == header.size_bytes <= LIMIT
    assert header.metadata["lsp_agent.trained_tokens"] == card["trained_tokens"]
    assert header.context_length >= 2048
    assert header.has_fim
    assert header.has_chat_template
    assert header.jobs == ("completion", "document", "annotate", "fix")
    assert header.languages == ("python",)
    packages = json.loads(ROOT.joinpath("training", "record", "packages.json").read_text("utf-8"))
    assert card["held_out"] == [one["name"] for one in packages if one["held_out"]]


def test_everything_that_ships_is_small_enough() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= LIMIT
