"""The corpus: Python source that an ordinary environment holds, by package.

Sources are the standard library and the packages that are installed beside the training's own
dependencies. A package counts with its version and licence, and only with a permissive one. Files
are deduplicated by content; the split into training and held-out is by package, and a training
file that shares much of its text with a held-out one (a vendored copy) is left out.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

HELD_OUT = (
    "anyio", "click", "docker", "flask", "h11", "httpcore", "httpcore2", "httpx", "httpx2",
    "jsonschema", "libcst", "networkx", "pluggy", "rich", "sortedcontainers", "traitlets", "trio",
    "websockets", "werkzeug",
)  # fmt: skip
"""Chosen by name before anything was trained: mid-sized, of different kinds."""

PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|CNRI|Unlicense|Zlib|"
    r"Historical Permission|HPND)\b",
    re.IGNORECASE,
)
RESTRICTED = re.compile(r"GPL|Mozilla|MPL|Proprietary|NVIDIA|EULA|Affero|CC-BY|EPL", re.IGNORECASE)
SKIPPED_PARTS = {
    "_vendor", "vendor", "_vendored", "vendored", "vendored_packages", "test", "lib2to3", "idlelib",
    "turtledemo", "site-packages", "pydoc_data", "encodings", "__pycache__", "node_modules",
    "config-3.11-x86_64-linux-gnu", "ensurepip",
}  # fmt: skip
GENERATED = re.compile(
    r"(?i)auto-?generated|generated (?:by|from|automatically)|do not edit|@generated"
)
MAX_FILE, MIN_FILE = 120_000, 300
SHARE = 9_000_000
"""Characters that one package gives at most, so that none outweighs the rest."""
SHINGLE = 5


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution; ``files`` are paths below a root."""

    name: str
    version: str
    licence: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the corpus; ``digest`` is the start of its SHA-256."""

    package: str
    path: str
    digest: str
    text: str


def digest(text: str) -> str:
    """Return what a file is recorded by: 16 hex digits of the SHA-256 of its UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def packages(site_packages: Iterable[Path]) -> Iterator[Package]:
    """Yield the standard library and the permissively licensed packages of some folders."""
    version = ".".join(map(str, sys.version_info[:3]))
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    yield Package("python", version, "PSF-2.0", tuple(_python_files(stdlib, stdlib)))
    seen: set[str] = set()
    for folder in site_packages:
        for found in importlib.metadata.distributions(path=[str(folder)]):
            name = found.metadata["Name"].lower().replace("_", "-")
            licence = licence_of(found)
            if name in seen or name == "lsp-agent" or not licence:
                continue
            seen.add(name)
            files = [
                Path(str(found.locate_file(file)))
                for file in found.files or ()
                if file.suffix == ".py" and not SKIPPED_PARTS & set(file.parts)
            ]
            if files:
                yield Package(name, found.version, licence, tuple(sorted(files)))


def licence_of(found: importlib.metadata.Distribution) -> str:
    """Return a permissive licence as the package states it; ``""`` for any other."""
    data = found.metadata
    stated = [data.get("License-Expression") or ""]
    stated += [one for one in data.get_all("Classifier") or () if one.startswith("License ::")]
    if not any(stated):
        stated = [(data.get("License") or "").partition("\n")[0][:80]]
    text = "; ".join(one.rpartition(" :: ")[2] for one in stated if one)
    return text if PERMISSIVE.search(text) and not RESTRICTED.search(text) else ""


