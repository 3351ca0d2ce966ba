"""Owns driving headless Chromium (Debian's packages) over pages. Must not hold an expectation.

Nothing is downloaded: browser and driver are the installed ones. Without them tests are skipped, and fail where CI=true.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.selenium import Axe
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}

_COLOURS = {"runOnly": ["color-contrast"]}


def needs_chromium() -> tuple[str, str]:
    """Where browser and driver are."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if found[0] is None or found[1] is None:
        reason = "needs Chromium: apt-get install chromium chromium-driver"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return found[0], found[1]  # type: ignore[return-value]


@contextmanager
def chromium(folder: Path, *, scripts: bool = True, size: tuple[int, int] = (1200, 900)) -> Iterator[Browser]:
    """A fresh browser."""
    browser, driver = needs_chromium()
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield Browser(chrome)
    finally:
        chrome.quit()


def _is_gone(element: Any) -> bool:
    """Whether the page that had an element is gone; one that is just going says so in words of its own."""
    try:
        element.is_enabled()
    except WebDriverException:
        return True
    return False


class Browser:
    """A browser, in the words of the tests."""

    def __init__(self, chrome: Any) -> None:
        self.chrome = chrome
        self._mode = "light"

    def open(self, url: str) -> None:
        self.chrome.get(url)

    def forget(self) -> None:
        """Be nobody again: no cookies, and what the console said is read."""
        self.chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.complaints()

    def sign_in(self, url: str, token: str) -> None:
        self.open(f"{url}/admin")
        self.fill("token", token)
        self.press("Sign in")

    def fill(self, id: str, text: str) -> None:
        field = self.chrome.find_element(By.ID, id)
        field.clear()
        field.send_keys(text)

    def tick(self, id: str) -> None:
        """As with the keyboard: what has the focus must be in sight."""
        self.chrome.find_element(By.ID, id).send_keys(" ")

    def press(self, text: str) -> None:
        """Press a button that leads to another page."""
        self._go(self.chrome.find_element(By.XPATH, f"//button[normalize-space()='{text}']"))

    def follow(self, text: str) -> None:
        self._go(self.chrome.find_element(By.PARTIAL_LINK_TEXT, text))

    def _go(self, element: Any) -> None:
        """Click, and wait until the old page is gone: without scripts the driver does not wait by itself."""
        page = self.chrome.find_element(By.TAG_NAME, "html")
        element.click()
        WebDriverWait(self.chrome, 10, 0.02).until(lambda _: _is_gone(page))

    def copy(self) -> str:
        """Press the button that copies; what the page says then."""
        self.chrome.find_element(By.CSS_SELECTOR, "button[data-copies]").click()
        return str(WebDriverWait(self.chrome, 10, 0.02).until(lambda _: self.text("#copied")))

    def text(self, css: str) -> str:
        return str(self.chrome.find_element(By.CSS_SELECTOR, css).text)

    def all(self, css: str) -> list[Any]:
        return list(self.chrome.find_elements(By.CSS_SELECTOR, css))

    def value(self, id: str) -> str:
        return str(self.chrome.find_element(By.ID, id).get_attribute("value"))

    def counted(self) -> str:
        """What the page tells assistive technology that is left: the text that the stylesheet counted."""
        root = self.chrome.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
        node = self.chrome.execute_cdp_cmd("DOM.querySelector", {"nodeId": root, "selector": "#count"})["nodeId"]
        tree = self.chrome.execute_cdp_cmd("Accessibility.queryAXTree", {"nodeId": node, "role": "StaticText"})["nodes"]
        return "".join(str(one["name"]["value"]) for one in tree if not one["ignored"])

    def complaints(self) -> list[str]:
        """What the console says, such as a violation of the content security policy."""
        return [str(row["message"]) for row in self.chrome.get_log("browser")]

    def violations(self) -> list[str]:
        """What axe finds, as rule and place; in the dark, where only the colours differ, it looks at those alone."""
        found = Axe().run(self.chrome, options=_COLOURS if self._mode == "dark" else _RULES)["violations"]
        return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]

    def look(self, mode: str, size: tuple[int, int]) -> None:
        """Be a screen of this size whose user prefers `light` or `dark`."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self._mode = mode
        features = [{"name": "prefers-color-scheme", "value": mode}]
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def sideways(self) -> list[str]:
        """Whether the page scrolls sideways."""
        width, screen = self.chrome.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        return [f"scrolls sideways: {width} > {screen}"] if width > screen else []

    def faults(self) -> list[str]:
        """What is wrong with the page as it stands: axe's violations, and whether it scrolls sideways."""
        return [*self.violations(), *self.sideways()]
