"""A real Chromium for the tests, driven by Playwright, which watches what a page does while a person uses it.

Playwright's asynchronous interface on the event loop of the session: its other one would break every asyncio test
after it (microsoft/playwright-pytest#167).
"""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.support.people import PASSWORD

_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  tglFault(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}


def chromium_path() -> str:
    """Debian's Chromium; a test without it is skipped, but not where the project checks itself."""
    found = shutil.which("chromium")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI needs Chromium: apt-get install chromium")
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return found


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=list(_FLAGS))
        yield browser
        await browser.close()


class Window:
    """A window of a browser with cookies of its own; `faults` has what no page may do."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context, self.page, self.url = context, page, url
        self.faults: list[str] = []

    async def watch(self) -> None:
        await self.context.expose_function("tglFault", self._note)
        await self.context.add_init_script(_WATCH)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("request", self._check_host)

    def _note(self, fault: str) -> None:
        self.faults.append(fault)

    def _check_host(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "about:")):
            self.faults.append(f"another host: {request.url}")

    async def open(self, path: str) -> int:
        """Go to a page; its status."""
        answer = await self.page.goto(self.url + path)
        return answer.status if answer else 0

    async def sign_in(self, email: str, password: str = PASSWORD) -> None:
        await self.open("/sign-in")
        await self.page.get_by_label("E-mail address").fill(email)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url(lambda url: "sign-in" not in url)

    async def press(self, *keys: str) -> None:
        """Press one key after the other, once the page and its script are there to hear them."""
        await self.page.wait_for_load_state("load")
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, label: str, text: str) -> None:
        """Type into the field that has the focus, or comes to have it: autofocus acts after the page has loaded."""
        await expect(self.page.get_by_label(label, exact=True)).to_be_focused()
        await self.page.keyboard.type(text)

    async def accessibility_faults(self) -> list[str]:
        """What axe-core finds wrong, by the debugger's way in, which the page's policy does not govern."""
        await self.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
        found = await self.page.evaluate("axe.run()")
        return [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found["violations"]]

    async def faults_of(self, paths: Sequence[str], *, status: int = 200) -> list[str]:
        """What is wrong with pages: their status, what axe-core finds, and how much wider than the window they are."""
        found = []
        for path in paths:
            seen = await self.open(path), await self.accessibility_faults(), await self.overflow()
            found += [f"{path}: {seen}"] if seen != (status, [], 0) else []
        return found

    async def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(await self.page.evaluate(width))


@asynccontextmanager
async def open_window(browser: Browser, url: str, **settings: Any) -> AsyncIterator[Window]:
    """A window; at its end there may be no fault of its pages."""
    context = await browser.new_context(**{"viewport": DESK, **settings})
    window = Window(context, await context.new_page(), url)
    await window.watch()
    yield window
    await context.close()
    assert window.faults == []
