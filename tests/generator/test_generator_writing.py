"""Writing is whole or not at all: after a full disk, a kill or a failing template the tree is the old one or the new one."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import generator_kit as kit
import pytest
from click.testing import CliRunner

from generator import files as writing
from generator import render as rendering
from generator.cli import main
from generator.errors import RenderError
from generator.files import change_all, recover, write_all
from generator.snapshot import load, save_klasses
from generator.tree import apply, compare

FULL = 'org = "acme"\n[tools]\ndetail = "full"\n'
LEAN = 'org = "acme"\ntitle = "Another title"\n[tools]\ndetail = "lean"\nmethods = ["read"]\n'


@pytest.fixture(scope="module")
def old() -> dict[str, str]:
    return kit.rendered(kit.things(), {"klasses/order.json": kit.klass("order", {"aStr": {}})})


@pytest.fixture(scope="module")
def new() -> dict[str, str]:
    """Some files are new, some changed, some gone, and a folder's last file is among those that are gone."""
    paths = kit.things()
    del paths["/v1/notes"]
    paths["/v1/others"] = {"get": kit.operation("GetOthers", "Others")}
    return kit.rendered(paths)


def as_bytes(files: dict[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}


def put(folder: Path, files: dict[str, str]) -> None:
    apply(folder, compare(folder, files))


# -------------------------------------------------------------------------------------------- whose files


def test_a_file_renamed_only_in_case_is_not_deleted_where_case_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such disk is at hand: here the old name leads to whatever the new one does."""
    move = writing._move
    old, new = tmp_path / "klasses/Order.json", tmp_path / "klasses/order.json"
    write_all(tmp_path, {"klasses/Order.json": "old", "klasses/pet.json": "gone"})

    def moved(staged: Path, place: Path) -> None:
        move(staged, place)
        old.unlink()
        os.link(new, old)

    monkeypatch.setattr(writing, "_move", moved)
    write_all(tmp_path, {"klasses/order.json": "new"}, ["klasses/Order.json", "klasses/pet.json"])
    assert kit.read_tree(tmp_path) == {"klasses/Order.json": b"new", "klasses/order.json": b"new"}


JOURNALS = [
    b"",
    b"{",
    b"[" * 99_999,
    b"\xff",
    b"[]",
    b"null",
    b'{"write": ["a"]}',
    b'{"write": [1], "delete": []}',
    b'{"write": ["a"], "delete": ["../mine"]}',
    b'{"write": ["../mine"], "delete": []}',
    b'{"write": [], "delete": ["/etc/hostname"]}',
]


@pytest.mark.parametrize("raw", JOURNALS, ids=lambda raw: repr(raw[:40]))
def test_a_journal_that_this_tool_would_not_write_does_nothing_and_says_what_to_do(tmp_path: Path, raw: bytes) -> None:
    root = tmp_path / "root"
    write_all(root, {"a": "old"})
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    (root / writing._STAGE).mkdir()
    (root / writing._STAGE / "0").write_text("planted", encoding="utf-8")
    (root / writing._STAGE / writing._JOURNAL).write_bytes(raw)
    before = kit.read_tree(tmp_path)
    for act in (lambda: recover(root), lambda: write_all(root, {"a": "new"})):
        with pytest.raises(RenderError, match="nothing was written") as caught:
            act()
        assert "take specs/ and generated/ back from version control" in str(caught.value)
    assert kit.read_tree(tmp_path) == before


def test_the_plan_is_sorted_and_names_new_changed_and_gone_files(
    tmp_path: Path, old: dict[str, str], new: dict[str, str]
) -> None:
    put(tmp_path / "acme", old)
    plan = compare(tmp_path / "acme", new)
    assert [change.path for change in plan] == sorted(change.path for change in plan)
    assert {change.sign for change in plan} == {"+", "~", "-"}
    assert {c.path for c in plan if c.sign == "-"} == set(old) - set(new)
    assert {c.path for c in plan if c.sign == "+"} == set(new) - set(old)
    apply(tmp_path / "acme", plan)
    assert kit.read_tree(tmp_path / "acme") == as_bytes(new)


def test_files_of_a_person_stay_and_stale_files_and_empty_folders_go(
    tmp_path: Path, old: dict[str, str], new: dict[str, str]
) -> None:
    folder = tmp_path / "acme"
    stale = {**old, "extra/deep/stale.txt": "", "manifest.json": _with_files(old, "extra/deep/stale.txt")}
    put(folder, stale)
    mine = {"NOTES.md": "mine", "kustomer_mcp_acme/tools/mine.py": "# mine", "own/deep/file": "x"}
    kit.write_tree(folder, mine)
    put(folder, new)
    assert kit.read_tree(folder) == as_bytes({**new, **mine})
    assert not (folder / "extra").exists()


def _with_files(files: dict[str, str], *more: str) -> str:
    manifest = json.loads(files["manifest.json"])
    manifest["files"] += more
    return json.dumps(manifest)


@pytest.mark.parametrize("name", ["../x", "../../x", "a/../../x", "/x", "{outside}", "", ".", "..", "a/../..", 3, None])
def test_a_manifest_that_names_files_outside_deletes_nothing_there(
    tmp_path: Path, old: dict[str, str], new: dict[str, str], name: Any
) -> None:
    folder, outside = tmp_path / "generated" / "acme", tmp_path / "x"
    put(folder, old)
    for path in (outside, tmp_path / "generated" / "x"):
        path.write_text("mine", encoding="utf-8")
    name = str(outside) if name == "{outside}" else name
    (folder / "manifest.json").write_text(_with_files(old, name), encoding="utf-8")
    put(folder, new)
    assert outside.read_text(encoding="utf-8") == (tmp_path / "generated" / "x").read_text(encoding="utf-8") == "mine"
    assert kit.read_tree(folder) == as_bytes(new)


def test_a_file_of_a_person_where_a_generated_one_must_go_is_an_error_and_nothing_is_written(
    tmp_path: Path, old: dict[str, str], new: dict[str, str]
) -> None:
    folder = tmp_path / "acme"
    put(folder, old)
    kit.write_tree(folder, {"kustomer_mcp_acme/tools/others.py": "# mine"})
    with pytest.raises(RenderError, match=r"tools/others\.py: it is not the generator's"):
        put(folder, new)
    assert kit.read_tree(folder) == as_bytes({**old, "kustomer_mcp_acme/tools/others.py": "# mine"})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": null}', "<<<<<<< ours\n"])
def test_a_manifest_that_can_not_be_read_deletes_nothing_and_is_written_anew(
    tmp_path: Path, old: dict[str, str], new: dict[str, str], text: str
) -> None:
    folder = tmp_path / "acme"
    put(folder, old)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    put(folder, new)
    assert kit.read_tree(folder) == as_bytes({**old, **new})


def test_a_symbolic_link_in_the_tree_is_replaced_and_never_written_through(
    tmp_path: Path, old: dict[str, str], new: dict[str, str]
) -> None:
    folder, outside = tmp_path / "acme", tmp_path / "outside.md"
    put(folder, old)
    outside.write_text("mine", encoding="utf-8")
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(outside)
    put(folder, new)
    assert outside.read_text(encoding="utf-8") == "mine"
    assert kit.read_tree(folder) == as_bytes(new) and not (folder / "README.md").is_symlink()


def test_who_reads_the_old_tree_while_the_new_one_is_written_goes_on_reading_the_old_one(
    tmp_path: Path, old: dict[str, str], new: dict[str, str]
) -> None:
    put(tmp_path / "acme", old)
    with (tmp_path / "acme" / "README.md").open(encoding="utf-8") as file:
        put(tmp_path / "acme", new)
        assert file.read() == old["README.md"] != new["README.md"]


# ------------------------------------------------------------------------------------------- failing calls


class Full:
    """Makes the n-th of all calls that change the disk fail, as a full or read-only disk would."""

    CALLS = ("fsync", "replace", "rename", "link", "mkdir", "unlink", "rmdir")

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, code: int) -> None:
        self.left, self.code, self.failed = number, code, ""
        for name in self.CALLS:
            monkeypatch.setattr(os, name, self._counted(name, getattr(os, name)))

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self.failed = name
                raise OSError(self.code, os.strerror(self.code), str(args[0]))
            return real(*args, **named)

        return call


def every_failure(
    code: int, prepare: Callable[[], None], act: Callable[[], None], step: int = 1
) -> Iterator[tuple[str, bool]]:
    """Run `act` with its first call failing, then its second, and so on until none is left to fail."""
    for number in range(1, 2000, step):
        prepare()
        with pytest.MonkeyPatch.context() as monkeypatch:
            disk = Full(monkeypatch, number, code)
            try:
                act()
                done = True
            except RenderError as error:
                assert os.strerror(code) in str(error)
                done = False
        if not disk.failed:
            return
        yield disk.failed, done
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize(("code", "step"), [(errno.ENOSPC, 5), (errno.EROFS, 11), (errno.EACCES, 13)])
def test_whichever_call_fails_the_generated_tree_is_whole_and_the_next_run_mends_it(
    tmp_path: Path,
    old: dict[str, str],
    new: dict[str, str],
    code: int,
    step: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power fails here
    folder = tmp_path / "generated" / "acme"
    plan: list[Any] = []

    def prepare() -> None:
        shutil.rmtree(tmp_path / "generated", ignore_errors=True)
        put(folder, old)
        kit.write_tree(folder, {"mine.txt": "mine"})
        plan[:] = compare(folder, new)

    outcomes = set()
    for call, done in every_failure(code, prepare, lambda: apply(folder, plan), step):
        there = kit.read_tree(folder)
        assert there.pop("mine.txt") == b"mine"
        assert there == as_bytes(new if done else old), call
        outcomes.add(done)
        put(folder, old)  # what could not be cleaned up goes with the next change
        put(folder, new)
        assert kit.read_tree(tmp_path / "generated") == {
            **{f"acme/{path}": raw for path, raw in as_bytes(new).items()},
            "acme/mine.txt": b"mine",
        }
    assert False in outcomes


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_whichever_call_fails_specs_are_old_or_new_after_the_next_command_has_looked(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power fails here
    before = {f"klasses/k{i}.json": kit.klass(f"k{i}", {}) for i in range(3)}
    after = {f"klasses/k{i}.json": kit.klass(f"k{i}", {"aStr": {}}) for i in range(1, 5)}
    save_klasses(tmp_path / "before", "acme", before)
    save_klasses(tmp_path / "after", "acme", after)
    trees = [kit.read_tree(tmp_path / name) for name in ("before", "after")]
    root = tmp_path / "root"

    def prepare() -> None:
        shutil.rmtree(root, ignore_errors=True)
        save_klasses(root, "acme", before)

    seen = set()
    for call, _ in every_failure(code, prepare, lambda: save_klasses(root, "acme", after)):
        recover(root)
        there = kit.read_tree(root)
        assert there in trees, call
        seen.add(trees.index(there))
        save_klasses(root, "acme", after)
        assert kit.read_tree(root) == trees[1]
    assert seen == {0, 1}


def test_a_real_limit_on_the_size_of_files_leaves_the_old_tree_and_says_so(tmp_path: Path) -> None:
    root = _root(tmp_path, FULL)
    assert kit.command(root, "generate").returncode == 0
    before = kit.read_tree(root / "generated")
    (root / "specs/tenants/acme/tenant.toml").write_text(LEAN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "generator_main", "-C", str(root), "generate"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{kit.ROOT}{os.pathsep}{kit.HERE}"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)),
        timeout=60,
        check=False,
    )
    assert done.returncode == 1 and "nothing was written: File too large" in done.stderr
    assert kit.read_tree(root / "generated") == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root; the failing calls above stand for it")
def test_a_read_only_folder_leaves_the_old_tree(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> None:
    put(tmp_path / "acme", old)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(RenderError, match="nothing was written"):
            put(tmp_path / "acme", new)
        assert kit.read_tree(tmp_path / "acme") == as_bytes(old)
    finally:
        tmp_path.chmod(0o755)


def test_a_file_in_the_place_of_the_folder_is_an_error_and_stays(tmp_path: Path, new: dict[str, str]) -> None:
    (tmp_path / "generated").write_text("mine", encoding="utf-8")
    with pytest.raises(RenderError):
        put(tmp_path / "generated" / "acme", new)
    assert (tmp_path / "generated").read_text(encoding="utf-8") == "mine"


def test_text_that_utf_8_can_not_hold_leaves_the_old_tree(tmp_path: Path, old: dict[str, str]) -> None:
    put(tmp_path / "acme", old)
    with pytest.raises((RenderError, UnicodeEncodeError)):
        put(tmp_path / "acme", {**old, "README.md": "\ud800"})
    assert kit.read_tree(tmp_path / "acme") == as_bytes(old)


# ------------------------------------------------------------------------------------------ failing templates


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Break a template: the folder of templates is a copy for this test."""
    shutil.copytree(rendering.templates(), tmp_path / "templates")
    monkeypatch.setattr(rendering, "templates", lambda: tmp_path / "templates")

    def break_it(name: str, text: str) -> None:
        (tmp_path / "templates" / name).write_text(text, encoding="utf-8")
        rendering._environment.cache_clear()
        rendering._fingerprint.cache_clear()

    yield break_it
    rendering._environment.cache_clear()
    rendering._fingerprint.cache_clear()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("TOOLS.md.jinja", "{{ package.nonsense }}", "the template TOOLS.md.jinja failed"),
        ("README.md.jinja", "{% if %}", "the template README.md.jinja failed"),
        ("tools.py.jinja", "def {{ toolset.name }}(:", "would be no Python"),
        ("server.py.jinja", "'", "would be no Python"),
    ],
)
def test_a_template_that_fails_is_named_and_the_old_tree_is_whole(
    tmp_path: Path, broken: Callable[[str, str], None], name: str, text: str, said: str
) -> None:
    root = _root(tmp_path / "root", FULL)
    runner = CliRunner()
    assert runner.invoke(main, ["-C", str(root), "generate"]).exit_code == 0
    before = kit.read_tree(root / "generated")
    (root / "specs/tenants/acme/tenant.toml").write_text(LEAN, encoding="utf-8")
    broken(name, text)
    result = runner.invoke(main, ["-C", str(root), "generate"])
    assert (result.exit_code, said in result.stderr) == (1, True)
    assert kit.read_tree(root / "generated") == before


