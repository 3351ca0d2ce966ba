"""Owns the JSON files that stand beside a package's server: what it serves as prompts and resources, and what its doctor
compares with. `Package -> {path: text}`."""

from __future__ import annotations

import json
import re

from generator.ir import Json, KlassResource, Package, Prompt, PromptArgument, PromptPart, Tool
from generator.phrases import phrases
from generator.surface import roles_row

# Standard object -> the tag of the tools whose records it describes.
_RECORDS = {
    "company": "companies",
    "conversation": "conversations",
    "customer": "customers",
    "message": "messages",
    "note": "notes",
    "user": "users",
}


def beside_files(package: Package) -> dict[str, str]:
    """The files by their path below generated/<tenant>/; one a Klass, and none for prompts where there are none."""
    files = {"doctor.json": pretty(_doctor(package)), "tools.json": _lines(_narrowing(package))}
    if package.prompts:
        files["prompts.json"] = pretty([_prompt(prompt) for prompt in package.prompts])
    files |= {f"klasses/{resource.name}.json": pretty(resource.content) for resource in package.klass_resources}
    return {f"{package.module}/{path}": text for path, text in files.items()}


def pretty(value: Json) -> str:
    """JSON for people who read diffs: short lists of words or numbers stand on one line."""
    return _SCALARS.sub(_on_one_line, json.dumps(value, indent=1, ensure_ascii=False)) + "\n"


_SCALAR = r'(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)'
_SCALARS = re.compile(rf'(?m)^(?P<head> *(?:"(?:[^"\\]|\\.)*": )?)\[\n(?P<rows> *{_SCALAR}(?:,\n *{_SCALAR})*)\n *\]')


def _on_one_line(found: re.Match[str]) -> str:
    line = f"{found['head']}[{', '.join(row.strip() for row in found['rows'].split(_BETWEEN))}]"
    return line if len(line) <= _WIDTH else found[0]


_BETWEEN = ",\n"
_WIDTH = 110


def _lines(tables: dict[str, dict[str, Json]]) -> str:
    """JSON with one line an entry, so that a difference is the tool that changed."""
    return "{\n" + ",\n".join(f' "{name}": {_table(rows)}' for name, rows in tables.items()) + "\n}\n"


def _table(rows: dict[str, Json]) -> str:
    lines = [f"  {json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in rows.items()]
    return "{\n" + ",\n".join(lines) + "\n }" if lines else "{}"


def _narrowing(package: Package) -> dict[str, dict[str, Json]]:
    """What grants narrow by and searches go by: each tool's tags, methods, words and what people say who want it, and the
    tools that a prompt or a Klass is of use with."""
    asked = phrases(package)
    tools = sorted(package.tools, key=lambda tool: tool.name)
    names = [tool.name for tool in tools]
    return {
        "tools": {tool.name: _row(tool, asked[tool.name]) for tool in tools},
        "prompts": {prompt.name: _named(prompt, names) for prompt in package.prompts},
        "klasses": {resource.name: _of_use_with(resource, tools) for resource in package.klass_resources},
    }


def _row(tool: Tool, asked: tuple[str, ...]) -> dict[str, Json]:
    """`about` is the description in full, where a lean contract says less; `asked` is for searches alone."""
    row: dict[str, Json] = {"tags": list(tool.tags), "methods": list(tool.methods)}
    about = {"about": tool.description} if tool.contract["description"] != tool.description else {}
    return row | about | ({"asked": list(asked)} if asked else {})


def _of_use_with(resource: KlassResource, tools: list[Tool]) -> list[str]:
    """The tools that a Klass's content names; for a standard object also those of its records."""
    named = {name for names in resource.content["tools"].values() for name in names}
    tag = _RECORDS.get(resource.name)
    return [tool.name for tool in tools if tool.name in named or tag in tool.tags]


def _named(prompt: Prompt, tools: list[str]) -> list[str]:
    words = {word for part in prompt.parts for word in re.findall(r"\w+", part.text)}
    return [name for name in tools if name in words]


def _doctor(package: Package) -> dict[str, Json]:
    tools = sorted(package.tools, key=lambda tool: tool.name)
    return {"tools": {tool.name: roles_row(tool) for tool in tools}, "klasses_left_out": list(package.klasses_left_out)}


def _prompt(prompt: Prompt) -> dict[str, Json]:
    return {
        "name": prompt.name,
        "title": prompt.title,
        "description": prompt.description,
        "arguments": [_argument(argument) for argument in prompt.arguments],
        "parts": [_part(part) for part in prompt.parts],
    }


def _argument(argument: PromptArgument) -> dict[str, Json]:
    row: dict[str, Json] = {"name": argument.name, "description": argument.description, "required": argument.required}
    return row | ({"choices": argument.choices} if argument.choices else {})


def _part(part: PromptPart) -> dict[str, Json]:
    conditions = {"given": part.given, "missing": part.missing}
    return {"text": part.text, "step": part.step} | {key: names for key, names in conditions.items() if names}
