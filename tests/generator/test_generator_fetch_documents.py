"""Fetching documents over real HTTP: what is no document is refused, and then the pins stay byte for byte as they were."""

from __future__ import annotations

import gzip
import json
import socket
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import generator_kit as kit
import pytest
import yaml
from hostile_server import Hostile, Reply, as_json, dripping, hostile_server, self_signed

from generator import fetch as fetching
from generator.config import Source
from generator.errors import FetchError
from generator.fetch import bundled_documents, fetch_documents
from generator.snapshot import load, read_lock, save_documents, save_klasses
from generator.states import State


@pytest.fixture
def server() -> Iterator[Hostile]:
    with hostile_server() as hostile:
        yield hostile


def document(operations: int = 4) -> Any:
    return kit.document({f"/v1/things{i}": {"get": kit.operation(f"Get{i}")} for i in range(operations)})


def fetch(root: Path, *sources: Source) -> dict[str, tuple[Any, dict[str, Any]]]:
    made = fetch_documents(root, sources, lambda *_: None)
    save_documents(root, made)
    return made


def core(server: Hostile) -> Source:
    return Source("core", f"{server.url}/core.json")


@pytest.fixture
def pinned(tmp_path: Path, server: Hostile) -> dict[str, bytes]:
    """specs/ after a first good fetch."""
    server.answer = lambda _: as_json(document(), etag='"one"')
    fetch(tmp_path, core(server))
    server.seen.clear()
    return kit.read_tree(tmp_path)


def test_a_document_is_pinned_with_its_address_etag_hash_and_number_of_operations(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes]
) -> None:
    pin = read_lock(tmp_path)["documents"]["core"]
    assert pin["url"] == f"{server.url}/core.json" and pin["etag"] == '"one"' and pin["operations"] == 4
    assert sorted(pinned) == ["specs/lock.json", "specs/openapi/core.json"]


def test_what_has_not_changed_is_asked_for_with_its_etag_and_stays(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes]
) -> None:
    server.answer = lambda request: Reply(304 if request.headers.get("if-none-match") == '"one"' else 500)
    fetch(tmp_path, core(server))
    assert kit.read_tree(tmp_path) == pinned
    assert [request.headers["if-none-match"] for request in server.seen] == ['"one"']


@pytest.mark.parametrize("raw", [b"{}", b"\xff\xfe"])
def test_a_file_that_was_edited_by_hand_is_fetched_anew_and_not_taken_for_unchanged(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes], raw: bytes
) -> None:
    (tmp_path / "specs" / "openapi" / "core.json").write_bytes(raw)
    server.answer = lambda request: (
        Reply(304) if "if-none-match" in request.headers else as_json(document(), etag='"one"')
    )
    fetch(tmp_path, core(server))
    assert kit.read_tree(tmp_path) == pinned


def test_a_304_that_nobody_asked_for_is_an_error(tmp_path: Path, server: Hostile) -> None:
    server.answer = lambda _: Reply(304)
    with pytest.raises(FetchError, match="HTTP 304"):
        fetch(tmp_path, core(server))


