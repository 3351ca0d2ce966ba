"""Owns running git. It decides nothing, and neither changes the branch that is checked out nor the user's index."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from generator.errors import ProposeError

_NAME, _EMAIL = "kustomer-mcp", "kustomer-mcp@users.noreply.invalid"
_TIMEOUT = 600


@dataclass(frozen=True, slots=True)
class Login:
    """How git signs in to one server: it travels in the environment, never in arguments, files or a remote's address."""

    server: str
    user: str
    token: str = field(repr=False)

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Git's own way to take configuration from the environment (git-config, GIT_CONFIG_COUNT), after what is `given`
        there. The empty value drops headers that are configured already: a checkout may have left a token of its own, and
        servers refuse two."""
        basic = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        count = given.get("GIT_CONFIG_COUNT", "")
        first = int(count) if count.isascii() and count.isdigit() else 0
        made = {"GIT_CONFIG_COUNT": str(first + 2)}
        for number, value in enumerate(("", f"Authorization: Basic {basic}"), first):
            made[f"GIT_CONFIG_KEY_{number}"] = f"http.{self.server.rstrip('/')}/.extraheader"
            made[f"GIT_CONFIG_VALUE_{number}"] = value
        return made


class Git:
    """One repository, seen from a folder in it; paths are relative to that folder."""

    def __init__(self, folder: Path, login: Login | None = None) -> None:
        self._folder = folder
        identity = {f"GIT_{who}_{what}": os.environ.get(f"GIT_{who}_{what}") or value
                    for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", _NAME), ("EMAIL", _EMAIL))}  # fmt: skip
        self._environment = {
            **os.environ,
            **identity,
            **(login.environment(os.environ) if login else {}),
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
        self._secret = login.token if login else ""
        self._prefix = self.run("rev-parse", "--show-prefix")

    def run(self, *words: str, text: str | None = None, environment: Mapping[str, str] | None = None) -> str:
        """Run git and give what it prints, without the last line feed.

        Raises:
            ProposeError: It is not installed, or it refused; with what it said.
        """
        command = ["git", "-C", str(self._folder), *words]
        merged = {**self._environment, **(environment or {})}
        try:
            done = subprocess.run(  # noqa: S603  the words are this tool's, and no shell reads them
                command, env=merged, input=text, capture_output=True, encoding="utf-8", errors="replace", timeout=_TIMEOUT
            )  # fmt: skip
        except FileNotFoundError:
            raise ProposeError("git is not installed", ["install git, and run the command again"]) from None
        except subprocess.TimeoutExpired:
            raise ProposeError(f"git {words[0]} took longer than {_TIMEOUT} s and was stopped") from None
        if done.returncode:
            said = [line for line in done.stderr.strip().splitlines() if line] or [f"exit code {done.returncode}"]
            if self._secret:
                said = [line.replace(self._secret, "***") for line in said]
            raise ProposeError(f"git {words[0]} failed", said[-5:])
        return done.stdout.rstrip("\n")

    def head(self) -> str:
        """The commit that is checked out."""
        return self.run("rev-parse", "--verify", "HEAD^{commit}")

    def branch(self) -> str:
        """The branch that is checked out, or an empty string where none is."""
        return self.run("branch", "--show-current")

    def file(self, commit: str, path: str) -> str | None:
        """A file's text in a commit."""
        found = self.run("ls-tree", "--name-only", commit, "--", path)
        return self.run("cat-file", "blob", f"{commit}:{self._prefix}{path}") + "\n" if found else None

    def tree(self, commit: str, paths: Iterable[str], texts: Mapping[str, str]) -> str:
        """The tree of `commit` with `paths` as they are on disk, and `texts` besides; written, and in no branch yet."""
        with self._own_index() as environment:
            self.run("read-tree", commit, environment=environment)
            wanted = [path for path in paths if self._is_known(path, environment)]
            if wanted:
                listed = "\0".join(f":(literal){path}" for path in wanted)
                self.run("add", "-A", "--pathspec-from-file=-", "--pathspec-file-nul", text=listed, environment=environment)  # fmt: skip
            for path, content in texts.items():
                blob = self.run("hash-object", "-w", "--stdin", text=content)
                entry = f"100644,{blob},{self._prefix}{path}"
                self.run("update-index", "--add", "--cacheinfo", entry, environment=environment)
            return self.run("write-tree", environment=environment)

    def _is_known(self, path: str, environment: Mapping[str, str]) -> bool:
        """Whether a path is on disk or in the index; `git add` refuses any other."""
        return (self._folder / path).exists() or bool(self.run("ls-files", "--", path, environment=environment))

    def touched(self, *paths: str) -> list[str]:
        """The files below `paths` that are not as in the commit that is checked out, new ones among them."""
        rows = self.run("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *paths).split(
            "\0"
        )
        return [row[3:].removeprefix(self._prefix) for row in rows if row]

    @contextmanager
    def _own_index(self) -> Iterator[dict[str, str]]:
        with tempfile.TemporaryDirectory(prefix="kustomer-mcp-") as folder:
            yield {"GIT_INDEX_FILE": str(Path(folder) / "index")}

    def tree_of(self, commit: str) -> str:
        return self.run("rev-parse", f"{commit}^{{tree}}")

    def commit(self, tree: str, parent: str, message: str) -> str:
        """Write a commit; it is in no branch yet."""
        return self.run("commit-tree", tree, "-p", parent, "-F", "-", text=message)

    def message(self, commit: str) -> str:
        return self.run("show", "-s", "--format=%B", commit)

    def parents(self, commit: str) -> list[str]:
        return self.run("show", "-s", "--format=%P", commit).split()

    def changed(self, old: str, new: str) -> list[str]:
        """The files below this folder that differ between two commits or trees."""
        return self.run("diff", "--name-only", "--relative", "--no-renames", "-z", old, new).split("\0")[:-1]

    def branches(self, where: str, pattern: str) -> dict[str, str]:
        """Branch -> commit, here (`where` empty) or at a remote; for a remote's, the commits are fetched."""
        if not where:
            rows = self.run("for-each-ref", "--format=%(objectname) %(refname)", f"refs/heads/{pattern}").splitlines()
        else:
            rows = self.run("ls-remote", where, f"refs/heads/{pattern}*").splitlines()
        found = {name.removeprefix("refs/heads/"): commit for commit, name in map(str.split, rows)}
        if where and found:
            self.run("fetch", "--quiet", "--no-tags", where, *(f"refs/heads/{name}" for name in found))
        return found

    def set_branch(self, where: str, name: str, commit: str, old: str) -> None:
        """Move a branch from `old` (empty: it is not there) to `commit` (empty: delete it), unless somebody moved it.

        Raises:
            ProposeError: It was moved meanwhile, or git may not write there.
        """
        reference = f"refs/heads/{name}"
        if where:
            self.run("push", "--quiet", f"--force-with-lease={reference}:{old}", where, f"{commit}:{reference}")
        elif commit:
            self.run("update-ref", reference, commit, old or "0" * 40)
        else:
            self.run("update-ref", "-d", reference, old)
