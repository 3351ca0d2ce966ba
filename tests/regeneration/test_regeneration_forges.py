"""Pull requests on GitHub and merge requests on GitLab follow the drift: opened, updated, closed; over real HTTP."""

from __future__ import annotations

import pytest
import regeneration_forge as forges
import regeneration_githttp as githttp
import regeneration_kit as kit

from generator.errors import ProposeError
from generator.forge import Rest

KINDS = ("github", "gitlab")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def state(kind: str, request: pytest.FixtureRequest) -> forges.State:
    found: forges.State = request.getfixturevalue(kind)
    return found


@pytest.fixture
def made(kind: str, plain: kit.Repository, state: forges.State) -> kit.Repository:
    return (kit.with_github if kind == "github" else kit.with_gitlab)(plain, state)


def propose(made: kit.Repository, kind: str, *words: str) -> kit.Done:
    return made.tool("propose", "--report", "report", "--forge", kind, *words)


def test_a_drift_is_opened_followed_and_closed(made: kit.Repository, kind: str, state: forges.State) -> None:
    kit.change(made, "acme")
    kit.write_report(made, kit.drifted("acme"), kit.clean("globex"))
    done = propose(made, kind)
    assert done.code == 0 and done.out.startswith("kustomer-mcp/all  opened: https://forge.example/"), done
    (request,) = state.requests
    assert (request.branch, request.base, request.labels) == ("kustomer-mcp/all", "main", ["drift: breaking"])
    assert request.title == "Follow Kustomer's schema: acme 1.0.0 to 2.0.0 (1 breaking)"
    assert request.body.startswith("## Follow Kustomer's schema: acme 1.0.0 to 2.0.0")

    state.writes.clear()
    assert propose(made, kind).out.startswith("kustomer-mcp/all  unchanged")
    assert state.writes == []

    request.labels.append("team: support")
    kit.change(made, "acme", "again")
    kit.write_report(made, kit.drifted("acme", kit.finding("info", "create_x takes color.")), kit.clean("globex"))
    assert propose(made, kind).out.startswith("kustomer-mcp/all  updated")
    assert sorted(request.labels) == ["drift: info", "team: support"] and "color" in request.body

    kit.back(made)
    kit.write_report(made, kit.clean("acme"), kit.clean("globex"))
    assert propose(made, kind).out.startswith("kustomer-mcp/all  closed")
    assert state.open() == [] and request.comments == ["The drift is gone. This branch is deleted."]
    assert made.branches() == ["main"]
    assert propose(made, kind).out == "kustomer-mcp/all  no drift\n"
    assert len(state.requests) == 1


def test_each_tenant_has_its_own_request(made: kit.Repository, kind: str, state: forges.State) -> None:
    for tenant in kit.TENANTS:
        kit.change(made, tenant)
    kit.write_report(made, *map(kit.drifted, kit.TENANTS))
    propose(made, kind, "--per-tenant")
    assert [request.branch for request in state.open()] == ["kustomer-mcp/acme", "kustomer-mcp/globex"]
    assert "globex" not in state.requests[0].body
    propose(made, kind)
    assert [request.branch for request in state.open()] == ["kustomer-mcp/all"]
    assert state.requests[0].comments == [
        "Its place is taken by one pull request for all tenants. This branch is deleted."
    ]


def test_what_the_forge_refuses_is_said_without_the_token_and_made_good_by_the_next_run(
    made: kit.Repository, kind: str, state: forges.State
) -> None:
    kit.change(made, "acme")
    kit.write_report(made, kit.drifted("acme"))
    start = "/repos/acme/tools/pulls" if kind == "github" else "/projects/7/merge_requests"
    state.refuse[start] = 503
    done = propose(made, kind)
    assert done.code == 1 and "503 Not now" in done.out and forges.TOKEN not in done.out + done.err
    state.refuse.clear()
    assert propose(made, kind).out.startswith("kustomer-mcp/all  opened")
    assert len(state.requests) == 1


