"""Owns writing: files are staged whole beside their place, then moved; old or new, never mixed.

Staging finds out first whether the disk has room and the place may be written. A tree that belongs to the generator is
then exchanged in one step (`replace_tree`). Files in a folder that holds others' too are renamed one by one
(`write_all`); a journal lets the next command finish what a kill interrupted between two renames.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from generator.errors import RenderError
from generator.text import is_inside

_STAGE = ".kustomer-mcp-stage"
_JOURNAL = "journal.json"


def write_all(root: Path, texts: Mapping[str, str], delete: Iterable[str] = ()) -> None:
    """Write all `texts` (path below `root` -> text) and delete `delete`, or change nothing.

    Raises:
        RenderError: The disk is full, the tree can't be written, or another run is writing it.
    """
    change_all(root, lambda: (texts, delete))


def change_all(
    root: Path, made: Callable[[], tuple[Mapping[str, str], Iterable[str]]], trees: Path | None = None
) -> None:
    """As `write_all`, of texts and deletions that depend on what is there: they are made once nobody else can write.

    Args:
        trees: A folder of `root` whose trees are written as well: meanwhile `replace_tree` exchanges none of them.

    Raises:
        RenderError: As `write_all`.
    """
    try:
        with _only_writer(root), _only_writer(trees) if trees else nullcontext():
            try:
                _recover(root)
                texts, delete = made()
                _stage(root, texts, sorted(set(delete) - set(texts)))
                _recover(root)
            except OSError as error:
                if (root / _STAGE / _JOURNAL).exists():
                    raise _unfinished(root, error) from None
                raise
    except OSError as error:
        raise _nothing(root, error) from None


def _nothing(place: Path, error: OSError) -> RenderError:
    return RenderError(f"nothing was written: {error.strerror or error}", [f"at {error.filename or place}"])


def _unfinished(root: Path, error: OSError) -> RenderError:
    return RenderError(
        f"what a run has begun to write can't be finished: {error.strerror or error}",
        [f"at {error.filename or root}", "mend that; the next command does the rest"],
    )


def _stage(root: Path, texts: Mapping[str, str], gone: list[str]) -> None:
    """Put every new file into the stage, then the journal: from its rename on the new state is what holds."""
    stage = root / _STAGE
    stage.mkdir(parents=True)
    try:
        for number, path in enumerate(sorted(texts)):
            _durable(stage / str(number), texts[path])
        journal = {"write": sorted(texts), "delete": gone}
        _durable(stage / "journal.tmp", json.dumps(journal))
        os.replace(stage / "journal.tmp", stage / _JOURNAL)
    except BaseException:  # now, while nobody else can write: later there may be another run's stage
        shutil.rmtree(stage, ignore_errors=True)
        raise


def replace_tree(
    folder: Path, texts: Mapping[str, str], delete: Iterable[str], is_as_planned: Callable[[], bool]
) -> None:
    """Make a folder hold `texts` besides its other files and without `delete`, in one step; or change nothing.

    Args:
        folder: The folder.
        texts: Path below it -> text.
        delete: Paths below it.
        is_as_planned: Asked once nobody else can write: whether the folder is still what the change was planned for.

    Raises:
        RenderError: The disk is full, the place can't be written, or another run has changed the folder meanwhile.
    """
    place = folder.resolve()  # a link stays one
    stage = place.with_name(f".{place.name}.new")
    try:
        with _only_writer(folder.parent):
            _tidy(place)
            if not is_as_planned():
                raise RenderError(
                    f"{folder.name} was changed by another run meanwhile; nothing was written",
                    ["run the command again"],
                )
            try:
                _fill(stage, place, texts, delete)
                _exchange(stage, place)
            except OSError as error:
                if error.errno not in (errno.EXDEV, errno.EBUSY):
                    raise
                # A mount, or a folder of a container's lower layer: its files can be moved, it can't.
                write_all(place, texts, delete)
            finally:  # while nobody else can write: later there may be another run's stage
                shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise _nothing(folder, error) from None


def _fill(stage: Path, place: Path, texts: Mapping[str, str], delete: Iterable[str]) -> None:
    """Make what is to take a folder's place."""
    if place.exists():
        shutil.copytree(place, stage, copy_function=_linked, symlinks=True)
    for path in delete:
        (stage / path).unlink(missing_ok=True)
        _prune(stage, (stage / path).parent)
    for path, text in texts.items():
        (stage / path).parent.mkdir(parents=True, exist_ok=True)
        (stage / path).unlink(missing_ok=True)
        _durable(stage / path, text)