_BAD = {
    "truncated JSON": (Reply(body=json.dumps(document()).encode()[:-40]), "truncated, or neither JSON nor YAML"),
    "a broken connection": (Reply(body=json.dumps(document()).encode(), cut=50), "can't be reached"),
    "HTML": (Reply(body=b"<!doctype html><html><body>Sign in</body></html>"), "no OpenAPI 3 document"),
    "other JSON": (as_json({"message": "hello"}), "no OpenAPI 3 document"),
    "a JSON list": (as_json([document()]), "no OpenAPI 3 document"),
    "Swagger 2": (as_json({**document(), "openapi": None, "swagger": "2.0"}), "no OpenAPI 3 document"),
    "no operations": (as_json(kit.document({})), "has no operations"),
    "paths that are a list": (as_json({**document(), "paths": []}), "has no operations"),
    "nothing": (Reply(body=b""), "no OpenAPI 3 document"),
    "bytes that are no text": (Reply(body=b"\xff\xfe\x00{"), "truncated, or neither JSON nor YAML"),
    "YAML with aliases": (Reply(body=b"a: &x [1]\nb: *x\nopenapi: 3.0.0\n"), "aliases are not read"),
    "YAML with a Python object": (Reply(body=b"openapi: !!python/object/apply:os.getcwd []\n"), "neither JSON nor YAML"),
    "NaN": (Reply(body=json.dumps(document()).replace('"Test"', "NaN").encode()), "NaN is no JSON"),
    "very deep JSON": (Reply(body=b'{"a":' * 100_000), "truncated, or neither JSON nor YAML"),
    "a lost half": (as_json(document(1)), "has 1 operations where 4 are pinned"),
    "404": (Reply(404, b"gone"), "HTTP 404"),
    "500": (Reply(500), "HTTP 500"),
    "a lone surrogate": (Reply(body=json.dumps(document()).replace("Test", "\\ud800").encode()), "UTF-8 JSON"),
}  # fmt: skip


@pytest.mark.parametrize("what", _BAD)
def test_what_is_no_usable_document_is_refused_and_the_pins_stay(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes], what: str
) -> None:
    reply, said = _BAD[what]
    server.answer = lambda _: reply
    with pytest.raises(kit.KustomerMcpError) as caught:
        fetch(tmp_path, core(server))
    assert said in str(caught.value)
    assert kit.read_tree(tmp_path) == pinned


def test_a_server_that_can_not_be_reached_is_named_and_the_pins_stay(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/core.json"
        with pytest.raises(FetchError, match="can't be reached") as caught:
            fetch(tmp_path, Source("core", url))
    assert url in str(caught.value)
    assert kit.read_tree(tmp_path) == pinned


@pytest.mark.parametrize(
    "url", ["http://a..b/core.json", f"http://{'a' * 64}.test/core.json", "http://[::::]/core.json"]
)
def test_a_host_that_there_can_not_be_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchError, match="can't be reached") as caught:
        fetch(tmp_path, Source("core", url))
    assert url in str(caught.value)


def test_half_of_the_operations_may_go(tmp_path: Path, server: Hostile, pinned: dict[str, bytes]) -> None:
    server.answer = lambda _: as_json(document(2))
    fetch(tmp_path, core(server))
    assert read_lock(tmp_path)["documents"]["core"]["operations"] == 2


def test_one_bad_document_of_several_leaves_all_pins_and_every_bad_one_is_named(
    tmp_path: Path, server: Hostile, pinned: dict[str, bytes]
) -> None:
    sources = [Source(name, f"{server.url}/{name}") for name in ("core", "second", "third")]
    server.answer = lambda request: as_json(document(6)) if request.path == "/core" else Reply(503)
    with pytest.raises(FetchError) as caught:
        fetch(tmp_path, *sources)
    assert "second" in str(caught.value) and "third" in str(caught.value)
    assert kit.read_tree(tmp_path) == pinned


def test_yaml_is_pinned_as_the_json_that_it_says(tmp_path: Path, server: Hostile, pinned: dict[str, bytes]) -> None:
    server.answer = lambda _: Reply(body=yaml.safe_dump(document()).encode())
    fetch(tmp_path, core(server))
    assert (tmp_path / "specs/openapi/core.json").read_bytes() == pinned["specs/openapi/core.json"]


def test_dates_and_yes_in_yaml_stay_what_json_can_hold(tmp_path: Path, server: Hostile) -> None:
    text = yaml.safe_dump(document()) + "x-released: 2026-06-01\n"
    server.answer = lambda _: Reply(body=text.encode())
    fetch(tmp_path, core(server))
    assert json.loads((tmp_path / "specs/openapi/core.json").read_text("utf-8"))["x-released"] == "2026-06-01"


