"""The page in headless Chromium: the whole way with and without scripts, what is counted as one ticks, and that nothing complains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from admin_kit import TOKEN, Served, whole
from browser_kit import Browser, chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture
def signed_in(browser: Browser, served: Served) -> Browser:
    browser.forget()
    browser.sign_in(served.url, TOKEN)
    return browser


def _left(*methods: str, tags: tuple[str, ...] = (), tools: tuple[str, ...] = ()) -> str:
    """What must be counted, worked out from the package."""
    tools_left = [
        tool
        for tool in whole().tools
        if (not methods or set(methods) & set(tool.methods))
        and (not tags or set(tags) & set(tool.tags))
        and (not tools or tool.name in tools)
    ]
    return f"{len(tools_left)} tools, about {sum(tool.tokens for tool in tools_left)} tokens"


def _boxes(browser: Browser) -> dict[str, str]:
    return {box.get_attribute("value"): box.get_attribute("id") for box in browser.all("input[type=checkbox]")}


async def test_a_server_is_made_with_the_keyboard_and_its_url_opens_it(served: Served, signed_in: Browser) -> None:
    page = signed_in
    page.follow("New server")
    boxes = _boxes(page)
    page.fill("name", "Support Ops AI Agent")
    page.tick(boxes["read"])
    page.tick(boxes["conversations"])
    counted = page.counted()
    page.press("Create server")
    url = page.value("secret")
    assert "kmg_" not in page.chrome.current_url
    assert "kmg_" not in str(page.chrome.get_cookies())
    grant = await served.grants.holder(url.rpartition("/")[2])
    assert (grant.name, grant.narrowing.methods, grant.narrowing.tags) == (
        "Support Ops AI Agent",
        ("read",),
        ("conversations",),
    )
    assert page.copy() == "Copied."
    page.follow("Done")
    assert page.text(".facts").replace(",", "") == counted.replace(",", "").replace(
        " tools", f" of {len(whole().tools)} tools", 1
    )
    assert page.complaints() == []


def test_tools_and_tokens_are_counted_as_one_ticks(served: Served, signed_in: Browser) -> None:
    page = signed_in
    page.follow("New server")
    boxes = _boxes(page)
    assert page.counted() == _left()
    page.tick(boxes["write"])
    assert page.counted() == _left("write")
    page.tick(boxes["customers"])
    assert page.counted() == _left("write", tags=("customers",))
    page.tick(boxes["notes"])
    assert page.counted() == _left("write", tags=("customers", "notes"))
    page.tick(boxes["list"])
    assert page.counted() == _left("write", "list", tags=("customers", "notes"))
    name = "create_a_kustomer_customer"
    page.tick(boxes[name])
    assert page.counted() == _left("write", "list", tags=("customers", "notes"), tools=(name,))
    page.tick(boxes[name])
    for word in ("write", "list", "customers", "notes"):
        page.tick(boxes[word])
    assert page.counted() == _left()
    page.tick("exposure-discovery")
    assert page.counted().endswith("tools, found by searching")


def test_everything_but_copying_works_without_scripts(tmp_path: Path, served: Served) -> None:
    with chromium(tmp_path, scripts=False) as page:
        page.sign_in(served.url, TOKEN)
        page.follow("New server")
        boxes = _boxes(page)
        page.fill("name", "No scripts")
        page.tick(boxes["read"])
        assert page.counted() == _left("read")
        page.press("Create server")
        assert re.fullmatch(rf"{served.url}/mcp/kmg_[\w-]{{43}}", page.value("secret"))
        assert not page.all("button[data-copies]:not([hidden])")
        page.follow("Done")
        page.follow("New URL")
        page.press("Make a new URL")
        assert "kmg_" in page.value("secret")
        page.follow("Done")
        page.follow("Revoke")
        page.press("Revoke")
        assert page.text(".empty") == "No server yet."
        page.press("Sign out")
        assert page.chrome.current_url == f"{served.url}/admin/sign-in"
        assert page.complaints() == []


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_page_has_an_accessibility_violation_or_scrolls_sideways_on_a_phone(
    served: Served, browser: Browser, mode: str
) -> None:
    page = browser
    page.forget()
    page.look(mode, (320, 800))
    page.open(f"{served.url}/admin")
    seen = {"sign in": page.faults()}
    page.fill("token", "wrong")
    page.press("Sign in")
    seen["wrong token"] = page.faults()
    page.sign_in(served.url, TOKEN)
    seen["empty"] = page.faults()
    page.open(f"{served.url}/admin/servers/new")
    page.chrome.find_element("css selector", "summary").send_keys(" ")
    seen["new server"] = page.faults()
    boxes = _boxes(page)
    page.fill("name", "W" * 100)
    page.fill("calls_per_minute", "many")
    page.tick(boxes["delete"])
    page.tick(boxes["search"])
    page.press("Create server")
    seen["problems"] = page.faults()
    page.fill("calls_per_minute", "60")
    page.tick(boxes["delete"])
    page.press("Create server")
    seen["made"] = page.faults()
    page.open(f"{served.url}/admin/api-tokens/new")
    seen["new token"] = page.faults()
    page.fill("name", "<script>alert(1)</script>")
    page.press("Create API token")
    seen["token made"] = page.faults()
    page.follow("Done")
    seen["full"] = page.faults()
    page.follow("Revoke")
    seen["revoke"] = page.faults()
    page.open(f"{served.url}/admin/nowhere")
    seen["nowhere"] = page.faults()
    assert {name: faults for name, faults in seen.items() if faults} == {}


def test_a_violation_would_be_found(browser: Browser) -> None:
    """The test above is worth something only if it can fail."""
    browser.look("light", (320, 800))
    browser.open("data:text/html,<p style='width:2000px;color:%23ccc;background:white'>pale</p><img src=x>")
    assert any(fault.startswith("image-alt") for fault in browser.faults())
    assert any(fault.startswith("scrolls sideways") for fault in browser.faults())


def test_a_script_in_a_page_would_not_run_and_be_told(served: Served, signed_in: Browser) -> None:
    page = signed_in
    page.chrome.execute_script(
        "const s = document.createElement('script'); s.textContent = 'document.title = \"ran\"'; document.body.append(s)"
    )
    assert page.chrome.title != "ran"
    assert any("Content Security Policy" in line for line in page.complaints())
