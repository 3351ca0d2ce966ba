"""The store of grants goes away, comes back, is locked or exchanged while callers call: nobody comes in who holds nothing, and
it recovers by itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

from faults_kit import Traffic, ids, traffic
from grants_kit import redis_server
from serving_kit import Server, change, grant, serving, wait_for

from generator.sandbox import Sandbox

KEY = "a-key-for-hashes-of-at-least-32-bytes"
NOBODY = f"kmg_{'x' * 43}"
WIDE = {"KUSTOMER_MCP_CALLS_PER_MINUTE": "1000000"}


def goes_on(seen: Traffic) -> bool:
    """Wait until five more calls were answered."""
    before = len(seen.answered)
    return bool(wait_for(lambda: len(seen.answered) >= before + 5))


def nobody_came_in(seen: Traffic, emulator: Sandbox) -> None:
    """Whoever holds nothing was never answered, and what reached Kustomer is what holders asked."""
    assert not [url for url in seen.answered.values() if NOBODY in url]
    assert not seen.strange
    came = ids([entry.path for entry in emulator.journal])
    assert came <= set(seen.answered), "a call was made whose caller has no answer"
    assert not seen.lost


def test_a_redis_that_restarts_under_load_refuses_with_503_and_everybody_comes_in_again_by_itself(
    emulator: Sandbox, tmp_path: Path
) -> None:
    with redis_server(tmp_path) as redis:
        values = {"KUSTOMER_MCP_STORE": redis.url, "KUSTOMER_MCP_HASH_KEY": KEY, "KUSTOMER_BASE_URL": emulator.url}
        secrets = [grant(redis.url, KEY, name=str(number))[1] for number in range(2)]
        with serving(tmp_path, **values, **WIDE) as server:
            with traffic([f"{server.url}/{secret}" for secret in (*secrets, NOBODY)], 6) as seen:
                assert goes_on(seen) and seen.kinds() == {404}
                redis.stop()
                wait_for(lambda: list(seen.statuses.values()).count(503) > 10)
                redis.start()
                assert goes_on(seen)
            assert seen.kinds() == {404, 503}
            nobody_came_in(seen, emulator)
            assert server.stop() == 0


def test_a_file_that_is_deleted_and_put_back_refuses_in_between_and_is_not_begun_anew(
    emulator: Sandbox, tmp_path: Path
) -> None:
    with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url, **WIDE) as server:
        secret = grant(server.store)[1]
        aside = tmp_path / "aside"
        aside.mkdir()
        with traffic([f"{server.url}/{one}" for one in (secret, NOBODY)], 4) as seen:
            assert goes_on(seen)
            files = [Path(server.store), *(Path(server.store + end) for end in ("-wal", "-shm"))]
            for file in files:
                file.rename(aside / file.name)
            wait_for(lambda: list(seen.statuses.values()).count(503) > 10)
            assert not Path(server.store).exists()
            for file in reversed(files):
                (aside / file.name).rename(file)
            assert goes_on(seen)
        nobody_came_in(seen, emulator)
        assert server.stop() == 0


def test_a_backup_that_is_put_in_place_under_load_counts_at_once(emulator: Sandbox, tmp_path: Path) -> None:
    with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url, **WIDE) as server:
        first = grant(server.store, name="first")[1]
        backup = tmp_path / "backup"
        with sqlite3.connect(server.store) as store, sqlite3.connect(backup) as copy:
            store.backup(copy)
        second = grant(server.store, name="second")[1]
        with traffic([f"{server.url}/{one}" for one in (first, second)], 4) as seen:
            assert goes_on(seen)
            # What belongs to the old file goes with it: SQLite would take its -wal for the new one's.
            for end in ("-wal", "-shm"):
                Path(server.store + end).unlink()
            os.replace(backup, server.store)
            # The second grant is not in the backup, the first one is.
            wait_for(lambda: list(seen.statuses.values()).count(404) > 10)
            assert goes_on(seen)
        assert seen.kinds() <= {404, 503} and not seen.strange and not seen.lost


def test_a_file_that_another_process_locks_for_a_while_keeps_callers_waiting_and_lets_all_in_afterwards(
    emulator: Sandbox, tmp_path: Path
) -> None:
    with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url, **WIDE) as server:
        secret = grant(server.store)[1]
        with traffic([f"{server.url}/{one}" for one in (secret, NOBODY)], 4) as seen:
            assert goes_on(seen)
            other = sqlite3.connect(server.store, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            answered = locked(seen, server)
            other.execute("ROLLBACK")
            other.close()
            assert goes_on(seen)
        assert seen.kinds() <= {404, 503}
        assert answered <= 8, "calls were let through that could not be counted"
        nobody_came_in(seen, emulator)


def locked(seen: Traffic, server: Server) -> int:
    """How many calls are answered while the store is locked, in the time of some callers who hold nothing."""
    before = len(seen.answered)
    count = len(seen.statuses)
    wait_for(lambda: len(seen.statuses) > count + 10)
    assert server.process.poll() is None
    return len(seen.answered) - before


def test_a_damaged_file_refuses_everybody_until_a_good_one_is_back(emulator: Sandbox, tmp_path: Path) -> None:
    with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url, **WIDE) as server:
        id, secret = grant(server.store)
        with sqlite3.connect(server.store) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        good = tmp_path / "good"
        shutil.copy(server.store, good)
        with traffic([f"{server.url}/{one}" for one in (secret, NOBODY)], 4) as seen:
            assert goes_on(seen)
            bad = tmp_path / "bad"
            bad.write_bytes(b"no database at all" * 500)
            for end in ("-wal", "-shm"):
                Path(server.store + end).unlink(missing_ok=True)
            os.replace(bad, server.store)
            wait_for(lambda: list(seen.statuses.values()).count(503) > 10)
            os.replace(good, server.store)
            assert goes_on(seen)
        nobody_came_in(seen, emulator)
        change(server.store, "revoke", id)
