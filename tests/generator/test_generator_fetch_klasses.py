"""Fetching Klasses over real HTTP: all of them or none, patiently, and without a trace of the key."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import generator_kit as kit
import pytest
from hostile_server import Hostile, Reply, Request, as_json, dripping, hostile_server

from generator import fetch as fetching
from generator import quirks
from generator.errors import FetchError, SpecError
from generator.fetch_klasses import KlassFetcher, api_key
from generator.package import build
from generator.sandbox import running
from generator.snapshot import ACCOUNTS, load, read_lock, save_documents, save_klasses

KEY = "very-secret-key-1234567890"


@pytest.fixture
def server() -> Iterator[Hostile]:
    with hostile_server() as hostile:
        yield hostile


class Organisation:
    """A Kustomer organisation as small as one can be, and what it answers."""

    def __init__(self, *klasses: str, page_size: int = 100) -> None:
        self.klasses = list(klasses)
        self.page_size = page_size
        self.metadata: dict[str, Any] = {}
        self.wrong: Callable[[Request], Reply | None] = lambda request: None

    def __call__(self, request: Request) -> Reply:
        if (reply := self.wrong(request)) is not None:
            return reply
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return as_json({"errors": [{"title": "unauthorized"}]}, 401)
        if request.path == "/v1/klasses":
            return self._page(request)
        resource = request.path.removeprefix("/v1/metadata/")
        properties = self.metadata.get(resource, {"nameStr": {"type": "string", "displayName": "Name"}})
        return as_json({"data": {"type": "metadata", "id": resource, "attributes": {"properties": properties}}})

    def _page(self, request: Request) -> Reply:
        page = int(request.query["page"])
        names = self.klasses if request.query["status"] == "enabled" else []
        rows = names[(page - 1) * self.page_size : page * self.page_size]
        following = f"/v1/klasses?page={page + 1}&pageSize=100&status={request.query['status']}"
        data = [
            {"type": "klass", "id": "x", "attributes": {"name": name, "displayName": name, "status": "enabled"}}
            for name in rows
        ]
        more = page * self.page_size < len(names)
        return as_json({"data": data, "links": {"next": following if more else None}})


def fetch(root: Path, server: Hostile, max_wait: float = 5.0, told: Any = None) -> list[str]:
    """What `kustomer-mcp fetch acme --only klasses` does."""
    pinned = read_lock(root)["tenants"].get("acme", {}).get("files", {})
    fetcher = KlassFetcher(kit.tenant(), server.url, KEY, told or (lambda *_: None), max_wait)
    files, notes = asyncio.run(fetcher.fetch(pinned))
    save_klasses(root, "acme", files)
    return notes


@pytest.fixture
def pinned(tmp_path: Path, server: Hostile) -> dict[str, bytes]:
    """specs/ after a first good fetch of two Klasses."""
    server.answer = Organisation("order", "pet")
    fetch(tmp_path, server)
    server.seen.clear()
    return kit.read_tree(tmp_path)


def test_klasses_and_standard_objects_become_a_file_each(tmp_path: Path, pinned: dict[str, bytes]) -> None:
    names = [f"klasses/{name}" for name in ("order", "pet")] + [f"standard/{name}" for name in quirks.STANDARD_KLASSES]
    assert sorted(pinned) == sorted(["specs/lock.json", *(f"specs/tenants/acme/{name}.json" for name in names)])


def test_klasses_that_differ_in_case_alone_are_a_file_each_on_any_disk(tmp_path: Path, server: Hostile) -> None:
    server.answer = Organisation("Order", "order", "ORDER", "Pet", "x" * 250, "X" * 250)
    server.answer.metadata["kobject.Order"] = {"upperStr": {"type": "string"}}
    fetch(tmp_path, server)
    files = [path.name for path in (tmp_path / "specs/tenants/acme/klasses").iterdir()]
    assert len({name.lower() for name in files}) == len(files) == 6 and {"order.json", "Pet.json"} < {*files}
    save_documents(tmp_path, {"core": (kit.document(kit.things()), {"url": "x"})})
    snapshot = load(tmp_path, ["acme"])
    with pytest.raises(SpecError, match=r"'ORDER' and 'order' .*: exclude one of them under \[klasses\]"):
        build(snapshot, kit.tenant())
    made = build(snapshot, kit.tenant(klasses_exclude=("order", "ORDER", "[xX]*")))
    (order,) = [klass for klass in made.klasses if klass.name.lower() == "order"]
    assert [row.name for row in order.attributes] == ["upperStr"]


def test_klasses_are_read_page_by_page(tmp_path: Path, server: Hostile) -> None:
    server.answer = Organisation(*(f"k{i}" for i in range(7)), page_size=3)
    fetch(tmp_path, server)
    assert len(list((tmp_path / "specs/tenants/acme/klasses").iterdir())) == 7
    asked = [r.query["page"] for r in server.seen if r.path == "/v1/klasses" and r.query["status"] == "enabled"]
    assert asked == ["1", "2", "3"]


def test_pages_without_an_end_are_an_error_and_not_a_hang(tmp_path: Path, server: Hostile) -> None:
    endless = {"data": [], "links": {"next": "/v1/klasses?page=1&status=enabled"}}
    server.answer = lambda _: as_json(endless)
    with pytest.raises(FetchError, match="does not end after 200 pages"):
        fetch(tmp_path, server)


def test_a_next_page_at_another_host_does_not_take_the_key_there(tmp_path: Path, server: Hostile) -> None:
    with hostile_server() as other:
        organisation = Organisation("order")
        first = {"data": [], "links": {"next": f"{other.url}/v1/klasses?page=2&pageSize=100&status=enabled"}}
        organisation.wrong = lambda r: (
            as_json(first) if r.query.get("page") == "1" and r.query["status"] == "enabled" else None
        )
        server.answer = organisation
        fetch(tmp_path, server)
        assert other.seen == []


def test_a_redirect_is_not_followed_with_the_key(tmp_path: Path, server: Hostile) -> None:
    with hostile_server() as other:
        server.answer = lambda _: Reply(302, headers={"location": f"{other.url}/v1/klasses"})
        with pytest.raises(FetchError, match="HTTP 302"):
            fetch(tmp_path, server)
        assert other.seen == []


def test_fetching_twice_changes_nothing(tmp_path: Path, server: Hostile, pinned: dict[str, bytes]) -> None:
    fetch(tmp_path, server)
    assert kit.read_tree(tmp_path) == pinned


def test_a_klass_that_is_gone_upstream_goes_with_its_pin(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes]
) -> None:
    server.answer = Organisation("order")
    fetch(tmp_path, server)
    assert set(pinned) - set(kit.read_tree(tmp_path)) == {"specs/tenants/acme/klasses/pet.json"}
    assert "klasses/pet.json" not in read_lock(tmp_path)["tenants"]["acme"]["files"]


# ------------------------------------------------------------------------------------- what stays as it is


def _klasses(reply: Reply) -> Callable[[Request], Reply | None]:
    return lambda request: reply if request.path == "/v1/klasses" else None


def _metadata(reply: Reply, resource: str = "kobject.pet") -> Callable[[Request], Reply | None]:
    return lambda request: reply if request.path.endswith(resource) else None


_BOMB = gzip.compress(bytes(50_000_001), 1)
_BROKEN = {
    "401": (_klasses(as_json({"errors": [{"title": "unauthorized"}]}, 401)), "check the API key"),
    "403 on metadata": (_metadata(as_json({"errors": [{"title": "forbidden"}]}, 403)), "org.permission.metadata.read"),
    "403 on Klasses": (_klasses(as_json({"errors": [{"title": "forbidden"}]}, 403)), "org.permission.klass.read"),
    "404 of a pinned standard object": (_metadata(as_json({}, 404), "/customer"), "HTTP 404"),
    "404 of a Klass": (_metadata(as_json({}, 404)), "HTTP 404"),
    "500": (_metadata(Reply(500, b"<html>")), "HTTP 500"),
    "HTML": (_klasses(Reply(200, b"<html>", {"content-type": "text/html"})), "no JSON"),
    "a JSON list": (_klasses(as_json([])), "no JSON object"),
    "no list of Klasses": (_klasses(as_json({"data": {}})), "gave no list"),
    "metadata without properties": (_metadata(as_json({"data": {"attributes": {}}})), "gave no properties"),
    "metadata that are null": (_metadata(as_json({"data": None})), "gave no properties"),
    "a Klass with a path for a name": (
        _klasses(as_json({"data": [{"attributes": {"name": "../../evil", "status": "enabled"}}]})),
        "which Kustomer does not allow",
    ),
    "a Klass without a name": (_klasses(as_json({"data": [{"attributes": {}}]})), "which Kustomer does not allow"),
    "a next page that is no text": (_klasses(as_json({"data": [], "links": {"next": {"href": "/v1"}}})), "no address"),
    "an answer without a bottom": (_metadata(Reply(200, b'{"data":' + b"[" * 100_000)), "no JSON"),
    "an error without a bottom": (_metadata(Reply(500, b'{"errors":' + b"[" * 100_000)), "HTTP 500: no reason"),
    "a Klass whose name no file can have": (
        _klasses(as_json({"data": [{"attributes": {"name": "a" * 255, "status": "enabled"}}]})),
        "the name of the Klass aaaa",
    ),
    "a next page that is a number": (_klasses(as_json({"data": [], "links": {"next": 5}})), "no address"),
    "a truncated answer": (_metadata(Reply(200, b'{"data": {"attributes"', cut=10)), "failed"),
    "JSON that is too deep": (_klasses(Reply(200, b"[" * 99_999)), "something that is no JSON"),
    "an error that is too deep": (_klasses(Reply(400, b"[" * 99_999)), "answered HTTP 400: no reason given"),
    "a next page that is no address": (
        _klasses(as_json({"data": [], "links": {"next": "http://[x"}})), "a next page that is no address",
    ),
    "a gzip bomb": (_klasses(Reply(200, _BOMB, {"content-encoding": "gzip"})), "larger than 50,000,000 bytes"),
    "a gzip bomb within a gzip bomb": (
        _klasses(Reply(200, gzip.compress(_BOMB), {"content-encoding": "gzip, gzip"})), "packed as 'gzip, gzip'",
    ),
    "no Klass where some are pinned": (_klasses(as_json({"data": [], "links": {}})), "lists no Klass where some are"),
}  # fmt: skip


@pytest.mark.parametrize("what", _BROKEN)
def test_a_part_is_never_taken_for_the_whole_and_the_pins_stay(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes], what: str
) -> None:
    wrong, said = _BROKEN[what]
    organisation = Organisation("order", "pet")
    organisation.wrong = wrong
    server.answer = organisation
    with pytest.raises(FetchError) as caught:
        fetch(tmp_path, server)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)
    assert kit.read_tree(tmp_path) == pinned


def test_an_answer_that_comes_a_byte_now_and_then_is_given_up(
    tmp_path: Path, pinned: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_ANSWER_SECONDS", 0.2)
    with dripping() as url, pytest.raises(FetchError, match="does not come to an end"):
        fetch(tmp_path, Hostile(url))
    assert kit.read_tree(tmp_path) == pinned


def test_an_organisation_that_can_not_be_reached_is_said_and_the_pins_stay(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes]
) -> None:
    with hostile_server() as gone:
        pass
    with pytest.raises(FetchError, match="failed"):
        fetch(tmp_path, gone)
    assert kit.read_tree(tmp_path) == pinned


def test_an_organisation_without_klasses_is_taken_as_such_where_none_was_pinned(
    tmp_path: Path, server: Hostile
) -> None:
    server.answer = Organisation()
    fetch(tmp_path, server)
    assert not (tmp_path / "specs/tenants/acme/klasses").exists()


def test_a_standard_object_that_was_never_there_is_empty(tmp_path: Path, server: Hostile) -> None:
    organisation = Organisation("order")
    organisation.wrong = _metadata(as_json({"errors": []}, 404), "/company")
    server.answer = organisation
    fetch(tmp_path, server)
    save_documents(tmp_path, {"core": (kit.document(kit.things()), {"url": "x"})})
    assert load(tmp_path, ["acme"]).klasses["acme"]["standard/company.json"]["attributes"] == {}


# ---------------------------------------------------------------------------------------------- rate limits


def _limited(times: int, path: str, **headers: str) -> Callable[[Request], Reply | None]:
    """429 for the first requests of a path, then the truth."""
    left = [times]

    def wrong(request: Request) -> Reply | None:
        if request.path != path or left[0] == 0:
            return None
        left[0] -= 1
        return as_json({"errors": [{"title": "too many requests"}]}, 429, **headers)

    return wrong


_RESETS: dict[str, Callable[[], dict[str, str]]] = {
    "x-ratelimit-reset in epoch seconds": lambda: {"x_ratelimit_reset": str(int(time.time()) + 1)},
    "x-ratelimit-reset in epoch milliseconds": lambda: {"x_ratelimit_reset": str(int(time.time() * 1000) + 200)},
    "x-ratelimit-reset as a delta": lambda: {"x_ratelimit_reset": "0.2"},
    "Retry-After in seconds": lambda: {"retry_after": "0.2", "x_ratelimit_reset": "3000"},
    "Retry-After as a date": lambda: {"retry_after": formatdate(time.time() + 1, usegmt=True)},
    "RateLimit with t": lambda: {"ratelimit": '"default";r=0;t=0', "x_ratelimit_reset": "3000"},
}  # fmt: skip


@pytest.mark.parametrize("spelling", _RESETS)
def test_a_429_is_waited_for_as_told_and_then_everything_is_there(
    tmp_path: Path, server: Hostile, spelling: str
) -> None:
    organisation = Organisation("order")
    organisation.wrong = _limited(2, "/v1/metadata/kobject.order", **_RESETS[spelling]())
    server.answer = organisation
    told: list[str] = []
    fetch(tmp_path, server, told=lambda what, *_: told.append(what))
    assert (tmp_path / "specs/tenants/acme/klasses/order.json").exists()
    assert server.paths().count("/v1/metadata/kobject.order") == 3
    assert [line for line in told if "for the rate limit" in line]


@pytest.mark.parametrize(
    "headers", [{"x_ratelimit_reset": "3600"}, {"retry_after": "120"}, {}, {"retry_after": "soon"}]
)
def test_a_wait_past_the_limit_is_given_up_at_once_and_the_pins_stay(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes], headers: dict[str, str]
) -> None:
    organisation = Organisation("order", "pet")
    organisation.wrong = _limited(100, "/v1/metadata/kobject.pet", **headers)
    server.answer = organisation
    with pytest.raises(FetchError, match="--max-wait"):
        fetch(tmp_path, server, max_wait=2)
    assert server.paths().count("/v1/metadata/kobject.pet") == 1
    assert kit.read_tree(tmp_path) == pinned


def test_what_kustomer_says_is_wrong_gives_a_ci_runner_no_command(tmp_path: Path, server: Hostile) -> None:
    said = "no\n::add-mask::a ##[add-mask]b"
    server.answer = lambda _: as_json({"errors": [{"title": said}]}, 500)
    with pytest.raises(FetchError, match="answered HTTP 500: no ") as caught:
        fetch(tmp_path, server)
    assert "\n::" not in str(caught.value) and "##[" not in str(caught.value)


def test_requests_that_wait_for_the_same_reset_wait_once(tmp_path: Path, server: Hostile) -> None:
    organisation = Organisation()
    refused: set[str] = set()

    def wrong(request: Request) -> Reply | None:
        if not request.path.startswith("/v1/metadata/") or len(refused) == 4:
            return None
        refused.add(request.path)
        return as_json({}, 429, retry_after="0.5")

    organisation.wrong = wrong
    server.answer = organisation
    fetch(tmp_path, server, max_wait=1.2)
    assert len(refused) == 4


@pytest.mark.parametrize("headers", [{"retry_after": "0"}, {"x_ratelimit_reset": "1700000000"}])
def test_a_429_whose_reset_is_past_is_not_asked_again_at_once_and_for_ever(
    tmp_path: Path, server: Hostile, headers: dict[str, str]
) -> None:
    organisation = Organisation("order")
    organisation.wrong = _limited(100, "/v1/metadata/kobject.order", **headers)
    server.answer = organisation
    with pytest.raises(FetchError, match="--max-wait"):
        fetch(tmp_path, server, max_wait=0.5)
    assert server.paths().count("/v1/metadata/kobject.order") == 1


def test_waits_add_up_to_the_limit(tmp_path: Path, server: Hostile) -> None:
    organisation = Organisation("order")
    organisation.wrong = _limited(100, "/v1/metadata/kobject.order", retry_after="0.1")
    server.answer = organisation
    with pytest.raises(FetchError, match="--max-wait"):
        fetch(tmp_path, server, max_wait=0.35)
    assert server.paths().count("/v1/metadata/kobject.order") == 4


def test_what_is_left_of_the_organisations_budget_is_left_to_others(tmp_path: Path, server: Hostile) -> None:
    organisation = Organisation("order")
    plain = organisation.__call__

    def scarce(request: Request) -> Reply:
        reply = plain(request)
        return Reply(
            reply.status, reply.body, {**reply.headers, "x-ratelimit-remaining": "2", "x-ratelimit-reset": "0.05"}
        )

    server.answer = scarce
    told: list[str] = []
    fetch(tmp_path, server, told=lambda what, *_: told.append(what))
    # One after another for the lists of Klasses; of those asked for at the same time, one waits for all.
    in_turn = server.paths().count("/v1/klasses")
    assert in_turn < len([line for line in told if "for the rate limit" in line]) <= len(server.seen)


# --------------------------------------------------------------------------------- what never reaches specs/


def test_what_changes_without_anybody_changing_the_schema_never_reaches_specs(tmp_path: Path, server: Hostile) -> None:
    organisation = Organisation("order")
    volatile = dict.fromkeys(quirks.VOLATILE, "VOLATILE")
    kept = {"type": "string", "displayName": "Name", "enumeration": ["b", "a"]}
    organisation.metadata["kobject.order"] = {
        "nameStr": {**kept, **volatile},
        "goneStr": {"type": "string", "deletedAt": "2026-01-02T03:04:05Z", "deletedBy": "VOLATILE"},
    }
    row = {"attributes": {"name": "order", "displayName": "Order", "status": "enabled", **volatile}}
    organisation.wrong = lambda r: (
        as_json({"data": [row]}) if r.path == "/v1/klasses" and r.query["status"] == "enabled" else None
    )
    server.answer = organisation
    fetch(tmp_path, server)
    text = (tmp_path / "specs/tenants/acme/klasses/order.json").read_text(encoding="utf-8")
    assert "VOLATILE" not in text and "2026-01-02" not in text
    before = kit.read_tree(tmp_path)
    organisation.metadata["kobject.order"] = {
        "goneStr": {"deletedAt": "2027-09-09T00:00:00Z", "type": "string"},
        "nameStr": {"enumeration": ["a", "b"], "updatedAt": "now", "displayName": "Name", "type": "string"},
    }
    fetch(tmp_path, server)
    assert kit.read_tree(tmp_path) == before


def test_hidden_klasses_and_klasses_of_disabled_apps_are_left_out_and_said_so(tmp_path: Path, server: Hostile) -> None:
    def row(name: str, status: str, **rest: Any) -> Any:
        return {"attributes": {"name": name, "displayName": name, "status": status, **rest}}

    rows = [row("order", "enabled"), row("old", "disabled"), row("paper", "existing_only"), row("app-thing", "enabled", appDisabled=True)]  # fmt: skip
    organisation = Organisation()
    organisation.wrong = lambda r: as_json({"data": rows}) if r.path == "/v1/klasses" else None
    server.answer = organisation
    notes = fetch(tmp_path, server)
    assert notes == [
        "Klass old: disabled; left out",
        "Klass paper: existing_only; left out",
        "Klass app-thing: its app is disabled; left out",
    ]
    assert [path.name for path in (tmp_path / "specs/tenants/acme/klasses").iterdir()] == ["order.json"]


def test_the_key_is_in_no_file_and_in_no_repr(tmp_path: Path, server: Hostile, pinned: dict[str, bytes]) -> None:
    assert server.seen == [] and [path for path, content in pinned.items() if KEY.encode() in content] == []
    assert KEY not in repr(KlassFetcher(kit.tenant(), server.url, KEY, lambda *_: None))


# ---------------------------------------------------------------------------------------------------- keys


def test_the_tenants_own_key_comes_before_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUSTOMER_API_KEY", "common")
    monkeypatch.setenv("KUSTOMER_API_KEY_ACME_EU", " own\n")
    assert (api_key("acme-eu"), api_key("globex")) == ("own", "common")


def test_a_key_file_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from-a-file\n", encoding="utf-8")
    monkeypatch.setenv("KUSTOMER_API_KEY", "common")
    assert api_key("acme", str(tmp_path / "key")) == "from-a-file"
    monkeypatch.setenv("KUSTOMER_API_KEY_FILE", str(tmp_path / "key"))
    assert api_key("acme") == "from-a-file"


def test_the_tenants_own_key_comes_before_a_common_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("common", "own"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.setenv("KUSTOMER_API_KEY_FILE", str(tmp_path / "common"))
    monkeypatch.setenv("KUSTOMER_API_KEY_ACME_EU", "own")
    monkeypatch.setenv("KUSTOMER_API_KEY_GLOBEX_FILE", str(tmp_path / "own"))
    assert [api_key(tenant) for tenant in ("acme-eu", "globex", "initech")] == ["own", "own", "common"]


def test_an_empty_file_of_the_tenants_own_is_no_reason_to_take_the_common_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").write_text("\n", encoding="utf-8")
    monkeypatch.setenv("KUSTOMER_API_KEY", "common")
    monkeypatch.setenv("KUSTOMER_API_KEY_ACME_FILE", str(tmp_path / "own"))
    with pytest.raises(FetchError, match="there is no API key"):
        api_key("acme")


@pytest.mark.parametrize("key", ["", "  ", "secret\x00tail", "secret\ntail", "schlüssel-secret"])
def test_a_key_that_can_be_none_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr("generator.fetch_klasses.os.environ", {"KUSTOMER_API_KEY": key})
    with pytest.raises(FetchError, match="KUSTOMER_API_KEY_ACME") as caught:
        api_key("acme")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_key_file_that_can_not_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(FetchError):
        api_key("acme", str(tmp_path / "key"))


# ------------------------------------------------------------------------------------------------ emulator


@pytest.mark.parametrize("org", ["acme", "globex"])
def test_the_emulators_klasses_are_what_the_repository_pins(tmp_path: Path, org: str) -> None:
    with running() as sandbox:
        fetcher = KlassFetcher(kit.tenant(org), sandbox.url, f"sandbox-{org}", lambda *_: None, 5)
        files, notes = asyncio.run(fetcher.fetch({}))
    save_klasses(tmp_path, org, files)
    theirs = {
        path: raw for path, raw in kit.read_tree(kit.ROOT / "specs" / "tenants" / org).items() if path != "tenant.toml"
    }
    assert kit.read_tree(tmp_path / "specs" / "tenants" / org) == theirs
    assert notes


@pytest.mark.parametrize(
    ("org", "without", "senders"),
    [
        ("acme", {"fax"}, None),
        ("globex", {"chat", "facebook", "instagram", "sms", "whatsapp"}, ["service@globex.example"]),
    ],
)
def test_the_emulators_outbound_accounts_are_pinned_and_limit_the_drafts(
    tmp_path: Path, org: str, without: set[str], senders: list[str] | None
) -> None:
    tenant = kit.tenant(org, draft_accounts=True)
    with running() as sandbox:
        fetched, again = (
            asyncio.run(KlassFetcher(tenant, sandbox.url, f"sandbox-{org}", lambda *_: None, 5).fetch({}))[0]
            for _ in range(2)
        )
        bare, _ = asyncio.run(
            KlassFetcher(kit.tenant(org), sandbox.url, f"sandbox-{org}", lambda *_: None, 5).fetch({})
        )
    assert fetched == again and {name: fetched[name] for name in bare} == bare
    assert set(fetched) - set(bare) == {ACCOUNTS}
    rows = fetched[ACCOUNTS]["accounts"]
    assert rows and all(set(row) == {"account", "channel", "name"} for row in rows)
    assert rows == sorted(rows, key=lambda row: (row["channel"], row["name"], row["account"]))
    save_documents(tmp_path, {name: (value, {"url": name}) for name, value in kit.real().documents.items()})
    save_klasses(tmp_path, org, fetched)
    assert ACCOUNTS in read_lock(tmp_path)["tenants"][org]["files"]
    package = build(load(tmp_path, [org]), tenant)
    tools = {tool.name: tool for tool in package.tools}
    channels = {dict(row)["channel"] for row in rows}
    assert not without & channels
    left_out = {row.reason.partition(":")[0] for row in package.left_out if "no outbound account" in row.reason}
    assert left_out.isdisjoint(tools)
    assert {"create_a_kustomer_email_draft", "create_a_kustomer_customer_note_draft"} <= set(tools)
    for channel in ("chat", "facebook", "instagram", "sms"):
        assert (f"create_a_kustomer_customer_{channel}_draft" in tools) == (channel in channels)
        assert (f"create_a_kustomer_customer_{channel}_draft" in left_out) == (channel not in channels)
    if senders:
        email = {argument.name: argument for argument in tools["create_a_kustomer_email_draft"].arguments}
        assert email["from"].schema["properties"]["email"]["enum"] == senders
    # What is pinned and not asked for changes nothing.
    plain = build(load(tmp_path, [org]), kit.tenant(org))
    assert [row for row in plain.left_out if "no outbound account" in row.reason] == []


def test_without_the_role_for_accounts_nothing_is_pinned_and_it_is_said(tmp_path: Path, server: Hostile) -> None:
    organisation = Organisation("order")
    organisation.wrong = lambda request: (
        as_json({"errors": [{"title": "forbidden"}]}, 403) if request.path == "/v1/outboundAccounts" else None
    )
    server.answer = organisation
    fetcher = KlassFetcher(kit.tenant(draft_accounts=True), server.url, KEY, lambda *_: None, 5.0)
    with pytest.raises(FetchError, match="outboundAccounts answered HTTP 403"):
        asyncio.run(fetcher.fetch({}))
    assert kit.read_tree(tmp_path) == {}