def test_a_redirect_is_followed_and_the_pin_keeps_the_address_that_was_asked_for(
    tmp_path: Path, server: Hostile
) -> None:
    server.answer = lambda request: (
        Reply(302, headers={"location": "/moved"}) if request.path == "/core.json" else as_json(document())
    )
    fetch(tmp_path, core(server))
    assert read_lock(tmp_path)["documents"]["core"]["url"].endswith("/core.json")


def test_a_redirect_from_https_to_plain_http_is_refused(
    tmp_path: Path, server: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda _: as_json(document())
    certificate = self_signed(tmp_path / "certificate.pem")
    to_plain = Reply(302, headers={"location": f"{server.url}/core.json"})
    with hostile_server(certificate) as encrypted:
        encrypted.answer = lambda request: to_plain if request.path == "/moved" else as_json(document())
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        root = tmp_path / "root"
        fetch(root, Source("core", f"{encrypted.url}/core.json"))
        before = kit.read_tree(root)
        with pytest.raises(FetchError, match="is redirected to plain http"):
            fetch(root, Source("core", f"{encrypted.url}/moved"))
    assert kit.read_tree(root) == before


def test_a_body_that_unpacks_to_more_than_any_document_has_is_given_up(
    tmp_path: Path, server: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gzip.compress(b" " * 300_000_000, 1)
    server.answer = lambda _: Reply(200, packed, {"content-encoding": "gzip"})
    tracemalloc.start()
    with pytest.raises(FetchError, match="more than 50,000,000 bytes"):
        fetch(tmp_path, core(server))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000_000


@pytest.mark.parametrize("packing", ["gzip, gzip", "br"])
def test_what_is_packed_twice_or_in_another_way_than_asked_for_is_not_unpacked(
    tmp_path: Path, server: Hostile, packing: str
) -> None:
    server.answer = lambda _: Reply(200, gzip.compress(gzip.compress(b"{}")), {"content-encoding": packing})
    with pytest.raises(FetchError, match=f"packed as '{packing}'"):
        fetch(tmp_path, core(server))
    assert server.seen[0].headers["accept-encoding"] == "gzip"


def test_a_body_that_comes_a_byte_now_and_then_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_ANSWER_SECONDS", 0.2)
    with dripping() as url, pytest.raises(FetchError, match="does not come to an end"):
        fetch(tmp_path, Source("core", f"{url}/core.json"))


@pytest.mark.parametrize("content", [b"\xff", b"[" * 9999])
def test_a_pinned_file_that_is_no_text_is_fetched_anew(tmp_path: Path, server: Hostile, content: bytes) -> None:
    server.answer = lambda _: as_json(kit.document(kit.things()))
    fetch(tmp_path, core(server))
    before = kit.read_tree(tmp_path)
    (tmp_path / "specs/openapi/core.json").write_bytes(content)
    fetch(tmp_path, core(server))
    assert kit.read_tree(tmp_path) == before


def test_an_empty_base_path_counts_where_servers_say_another(tmp_path: Path, server: Hostile) -> None:
    server.answer = lambda _: as_json({**document(), "servers": [{"url": "https://api.example/v1"}]})
    for given, first in ((None, "/v1/v1/things0"), ("", "/v1/things0")):
        fetch(tmp_path, Source("core", f"{server.url}/core.json", given))
        assert State(tmp_path).documents.catalog.operations[0].path == first


def test_no_key_is_ever_sent_for_a_document(tmp_path: Path, server: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUSTOMER_API_KEY", "secret-key")
    server.answer = lambda _: as_json(document())
    fetch(tmp_path, core(server))
    assert [request for request in server.seen if "secret-key" in str(request)] == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Source("core", "bundled:nothing"), "no document 'nothing' comes with this version"),
        (Source("core", "missing.json"), "missing.json can't be read"),
        (Source("core", "http://["), "http://[ can't be reached"),
        (Source("core", "https://example.com:port/core.json"), "can't be reached"),
        (Source("core", "\0"), "can't be read"),
    ],
)
def test_a_source_that_is_not_there_is_named_with_what_there_is(tmp_path: Path, source: Source, said: str) -> None:
    with pytest.raises(FetchError, match="the pins stay as they were") as caught:
        fetch(tmp_path, source)
    assert said in str(caught.value)


