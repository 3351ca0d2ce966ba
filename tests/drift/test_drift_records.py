"""A committed package is its own record; what is cached is never wrong; what is cut into parts is the same as whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from drift_kit import ROOT
from fleet_kit import run, tree

from generator import cache, parts, render
from generator.config import Tenant
from generator.drift import compare
from generator.ir import Package
from generator.proofs import is_proven, prove
from generator.snapshot import klass_path
from generator.states import State, package_of
from generator.surface import surface_of
from generator.surface_files import read_package, surface_from

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


def test_a_toolset_in_parts_is_to_the_byte_what_it_is_as_a_whole(package: Package) -> None:
    for toolset in package.toolsets:
        cut = parts.parts_of(toolset)
        if len(cut) > 1:
            whole = parts.merged(package.module, toolset, [render._render_part(package.module, toolset)])
            assert parts.merged(package.module, toolset, [render._render_part(package.module, p) for p in cut]) == whole


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


def test_a_proof_holds_for_exactly_what_was_proven(own_cache: Path, root: Path) -> None:
    assert not is_proven(State(root), "acme")
    prove(State(root), "acme")
    assert is_proven(State(root), "acme")
    for path in (
        "generated/acme/README.md",
        "specs/tenants/acme/tenant.toml",
        klass_path("acme", "klasses/order.json"),
    ):
        file = root / path
        text = file.read_text(encoding="utf-8")
        file.write_text(text + "\n", encoding="utf-8")
        assert not is_proven(State(root), "acme"), path
        file.write_text(text, encoding="utf-8")
    (root / "generated/acme/TOOLS.md").rename(root / "away")
    assert not is_proven(State(root), "acme")


def test_without_the_cache_everything_is_made_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prove(State(root), "globex")
    monkeypatch.setenv(cache.VARIABLE, "off")
    assert not is_proven(State(root), "globex")
    before = tree(root)
    assert run(root, "check", "globex").exit_code == 0
    assert tree(root) == before
