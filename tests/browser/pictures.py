"""Takes the pictures of docs/pictures: what a newcomer sees after `make run`. Run it by `make pictures`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from running.embedded.processes import free_ports

from .conftest import chromium_here

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"

SHOWN = (
    ("work-list", "/"),
    ("file", "/files/SAMPLE-0003"),
    ("deadlines", "/files/SAMPLE-0003/deadlines"),
    ("history", "/files/SAMPLE-0003/history"),
    ("letters-of-a-file", "/files/SAMPLE-0003/letters"),
    ("steps", "/files/SAMPLE-0001/record"),
    ("calendar", "/calendar"),
    ("statistics", "/statistics"),
    ("directory", "/directory"),
    ("help", "/help"),
)
"""Pictures by their names, and the pages they are of."""


@asynccontextmanager
async def everything(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """``starter.py up`` in a new folder while the block runs; what it says of itself."""
    named = zip(("temporal", "web", "smtp", "pages"), free_ports(4), strict=True)
    ports = [item for name, port in named for item in (f"--{name}-port", str(port))]
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("SCR_", "TEMPORAL_"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "starter.py", "up", "--json", *ports,
        cwd=ROOT, env={**settings, "SCR_DATA_DIR": str(folder)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = b""
        while not line.startswith(b"{"):
            line = await process.stdout.readline()
            if not line:
                raise SystemExit("Everything did not start: see above.")
        yield json.loads(line)
    finally:
        process.terminate()
        await process.wait()


async def take(folder: Path) -> None:
    """Takes them all into a folder."""
    unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pictures-") as data:
        async with everything(Path(data)) as said, async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=chromium_here(), args=unboxed)
            page = await chromium.new_page(base_url=said["pages"], viewport={"width": 1100, "height": 820})
            await page.goto(said["first_sign_in"])
            await page.locator("#password").fill("four words nobody joins")
            await page.get_by_role("button", name="Save and sign in").click()
            await page.wait_for_url(f"{said['pages']}/")
            for name, address in SHOWN:
                await page.goto(address)
                await page.screenshot(path=folder / f"{name}.png")
            await _a_step(page, folder)
            await _an_opening(page, folder)
            await chromium.close()


async def _a_step(page: Page, folder: Path) -> None:
    """A decision against the rules, and a note that is checked."""
    await page.goto("/files/SAMPLE-0001/record/decision")
    await page.get_by_label("no review").check()
    await page.locator('textarea[name="reasons"]').fill("We wait for the post-mortem.")
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_selector(".govuk-error-summary")
    await page.screenshot(path=folder / "refused.png")
    await page.goto("/files/SAMPLE-0001/record/note_added")
    for part, value in zip(("day", "month", "year"), (await _today(page)).split("-")[::-1], strict=True):
        await page.locator(f'[name="happened_on-{part}"]').fill(value)
    await page.locator('textarea[name="text"]').fill("The first call was returned.")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Record this update").wait_for()
    await page.screenshot(path=folder / "check.png")


async def _an_opening(page: Page, folder: Path) -> None:
    """The first question about a new incident."""
    await page.goto("/open")
    await page.get_by_role("button", name="Open a file for an incident").click()
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_selector("legend, label")
    await page.screenshot(path=folder / "question.png")


async def _today(page: Page) -> str:
    found: str = await page.evaluate(
        "() => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/London' }).format(new Date())"
    )
    return found


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    asyncio.run(take(PICTURES))
    print(f"{len(list(PICTURES.glob('*.png')))} pictures are in {PICTURES.relative_to(ROOT)}.")
