"""The texts of new components, pages and routes, in a project's manner."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lsp_agent.agent.scaffolds.manner import Manner
from lsp_agent.agent.scaffolds.shapes import type_name
from lsp_agent.syntax.markup import Kind, Tag

_TYPES: dict[Kind, str] = {
    "flag": "boolean", "text": "string", "handler": "() => void", "value": "unknown",
}  # fmt: skip
_PARAMETER = re.compile(r"\[(?:\.\.\.)?(\w+)\]")
_PLAIN = re.compile(r"[A-Za-z_$][\w$]*")


def component(name: str, tag: Tag | None, manner: Manner) -> str:
    """Return a function component with the properties that a use of it gives."""
    attributes = list(tag.attributes) if tag else []
    rows = [(key, _TYPES[kind]) for key, kind in attributes if key not in ("key", "ref")]
    children = tag is not None and tag.has_children
    shown = next((key for key, kind in attributes if kind == "text" and _PLAIN.fullmatch(key)), "")
    taken = [*([shown] if shown else []), *(["children"] if children else [])]
    lines = []
    typed = manner.typescript and (rows or children)
    if typed:
        if children:
            lines += ['import type { ReactNode } from "react";', ""]
            rows.append(("children", "ReactNode"))
        known = [f"  {_key(key)}: {said};" for key, said in rows]
        lines += [f"export interface {name}Props {{", *known, "}", ""]
    given = f"{{ {', '.join(taken)} }}" if taken else ""
    if typed:
        given = f"{given or '_props'}: {name}Props"
    export = "export default" if manner.default_export else "export"
    inside = "".join(f"{{{one}}}" for one in taken) or name
    lines += [f"{export} function {name}({given}) {{", f"  return <div>{inside}</div>;", "}"]
    return styled(lines, manner)


def page(route: str, manner: Manner) -> str:
    """Return a page of Next.js with a title of its route's words."""
    title = _title(route)
    name = f"{type_name(title)}Page"
    parameters = _PARAMETER.findall(route) if manner.app else []
    listed = ", ".join(parameters)
    given, first, start = "", [], "export default function"
    if parameters:
        typed = "; ".join(
            f"{one}: string[]" if f"[...{one}]" in route else f"{one}: string" for one in parameters
        )
        kind = f"Promise<{{ {typed} }}>" if manner.async_params else f"{{ {typed} }}"
        given = f"{{ params }}: {{ params: {kind} }}" if manner.typescript else "{ params }"
        waits = "await " if manner.async_params else ""
        first = [f"  const {{ {listed} }} = {waits}params;"]
        if manner.async_params:
            start = "export default async function"
    shown = "".join(f" {{{one}}}" for one in parameters)
    lines = [
        f"{start} {name}({given}) {{",
        *first,
        "  return (",
        "    <main>",
        f"      <h1>{title}{shown}</h1>",
        "    </main>",
        "  );",
        "}",
    ]
    return styled(lines, manner)


def api_route(methods: Sequence[str], manner: Manner) -> str:
    """Return a route that answers the methods with an empty object."""
    if manner.app:
        blocks = []
        for method in methods:
            blocks += [f"export async function {method}() {{", "  return Response.json({});"]
            blocks += ["}", ""]
        return styled(blocks[:-1], manner)
    typed = manner.typescript
    given = "req: NextApiRequest, res: NextApiResponse" if typed else "req, res"
    test = " && ".join(f'req.method !== "{one}"' for one in methods)
    lines = [
        *(['import type { NextApiRequest, NextApiResponse } from "next";', ""] if typed else []),
        f"export default function handler({given}) {{",
        f"  if ({test}) {{",
        f'    res.setHeader("Allow", "{", ".join(methods)}");',
        "    res.status(405).end();",
        "    return;",
        "  }",
        "  res.status(200).json({});",
        "}",
    ]
    return styled(lines, manner)


def styled(lines: Sequence[str], manner: Manner) -> str:
    """Return lines in a project's manner; they are written with ``"``, ``;`` and two spaces."""
    rows = []
    for line in lines:
        body = line.lstrip(" ")
        depth = (len(line) - len(body)) // 2
        if manner.quote == "'":
            body = body.replace('"', "'")
        rows.append(manner.indent * depth + (body if manner.semicolons else body.rstrip(";")))
    return "\n".join(rows) + "\n"


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f'"{name}"'


def _title(route: str) -> str:
    plain = [part for part in route.split("/") if part and not part.startswith(("[", "("))]
    words = re.sub(r"[^A-Za-z0-9]+", " ", plain[-1] if plain else "home").strip()
    return words[:1].upper() + words[1:]
