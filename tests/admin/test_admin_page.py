"""What the page does over real HTTP, without a browser: who gets in, what forms may do, and that secrets are in answers alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from admin_kit import TOKEN, Listening, Served, runtime, serving, whole


@pytest.fixture
def page(served: Served) -> Iterator[httpx.Client]:
    """Somebody who is signed in."""
    with served.client(None) as client:
        answer = client.post("/admin/sign-in", data={"token": TOKEN})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin")
        yield client


def _hidden(page: httpx.Client, path: str) -> dict[str, str]:
    """The hidden fields of a page's last form."""
    text = page.get(path).text
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))


def _secret(answer: httpx.Response) -> str:
    found = re.search(r"<textarea[^>]*>([^<]*)</textarea>", answer.text)
    assert found is not None, answer.text
    return unescape(found[1])


def test_strangers_are_sent_to_the_way_in_and_come_back_from_it(served: Served) -> None:
    with served.client(None) as client:
        assert client.get("/admin").headers["Location"] == "/admin/sign-in"
        way = client.get("/admin/servers/new").headers["Location"]
        assert way == "/admin/sign-in?next=/admin/servers/new"
        sent = {"token": TOKEN, "next": _hidden(client, way)["next"]}
        assert client.post("/admin/sign-in", data=sent).headers["Location"] == "/admin/servers/new"


@pytest.mark.parametrize(
    "next", ["https://evil.example", "//evil.example", "/admin//evil", "/admin/..%2f", "/mcp", "/admin/\\x"]
)
def test_the_way_in_leads_nowhere_else(served: Served, next: str) -> None:
    answer = httpx.post(f"{served.url}/admin/sign-in", data={"token": TOKEN, "next": next})
    assert answer.headers["Location"] == "/admin"


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "ü"])
def test_another_token_does_not_sign_in(served: Served, token: str) -> None:
    answer = httpx.post(f"{served.url}/admin/sign-in", data={"token": token})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert "is not the admin token" in answer.text


@pytest.mark.parametrize(
    ("public_url", "name", "secure"),
    [("", "kustomer_mcp_admin", False), ("https://mcp.example.com", "__Secure-kustomer_mcp_admin", True)],
)
def test_the_cookie_is_for_this_page_alone(
    server: Listening, tmp_path: Path, public_url: str, name: str, secure: bool
) -> None:
    with serving(server, tmp_path, public_url=public_url) as served:
        cookie = httpx.post(f"{served.url}/admin/sign-in", data={"token": TOKEN}).headers["Set-Cookie"]
    first, *attributes = cookie.split("; ")
    assert first.startswith(f"{name}=")
    assert TOKEN not in cookie
    expected = {"httponly", "max-age=1800", "path=/admin", "samesite=strict"} | ({"secure"} if secure else set())
    assert {attribute.lower() for attribute in attributes} == expected


def test_a_cookie_opens_no_rest_and_the_token_no_page(served: Served, page: httpx.Client) -> None:
    assert page.get("/admin").status_code == 200
    assert page.get("/admin/mcp").status_code == 401
    with served.client() as rest:
        assert rest.get("/admin").status_code == 303


def test_a_changed_late_or_foreign_cookie_signs_nobody_in() -> None:
    settings, sessions = runtime("admin.settings"), runtime("admin.sessions")
    from starlette.requests import Request
    from starlette.responses import Response

    now = [1_000_000.0]
    mine = sessions.Sessions(settings.AdminSettings(TOKEN), lambda: now[0])
    rotated = sessions.Sessions(settings.AdminSettings(TOKEN[::-1]), lambda: now[0])

    def request(cookie: str) -> Request:
        return Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})

    def cookie() -> str:
        answer = Response()
        mine.keep(answer, begun)
        return answer.headers["set-cookie"].partition(";")[0]

    begun = mine.begin()
    held = cookie()
    assert mine.of(request(held)) == begun
    assert rotated.of(request(held)) is None
    for changed in (held[:-1], held.replace(".1000000.", ".1000001."), held + "0", "kustomer_mcp_admin=", "x=y"):
        assert mine.of(request(changed)) is None, changed
    now[0] += 30 * 60
    assert mine.of(request(held)) is None
    kept = cookie()
    assert mine.of(request(kept)) is not None
    now[0] = begun.began + 8 * 3600
    kept = cookie()
    assert mine.of(request(kept)) is None


