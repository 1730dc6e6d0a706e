"""The scores as people read them: the table, the card as data, the card as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lsp_agent.engine.gguf_file import read_gguf_header

Row = tuple[str, str, str]
_BEGIN, _END = "<!-- scores -->", "<!-- /scores -->"


def rows(scores: Mapping[str, Any]) -> list[Row]:
    """Return what was measured, what came out, and what was asked for."""
    line, fix = scores["completion"], scores["fix"]
    document, annotate = scores["document"], scores["annotate"]
    return [
        ("rest of a line, exact", _share(line["model"]), "–"),
        ("longest-suffix lookup on the same places", _share(line["baseline"]), "–"),
        ("ratio of the two", f"{line['ratio']:.2f}", "≥ 1.5"),
        ("first token, median", f"{line['first_token_ms_median']:.0f} ms", "≤ 60 ms"),
        ("tokens a second, median", f"{line['tokens_per_second_median']:.0f}", "≥ 150"),
        ("fix: injected faults mended exactly", _share(fix["fixed"]), "≥ 60 %"),
        ("fix: sound functions left alone", _share(fix["clean_unbroken"]), "≥ 99 %"),
        (
            "fix: left alone with a report that is not true",
            _share(fix["stale_report_unbroken"]),
            "–",
        ),
        ("fix: answers that parse", _share(fix["answers_parsed"]), "100 %"),
        (
            "document: every parameter named, none invented",
            _share(document["names_all_invents_none"]),
            "≥ 90 %",
        ),
        ("annotate: hints exactly as the author's", _share(annotate["hints_exact"]), "–"),
    ]


def table(scores: Mapping[str, Any]) -> str:
    """Return the scores as a Markdown table, and *fix* by kind of fault below it."""
    kinds = scores["fix"]["fixed"].get("kinds", {})
    by_kind = [(kind, f"{hits} of {tries}") for kind, (hits, tries) in kinds.items()]
    return "\n\n".join(
        [
            _markdown(("measured on held-out packages", "reached", "wanted"), rows(scores)),
            _markdown(("fault", "mended exactly"), by_kind),
        ]
    )


def write_card(scores: Path, log: Path, record: Path, model: Path) -> None:
    """Write ``card.json`` and ``MODEL_CARD.md`` beside the model."""
    measured = json.loads(scores.read_text("utf-8"))
    last = json.loads(log.read_text("utf-8").splitlines()[-1])
    packages = json.loads((record / "packages.json").read_text("utf-8"))
    facts = {
        "file": model.name,
        "size_bytes": model.stat().st_size,
        "licence": "Apache-2.0",
        "trained_tokens": read_gguf_header(model).metadata["lsp_agent.trained_tokens"],
        "last_loss": last["loss"],
        "packages": sum(not one["held_out"] for one in packages),
        "held_out": [one["name"] for one in packages if one["held_out"]],
        "characters": sum(one["characters"] for one in packages if not one["held_out"]),
        "scores": measured,
    }
    model.with_name("card.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    page = Path(__file__).with_name("CARD.md").read_text("utf-8")
    for name in ("trained_tokens", "packages", "characters", "size_bytes"):
        page = page.replace(f"{{{name}}}", f"{facts[name]:,}")
    page = page.replace("{held_out}", ", ".join(facts["held_out"]))
    page = page.replace("{seed}", str(measured["seed"])).replace("{table}", table(measured))
    model.with_name("MODEL_CARD.md").write_text(page, "utf-8")
    readme = Path(__file__).resolve().parent.parent / "README.md"
    readme.write_text(with_scores(readme.read_text("utf-8"), measured), "utf-8")


def with_scores(page: str, scores: Mapping[str, Any]) -> str:
    """Return a page with the table between its marks renewed."""
    head, _, rest = page.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    body = _markdown(("measured on held-out packages", "reached", "wanted"), rows(scores))
    return f"{head}{_BEGIN}\n\n{body}\n\n{_END}{tail}"


def _share(score: Mapping[str, Any]) -> str:
    return f"{score['share']:.1%} ({score['hits']} of {score['tries']})".replace("%", " %")


def _markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
