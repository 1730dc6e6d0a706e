"""The models that have a name of their own, and which of them suits a machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Capability = Literal["fim", "tools", "embedding"]
Memory = Literal["attention", "sliding", "hybrid"]
Suited = Literal["completion", "action", "agent"]
JOBS: tuple[Suited, ...] = get_args(Suited)


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A file in a repository, and what it is good for; ``known_models.toml`` explains the fields.

    Zeros and empty texts are things that nothing is known of.
    """

    name: str
    repository: str
    file: str
    quantization: str = ""
    size_bytes: int = 0
    licence: str = ""
    context: int = 0
    capabilities: tuple[Capability, ...] = ()
    memory: Memory = "attention"
    ram_bytes: int = 0
    vram_bytes: int = 0
    suits: Mapping[Suited, int] | None = None
    on_cpu: tuple[Suited, ...] = ()
    about: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Machine:
    """The memory that a model may take, in bytes; ``ram`` is ``None`` where it is not known."""

    ram: int | None
    vram: int = 0

    def holds(self, model: KnownModel) -> Literal["gpu", "cpu"] | None:
        """Say where a model fits as a whole: on the GPUs, in the machine's own memory, nowhere.

        A fifth of the machine's memory is left to the editor and everything else.
        """
        if model.vram_bytes <= self.vram:
            return "gpu"
        return "cpu" if self.ram is None or model.ram_bytes <= self.ram * 4 // 5 else None


def known_models() -> Mapping[str, KnownModel]:
    """Return the models that have a name of their own, by name, from small to large."""
    # The catalogue is on the way to the server's start, and this is rarely asked.
    import tomllib
    from importlib.resources import files

    text = files("lsp_agent.engine").joinpath("known_models.toml").read_text("utf-8")
    return {name: parse(name, row) for name, row in tomllib.loads(text).items()}


def parse(name: str, row: Mapping[str, object]) -> KnownModel:
    """Make a model from a row of the file."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return KnownModel(name, **values)  # type: ignore[arg-type]


def recommend(models: Iterable[KnownModel], machine: Machine) -> dict[Suited, KnownModel]:
    """Return the best model for each job that this machine can do well; a job may be missing."""
    best: dict[Suited, KnownModel] = {}
    for model in models:
        for job, rank in (model.suits or {}).items():
            place = machine.holds(model)
            if place is None or (place == "cpu" and job not in model.on_cpu):
                continue
            if job not in best or rank > (best[job].suits or {})[job]:
                best[job] = model
    return {job: best[job] for job in JOBS if job in best}