# ------------------------------------------------------------------------------------------------- kills

_FOREVER = """
import sys
from pathlib import Path
from generator.cli import main
root, *texts = sys.argv[1:]
print("ready", flush=True)
while True:
    for text in texts:
        Path(root, "specs/tenants/acme/tenant.toml").write_text(text, encoding="utf-8")
        main(["-C", root, "generate", "acme"], standalone_mode=False)
        print("done", flush=True)
"""
_PINS_FOREVER = """
import sys
from pathlib import Path
from generator.snapshot import save_klasses
root = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for text in ("one", "two"):
        names = range(6) if text == "one" else range(2, 9)
        save_klasses(root, "acme", {f"klasses/k{i}.json": {"name": f"k{i}", "displayName": text} for i in names})
        print("done", flush=True)
"""


def _root(root: Path, toml: str) -> Path:
    return kit.write_root(
        root, {"core": kit.document(kit.things())}, {"klasses/order.json": kit.klass("order", {})}, toml
    )


def killed(code: str, *words: str, after: float) -> None:
    """Run code that never ends, and SIGKILL it some time after its first round."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(kit.ROOT)},
    )
    assert process.stdout is not None
    try:
        while process.stdout.readline().strip() != "done":
            assert process.poll() is None
        time.sleep(after)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        process.stdout.close()


def _shipped(root: Path) -> dict[str, bytes]:
    """A package without what counts its versions, of which every change makes another."""
    files = kit.read_tree(root / "generated" / "acme")
    return {path: raw for path, raw in files.items() if path not in ("manifest.json", "CHANGELOG.md")}


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_at_any_moment_leaves_the_old_tree_or_the_new_one(tmp_path: Path, seed: int) -> None:
    root = _root(tmp_path, FULL)
    trees = []
    for text in (FULL, LEAN):
        (root / "specs/tenants/acme/tenant.toml").write_text(text, encoding="utf-8")
        assert CliRunner().invoke(main, ["-C", str(root), "generate"]).exit_code == 0
        trees.append(_shipped(root))
    assert trees[0] != trees[1]
    dice = random.Random(seed)
    for _ in range(5):
        killed(_FOREVER, str(root), FULL, LEAN, after=dice.uniform(0, 0.1))
        assert _shipped(root) in trees
    (root / "specs/tenants/acme/tenant.toml").write_text(FULL, encoding="utf-8")
    assert CliRunner().invoke(main, ["-C", str(root), "generate"]).exit_code == 0
    (root / "specs/tenants/acme/tenant.toml").write_text(LEAN, encoding="utf-8")
    assert CliRunner().invoke(main, ["-C", str(root), "generate"]).exit_code == 0
    assert _shipped(root) == trees[1]
    assert {path.partition("/")[0] for path in kit.read_tree(root / "generated")} == {"acme"}


def test_a_kill_at_any_moment_leaves_pins_that_fit_their_files(tmp_path: Path) -> None:
    root = _root(tmp_path, FULL)
    dice = random.Random(0)
    for _ in range(10):
        killed(_PINS_FOREVER, str(root), after=dice.uniform(0, 0.05))
        klasses = load(root, ["acme"]).klasses["acme"]
        assert len({content["displayName"] for content in klasses.values()}) == 1
        assert len(klasses) in (6, 7)
        there = {f"klasses/{path.name}" for path in (root / "specs/tenants/acme/klasses").iterdir()}
        assert there == set(klasses)
    assert not list(root.glob(".kustomer-mcp*"))


def test_several_writers_at_once_take_turns(tmp_path: Path) -> None:
    texts = [{f"{i}.txt": f"{writer}" for i in range(20)} for writer in range(4)]
    problems: list[BaseException] = []

    def write(files: dict[str, str]) -> None:
        try:
            for _ in range(5):
                write_all(tmp_path, files)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=write, args=(files,)) for files in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len({path.read_text(encoding="utf-8") for path in tmp_path.glob("*.txt")}) == 1


def meanwhile(work: Callable[[], None]) -> threading.Thread:
    """Another run, given a moment to do its work now; one that waits for its turn does it later."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(0.3)
    return thread