def test_a_session_ends_with_signing_out(page: httpx.Client) -> None:
    answer = page.post("/admin/sign-out", data=_hidden(page, "/admin"))
    assert answer.headers["Location"] == "/admin/sign-in"
    assert page.get("/admin").status_code == 303


_NEW = {"name": "Support Ops", "methods": ["read"], "tags": ["conversations"]}


def test_a_url_is_in_the_answer_alone_and_the_same_if_the_page_is_loaded_anew(
    served: Served, page: httpx.Client
) -> None:
    form = _hidden(page, "/admin/servers/new") | _NEW
    first, again = (page.post("/admin/servers/new", data=form) for _ in range(2))
    url = _secret(first)
    assert url.startswith(f"{served.url}/mcp/kmg_") and _secret(again) == url
    assert first.headers["Cache-Control"] == "no-store"
    assert url not in str(first.headers) and url not in page.get("/admin").text
    assert [(event, actor) for event, _, actor, _ in served.audit] == [("grant.created", "admin token, page")]


def test_a_form_that_is_sent_again_with_other_words_makes_nothing_at_first(page: httpx.Client) -> None:
    form = _hidden(page, "/admin/servers/new") | _NEW
    page.post("/admin/servers/new", data=form)
    other = page.post("/admin/servers/new", data=form | {"name": "Others"})
    assert other.status_code == 422
    assert "was sent before with other words" in other.text
    assert page.get("/admin").text.count('class="card"') == 1