def test_the_nine_documents_come_with_the_tool_and_are_what_is_pinned(tmp_path: Path) -> None:
    made = fetch(tmp_path, *(Source(name, f"bundled:{name}") for name in bundled_documents()))
    assert len(made) == 9
    for name in made:
        path = f"specs/openapi/{name}.json"
        assert (tmp_path / path).read_bytes() == (kit.ROOT / path).read_bytes()


# ----------------------------------------------------------------------------------------- what was pinned


def test_a_pinned_file_that_was_edited_or_removed_is_named_with_what_mends_it(tmp_path: Path) -> None:
    save_documents(tmp_path, {name: (document(), {"url": "x"}) for name in ("one", "two")})
    save_klasses(tmp_path, "acme", {"klasses/order.json": kit.klass("order", {})})
    (tmp_path / "specs/openapi/one.json").write_text("{}", encoding="utf-8")
    (tmp_path / "specs/openapi/two.json").unlink()
    (tmp_path / "specs/tenants/acme/klasses/order.json").write_text("{}\n", encoding="utf-8")
    with pytest.raises(kit.KustomerMcpError) as caught:
        load(tmp_path, ["acme", "other"])
    kit.expect(kit.HERE / "snapshots" / "pins-broken.txt", f"{caught.value}\n")


def test_a_pinned_file_of_bytes_that_are_no_text_differs_from_its_pin(tmp_path: Path) -> None:
    save_documents(tmp_path, {"one": (document(), {"url": "x"})})
    save_klasses(tmp_path, "acme", {"klasses/order.json": kit.klass("order", {})})
    for path in ("specs/openapi/one.json", "specs/tenants/acme/klasses/order.json"):
        before = (tmp_path / path).read_bytes()
        (tmp_path / path).write_bytes(b"\xff\xfe")
        with pytest.raises(kit.KustomerMcpError, match=f"{path} differs from its pin"):
            State(tmp_path).documents, State(tmp_path).klasses("acme")
        (tmp_path / path).write_bytes(before)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"documents": []}', '{"documents": {}, "tenants": 1}', "\x00", "[" * 99_999]
)
def test_a_lock_that_is_no_lock_is_an_error_that_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "lock.json").write_text(text, encoding="utf-8")
    with pytest.raises(kit.KustomerMcpError, match="take it back from version control"):
        load(tmp_path, [])


@pytest.mark.parametrize(
    "lock",
    [
        {"documents": {"core": {}}, "tenants": {}},
        {"documents": {"core": "x"}, "tenants": {}},
        {"documents": {}, "tenants": {"acme": {}}},
        {"documents": {}, "tenants": {"acme": {"files": ["a"]}}},
    ],
)
def test_a_pin_without_its_parts_is_an_error_and_no_traceback(tmp_path: Path, lock: Any) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "lock.json").write_text(json.dumps(lock), encoding="utf-8")
    with pytest.raises(kit.KustomerMcpError):
        load(tmp_path, ["acme"])


@pytest.mark.parametrize("name", ["../../../../x.json", "klasses/../../../../../x.json", "standard/.."])
def test_a_lock_that_names_files_outside_of_specs_reads_and_deletes_nothing_there(tmp_path: Path, name: str) -> None:
    root = tmp_path / "a" / "b"
    save_documents(root, {"core": (document(), {"url": "x"})})
    lock = read_lock(root)
    lock["tenants"]["acme"] = {"files": {name: "0" * 64}}
    (root / "specs" / "lock.json").write_text(json.dumps(lock), encoding="utf-8")
    outside = tmp_path / "a" / "x.json"
    outside.write_text("mine", encoding="utf-8")
    (root / "specs" / "tenants" / "acme").mkdir(parents=True, exist_ok=True)
    with pytest.raises(kit.KustomerMcpError):
        save_klasses(root, "acme", {})
    assert outside.read_text(encoding="utf-8") == "mine"