def _python_files(folder: Path, root: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        if not SKIPPED_PARTS & set(path.relative_to(root).parts):
            yield path


def read_sources(package: Package) -> Iterator[Source]:
    """Yield the files of a package that are worth learning from, up to its share."""
    total = 0
    # By digest, so that a package over its share is sampled, not cut at a letter.
    texts = sorted((digest(text), path, text) for path, text in _texts(package.files))
    for key, path, text in texts:
        if package.name not in HELD_OUT and total > SHARE:
            return
        total += len(text)
        yield Source(package.name, "/".join(path.parts[-3:]), key, text)


def _texts(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for path in files:
        try:
            text = path.read_text("utf-8").replace("\r\n", "\n")
        except (OSError, UnicodeDecodeError):
            continue
        if MIN_FILE <= len(text) <= MAX_FILE and _is_code(text):
            yield path, text


def _is_code(text: str) -> bool:
    """Leave out what nobody wrote or would want to write: tables, generated files, Python 2."""
    lines = text.splitlines()
    if GENERATED.search(text[:1000]) or max(map(len, lines)) > 400 or "\t" in text[:20_000]:
        return False
    letters = sum(char.isalpha() or char == "_" for char in text)
    if letters < len(text) * 0.45 or (not text.isascii() and len(text.encode()) > len(text) * 1.1):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in tree.body)


def shingles(text: str) -> set[int]:
    """Return hashes of the runs of five lines of a text, white space aside."""
    lines = [line.strip() for line in text.splitlines() if len(line.strip()) > 3]
    return {hash(tuple(lines[at : at + SHINGLE])) for at in range(len(lines) - SHINGLE + 1)}


@dataclass(frozen=True, slots=True)
class Corpus:
    """The two sides of the split and the packages that they come from."""

    train: tuple[Source, ...]
    held_out: tuple[Source, ...]
    packages: tuple[Package, ...]


def collect(site_packages: Iterable[Path], forbidden: Iterable[str] = ()) -> Corpus:
    """Read, filter, deduplicate and split; ``forbidden`` are texts that may not be learned."""
    found = list(packages(site_packages))
    held = [one for package in found if package.name in HELD_OUT for one in read_sources(package)]
    seen = {one.digest for one in held} | {digest(text) for text in forbidden}
    guarded: set[int] = set()
    for text in [*(one.text for one in held), *forbidden]:
        guarded |= shingles(text)
    candidates = []
    for package in found:
        if package.name not in HELD_OUT:
            for one in read_sources(package):
                own = shingles(one.text)
                if one.digest not in seen and len(own & guarded) <= 0.05 * len(own):
                    candidates.append(one)
    train, held = distinct(candidates), distinct(held)
    used = {one.package for one in [*train, *held]}
    return Corpus(tuple(train), tuple(held), tuple(one for one in found if one.name in used))


def distinct(sources: Iterable[Source]) -> list[Source]:
    """Leave out a file of which half stands in files before it: forks and copies count once."""
    kept: list[Source] = []
    digests: set[str] = set()
    known: set[int] = set()
    for one in sources:
        own = shingles(one.text)
        if one.digest in digests or len(own & known) > 0.5 * len(own):
            continue
        digests.add(one.digest)
        known |= own
        kept.append(one)
    return kept


def write(corpus: Corpus, folder: Path, record: Path) -> None:
    """Write the texts below ``folder`` and what is to be known of them into ``record``."""
    folder.mkdir(parents=True, exist_ok=True)
    for side in ("train", "held_out"):
        with (folder / f"{side}.jsonl").open("w", encoding="utf-8") as file:
            for one in getattr(corpus, side):
                file.write(json.dumps(asdict(one)) + "\n")
    record.mkdir(parents=True, exist_ok=True)
    rows = []
    for package in corpus.packages:
        side = corpus.held_out if package.name in HELD_OUT else corpus.train
        own = [one for one in side if one.package == package.name]
        rows.append(
            {
                "name": package.name,
                "version": package.version,
                "licence": package.licence,
                "held_out": package.name in HELD_OUT,
                "files": len(own),
                "characters": sum(len(one.text) for one in own),
            }
        )
    rows.sort(key=lambda row: (row["held_out"], row["name"]))
    (record / "packages.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    for side in ("train", "held_out"):
        digests = sorted(one.digest for one in getattr(corpus, side))
        (record / f"{side}.txt").write_text("\n".join(digests) + "\n", "utf-8")


def read(folder: Path, side: str) -> list[Source]:
    """Read one side of a corpus that was written."""
    with (folder / f"{side}.jsonl").open(encoding="utf-8") as file:
        return [Source(**json.loads(line)) for line in file]


def demo_sources() -> list[str]:
    """Return the texts of the demo's sample project, which must stay unknown to the model."""
    import lsp_agent

    folder = Path(lsp_agent.__file__).parent / "demo" / "project"
    return [path.read_text("utf-8") for path in sorted(folder.rglob("*.py"))]


def installed() -> list[Path]:
    """Return the package folders of this environment and of the interpreter beneath it."""
    own = [Path(entry) for entry in sys.path if entry.endswith("site-packages")]
    base = Path(sys.base_prefix) / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    return list(dict.fromkeys([*own, base]))