@pytest.mark.parametrize(
    ("headers", "changed"),
    [
        ({}, {"form": ""}),
        ({}, {"form": "0" * 64}),
        ({"Origin": "https://evil.example"}, {}),
        ({"Origin": "null"}, {}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Sec-Fetch-Site": "same-site"}, {}),
    ],
)
@pytest.mark.parametrize(
    "path", ["/admin/servers/new", "/admin/servers/{id}/revoke", "/admin/api-tokens/new", "/admin/sign-out"]
)
async def test_a_form_of_another_place_or_session_changes_nothing(
    served: Served, page: httpx.Client, path: str, headers: dict[str, str], changed: dict[str, str]
) -> None:
    made = await served.grants.create({"name": "Stays"}, "test")
    form = _hidden(page, "/admin/servers/new") | _NEW | changed
    answer = page.post(path.replace("{id}", made.made.id), data=form, headers=headers)
    assert answer.status_code == 403
    assert [grant.name for grant in await served.grants.list()] == ["Stays"]
    assert await served.grants.tokens() == []
    assert page.get("/admin").status_code == 200


def test_a_sign_in_of_another_place_is_refused(served: Served) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = httpx.post(f"{served.url}/admin/sign-in", data={"token": TOKEN}, headers=headers)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


def test_problems_are_summed_up_and_link_to_their_fields(page: httpx.Client) -> None:
    form = _hidden(page, "/admin/servers/new") | {
        "name": "",
        "tags": ["search"],
        "methods": ["delete"],
        "expires_at": "2020-01-01T00:00",
        "calls_per_minute": "many",
        "oauth_scope": "a b",
    }
    answer = page.post("/admin/servers/new", data=form)
    assert answer.status_code == 422
    assert "<title>Problems: new server" in answer.text
    summary = answer.text.partition('class="summary"')[2].partition("</div>")[0]
    linked = re.findall(r'href="#(\w+)"', summary)
    assert linked == ["name", "methods", "expires_at", "calls_per_minute", "oauth_scope"]
    for field in linked:
        assert f'id="{field}"' in answer.text and f'id="{field}-error"' in answer.text
    assert 'value="a b"' in answer.text and 'value="many"' in answer.text


async def test_hostile_words_are_shown_as_text(served: Served, page: httpx.Client) -> None:
    name = "</bdi><script>alert(1)</script>\"'{{ 7 * 7 }}&amp;" + "w" * 40
    made = await served.grants.create({"name": name}, "test")
    token = await served.grants.create_token({"name": name}, "test")
    for path in ("/admin", f"/admin/servers/{made.made.id}/revoke", f"/admin/api-tokens/{token.made.id}/revoke"):
        text = page.get(path).text
        assert "<script>alert" not in text and "49" not in text.partition("<main")[2].partition("alert")[0]
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    form = _hidden(page, "/admin/servers/new") | {"name": '"><img src=x onerror=alert(1)>', "methods": ["x"]}
    assert "<img" not in page.post("/admin/servers/new", data=form).text


def test_a_package_with_hostile_names_is_shown_as_text_and_counted(server: Listening, tmp_path: Path) -> None:
    catalog = runtime("admin.catalog")
    evil = 'x"]{}</style><script>alert(1)</script>/*'
    tools = (catalog.CatalogTool("one", evil, (evil,), ("read", "get"), 10),)
    with serving(server, tmp_path, catalog=catalog.Catalog(evil, "1", tools)) as served, served.client(None) as client:
        client.post("/admin/sign-in", data={"token": TOKEN})
        assert "<script>" not in client.get("/admin/servers/new").text
        assert "alert" not in client.get("/admin/static/tools.css").text


def test_servers_and_tokens_are_rotated_and_revoked_after_a_question(served: Served, page: httpx.Client) -> None:
    made = page.post("/admin/servers/new", data=_hidden(page, "/admin/servers/new") | _NEW)
    page.post("/admin/api-tokens/new", data=_hidden(page, "/admin/api-tokens/new") | {"name": "CI"})
    with served.client() as rest:
        server, token = (rest.get(path).json()["data"][0]["id"] for path in ("/admin/mcp", "/admin/tokens"))
        rotate = f"/admin/servers/{server}/rotate"
        rotated = page.post(rotate, data=_hidden(page, rotate))
        assert _secret(rotated) != _secret(made)
        for path in (f"/admin/servers/{server}/revoke", f"/admin/api-tokens/{token}/revoke"):
            assert rest.get("/admin/mcp").json()["data"] or rest.get("/admin/tokens").json()["data"]
            assert page.post(path, data=_hidden(page, path)).headers["Location"] == "/admin"
            assert page.get(path).status_code == 404
        assert rest.get("/admin/mcp").json()["data"] == rest.get("/admin/tokens").json()["data"] == []


def test_many_servers_come_in_pages_the_newest_first(served: Served, page: httpx.Client) -> None:
    with served.client() as rest:
        for number in range(51):
            rest.post("/admin/mcp", json={"name": f"Server {number:02}", "config": {}})
    first, second = (page.get("/admin", params={"page": number}).text for number in (1, 2))
    assert ("Server 50" in first, "Server 00" in first) == (True, False)
    assert ("Server 50" in second, "Server 00" in second) == (False, True)
    assert "Page 1 of 2, 51 servers" in first


def test_a_store_that_is_away_is_told_and_nothing_breaks(served: Served, page: httpx.Client) -> None:
    assert page.get("/admin").status_code == 200
    for path in served.store.parent.glob("grants.sqlite3*"):
        path.unlink()
    answer = page.get("/admin")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "can&#39;t be reached" in answer.text
    assert str(served.store) not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/admin/nowhere", 404), ("PUT", "/admin", 405), ("GET", "/admin/static/page.py", 404)],
)
def test_what_is_not_there_is_a_page_that_says_so(page: httpx.Client, method: str, path: str, status: int) -> None:
    answer = page.request(method, path)
    assert (answer.status_code, "<h1>" in answer.text) == (status, True)


def test_counting_on_the_server_keeps_what_was_ticked_and_makes_nothing(served: Served, page: httpx.Client) -> None:
    form = _hidden(page, "/admin/servers/new") | {"methods": ["read"], "tags": ["search"], "name": ""}
    answer = page.post("/admin/servers/preview", data=form)
    left = [tool for tool in whole().tools if "read" in tool.methods and "search" in tool.tags]
    told = f"{len(left)} of {len(whole().tools)} tools, about {sum(tool.tokens for tool in left):,} tokens"
    assert answer.status_code == 200
    assert told in answer.text and 'role="status"' in answer.text
    assert re.findall(r'name="(?:methods|tags)" value="(\w+)" checked', answer.text) == ["read", "search"]
    assert served.audit == []
