"""A committed package is its own record; what is cached is never wrong; what is cut into parts is the same as whole."""

from __future__ import annotations

import ast
import errno
import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache as cache_of
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from drift_kit import ROOT
from fleet_kit import run, tree

from generator import cache, models, parts, release, render, surface_files
from generator.beside import pretty
from generator.config import Tenant
from generator.definitions import needed_by
from generator.drift import compare
from generator.errors import RenderError
from generator.ir import Package, Toolset
from generator.proofs import is_proven, prove
from generator.snapshot import klass_path
from generator.states import State, package_of
from generator.surface import surface_of
from generator.surface_files import read_package, surface_from
from generator.surface_known import Known

URL = "https://acme.api.kustomerapp.com"
TENANTS = {
    "acme": None,
    "globex": None,
    "every operation": Tenant("acme", "tenant.toml", URL),
    "every operation, lean": Tenant("acme", "tenant.toml", URL, detail="lean", dry_run=True, confirm=("delete_*",)),
}


@pytest.fixture(scope="module", params=TENANTS)
def package(request: pytest.FixtureRequest) -> Package:
    state = State(ROOT)
    tenant = TENANTS[request.param] or state.tenant(request.param)
    return package_of(state.documents, state.klasses(tenant.name), tenant)


def test_the_files_of_a_package_say_all_that_its_callers_can_notice(package: Package, tmp_path: Path) -> None:
    files = render.render(package)
    assert surface_from(files) == surface_of(package)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert compare(surface_from(read_package(tmp_path)), surface_of(package)) == ()


def with_one_more_attribute() -> Package:
    state = State(ROOT)
    klasses = state.klasses("acme")
    order = klasses["klasses/order.json"]
    attributes = {**order["attributes"], "newNum": {"type": "number", "displayName": "New"}}
    changed = {**klasses, "klasses/order.json": {**order, "attributes": attributes}}
    return package_of(state.documents, changed, Tenant("acme", "tenant.toml", URL))


def test_what_another_package_says_word_for_word_is_not_read_again_and_alters_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = render.render(everything()), with_one_more_attribute()
    known = Known(render.render(new), surface_of(new))
    assert surface_from(old, known) == surface_from(old) == surface_of(everything())
    read: list[str] = []
    function = surface_files._function

    def noted(node: ast.AsyncFunctionDef, *given: Any) -> Any:
        read.append(node.name)
        return function(node, *given)

    monkeypatch.setattr(surface_files, "_function", noted)
    surface_from(old, known)
    assert read
    assert all("order" in name for name in read)


@pytest.mark.parametrize("said", ["class Sneaky(", "async def sneaky(", "SNEAKY = "])
def test_a_docstring_that_looks_like_a_statement_is_read_as_what_it_is(said: str) -> None:
    new = everything()
    files = render.render(new)
    path = f"{new.module}/models/customers.py"
    text = files[path].replace('"""\n\n\nclass', f'"""\n\n    x: int\n    """\n{said}\n{{}}\n    """\n\n\nclass')
    assert text != files[path]
    one, other = ({**files, path: text.replace("{}", words)} for words in ("one", "other"))
    assert surface_from(one, Known(other, surface_from(other))) == surface_from(one)


def test_files_edited_by_hand_are_read_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(root)
    given: list[object] = []
    monkeypatch.setattr(release, "surface_from", lambda files, known: given.append(known) or surface_from(files, known))
    package, folder = state.package("globex"), root / "generated" / "globex"
    release.plan(folder, package)
    readme = folder / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    release.plan(folder, package)
    assert [known is None for known in given] == [False, True]


LONG = f"kustomer_mcp_{'a_very_long_name_' * 6}"


@pytest.mark.parametrize("module", ["kustomer_mcp_acme", LONG], ids=["short", "long"])
def test_a_toolset_in_parts_is_to_the_byte_what_it_is_as_a_whole(package: Package, module: str) -> None:
    for toolset in package.toolsets:
        assert in_parts(module, toolset) == as_a_whole(module, toolset)


