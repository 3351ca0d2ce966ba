"""Where files can't be put by one rename: links, other disks, mounts, folders of lower layers, and what runs before have left."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import generator_kit as kit
import pytest

from generator import files as writing
from generator.errors import RenderError
from generator.files import change_all, recover, replace_tree, write_all

OLD, NEW = {"a.py": "old\n", "gone.py": "old\n"}, {"a.py": "new\n", "sub/b.py": "new\n"}
MINE = {"NOTES.md": "mine"}
MIXED: Any = {path: text.encode() for path, text in (NEW | MINE).items()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another disk."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system at /dev/shm")
    folder = Path(mkdtemp(dir=memory))
    yield folder
    shutil.rmtree(folder)


def put(folder: Path) -> None:
    replace_tree(folder, NEW, ["gone.py"], lambda: True)


def exchange_nothing(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refused(_new: Path, old: Path) -> None:
        raise OSError(code, os.strerror(code), str(old))

    monkeypatch.setattr(writing, "_exchange", refused)


@pytest.mark.parametrize("where", ["beside", "on another disk"])
def test_a_package_that_is_a_link_stays_one_and_nothing_is_left_beside_it(
    tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    real = (tmp_path if where == "beside" else request.getfixturevalue("elsewhere")) / "real"
    kit.write_tree(real, OLD | MINE)
    (tmp_path / "generated").mkdir()
    (tmp_path / "generated" / "acme").symlink_to(real)
    put(tmp_path / "generated" / "acme")
    assert (tmp_path / "generated" / "acme").is_symlink() and kit.read_tree(real) == MIXED
    assert [path.name for path in (tmp_path / "generated").iterdir()] == ["acme"]
    assert not list(real.parent.glob(".*"))


def test_files_whose_place_is_on_another_disk_are_written_there(tmp_path: Path, elsewhere: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "generated").symlink_to(elsewhere)
    kit.write_tree(elsewhere, OLD)
    change_all(root, lambda: (NEW | {f"generated/{path}": text for path, text in NEW.items()}, ["generated/gone.py"]))
    there = kit.read_tree(elsewhere)
    assert there == {path: text.encode() for path, text in NEW.items()} and (root / "a.py").read_text() == "new\n"
    assert sorted(path.name for path in root.iterdir()) == ["a.py", "generated", "sub"]


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EBUSY])
def test_a_package_that_can_not_be_moved_is_written_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    kit.write_tree(tmp_path / "acme", OLD | MINE)
    exchange_nothing(monkeypatch, code)
    put(tmp_path / "acme")
    assert kit.read_tree(tmp_path) == {f"acme/{path}": raw for path, raw in MIXED.items()}


def test_a_kill_between_such_files_is_made_good_by_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.write_tree(tmp_path / "generated" / "acme", OLD | MINE)
    with monkeypatch.context() as patch:
        exchange_nothing(patch, errno.EXDEV)
        patch.setattr(writing, "_move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            put(tmp_path / "generated" / "acme")
    recover(tmp_path, tmp_path / "generated")
    assert kit.read_tree(tmp_path / "generated") == {f"acme/{path}": raw for path, raw in MIXED.items()}


def test_where_names_can_not_be_given_twice_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    kit.write_tree(tmp_path / "acme", OLD | MINE)
    monkeypatch.setattr(os, "link", refused)
    put(tmp_path / "acme")
    assert kit.read_tree(tmp_path / "acme") == MIXED


def test_of_two_renames_the_first_is_taken_back_where_the_second_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.write_tree(tmp_path / "acme", OLD)
    monkeypatch.setattr(writing.ctypes, "CDLL", lambda *_, **__: object())
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path.name == ".acme.new":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(RenderError, match="No space left"):
        put(tmp_path / "acme")
    assert kit.read_tree(tmp_path) == {f"acme/{path}": text.encode() for path, text in OLD.items()}


def test_any_command_takes_away_or_puts_back_what_a_kill_has_left_beside_a_package(tmp_path: Path) -> None:
    trees = tmp_path / "generated"
    for name in ("acme", ".acme.new", "globex", ".globex.old", ".other.old", ".other.new"):
        kit.write_tree(trees / name, {"a.py": name})
    recover(tmp_path, trees)
    assert kit.read_tree(trees) == {"acme/a.py": b"acme", "globex/a.py": b"globex", "other/a.py": b".other.old"}
    assert sorted(path.name for path in trees.iterdir()) == ["acme", "globex", "other"]


def test_what_is_decided_and_can_not_be_put_in_its_place_is_not_told_as_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_staged: Path, place: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_move", full)
        for act in (lambda: write_all(tmp_path, NEW), lambda: recover(tmp_path)):
            with pytest.raises(RenderError, match=r"can't be finished: No space left(?s:.)*next command does the rest"):
                act()
    recover(tmp_path)
    assert kit.read_tree(tmp_path) == {path: text.encode() for path, text in NEW.items()}


def test_a_run_that_fails_takes_nothing_from_the_one_that_waited_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, gone, problems = threading.Event(), threading.Event(), []
    durable, rmtree = writing._durable, shutil.rmtree

    def other() -> None:
        try:
            write_all(tmp_path, NEW)
        except BaseException as error:
            problems.append(error)

    second = threading.Thread(target=other)

    def staged(path: Path, text: str) -> None:
        if threading.current_thread() is not second:
            second.start()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        durable(path, text)
        began.set()
        gone.wait(10)

    def removed(path: Path, ignore_errors: bool = False) -> None:
        if second.ident and threading.current_thread() is not second:
            began.wait(0.3)  # as far as it comes meanwhile; it must not have begun
            rmtree(path, ignore_errors)
            gone.set()
        else:
            rmtree(path, ignore_errors)

    monkeypatch.setattr(writing, "_durable", staged)
    monkeypatch.setattr(writing.shutil, "rmtree", removed)
    with pytest.raises(RenderError, match="nothing was written"):
        write_all(tmp_path, {"x.py": "x"})
    second.join(30)
    assert problems == [] and kit.read_tree(tmp_path) == {path: text.encode() for path, text in NEW.items()}
