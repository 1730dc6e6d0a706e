"""Tells as JSON what llama.cpp finds on this machine: ``python -m lsp_agent.engine.llama.probe``.

For callers that must outlive a broken native library.
"""

from __future__ import annotations

import json
from dataclasses import asdict


def main() -> None:
    """Print the package's version, the build's name and the GPUs."""
    import llama_cpp

    from lsp_agent.engine.llama.library import REQUIRED_VERSION, build_name, devices, library

    found: dict[str, object] = {"version": llama_cpp.__version__}
    if llama_cpp.__version__ == REQUIRED_VERSION:
        lib = library()
        gpus = [asdict(device) for device in devices(lib)]
        found |= {"build": build_name(lib), "devices": gpus}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
