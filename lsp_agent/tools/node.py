"""The project's own node tools, run on a copy of the workspace in the sandbox."""

from __future__ import annotations

import json
import os
import posixpath

from pydantic import Field

from lsp_agent.tools.programs import existing, report, run_program, workshop_of
from lsp_agent.tools.spec import Arguments, ExistingFile, Tool, ToolContext, ToolError
from lsp_agent.tools.words import split_words
from lsp_agent.workspace.errors import UnreadableFileError

_PACKAGES = {"tsc": "typescript"}
_NPM = {
    "run": ("run", "--silent"),
    "run-script": ("run", "--silent"),
    "test": ("test", "--silent"),
    "t": ("test", "--silent"),
    # --no: what is not installed is not fetched either.
    "exec": ("exec", "--no", "--offline", "--"),
}
_ENV = {"CI": "1"}


class TypescriptCheck(Arguments):
    """Arguments of ``typescript_check``."""

    path: str | None = Field(None, description="folder or tsconfig file; the root without it")


class EslintCheck(Arguments):
    """Arguments of ``eslint_check``."""

    paths: list[str] | None = Field(None, description="files or folders; all without them")


class PrettierFormat(Arguments):
    """Arguments of ``prettier_format``."""

    path: ExistingFile


class NpmCommand(Arguments):
    """Arguments of ``npm_command``."""

    command: str = Field(description="run SCRIPT, test, or exec PROGRAM, with arguments")


def local_program(context: ToolContext, name: str, near: str = "") -> str:
    """Return a program of the project, from the ``node_modules`` next above a path.

    Raises :class:`ToolError` where it is not installed.
    """
    root = context.overlay.root
    folder = near
    while root is not None:
        path = posixpath.join(folder, "node_modules/.bin", name)
        if os.path.lexists(root.path / path):
            return path
        if not folder:
            break
        folder = posixpath.dirname(folder)
    package = _PACKAGES.get(name, name)
    raise ToolError(
        f"{name} is not installed in this project (no node_modules/.bin/{name}); the user can mend "
        f"that with: npm install --save-dev {package}"
    )


def _typescript_check(context: ToolContext, arguments: TypescriptCheck) -> str:
    workshop_of(context)
    path = existing(context, arguments.path) if arguments.path else ""
    argv = [local_program(context, "tsc", path), "--noEmit", "--pretty", "false"]
    argv += ["--project", path] if path else []
    return report(context, run_program(context, argv, env=_ENV))


def _eslint_check(context: ToolContext, arguments: EslintCheck) -> str:
    workshop_of(context)
    paths = [existing(context, path) for path in arguments.paths or []]
    near = posixpath.dirname(paths[0]) if paths else ""
    argv = [local_program(context, "eslint", near), "--no-color", *(paths or ["."])]
    return report(context, run_program(context, argv, env=_ENV))


def _prettier_format(context: ToolContext, arguments: PrettierFormat) -> str:
    workshop = workshop_of(context)
    given = existing(context, arguments.path)
    path = given.removeprefix("./")
    before = context.overlay.read(path)
    program = local_program(context, "prettier", posixpath.dirname(path))
    outcome = run_program(context, [program, "--write", given], env=_ENV)
    after = workshop.read(path)
    if outcome.status != 0 or after is None:
        raise ToolError(f"{path} was not formatted: {report(context, outcome)}")
    if after == before:
        return f"{path} is formatted as prettier wants it"
    context.overlay.write(path, after)
    return f"formatted {path}"


def _npm_words(arguments: NpmCommand) -> list[str]:
    words = list(split_words(f"npm {arguments.command.removeprefix('npm ')}")[1:])
    verb = words[0] if words else ""
    if verb not in _NPM:
        raise ToolError(
            f"npm {verb} is not run here: only run, test and exec of what the project has; "
            "node_modules can't be changed, the user can install with: npm install"
        )
    return words


def _npm_command(context: ToolContext, arguments: NpmCommand) -> str:
    workshop_of(context)
    verb, *words = _npm_words(arguments)
    if verb in ("run", "run-script"):
        if not words:
            raise ToolError(f"name the script to run: {_scripts(context)}")
        script, *words = words
        if script not in _scripts(context):
            raise ToolError(f"package.json has no script {script!r}; it has {_scripts(context)}")
        words = [script, *words]
    elif verb == "exec":
        words = words[1:] if words[:1] == ["--"] else words
        if not words:
            raise ToolError("name the program to run, as in: exec tsc --version")
        local_program(context, words[0])
    argv = ["npm", *_NPM[verb], *words]
    return report(context, run_program(context, argv, env=_ENV))


def _scripts(context: ToolContext) -> list[str]:
    try:
        package = json.loads(context.overlay.read("package.json"))
    except UnreadableFileError:
        raise ToolError("there is no package.json at the workspace root") from None
    except (ValueError, RecursionError):
        raise ToolError("package.json is no JSON object") from None
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return sorted(scripts) if isinstance(scripts, dict) else []


TOOLS = (
    Tool(
        name="typescript_check",
        description="Check types with the project's own TypeScript compiler.",
        arguments=TypescriptCheck,
        hazard="sandboxed",
        run=_typescript_check,
        example={},
        runs_programs=True,
    ),
    Tool(
        name="eslint_check",
        description="Lint with the project's own eslint.",
        arguments=EslintCheck,
        hazard="sandboxed",
        run=_eslint_check,
        example={"paths": ["src"]},
        runs_programs=True,
    ),
    Tool(
        name="prettier_format",
        description="Format a file with the project's own prettier, as an edit.",
        arguments=PrettierFormat,
        hazard="sandboxed",
        run=_prettier_format,
        example={"path": "src/app.ts"},
        runs_programs=True,
    ),
    Tool(
        name="npm_command",
        description="Run a script of package.json, its tests, or an installed program.",
        arguments=NpmCommand,
        hazard="sandboxed",
        run=_npm_command,
        example={"command": "run build"},
        runs_programs=True,
        check=_npm_words,
    ),
)