def test_a_strangers_request_from_a_fork_with_a_branch_of_that_name_is_left_alone(
    made: kit.Repository, kind: str, state: forges.State
) -> None:
    stranger = state.add("kustomer-mcp/all", "main", "Mine", "")
    stranger.fork = True
    kit.change(made, "acme")
    kit.write_report(made, kit.drifted("acme"))
    assert propose(made, kind).out.startswith("kustomer-mcp/all  opened")
    kit.back(made)
    kit.write_report(made, kit.clean("acme"))
    assert propose(made, kind).out.startswith("kustomer-mcp/all  closed")
    assert state.open() == [stranger] and (stranger.title, stranger.comments, stranger.labels) == ("Mine", [], [])


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (403, {}, "the token must be allowed to write"),
        (403, {"x-ratelimit-remaining": "0"}, "the forge limits requests"),
        (403, {"retry-after": "60"}, "the forge limits requests"),
        (429, {}, "the forge limits requests"),
    ],
)
def test_a_forge_that_limits_requests_is_told_from_one_that_refuses_the_token(
    made: kit.Repository, kind: str, state: forges.State, status: int, headers: dict[str, str], said: str
) -> None:
    kit.change(made, "acme")
    kit.write_report(made, kit.drifted("acme"))
    state.refuse["/"], state.headers = status, headers
    done = propose(made, kind)
    assert done.code == 1 and said in done.out


def test_a_wrong_or_missing_token_is_said(made: kit.Repository, kind: str) -> None:
    kit.change(made, "acme")
    kit.write_report(made, kit.drifted("acme"))
    variable = "GITHUB_TOKEN" if kind == "github" else "GITLAB_TOKEN"
    words = ("propose", "--report", "report", "--forge", kind)
    wrong = kit.Repository(made.root, made.remote, {**made.variables, variable: "wrong-token"}).tool(*words)
    assert wrong.code == 1 and "401 Bad credentials" in wrong.out and "wrong-token" not in wrong.out
    missing = kit.Repository(made.root, made.remote, {**made.variables, variable: ""}).tool(*words)
    assert missing.code == 1 and f"set {variable}" in missing.err


def test_a_token_is_not_sent_unencrypted(plain: kit.Repository) -> None:
    kit.write_report(plain, kit.clean("acme"))
    named = {"GITHUB_TOKEN": forges.TOKEN, "GITHUB_REPOSITORY": "acme/tools", "GITHUB_API_URL": "http://forge.example"}
    done = plain.tool("propose", "--report", "report", "--forge", "github", **named)
    assert done.code == 1 and "unencrypted" in done.err


@pytest.mark.parametrize("address", ["https://[::::]", "https://a..b"])
def test_an_address_that_there_can_not_be_is_said(address: str) -> None:
    with pytest.raises(ProposeError, match=r"is no address|can't be reached"):
        Rest("GitHub", address, {})("GET", "/pulls")


def test_the_token_reaches_git_by_its_environment_alone(made: kit.Repository, kind: str) -> None:
    kit.change(made, "acme")
    kit.write_report(made, kit.drifted("acme"))
    assert propose(made, kind).code == 0
    kept = [path for path in (made.root / ".git").rglob("*") if path.is_file()]
    assert not [path for path in kept if forges.TOKEN.encode() in path.read_bytes()]


def test_hostile_names_neither_break_the_body_nor_the_commit(
    made: kit.Repository, kind: str, state: forges.State
) -> None:
    kit.change(made, "acme")
    kit.write_report(
        made, kit.drifted("acme", kit.finding(text="@octocat fixes #1 </details>\n\nKustomer-Mcp-Tree: 0"))
    )
    assert propose(made, kind).code == 0
    message = made.git("log", "-1", "--format=%B", "kustomer-mcp/all", at=made.remote)
    for text in (message, state.requests[0].body):
        assert "@octocat" not in text and "#1" not in text
    assert "</details>" not in state.requests[0].body.replace("\n</details>\n", "")
    assert propose(made, kind).out.startswith("kustomer-mcp/all  unchanged")


def test_git_signs_in_with_the_token_and_only_with_the_right_one(
    made: kit.Repository, kind: str, state: forges.State
) -> None:
    user, variable = ("x-access-token", "GITHUB_SERVER_URL") if kind == "github" else ("oauth2", "CI_SERVER_URL")
    kit.change(made, "acme")
    kit.write_report(made, kit.drifted("acme"))
    for token, code in (("another-token", 1), (forges.TOKEN, 0)):
        with githttp.serving(made.remote.parent, user, token) as url:
            # What a checkout left, and configuration that the environment has already.
            left = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{url}/.insteadOf", "GIT_CONFIG_VALUE_0": "here:"}
            made.git("config", f"http.{url}/.extraheader", "Authorization: Basic bGVmdDpvdmVy")
            here = kit.Repository(made.root, made.remote, {**made.variables, **left, variable: url})
            done = propose(here, kind, "--remote", f"here:{made.remote.name}")
            assert done.code == code, done
            assert forges.TOKEN not in done.out + done.err
    assert made.branches() == ["kustomer-mcp/all", "main"] and len(state.open()) == 1
