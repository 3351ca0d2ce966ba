"""Who a request is: by the secret in its path or its header, with an API token where one is asked for; else a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from grants_kit import ACTOR, ROWS, Clock, grants_at, request, words
from kustomer_mcp_acme.runtime.authentication import Admitted, Authenticator, Refused
from kustomer_mcp_acme.runtime.edge.asgi import NOT_FOUND, Problem
from kustomer_mcp_acme.runtime.grants.model import StoreDown
from kustomer_mcp_acme.runtime.grants.service import Grants

UNKNOWN = "kmg_" + "x" * 43


@pytest.fixture
def grants(tmp_path: Path, clock: Clock) -> Grants:
    return grants_at(str(tmp_path / "grants.sqlite3"), clock)


async def refused(grants: Grants, scope: dict[str, Any]) -> Problem:
    found = await Authenticator(grants).authenticate(scope)
    assert isinstance(found, Refused)
    return found.problem


async def admitted(grants: Grants, scope: dict[str, Any]) -> Admitted:
    found = await Authenticator(grants).authenticate(scope)
    assert isinstance(found, Admitted), found
    return found


def headers_of(problem: Problem) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in problem.headers}


async def test_the_secret_in_the_path_and_as_bearer_are_the_same_grant(grants: Grants, clock: Clock) -> None:
    made = await grants.create(words(expires_at=clock.later(600)), ACTOR)
    ways = [
        request(f"/mcp/{made.secret}"),
        request("/mcp", {"Authorization": f"Bearer {made.secret}"}),
        request("/mcp", {"Authorization": f"bearer   {made.secret} "}),
        request(f"/mcp/{made.secret}", {"Authorization": f"Bearer {made.secret}"}),
        request(f"/mcp/{made.secret}", {"Authorization": "Basic eDp5"}),
    ]
    found = [await admitted(grants, way) for way in ways]
    assert {(one.access.grant, one.path, one.access.expires_at) for one in found} == {
        (made.made.id, "/mcp", made.made.expires_at)
    }
    assert found[0].access.tools == made.made.narrowing.of(ROWS) != ROWS.keys()


async def test_every_path_that_holds_nothing_gets_the_very_same_answer(grants: Grants, clock: Clock) -> None:
    revoked = await grants.create(words(), ACTOR)
    await grants.revoke(revoked.made.id, ACTOR)
    expired = await grants.create(words(expires_at=clock.later(60)), ACTOR)
    rotated = await grants.create(words(require_api_token_auth=True), ACTOR)
    await grants.rotate(rotated.made.id, ACTOR)
    token = await grants.create_token({"name": "t"}, ACTOR)
    live = (await grants.create(words(), ACTOR)).secret
    clock.at += 60
    paths = [
        UNKNOWN,
        revoked.secret,
        expired.secret,
        rotated.secret,
        token.secret,
        "",
        "x",
        "kmg_",
        live[:-1],
        live + "x",
    ]
    paths += [
        f"{live}/",
        f"{live}/mcp",
        f"{live}%20",
        f"%6bmg_{live[4:]}",
        f"{live}?",
        f"//{live}",
        live.upper(),
        "kmg_" * 9999,
    ]
    for path in paths:
        assert await refused(grants, request(f"/mcp/{path}")) is NOT_FOUND, path
    for path in ("/", "/mcp/", "/MCP", "/mcpx", f"/x/{live}", f"/mcp//{live}", f"/mcp/../mcp/{live}"):
        assert await refused(grants, request(path)) is NOT_FOUND, path


async def test_an_encoded_secret_is_not_decoded(grants: Grants) -> None:
    live = (await grants.create(words(), ACTOR)).secret
    scope = request(f"/mcp/{live}") | {"raw_path": f"/mcp/%6bmg_{live[4:]}".encode()}
    assert await refused(grants, scope) is NOT_FOUND


async def test_what_can_be_no_secret_never_reaches_the_store(grants: Grants) -> None:
    async def touched(*_: object) -> None:
        raise AssertionError("the store was asked")

    grants._open = touched  # type: ignore[assignment, method-assign]
    for path in ("kmg_short", "kmg_" + "x" * 42 + "!", "kma_" + "x" * 43, "x" * 100_000):
        assert await refused(grants, request(f"/mcp/{path}")) is NOT_FOUND


async def test_the_url_alone_is_not_enough_where_an_api_token_is_asked_for(grants: Grants) -> None:
    made = await grants.create(words(require_api_token_auth=True), ACTOR)
    token = (await grants.create_token({"name": "t"}, ACTOR)).secret
    path = f"/mcp/{made.secret}"
    for headers in (
        {},
        {"Authorization": "Bearer kma_" + "x" * 43},
        {"Authorization": f"Basic {token}"},
        {"X-API-Token": "?"},
    ):
        problem = await refused(grants, request(path, headers))
        assert (problem.status, headers_of(problem)) == (401, {"www-authenticate": "Bearer"})
    in_header = {"Authorization": f"Bearer {made.secret}"}
    assert (await refused(grants, request("/mcp", in_header))).status == 401
    for way in (
        request(path, {"Authorization": f"Bearer {token}"}),
        request(path, {"X-API-Token": token}),
        request("/mcp", in_header | {"X-API-Token": token}),
    ):
        assert (await admitted(grants, way)).access.grant == made.made.id


async def test_an_api_token_opens_nothing_by_itself(grants: Grants) -> None:
    token = (await grants.create_token({"name": "t"}, ACTOR)).secret
    for headers in ({"Authorization": f"Bearer {token}"}, {"X-API-Token": token}):
        assert (await refused(grants, request("/mcp", headers))).status == 401
    assert await refused(grants, request(f"/mcp/{token}")) is NOT_FOUND


async def test_without_oauth_no_metadata_is_named(grants: Grants) -> None:
    bare = await refused(grants, request("/mcp"))
    assert (bare.status, headers_of(bare)) == (401, {"www-authenticate": "Bearer"})
    wrong = await refused(grants, request("/mcp", {"Authorization": f"Bearer {UNKNOWN}"}))
    assert (wrong.status, headers_of(wrong)) == (401, {"www-authenticate": 'Bearer error="invalid_token"'})


async def test_ambiguous_and_logged_places_for_secrets_are_refused(grants: Grants) -> None:
    one, other = (await grants.create(words(), ACTOR)).secret, (await grants.create(words(), ACTOR)).secret
    token, second = [(await grants.create_token({"name": "t"}, ACTOR)).secret for _ in range(2)]
    guarded = (await grants.create(words(require_api_token_auth=True), ACTOR)).secret
    bearer = ("Authorization", f"Bearer {one}")
    scopes = [
        request("/mcp", [bearer, bearer]),
        request(f"/mcp/{one}", [("X-API-Token", token), ("X-API-Token", token)]),
        request(f"/mcp/{one}", {"Authorization": f"Bearer {other}"}),
        request(f"/mcp/{guarded}", {"Authorization": f"Bearer {token}", "X-API-Token": second}),
        request("/mcp", query=f"key={one}"),
        request("/mcp", query=f"token=km%67{one[3:]}"),
        request(f"/mcp/{one}", query="access_token=x"),
        request("/mcp", [bearer], query=f"a=b&x={token}"),
    ]
    for scope in scopes:
        assert (await refused(grants, scope)).status == 400, scope


async def test_a_grant_that_the_package_has_no_tool_for_any_more_says_so(grants: Grants) -> None:
    made = await grants.create(words(methods=[], tags=["slas"]), ACTOR)
    grants.rows = {name: row for name, row in ROWS.items() if "slas" not in row.tags}
    problem = await refused(grants, request(f"/mcp/{made.secret}"))
    assert problem.status == 403 and "no tool any more" in problem.detail


async def test_a_store_that_is_down_lets_nobody_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "grants.sqlite3").write_bytes(b"no database " * 999)
    authenticator = Authenticator(grants_at(str(tmp_path / "grants.sqlite3")))
    for scope in (request(f"/mcp/{UNKNOWN}"), request("/mcp", {"Authorization": f"Bearer {UNKNOWN}"})):
        found = await authenticator.authenticate(scope)
        assert isinstance(found, Refused)
        assert found.problem.status == 503 and headers_of(found.problem)["retry-after"] == "5"
    assert len(caplog.records) == 1 and UNKNOWN not in caplog.text


async def test_a_running_request_holds_until_something_is_taken_away(grants: Grants, clock: Clock) -> None:
    token = await grants.create_token({"name": "t"}, ACTOR)
    header = {"X-API-Token": token.secret}

    async def running(**more: Any) -> tuple[str, Admitted]:
        made = await grants.create(words(require_api_token_auth=True, **more), ACTOR)
        return made.made.id, await admitted(grants, request(f"/mcp/{made.secret}", header))

    same, kept = await running()
    await grants.update(same, {"name": "New", "tags": ["conversations", "notes"]}, ACTOR)
    assert await kept.still_holds()
    rotated, one = await running()
    await grants.rotate(rotated, ACTOR)
    narrowed, two = await running()
    await grants.update(narrowed, {"tags": ["notes"]}, ACTOR)
    revoked, three = await running()
    await grants.revoke(revoked, ACTOR)
    _, four = await running(expires_at=clock.later(60))
    clock.at += 60
    assert [await one.still_holds() for one in (kept, one, two, three, four)] == [True, False, False, False, False]
    await grants.revoke_token(token.made.id, ACTOR)
    assert not await kept.still_holds()


async def test_a_running_request_outlives_a_store_that_is_away(grants: Grants, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await grants.create(words(), ACTOR)
    running = await admitted(grants, request(f"/mcp/{made.secret}"))

    async def down() -> None:
        raise StoreDown("away")

    monkeypatch.setattr(grants, "_open", down)
    assert await running.still_holds()