@pytest.mark.parametrize("seed", range(12))
def test_any_choice_of_tools_in_parts_is_what_it_is_as_a_whole(seed: int) -> None:
    dice = random.Random(seed)
    toolset = dice.choice([toolset for toolset in everything().toolsets if len(parts.parts_of(toolset)) > 1])
    if seed % 3:
        tools = tuple(sorted(dice.sample(toolset.tools, min(len(toolset.tools), 5)), key=lambda tool: tool.name))
    else:  # nothing but searches: then what stands first is a table
        tools = tuple(tool for tool in toolset.tools if tool.search)[:3] or toolset.tools[:2]
    names = {tool.arguments_class for tool in tools}
    definitions = needed_by(names, toolset.definitions)
    chosen = Toolset(toolset.name, tools, tuple(sorted(set(definitions) - names)), definitions)
    module = f"kustomer_mcp_{'x' * dice.randint(1, 90)}"
    assert in_parts(module, chosen) == as_a_whole(module, chosen)


def in_parts(module: str, toolset: Toolset) -> dict[str, str]:
    rendered = [render._render_part(part) for part in parts.parts_of(toolset)]
    return parts.merged(module, toolset, rendered, render.fitted)


def as_a_whole(module: str, toolset: Toolset) -> dict[str, str]:
    """The toolset's files, made in one piece and for this tenant."""
    source = models.python_source(toolset.definitions, f"{module}.runtime.model.Request")
    made = {
        "models": render._filled("models.py.jinja", toolset=toolset, source=source),
        "tools": render._filled("tools.py.jinja", package={"module": module}, toolset=toolset),
    }
    files = {f"{module}/{folder}/{toolset.name}.py": render._formatted(folder, text) for folder, text in made.items()}
    contracts = ",\n".join(indent(pretty(tool.contract).rstrip("\n"), " ") for tool in toolset.tools)
    return {f"{module}/contract/{toolset.name}.json": f"[\n{contracts}\n]\n", **files}


@cache_of
def everything() -> Package:
    state = State(ROOT)
    return package_of(state.documents, state.klasses("acme"), Tenant("acme", "tenant.toml", URL))


