"""Documents, faults, the journal, and the server itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from generator.sandbox import Clock, Sandbox, Settings, create_app, fresh, running

DOCUMENT = {
    "openapi": "3.0.0",
    "servers": [{"url": "https://api.example/v1"}],
    "paths": {
        "/customers/{id}": {"get": {}},
        "/customers/searches": {"get": {}},
        "/media": {"post": {}},
        "/media/{id}": {"get": {}, "delete": {}},
    },
}
KEY = {"authorization": "Bearer sandbox-acme"}


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "core.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    (tmp_path / "other.yaml").write_text("openapi: 3.0.0\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no document", encoding="utf-8")
    return tmp_path


NAMES = {
    "core": 200,
    "core.json": 200,
    "other": 200,
    "other.yaml": 200,
    "notes": 404,
    "notes.txt": 404,
    "..%2Fcore": 404,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_registry_serves_documents_without_a_key(name: str, documents: Path) -> None:
    with running(fresh(), documents=documents) as sandbox:
        answer = httpx.get(f"{sandbox.url}/api/v1/api-registry/{name}")
        assert answer.status_code == NAMES[name]
        if answer.status_code == 200:
            same = httpx.get(answer.url, headers={"if-none-match": answer.headers["etag"]})
            assert (same.status_code, same.content) == (304, b"")


def test_the_registry_serves_the_bytes_of_the_file(documents: Path) -> None:
    with running(fresh(), documents=documents) as sandbox:
        assert httpx.get(f"{sandbox.url}/api/v1/api-registry/core").json() == DOCUMENT


DOCUMENTED = {
    ("GET", "/v1/media/x"): (501, 200),
    ("POST", "/v1/media"): (501, 201),
    ("DELETE", "/v1/media/x"): (501, 200),
    ("GET", "/v1/customers/searches"): (501, 200),
    ("PUT", "/v1/media/x"): (404, 404),
    ("GET", "/v1/customers/649709e72c092eb83780057e"): (404, 404),
}


@pytest.mark.parametrize("permissive", [False, True])
@pytest.mark.parametrize("case", DOCUMENTED)
def test_a_documented_operation_without_model_is_told_apart(
    case: tuple[str, str], permissive: bool, documents: Path
) -> None:
    with running(fresh(settings=Settings(permissive=permissive)), documents=documents) as sandbox:
        answer = httpx.request(case[0], sandbox.url + case[1], headers=KEY)
        assert answer.status_code == DOCUMENTED[case][permissive]
        assert sandbox.journal[-1].path == case[1]
        if answer.status_code == 501:
            assert "the sandbox has no model" in answer.json()["errors"][0]["detail"]
        elif answer.status_code < 300:
            assert set(answer.json()["data"]) == {"type", "id", "attributes"}


def test_the_journal_holds_what_was_asked_and_no_key(sandbox: Sandbox, acme: httpx.Client) -> None:
    acme.post("/v1/customers/externalId=a%2Fb?x=%20y", json={"a": [1]}, headers={"x-trace": "7"})
    entry = sandbox.journal[-1]
    assert (entry.method, entry.path, entry.query) == ("POST", "/v1/customers/externalId=a%2Fb", "x=%20y")
    assert (entry.body, entry.headers["x-trace"]) == ({"a": [1]}, "7")
    assert "authorization" not in {name.lower() for name in entry.headers}
    acme.post("/v1/customers", content=b"{oops")
    assert sandbox.journal[-1].body == "{oops"


def test_the_journal_is_bounded(sandbox: Sandbox) -> None:
    from generator.sandbox import Entry, Journal

    journal = Journal(limit=3)
    for n in range(5):
        journal.add(Entry("GET", f"/{n}", "", {"Authorization": "x", "a": "b"}))
    assert [e.path for e in journal] == ["/2", "/3", "/4"]
    assert journal[0].headers == {"a": "b"}


def test_a_fault_answers_the_next_requests_only(sandbox: Sandbox, acme: httpx.Client) -> None:
    sandbox.faults.answer(503, b'{"errors":[]}', {"retry-after": "2"}, times=2)
    seen = [acme.get("/v1/klasses") for _ in range(3)]
    assert [a.status_code for a in seen] == [503, 503, 200]
    assert seen[0].headers["retry-after"] == "2"
    assert len(sandbox.journal) == 3


def test_a_fault_can_wait_for_its_path(sandbox: Sandbox, acme: httpx.Client) -> None:
    from generator.sandbox import Fault

    sandbox.faults.order(Fault(500, b"{}", method="POST", path="/v1/customers"))
    assert acme.get("/v1/customers").status_code == 200
    assert acme.post("/v1/customers", json={}).status_code == 500
    assert acme.post("/v1/customers", json={}).status_code == 201


def test_a_reset_breaks_the_connection_before_an_answer(sandbox: Sandbox, acme: httpx.Client) -> None:
    sandbox.faults.reset()
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        acme.post("/v1/customers", json={"name": "x"})
    assert acme.get("/v1/klasses").status_code == 200
    assert sandbox.world.org("acme").tables.first("customer", lambda r: r.attributes.get("name") == "x") is None


def test_a_delay_makes_a_client_lose_patience(sandbox: Sandbox, acme: httpx.Client) -> None:
    sandbox.faults.delay(0.4)
    with pytest.raises(httpx.ReadTimeout):
        acme.get("/v1/klasses", timeout=0.1)
    began = time.monotonic()
    sandbox.faults.delay(0.2)
    assert acme.get("/v1/klasses").status_code == 200
    assert time.monotonic() - began >= 0.2


def test_other_faults_are_pages_and_redirects(sandbox: Sandbox, acme: httpx.Client) -> None:
    sandbox.faults.not_json()
    page = acme.get("/v1/klasses")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    sandbox.faults.redirect("https://elsewhere.example/v1/klasses")
    moved = acme.get("/v1/klasses")
    assert (moved.status_code, moved.headers["location"]) == (302, "https://elsewhere.example/v1/klasses")


def test_the_app_answers_without_a_server_too() -> None:
    import asyncio

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=KEY) as client:
            return await client.get("/v1/klasses")

    assert asyncio.run(ask()).status_code == 200


def test_the_served_clock_runs_and_resets_fit_the_wall_clock() -> None:
    from dataclasses import replace

    from generator.sandbox import START, Budgets

    with running() as sandbox:
        sandbox.world.settings = replace(sandbox.world.settings, budgets=Budgets(org_per_minute=1))
        one = sandbox.world.clock.now()
        answers = [httpx.get(f"{sandbox.url}/v1/klasses", headers=KEY) for _ in range(2)]
        assert START <= one < sandbox.world.clock.now()
        assert 0 < int(answers[1].headers["x-ratelimit-reset"]) - time.time() <= 62


def test_many_clients_at_once_get_their_own_answers(sandbox: Sandbox) -> None:
    found: list[int] = []

    def work(number: int) -> None:
        with httpx.Client(base_url=sandbox.url, headers=KEY) as client:
            for n in range(10):
                name = f"c{number}-{n}"
                made = client.post("/v1/customers", json={"externalId": name}).json()["data"]
                again = client.get(f"/v1/customers/externalId={name}").json()["data"]
                found.append(made["id"] == again["id"])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80


def test_serve_tells_where_it_listens_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from generator.sandbox import serve;"
        "serve(0, on_bound=lambda url: (sys.stderr.write(url + chr(10)), sys.stderr.flush()))"
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=-1, stderr=-1, text=True)
    assert process.stderr is not None and process.stdout is not None
    try:
        url = process.stderr.readline().strip()
        assert httpx.get(f"{url}/v1/klasses", headers=KEY).status_code == 200
    finally:
        process.terminate()
        process.wait(10)
    assert process.stdout.read() == ""
    process.stdout.close()
    process.stderr.close()


def test_worlds_do_not_share_state(as_key: Callable[..., httpx.Client]) -> None:
    one, two = fresh(), fresh(clock=Clock())
    one.org("acme").metadata["customer"]["properties"]["new"] = {}
    assert "new" not in two.org("acme").metadata["customer"]["properties"]
