"""Owns the JSON files that stand beside a package's server: what it serves as prompts and resources, and what its doctor
compares with. `Package -> {path: text}`."""

from __future__ import annotations

import json

from generator.ir import Json, Package, Prompt, PromptArgument, PromptPart, Tool


def beside_files(package: Package) -> dict[str, str]:
    """The files by their path below generated/<tenant>/; one a Klass, and none for prompts where there are none."""
    files = {"doctor.json": _text(_doctor(package))}
    if package.prompts:
        files["prompts.json"] = _text([_prompt(prompt) for prompt in package.prompts])
    files |= {f"klasses/{resource.name}.json": _text(resource.content) for resource in package.klass_resources}
    return {f"{package.module}/{path}": text for path, text in files.items()}


def _text(value: Json) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _doctor(package: Package) -> dict[str, Json]:
    tools = sorted(package.tools, key=lambda tool: tool.name)
    return {"tools": {tool.name: _roles(tool) for tool in tools}, "klasses_left_out": list(package.klasses_left_out)}


def _roles(tool: Tool) -> dict[str, Json]:
    """`any_of` is null where the roles are not known, and empty where any valid key will do."""
    row: dict[str, Json] = {"any_of": tool.roles}
    return row | ({"cases": dict(tool.role_cases)} if tool.role_cases else {})


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
