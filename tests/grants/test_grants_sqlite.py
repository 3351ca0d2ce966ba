"""Grants in one SQLite file: private, shared by processes, and refusing everybody where the file can't be used."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from grants_kit import ACTOR, KEY_TEXT, MODULE, grants_at, words
from kustomer_mcp_acme.runtime.grants.credentials import KeyProblem
from kustomer_mcp_acme.runtime.grants.model import StoreDown, shown
from kustomer_mcp_acme.runtime.grants.opening import GrantSettings, default_store, open_grants
from kustomer_mcp_acme.runtime.grants.store import Record, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "grants.sqlite3"


def _processes(path: Path, id: str, names: list[str], times: int) -> None:
    folder = Path(__file__).parent
    search = os.pathsep.join([str(folder), str(folder.parents[1] / "generated" / "acme")])
    environment = {**os.environ, "PYTHONPATH": search}
    command = [sys.executable, str(folder / "grants_worker.py"), str(path), id]
    running = [
        subprocess.Popen([*command, name, str(times)], env=environment, stderr=subprocess.PIPE, text=True)
        for name in names
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors


async def test_several_processes_lose_nothing_and_never_find_it_locked(path: Path) -> None:
    grants = open_grants(MODULE, GrantSettings(str(path)))
    grant = (await grants.create(words(), ACTOR)).made
    names = ["calls_per_minute", "exposure", "name"]
    _processes(path, grant.id, names, 20)
    found = await grants.get(grant.id)
    assert found is not None
    told = shown(found)
    assert (told["config"]["calls_per_minute"], told["config"]["exposure"], told["name"]) == (77, "discovery", "New")
    assert len(await grants.list()) == 1 + 3 * 20
    db = sqlite3.connect(path)
    assert db.execute("SELECT revision FROM records WHERE id = ?", (grant.id,)).fetchone() == (3,)
    db.close()


async def test_processes_that_start_at_once_agree_on_one_key(path: Path) -> None:
    _processes(path, "", ["a", "b", "c"], 1)
    assert sorted(one.name for one in await open_grants(MODULE, GrantSettings(str(path))).list()) == [
        "a 0",
        "b 0",
        "c 0",
    ]
    assert [file.name for file in path.parent.glob(".*")] == []


async def test_only_its_owner_can_read_file_key_and_folder(path: Path) -> None:
    before = os.umask(0)
    try:
        grants = open_grants(MODULE, GrantSettings(str(path)))
        await grants.create(words(), ACTOR)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert modes.keys() >= {"grants.sqlite3", "grants.sqlite3-wal", "grants.sqlite3.key"}
    assert set(modes.values()) == {0o600}


async def test_grants_survive_a_restart(path: Path) -> None:
    first = open_grants(MODULE, GrantSettings(str(path)))
    made = await first.create(words(), ACTOR)
    await first.aclose()
    again = await open_grants(MODULE, GrantSettings(str(path))).holder(made.secret)
    assert again is not None and again.id == made.made.id


def test_a_lost_or_open_or_short_key_is_said_with_what_to_do(path: Path) -> None:
    key = path.with_name("grants.sqlite3.key")
    with pytest.raises(KeyProblem, match="8 bytes, 32 are needed"):
        open_grants(MODULE, GrantSettings(str(path), "tooshort"))
    with pytest.raises(KeyProblem, match="16 bytes, 32 are needed"):
        open_grants(MODULE, GrantSettings(str(path), "0f" * 16))
    open_grants(MODULE, GrantSettings(str(path)))
    key.chmod(0o640)
    with pytest.raises(KeyProblem, match="chmod 600"):
        open_grants(MODULE, GrantSettings(str(path)))
    key.unlink()
    path.write_bytes(b"not empty")
    with pytest.raises(KeyProblem, match="put that file back"):
        open_grants(MODULE, GrantSettings(str(path)))
    assert not key.exists()


async def test_a_file_that_is_no_database_refuses_everybody(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"certainly no database " * 500)
    grants = grants_at(str(path))
    for act in (grants.ready(), grants.list(), grants.holder("kmg_" + "x" * 43), grants.create(words(), ACTOR)):
        with pytest.raises(StoreDown, match="can't be used"):
            await act
    assert path.read_bytes().startswith(b"certainly no database")


async def test_a_folder_in_its_place_refuses_everybody(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreDown, match="can't be used"):
        await grants_at(str(path)).holder("kmg_" + "x" * 43)


async def test_a_file_that_goes_away_refuses_until_it_is_back_and_is_never_begun_anew(path: Path) -> None:
    grants = grants_at(str(path))
    made = await grants.create(words(), ACTOR)
    await grants_at(str(path)).aclose()
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    files = [file for file in path.parent.iterdir() if file.is_file()]
    for file in files:
        file.rename(elsewhere / file.name)
    for act in (grants.holder(made.secret), grants.ready(), grants.list()):
        with pytest.raises(StoreDown, match="is gone"):
            await act
    assert not path.exists()
    for file in files:
        (elsewhere / file.name).rename(file)
    assert await grants.holder(made.secret) is not None


async def test_a_backup_put_in_its_place_counts_at_once(path: Path, tmp_path: Path) -> None:
    grants = grants_at(str(path))
    kept = await grants.create(words(name="kept"), ACTOR)
    other = tmp_path / "other.sqlite3"
    db = sqlite3.connect(path)
    db.execute("VACUUM INTO ?", (str(other),))
    db.close()
    late = await grants.create(words(name="late"), ACTOR)
    for file in path.parent.glob("grants.sqlite3-*"):
        file.unlink()
    other.rename(path)
    assert await grants.holder(kept.secret) is not None
    assert await grants.holder(late.secret) is None


async def test_a_newer_version_of_the_file_is_left_alone(path: Path) -> None:
    await grants_at(str(path)).ready()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreDown, match="has version 99"):
        await grants_at(str(path)).ready()


async def test_reading_goes_on_while_another_process_writes(path: Path) -> None:
    grants = grants_at(str(path))
    made = await grants.create(words(), ACTOR)
    await grants.holder(made.secret)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert await grants.holder(made.secret) is not None
    writer.execute("ROLLBACK")
    writer.close()


async def test_a_store_that_stays_locked_is_down(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kustomer_mcp_acme.runtime.grants.sqlite_file._PATIENCE_MS", 50)
    grants = grants_at(str(path))
    grant = (await grants.create(words(), ACTOR)).made
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    for act in (grants.count(grant, 600), grants.ready(), grants.create(words(), ACTOR)):
        with pytest.raises(StoreDown, match="locked"):
            await act
    writer.execute("ROLLBACK")
    writer.close()
    assert (await grants.count(grant, 600)).remaining == 599


async def test_many_callers_at_a_cold_store_take_one_thread(path: Path) -> None:
    issued = await open_grants(MODULE, GrantSettings(str(path))).create(words(), ACTOR)
    grants, before = open_grants(MODULE, GrantSettings(str(path))), set(threading.enumerate())
    found = await asyncio.gather(*(grants.holder(issued.secret) for _ in range(50)))
    assert [one.id for one in found if one] == [issued.made.id] * 50
    assert len(set(threading.enumerate()) - before) <= 1


async def test_what_has_expired_is_purged_by_the_next_change(path: Path) -> None:
    store = open_store(str(path), MODULE)
    await store.add("grant", Record("g_a", "d", "{}", 1.0, expires_at=2.0), 1.0)
    await store.hit("g_a", 0)
    await store.hit("g_b", 9)
    await store.add("grant", Record("g_b", "e", "{}", 1.0), 600.0)
    db = sqlite3.connect(path)
    assert db.execute("SELECT id FROM records").fetchall() == [("g_b",)]
    assert db.execute("SELECT id FROM counts").fetchall() == [("g_b",)]
    db.close()


def test_settings_show_no_secret(path: Path) -> None:
    settings = GrantSettings("unix:///r.sock", KEY_TEXT)
    assert settings.path is None and GrantSettings(str(path)).path == path
    assert KEY_TEXT not in repr(settings) and "r.sock" not in repr(settings)


def test_the_environment_says_where_grants_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_store(MODULE) == tmp_path / "kustomer-mcp-acme" / "grants.sqlite3"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert default_store(MODULE).is_absolute()