def test_what_two_tenants_have_in_common_is_rendered_once(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = everything(), replace(everything(), tenant="other", module="kustomer_mcp_other")
    files = render.render(first)
    monkeypatch.setattr(render, "_render_part", lambda part: pytest.fail(f"{part.name} was rendered again"))
    again = render.render(second)
    module = f"{second.module}/tools/customers.py"
    assert again[module] == files[module.replace(second.module, first.module)].replace(first.module, second.module)


def test_tenants_of_different_klasses_share_the_parts_of_those_that_are_alike(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render.render(everything())
    made: list[Toolset] = []
    render_part = render._render_part

    def noted(part: Toolset) -> parts.Rendered:
        made.append(part)
        return render_part(part)

    monkeypatch.setattr(render, "_render_part", noted)
    other = replace(with_one_more_attribute(), tenant="other", module="kustomer_mcp_other")
    render.render(other)
    assert {tool.klass for part in made for tool in part.tools} == {"order"}


def test_a_statement_that_is_not_known_is_refused_and_not_left_out() -> None:
    with pytest.raises(RenderError, match="a statement that generator/parts"):
        parts.taken_apart('"""Words."""\n\nprint(1)\n')


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_documents_are_parsed_once_and_a_broken_entry_is_made_anew(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = State(ROOT).documents.catalog
    [entry] = own_cache.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("generator.states.document_catalog", lambda _: pytest.fail("parsed again"))
        assert State(ROOT).documents.catalog == first
    for broken in (b"", b"x", entry.read_bytes()[:-1], entry.read_bytes().replace(b"generator.ir", b"generator.cx")):
        entry.write_bytes(broken)
        assert State(ROOT).documents.catalog == first


def test_an_entry_that_would_run_something_is_refused(own_cache: Path) -> None:
    import hashlib
    import pickle

    cache.keep_object("key", ["plain"])
    [entry] = own_cache.iterdir()
    data = pickle.dumps(print)
    entry.write_bytes(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    assert cache.find_object("key") is None


def prove_as_committed(root: Path, name: str) -> None:
    folder = root / "generated" / name
    named = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    prove(State(root), name, {path: (folder / path).read_text(encoding="utf-8") for path in named})


def test_what_can_not_be_kept_leaves_nothing_behind(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        cache.keep("key", {"a": 1})
    assert list(own_cache.iterdir()) == []
    cache.keep("key", {"a": 1})
    assert cache.find("key") == {"a": 1}


def test_a_proof_holds_for_exactly_what_was_proven(own_cache: Path, root: Path) -> None:
    assert not is_proven(State(root), "acme")
    prove_as_committed(root, "acme")
    assert is_proven(State(root), "acme")
    for path, more in (
        ("generated/acme/README.md", "\n"),
        ("specs/tenants/acme/tenant.toml", "\n[drafts]\naccounts = true\n"),
        (klass_path("acme", "klasses/order.json"), "\n"),
    ):
        file = root / path
        text = file.read_text(encoding="utf-8")
        file.write_text(text + more, encoding="utf-8")
        assert not is_proven(State(root), "acme"), path
        file.write_text(text, encoding="utf-8")
    (root / "generated/acme/TOOLS.md").rename(root / "away")
    assert not is_proven(State(root), "acme")


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("specs/tenants/globex/tenant.toml", ('"Globex Insights"', '"Another title"')),
        ("generated/globex/README.md", ("Globex", "Somebody")),
    ],
)
def test_what_is_edited_while_a_package_is_made_is_not_proven(
    own_cache: Path, root: Path, monkeypatch: pytest.MonkeyPatch, path: str, change: tuple[str, str]
) -> None:
    real = release.plan

    def edited(folder: Path, package: Package) -> release.Plan:
        made = real(folder, package)
        text = (root / path).read_text(encoding="utf-8")
        assert change[0] in text
        (root / path).write_text(text.replace(*change), encoding="utf-8")
        return made

    with monkeypatch.context() as patch:
        patch.setattr(release, "plan", edited)
        assert run(root, "check", "globex").exit_code == 0
    assert run(root, "check", "globex").exit_code == 3


def test_a_change_in_a_manifest_that_no_rule_tells_of_is_left_out_of_the_changelog(root: Path) -> None:
    folder = root / "generated" / "globex"
    file = folder / "manifest.json"
    text = file.read_text(encoding="utf-8")
    rows = json.dumps([{"rule": "tool-gone", "subject": "x", "text": "y"}])
    file.write_text(
        text.replace(json.dumps("changes") + ": [\n ]", json.dumps("changes") + f": {rows}"), encoding="utf-8"
    )
    assert "tool-gone" in file.read_text(encoding="utf-8")
    (folder / "CHANGELOG.md").unlink()
    assert run(root, "generate", "globex").exit_code == 0
    assert file.read_text(encoding="utf-8") == text


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of templates, as a copy for this test."""
    copy = shutil.copytree(render.templates(), tmp_path / "templates")
    monkeypatch.setattr(render, "templates", lambda: copy)
    look_anew()
    yield copy
    look_anew()


def look_anew() -> None:
    render.fingerprint.cache_clear()
    render._fingerprint.cache_clear()


@pytest.mark.parametrize(
    "path", ["tools.py.jinja", "runtime/calls.py", "runtime/grants/store.py", "runtime/admin/static/page.css", "deploy/requirements.lock"]
)  # fmt: skip
def test_a_proof_ends_with_any_change_of_a_template(own_cache: Path, root: Path, templates: Path, path: str) -> None:
    prove_as_committed(root, "acme")
    assert is_proven(State(root), "acme")
    file = templates / path
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    look_anew()
    assert not is_proven(State(root), "acme")


def test_without_the_cache_everything_is_made_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prove_as_committed(root, "globex")
    monkeypatch.setenv(cache.VARIABLE, "off")
    assert not is_proven(State(root), "globex")
    before = tree(root)
    assert run(root, "check", "globex").exit_code == 0
    assert tree(root) == before
