"""Lists, pages, links, look-ups: what any reader of the API meets."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

LISTS = (
    "/v1/customers",
    "/v1/conversations",
    "/v1/messages",
    "/v1/notes",
    "/v1/companies",
    "/v1/klasses",
    "/v1/klasses/order",
    "/v1/users",
    "/v1/teams",
    "/v1/tags",
    "/v1/brands",
    "/v1/slas",
    "/v1/snoozes",
    "/v1/sub-statuses",
)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_data_meta_and_relative_links(path: str, reader: httpx.Client) -> None:
    body = reader.get(path).json()
    assert set(body) == {"data", "meta", "links"}
    assert {"page", "pageSize", "total"} <= set(body["meta"])
    assert set(body["links"]) == {"self", "first", "prev", "next"} | ({"last"} if path == "/v1/customers" else set())
    assert body["data"]
    for item in body["data"]:
        assert set(item) == {"type", "id", "attributes", "relationships", "links"}
        assert item["links"]["self"].endswith(item["id"])
        assert item["relationships"]["org"]["data"]["type"] == "org"


@pytest.mark.parametrize("size", [1, 7, 32, 100])
def test_following_next_visits_every_conversation_once(size: int, reader: httpx.Client) -> None:
    seen: list[str] = []
    path: str | None = f"/v1/conversations?pageSize={size}"
    while path is not None:
        assert path.startswith("/v1/conversations?")
        body = reader.get(path).json()
        seen.extend(item["id"] for item in body["data"])
        path = body["links"]["next"]
    assert len(seen) == len(set(seen)) == body["meta"]["total"] == 64


def test_a_page_after_the_last_is_empty_and_has_no_next(reader: httpx.Client) -> None:
    body = reader.get("/v1/conversations?page=99").json()
    assert (body["data"], body["links"]["next"]) == ([], None)
    assert "page=98" in body["links"]["prev"]


PAGES = {
    "page=0": ("page", 400),
    "page=-1": ("page", 400),
    "page=two": ("page", 400),
    "pageSize=0": ("pageSize", 400),
    "pageSize=101": ("pageSize", 400),
    "pageSize=100": (None, 200),
    "page=%C2%B2": ("page", 400),
}


@pytest.mark.parametrize("query", PAGES)
def test_a_page_out_of_bounds_is_refused_by_name(query: str, reader: httpx.Client) -> None:
    parameter, status = PAGES[query]
    answer = reader.get(f"/v1/customers?{query}")
    assert answer.status_code == status
    if parameter:
        assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


def test_users_and_teams_allow_pages_of_500(reader: httpx.Client) -> None:
    assert reader.get("/v1/users?pageSize=500").status_code == 200
    assert reader.get("/v1/users?pageSize=501").status_code == 400


LOOK_UPS = {
    "email=alex.smith@acmecorp.com": "Alex Smith",
    "email=alex.smith%40acmecorp.com": "Alex Smith",
    "email=ALEX.SMITH@ACMECORP.COM": "Alex Smith",
    "email=liam.oconnor%2Bshop%40mail.example": "Liam O'Connor",
    "phone=%2B14155552671": "Priya Natarajan",
    "phone=14155552671": "Priya Natarajan",
    "externalId=USR-555": "Priya Natarajan",
    "externalId=USR%2F110": "Noah Kim",
}


@pytest.mark.parametrize("wanted", LOOK_UPS)
def test_a_customer_is_found_by(wanted: str, reader: httpx.Client) -> None:
    assert reader.get(f"/v1/customers/{wanted}").json()["data"]["attributes"]["name"] == LOOK_UPS[wanted]


@pytest.mark.parametrize("wanted", ["email=no@body.example", "phone=999", "phone=x", "externalId=USR%2F555"])
def test_a_look_up_without_a_hit_is_404_naming_the_parameter(wanted: str, reader: httpx.Client) -> None:
    answer = reader.get(f"/v1/customers/{wanted}")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["source"] == {"parameter": wanted.partition("=")[0]}


def test_the_story_of_the_late_order_hangs_together(reader: httpx.Client) -> None:
    alex = reader.get("/v1/customers/email=alex.smith@acmecorp.com").json()["data"]
    conversations = reader.get(f"/v1/customers/{alex['id']}/conversations").json()["data"]
    opened = [c for c in conversations if c["attributes"]["status"] == "open"]
    assert len(opened) == 1
    base = f"/v1/conversations/{opened[0]['id']}"
    messages = reader.get(f"{base}/messages").json()["data"]
    notes = reader.get(f"{base}/notes").json()["data"]
    order = reader.get("/v1/klasses/order/externalId=ORD-10042").json()["data"]
    shipments = reader.get(f"/v1/customers/{alex['id']}/klasses/shipment").json()["data"]
    assert any("ORD-10042" in m["attributes"]["preview"] for m in messages)
    assert (len(messages), len(notes)) == (3, 2)
    assert {"messageCount": 3, "noteCount": 2}.items() <= opened[0]["attributes"].items()
    assert opened[0]["attributes"]["custom"]["relatedOrderId"] == order["id"]
    assert order["relationships"]["customer"]["data"]["id"] == alex["id"]
    assert order["id"] in [s["attributes"]["custom"]["orderId"] for s in shipments]
    assert opened[0]["attributes"]["sla"]["metrics"]["nextReply"]["breachAt"]
    assert alex["attributes"]["conversationCounts"] == {"all": 3, "snoozed": 0, "open": 1, "done": 2}


def test_several_conversations_come_by_comma_separated_ids(reader: httpx.Client) -> None:
    ids = [c["id"] for c in reader.get("/v1/conversations?pageSize=3").json()["data"]]
    body = reader.get("/v1/conversations/" + ",".join(ids)).json()
    assert [c["id"] for c in body["data"]] == ids


def test_messages_bring_their_attachments_when_asked(reader: httpx.Client) -> None:
    conversation = reader.get("/v1/conversations/externalId=CONV-9001").json()["data"]["id"]
    plain = reader.get(f"/v1/conversations/{conversation}/messages").json()
    full = reader.get(f"/v1/conversations/{conversation}/messages?include=attachments").json()
    assert "included" not in plain
    assert [a["attributes"]["name"] for a in full["included"]] == ["tracking.png"]
    assert len(reader.get(f"/v1/conversations/{conversation}/attachments").json()["data"]) == 1


CHILDREN = {"times": 2, "forwards": 1, "attachments": 1}


@pytest.mark.parametrize("child", CHILDREN)
def test_a_conversation_has(child: str, reader: httpx.Client) -> None:
    conversation = reader.get("/v1/conversations/externalId=CONV-9001").json()["data"]["id"]
    assert reader.get(f"/v1/conversations/{conversation}/{child}").json()["meta"]["total"] == CHILDREN[child]


def test_an_sla_shows_versions_only_when_asked(reader: httpx.Client) -> None:
    id = reader.get("/v1/slas").json()["data"][0]["id"]
    assert "included" not in reader.get(f"/v1/slas/{id}").json()
    active = reader.get(f"/v1/slas/{id}?versions=active").json()["included"]
    assert active["attributes"]["version"] == 2
    assert active["attributes"]["metrics"]["firstResponse"]["times"]["5"] == 3600000
    assert len(reader.get(f"/v1/slas/{id}?versions=all").json()["included"]) == 2
    assert len(reader.get("/v1/slas?versions=all").json()["included"]) == 2
    assert reader.get(f"/v1/slas/{id}?versions=some").status_code == 400


def test_a_key_can_know_itself_its_org_and_its_user(reader: httpx.Client) -> None:
    token = reader.get("/v1/auth/tokens/current").json()["data"]
    org = reader.get("/v1/orgs/current").json()["data"]
    user = reader.get("/v1/users/current").json()["data"]
    assert token["attributes"]["roles"] == ["org.permission", "org.user"]
    assert token["attributes"]["lastTokenChars"] == "acme"
    assert token["relationships"]["org"]["data"]["id"] == org["id"]
    assert token["relationships"]["user"]["data"]["id"] == user["id"]


def test_outbound_accounts_tell_channel_name_and_account(reader: httpx.Client) -> None:
    body = reader.get("/v1/outboundAccounts").json()
    assert set(body) == {"meta", "data", "links"}
    assert {"channel": "email", "name": "postmark", "account": "help@acme.example"} in [
        row["attributes"] for row in body["data"]
    ]


@pytest.mark.parametrize("tail", ["%2e%2e", "%2e", "%2E%2E%2Fmessages", quote("a/b", safe="")])
def test_no_trick_with_a_path_reaches_another_resource(tail: str, reader: httpx.Client) -> None:
    request = reader.build_request("GET", "/v1/customers/x")
    request.url = request.url.copy_with(raw_path=f"/v1/customers/{tail}".encode())
    assert reader.send(request).status_code == 404


PATHS = {
    ("GET", "/v1/nowhere"): 404,
    ("GET", "/"): 404,
    ("GET", "/v1/customers/"): 404,
    ("POST", "/v1/outboundAccounts"): 405,
    ("PATCH", "/v1/companies/649709e72c092eb83780057e"): 405,
    ("GET", "/v1/customers/649709e72c092eb83780057e"): 404,
}


@pytest.mark.parametrize("case", PATHS)
def test_an_unknown_path_or_method_is_refused(case: tuple[str, str], reader: httpx.Client) -> None:
    answer = reader.request(*case)
    assert answer.status_code == PATHS[case]
    assert answer.json()["errors"][0]["status"] == PATHS[case]
