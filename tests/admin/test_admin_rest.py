"""What REST answers, over real HTTP: the life of a server and of a token, and each refusal as a problem."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from admin_kit import MODULE, ROOT, TOKEN, Listening, Served, expect, pretty, runtime, serving

NEW = {"name": "Support Ops AI Agent", "config": {"methods": ["read"], "tags": ["conversations"]}}
LATER = "2099-12-31T23:59:59Z"


def _make(rest: httpx.Client, **further: Any) -> dict[str, Any]:
    answer = rest.post("/admin/mcp", json=NEW | further)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_server_is_made_with_a_url_that_is_shown_this_once(served: Served, rest: httpx.Client) -> None:
    answer = rest.post("/admin/mcp", json=NEW | {"expires_at": LATER})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{served.url}/admin/mcp/{made['id']}"
    assert made["name"] == NEW["name"] and made["expires_at"] == LATER
    assert made["config"] == {
        "methods": ["read"],
        "tags": ["conversations"],
        "tools": [],
        "exposure": "all",
        "require_api_token_auth": False,
        "oauth_scope": None,
        "calls_per_minute": None,
    }
    base, _, secret = made["url"].rpartition("/")
    assert base == f"{served.url}/mcp"
    assert re.fullmatch(r"kmg_[A-Za-z0-9_-]{43}", secret)
    shown = [rest.get(f"/admin/mcp/{made['id']}"), rest.get("/admin/mcp")]
    assert all(secret not in one.text for one in shown)
    assert secret not in str(served.audit)
    assert secret.encode() not in b"".join(path.read_bytes() for path in served.store.parent.glob("grants*"))


def test_the_public_url_is_what_urls_begin_with(server: Listening, tmp_path: Path) -> None:
    with serving(server, tmp_path, public_url="https://mcp.example.com") as served, served.client() as rest:
        assert _make(rest)["url"].startswith("https://mcp.example.com/mcp/kmg_")


def test_a_change_keeps_what_it_does_not_name_and_null_clears_the_expiry(rest: httpx.Client) -> None:
    made = _make(rest, expires_at=LATER)
    path = f"/admin/mcp/{made['id']}"
    changed = rest.patch(path, json={"config": {"tags": ["customers"]}}).json()
    assert changed["config"] == made["config"] | {"tags": ["customers"]}
    assert (changed["name"], changed["expires_at"]) == (made["name"], LATER)
    merged = {"content": json.dumps({"expires_at": None}), "headers": {"Content-Type": "application/merge-patch+json"}}
    assert rest.patch(path, **merged).json() == changed | {"expires_at": None}
    assert rest.get(path).json() == changed | {"expires_at": None}


def test_a_rotated_server_has_another_url_and_is_the_same_otherwise(rest: httpx.Client) -> None:
    made = _make(rest)
    rotated = rest.post(f"/admin/mcp/{made['id']}/rotate").json()
    assert rotated["url"] != made["url"]
    assert {**rotated, "url": ""} == {**made, "url": ""}


def test_a_revoked_server_is_gone(served: Served, rest: httpx.Client) -> None:
    path = f"/admin/mcp/{_make(rest)['id']}"
    assert rest.delete(path).status_code == 204
    assert [rest.request(method, path).status_code for method in ("GET", "DELETE")] == [404, 404]
    assert rest.post(f"{path}/rotate").status_code == 404
    assert rest.patch(path, json={"name": "x"}).status_code == 404
    assert [(event, actor) for event, _, actor, _ in served.audit] == [
        ("grant.created", "admin token, REST"),
        ("grant.revoked", "admin token, REST"),
    ]


def test_an_expired_server_is_gone(served: Served, rest: httpx.Client) -> None:
    path = f"/admin/mcp/{_make(rest, expires_at=LATER)['id']}"
    served.clock.ahead = 100 * 366 * 86_400
    assert rest.get(path).status_code == 404
    assert rest.get("/admin/mcp").json()["data"] == []


def test_api_tokens_live_alike(rest: httpx.Client) -> None:
    made = rest.post("/admin/tokens", json={"name": "CI", "expires_at": LATER}).json()
    secret = made.pop("token")
    assert re.fullmatch(r"kma_[A-Za-z0-9_-]{43}", secret)
    path = f"/admin/tokens/{made['id']}"
    assert rest.get(path).json() == made
    assert rest.get("/admin/tokens").json() == {"data": [made], "next_cursor": None}
    assert rest.delete(path).status_code == 204
    assert [rest.get(path).status_code, rest.delete(path).status_code] == [404, 404]


def test_lists_come_in_pages_that_a_revocation_does_not_disturb(rest: httpx.Client) -> None:
    made = [_make(rest, name=f"Server {number}")["id"] for number in range(5)]
    first = rest.get("/admin/mcp", params={"limit": 2}).json()
    rest.delete(f"/admin/mcp/{made[1]}")
    second = rest.get("/admin/mcp", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    third = rest.get("/admin/mcp", params={"limit": 2, "cursor": second["next_cursor"]}).json()
    assert [[row["id"] for row in page["data"]] for page in (first, second, third)] == [made[:2], made[2:4], made[4:]]
    assert third["next_cursor"] is None


def test_the_tools_are_listed_with_tags_methods_and_tokens(rest: httpx.Client) -> None:
    answer = rest.get("/admin/tools").json()
    tools = {tool["name"]: tool for tool in answer["tools"]}
    assert len(tools) == len(runtime("grants.opening").tool_rows(MODULE))
    assert tools["create_a_kustomer_conversation_note"]["tags"] == ["notes", "conversations"]
    assert tools["create_a_kustomer_conversation_note"]["methods"] == ["write", "create"]
    contract = json.loads((Path(runtime("admin").__file__).parents[2] / "contract/notes.json").read_text("utf-8"))
    note = next(tool for tool in contract if tool["name"] == "create_a_kustomer_conversation_note")
    size = len(json.dumps(note, separators=(",", ":"), ensure_ascii=False).encode())
    assert tools["create_a_kustomer_conversation_note"]["tokens"] == -(-size // 4)
    assert "conversations" in answer["tags"] and answer["methods"][:3] == ["read", "write", "custom"]


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/mcp", "/admin/sign-in", "/admin/openapi.json", "/admin/static/page.css"]
)
def test_without_an_admin_token_nothing_is_there(server: Listening, tmp_path: Path, path: str) -> None:
    with serving(server, tmp_path, token="") as served, served.client() as rest:
        answer = rest.get(path)
    assert (answer.status_code, answer.json()["title"]) == (404, "There is no such thing")


@pytest.mark.parametrize("token", ["short", "with a space, but long enough to be one", "ü" * 40])
def test_an_admin_token_that_could_be_guessed_or_not_be_sent_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="the admin token"):
        runtime("admin.settings").AdminSettings(token)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "Bearer nope")],
        [("Authorization", f"Basic {TOKEN}")],
        [("Authorization", f"Bearer {TOKEN}x")],
        [("Authorization", TOKEN)],
        [("Authorization", "Bearer")],
        [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")],
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/admin/mcp"), ("OPTIONS", "/admin/mcp/x"), ("GET", "/admin/mcp/a/b/c")]
)
def test_only_the_admin_token_opens_rest(
    served: Served, headers: list[tuple[str, str]], method: str, path: str
) -> None:
    answer = httpx.request(method, f"{served.url}{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="admin"')
    assert answer.headers["Content-Type"] == "application/problem+json"


_JSON = {"Content-Type": "application/json"}
# Name -> method, path, headers, body. What each is answered is in expected/problems.json.
REFUSED: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "no body": ("POST", "/admin/mcp", _JSON, b""),
    "no JSON": ("POST", "/admin/mcp", _JSON, b'{"name": }'),
    "no object": ("POST", "/admin/mcp", _JSON, b"[1]"),
    "no UTF-8": ("POST", "/admin/mcp", _JSON, b'{"name": "\xff"}'),
    "a lone surrogate": ("POST", "/admin/mcp", _JSON, rb'{"name": "\ud800", "config": {}}'),
    "a member twice": ("POST", "/admin/mcp", _JSON, b'{"name": "a", "name": "b", "config": {}}'),
    "a number that JSON lacks": ("POST", "/admin/mcp", _JSON, b'{"name": NaN}'),
    "a very long number": ("POST", "/admin/mcp", _JSON, b'{"name": ' + b"9" * 5000 + b"}"),
    "too large": ("POST", "/admin/mcp", _JSON, b" " * 70_000),
    "no type": ("POST", "/admin/mcp", {}, b"{}"),
    "a form": ("POST", "/admin/mcp", {"Content-Type": "application/x-www-form-urlencoded"}, b"name=a"),
    "another charset": ("POST", "/admin/mcp", {"Content-Type": "application/json; charset=latin-1"}, b"{}"),
    "a merge patch that makes": ("POST", "/admin/mcp", {"Content-Type": "application/merge-patch+json"}, b"{}"),
    "nothing said": ("POST", "/admin/mcp", _JSON, b"{}"),
    "everything wrong": (
        "POST", "/admin/mcp", _JSON,
        b'{"nam": "a", "config": {"methods": ["reed"], "tag": [], "tags": "x", "tools": ["nope"], "exposure": "some",'
        b' "require_api_token_auth": 1, "oauth_scope": "a b", "calls_per_minute": 0}, "expires_at": "tomorrow", "a/b~": 1}',
    ),
    "config is a list": ("POST", "/admin/mcp", _JSON, b'{"name": "a", "config": []}'),
    "no tool is left": (
        "POST", "/admin/mcp", _JSON, b'{"name": "a", "config": {"methods": ["delete"], "tags": ["search"]}}',
    ),
    "a name with a line break": ("POST", "/admin/mcp", _JSON, b'{"name": "a\\nb", "config": {}}'),
    "a name that turns writing round": ("POST", "/admin/mcp", _JSON, '{"name": "a\u202eb", "config": {}}'.encode()),
    "a name that is too long": ("POST", "/admin/mcp", _JSON, b'{"name": "' + b"n" * 101 + b'", "config": {}}'),
    "a token with a config": ("POST", "/admin/tokens", _JSON, b'{"config": {}}'),
    "a limit of none": ("GET", "/admin/mcp?limit=0", {}, b""),
    "a limit that is no number": ("GET", "/admin/mcp?limit=ten", {}, b""),
    "a cursor of one's own": ("GET", "/admin/mcp?cursor=eA", {}, b""),
    "a parameter twice": ("GET", "/admin/mcp?limit=1&limit=2", {}, b""),
    "an unknown parameter": ("GET", "/admin/tokens?offset=1", {}, b""),
    "a wrong idempotency key": ("POST", "/admin/mcp", _JSON | {"Idempotency-Key": "a b"}, b'{"name": "a", "config": {}}'),
    "an unknown server": ("GET", "/admin/mcp/g_nosuchserver", {}, b""),
    "an unknown token": ("DELETE", "/admin/tokens/t_nosuchtoken", {}, b""),
    "an unknown path": ("GET", "/admin/mcp/a/b/c", {}, b""),
    "an unknown method": ("PUT", "/admin/mcp", {}, b""),
    "a method of one's own": ("BREW", "/admin/mcp/g_x/rotate", {}, b""),
    "a rotation with words": ("POST", "/admin/mcp/g_x/rotate", _JSON, b"{}"),
}  # fmt: skip


@pytest.mark.parametrize(
    "body", [b"[" * 50_000, b"[" * 25_000 + b"]" * 25_000, b'{"config":' * 5_000 + b"1" + b"}" * 5_000]
)
def test_a_body_that_is_nested_deeply_is_refused_however_deep_this_python_reads(
    rest: httpx.Client, body: bytes
) -> None:
    answer = rest.post("/admin/mcp", headers=_JSON, content=body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status_code in (400, 422), answer.text
    assert rest.get("/admin/mcp").json()["data"] == []


def test_refusals_say_what_where_and_what_to_do(rest: httpx.Client) -> None:
    answers = {}
    for name, (method, path, headers, body) in REFUSED.items():
        answer = rest.request(method, path, headers=headers, content=body)
        problem = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json", name
        assert problem.pop("status") == answer.status_code, name
        shown = {"request": f"{method} {path}", "status": answer.status_code, **problem}
        answers[name] = shown | {key: answer.headers[key] for key in ("Allow", "Accept-Post") if key in answer.headers}
    assert rest.get("/admin/mcp").json()["data"] == []
    expect("problems.json", pretty(answers))


def test_every_answer_is_closed_to_caches_frames_and_scripts(served: Served) -> None:
    for path in ("/admin", "/admin/sign-in", "/admin/mcp", "/admin/static/page.css", "/admin/nowhere"):
        headers = httpx.get(f"{served.url}{path}").headers
        assert headers["Cache-Control"] == "no-store", path
        assert headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; "
            "base-uri 'none'"
        )
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "same-origin"


def test_head_and_options_are_as_the_methods_say(rest: httpx.Client) -> None:
    head = rest.head("/admin/mcp")
    assert (head.status_code, head.content, head.headers["Content-Type"]) == (200, b"", "application/json")
    options = rest.options("/admin/mcp/x/rotate")
    assert (options.status_code, options.headers["Allow"]) == (204, "OPTIONS, POST")


def test_a_store_that_is_away_is_503_and_lets_nothing_happen(served: Served, rest: httpx.Client) -> None:
    _make(rest)
    for path in served.store.parent.glob("grants.sqlite3*"):
        path.unlink()
    for method, path in (("GET", "/admin/mcp"), ("DELETE", "/admin/mcp/g_x"), ("GET", "/admin/tokens")):
        answer = rest.request(method, path)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert str(served.store) not in answer.text


def test_the_example_of_the_documentation_makes_a_server(rest: httpx.Client) -> None:
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"-d '(\{.*\})' https://mcp\.example\.com/admin/mcp\n", text)
    made = rest.post("/admin/mcp", content=example, headers={"Content-Type": "application/json"})
    assert made.status_code == 201, made.text