def test_who_reads_specs_while_another_run_writes_waits_and_takes_nothing_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, readers = writing._durable, []

    def staged(path: Path, text: str) -> None:
        real(path, text)
        if not readers:
            readers.append(meanwhile(lambda: recover(tmp_path)))

    monkeypatch.setattr(writing, "_durable", staged)
    write_all(tmp_path, {"a.txt": "a", "b.txt": "b"})
    readers[0].join()
    assert kit.read_tree(tmp_path) == {"a.txt": b"a", "b.txt": b"b"}


def test_what_regenerate_writes_while_generate_exchanges_the_tree_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, real, others = tmp_path / "generated" / "acme", writing._exchange, []
    apply(folder, compare(folder, {"a.py": "old\n"}))

    def exchanged(new: Path, old: Path) -> None:
        wanted = {"generated/acme/b.py": "theirs\n"}
        others.append(meanwhile(lambda: change_all(tmp_path, lambda: (wanted, ()), folder.parent)))
        real(new, old)

    monkeypatch.setattr(writing, "_exchange", exchanged)
    apply(folder, compare(folder, {"a.py": "mine\n"}))
    others[0].join()
    assert kit.read_tree(folder) == {"a.py": b"mine\n", "b.py": b"theirs\n"}


@pytest.mark.parametrize("killed", [False, True])
def test_where_folders_can_not_be_swapped_in_one_step_nothing_is_lost_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: dict[str, str], new: dict[str, str], killed: bool
) -> None:
    monkeypatch.setattr(writing.ctypes, "CDLL", lambda *_, **__: object())
    folder, mine = tmp_path / "acme", {"NOTES.md": "mine"}
    put(folder, old)
    kit.write_tree(folder, mine)
    if killed:  # between the two renames
        folder.rename(tmp_path / ".acme.old")
        with pytest.raises(RenderError, match="run the command again"):
            put(folder, new)
    put(folder, new)
    assert kit.read_tree(folder) == as_bytes({**new, **mine})
    assert [path.name for path in tmp_path.iterdir()] == ["acme"]