def _linked(source: str, target: str) -> None:
    """A second name of a file that is only read; a copy where there can be none (other disk, other owner)."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _exchange(new: Path, old: Path) -> None:
    """Swap two folders atomically where the system can (Linux renameat2, macOS renamex_np), else by two renames."""
    if not old.exists():
        new.rename(old)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    here, there = os.fsencode(new), os.fsencode(old)
    at_working_folder, swap = -100, 2
    if sys.platform.startswith("linux") and hasattr(libc, "renameat2"):
        done = libc.renameat2(at_working_folder, here, at_working_folder, there, swap)
    elif sys.platform == "darwin":
        done = libc.renamex_np(here, there, swap)
    else:
        done = -1
    if done != 0:
        aside = _aside(old)
        shutil.rmtree(aside, ignore_errors=True)
        old.rename(aside)
        try:
            new.rename(old)
        except OSError:
            aside.rename(old)
            raise
        aside.rename(new)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _tidy(folder: Path) -> None:
    """Take away what a kill left beside a tree, or put it back where it was killed between two renames."""
    if _aside(folder).exists() and not folder.exists():
        _aside(folder).rename(folder)
    for left in (_aside(folder), folder.with_name(f".{folder.name}.new")):
        shutil.rmtree(left, ignore_errors=True)
    if folder.exists():
        _recover(folder)


def recover(root: Path, trees: Path | None = None) -> None:
    """Finish what a kill interrupted, once nobody is at it: the stage of a run that is alive is its own.

    Args:
        root: The folder that `change_all` writes in.
        trees: A folder of `root` whose trees `replace_tree` exchanges.

    Raises:
        RenderError: It can't be finished.
    """
    try:
        if (root / _STAGE).exists():
            with _only_writer(root):
                _recover(root)
        if trees and (folders := _interrupted(trees)):
            with _only_writer(trees):
                for folder in folders:
                    _tidy(folder)
    except OSError as error:
        raise _unfinished(root, error) from None


def _interrupted(trees: Path) -> list[Path]:
    """The trees of a folder beside or in which a run has left something, or is at work now."""
    beside = {path.with_name(path.stem[1:]) for end in ("new", "old") for path in trees.glob(f".*.{end}")}
    return sorted(beside | {path.parent for path in trees.glob(f"*/{_STAGE}")})


def _recover(root: Path) -> None:
    """Finish what a journal says was decided; drop a stage without one, for it was not decided yet."""
    stage = root / _STAGE
    journal = stage / _JOURNAL
    if journal.exists():
        writes, deletes = _decided(journal)
        for number, path in enumerate(writes):
            staged = stage / str(number)
            if staged.exists():
                _move(staged, root / path)
        written = {_identity(root / path) for path in writes}
        for path in deletes:
            if _identity(root / path) in written - {None}:  # the same file, under a name that differs in case alone
                continue
            (root / path).unlink(missing_ok=True)
            _prune(root, (root / path).parent)
        journal.unlink()
    shutil.rmtree(stage, ignore_errors=True)


def _decided(journal: Path) -> tuple[list[str], list[str]]:
    """What a journal says is to be written and deleted.

    Raises:
        RenderError: It says nothing that this tool would have written, so that nothing is done.
    """
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        plan = json.loads(journal.read_text(encoding="utf-8"))
        writes, deletes = list(plan["write"]), list(plan["delete"])
        if all(isinstance(path, str) and is_inside(path) for path in (*writes, *deletes)):
            return writes, deletes
    raise RenderError(
        "the journal of a run that was interrupted can't be read; nothing was written",
        [f"at {journal}", "take specs/ and generated/ back from version control, and delete the folder that holds it"],
    )


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a name leads to; None where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _move(staged: Path, place: Path) -> None:
    """Move a file to its place; where that is on another disk (a mount, a link) it is copied beside it first."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(staged, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = place.with_name(f".{place.name}.new")
        _durable(beside, staged.read_bytes().decode())
        os.replace(beside, place)
        staged.unlink()


def _prune(root: Path, folder: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _durable(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _only_writer(root: Path) -> Iterator[None]:
    """Hold the root's lock; a second writer waits for its turn, a dead one leaves nothing behind."""
    import fcntl

    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
