"""Imports as they are written, and the files that they mean."""

from __future__ import annotations

import pytest

from lsp_agent.index.modules import ModuleMap

FILES = ModuleMap(
    [
        "main.py", "types.py", "shop/__init__.py", "shop/till.py", "shop/types.py",
        "shop/inner/__init__.py", "shop/inner/deep.py", "src/tool/run.py",
        "web/index.ts", "web/a.ts", "web/parts/index.tsx", "web/parts/b.d.ts", "web/style.css",
        "c/main.c", "c/include/shop/till.h", "java/org/shop/Till.java", "rust/src/shop/till.rs",
        "rust/src/shop/mod.rs", "bin/lib.sh", "index.js", ".hidden", ".ci/run.py", ".ci/lib.py",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "language", "module", "names", "target"),
    [
        ("main.py", "python", "shop.till", (), "shop/till.py"),
        ("main.py", "python", "shop", ("till",), "shop/till.py"),
        ("main.py", "python", "shop", ("Till",), "shop/__init__.py"),
        ("main.py", "python", "numpy", (), None),
        ("main.py", "python", "types", (), "types.py"),
        ("shop/till.py", "python", ".", ("types",), "shop/types.py"),
        ("shop/till.py", "python", ".types", ("X",), "shop/types.py"),
        ("shop/inner/deep.py", "python", "..", ("till",), "shop/till.py"),
        (".ci/run.py", "python", ".", ("lib",), ".ci/lib.py"),
        ("shop/inner/deep.py", "python", "..nowhere", (), None),
        ("shop/inner/deep.py", "python", ".....x", (), None),
        # Python's own modules, not the files beside the one that imports them.
        ("shop/inner/deep.py", "python", "types", (), "types.py"),
        ("shop/inner/deep.py", "python", "os.till", (), None),
        ("shop/till.py", "python", "inner.deep", (), "shop/inner/deep.py"),
        ("src/tool/run.py", "python", "tool.run", (), "src/tool/run.py"),
        # The workspace may be the package itself.
        ("shop/till.py", "python", "store.shop.till", (), "shop/till.py"),
        ("web/a.ts", "typescript", "./parts", (), "web/parts/index.tsx"),
        ("web/a.ts", "typescript", "./parts/b", (), "web/parts/b.d.ts"),
        ("web/a.ts", "typescript", "./style.css", (), "web/style.css"),
        ("web/parts/index.tsx", "tsx", "../a.js", (), "web/a.ts"),
        ("web/a.ts", "typescript", "react", (), None),
        ("c/main.c", "c", "shop/till.h", (), "c/include/shop/till.h"),
        ("c/main.c", "c", "stdio.h", (), None),
        ("java/org/Main.java", "java", "org.shop.Till", (), "java/org/shop/Till.java"),
        ("rust/src/main.rs", "rust", "crate::shop::till", (), "rust/src/shop/till.rs"),
        ("bin/run.sh", "bash", "./lib.sh", (), "bin/lib.sh"),
        ("main.py", "python", "", (), None),
        # A file of another language is not meant, whatever its name.
        ("c/main.cpp", "cpp", "till", (), None),
        ("web/A.php", "php", "Shop\\Till", (), None),
        ("lib/a.ex", "elixir", "Shop.Till", (), None),
        ("lib/a.rb", "ruby", "shop/till", (), None),
        ("kotlin/Main.kt", "kotlin", "org.shop.Till", (), "java/org/shop/Till.java"),
        ("c/main.cpp", "cpp", "shop/till.hpp", (), None),
    ],
)
def test_what_an_import_means(
    path: str, language: str, module: str, names: tuple[str, ...], target: str | None
) -> None:
    assert FILES.resolve(path, language, module, names) == target


@pytest.mark.parametrize("module", ["__future__", "json", "collections.abc", "os"])
def test_pythons_own_modules_are_no_files_of_a_package(module: str) -> None:
    top = module.partition(".")[0]
    files = ModuleMap([f"torch/{top}.py", f"torch/{top}/__init__.py", "torch/nn/a.py"])
    assert files.resolve("torch/nn/a.py", "python", module) is None


def test_the_standard_library_is_no_module_of_a_package() -> None:
    modules = ModuleMap(["pkg/types.py", "pkg/a.py", "pkg/sub/json/__init__.py", "email.py"])
    assert modules.resolve("pkg/a.py", "python", "types") is None
    assert modules.resolve("pkg/sub/b.py", "python", "json.decoder") is None
    assert modules.resolve("pkg/a.py", "python", ".types") == "pkg/types.py"
    assert modules.resolve("pkg/a.py", "python", "pkg.types") == "pkg/types.py"
    assert modules.resolve("pkg/a.py", "python", "email") == "email.py"