@pytest.mark.parametrize("act", ["write_all", "apply"])
def test_a_run_that_gets_no_lock_leaves_the_stage_of_another_alone(
    tmp_path: Path, new: dict[str, str], monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    folder = tmp_path / "acme"
    stage = tmp_path / writing._STAGE if act == "write_all" else tmp_path / ".acme.new"
    kit.write_tree(stage, {"0": "another run's"})

    def refused(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refused)
    with pytest.raises(RenderError, match="nothing was written: No locks"):
        write_all(tmp_path, {"a": "b"}) if act == "write_all" else put(folder, new)
    assert kit.read_tree(stage) == {"0": b"another run's"}


def test_a_run_that_fails_after_its_journal_does_not_say_that_nothing_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def full(source: Path, target: Path) -> None:
        if target == tmp_path / "b":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(RenderError, match=r"what a run has begun to write can.t be finished: No space"):
            write_all(tmp_path, {"a": "1", "b": "2"})
    recover(tmp_path)
    assert kit.read_tree(tmp_path) == {"a": b"1", "b": b"2"}


def test_a_plan_that_another_run_has_overtaken_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    plan = compare(folder, {"a.py": "mine\n", "manifest.json": '{"files": ["a.py", "manifest.json"]}'})
    apply(folder, compare(folder, {"a.py": "theirs\n", "manifest.json": '{"files": ["a.py", "manifest.json"]}'}))
    with pytest.raises(RenderError, match="changed by another run meanwhile"):
        apply(folder, plan)
    assert (folder / "a.py").read_text() == "theirs\n"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the processes from /proc")
def test_a_killed_generate_leaves_no_process_running(tmp_path: Path) -> None:
    """Everything with the cache off takes its workers seconds: they must end with their parent."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "bench.everything", str(tmp_path / "made")]
    environment = {**os.environ, "KUSTOMER_MCP_CACHE": "off", "PYTHONPATH": str(root)}
    process = subprocess.Popen(command, cwd=root, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
    generate = wait_for(lambda: next((pid for pid, kids in family(process.pid).items() if len(kids) > 2), None))
    os.kill(generate, signal.SIGKILL)
    process.wait()
    assert wait_for(lambda: not family(process.pid))


def family(session: int) -> dict[int, list[int]]:
    """The living processes of a session, each with its children."""
    rows = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, _, of = path.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it ended meanwhile
        if int(of) == session and state != "Z":
            rows[int(path.parent.name)] = int(parent)
    return {pid: [child for child, parent in rows.items() if parent == pid] for pid in rows}


def wait_for(found: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError("waited in vain")
