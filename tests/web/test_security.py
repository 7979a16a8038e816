"""What surrounds every request: headers, size, host, the log, and errors without anything of the inside."""

from __future__ import annotations

import gzip
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from register.engine import Register
from running.case_client import UnansweredError
from running.embedded.processes import free_port
from running.logs import set_up_logging
from running.settings import load_settings
from web.app import STATIC, make_app
from web.request.visit import Visit, allowed
from web.server import serving
from web.site import stamp

from .conftest import Board, Browsers

LARGEST = 1_500_000


@pytest.fixture
def app(board: Board) -> FastAPI:
    """The pages with a few more, for what goes wrong, and a small limit."""
    settings = board.site.settings.model_copy(update={"document_max_bytes": LARGEST - 1_000_000})
    app = make_app(replace(board.site, system=replace(board.parts, settings=settings)))

    async def fails(secret: str, visit: Visit = allowed("anyone")) -> Response:
        try:
            raise KeyError("the inner secret")
        except KeyError as error:
            raise ValueError(f"the child's name is {secret}") from error

    async def unanswered(visit: Visit = allowed("anyone")) -> Response:
        raise UnansweredError("")

    async def numbered(page: int, visit: Visit = allowed("anyone")) -> Response:
        return PlainTextResponse(f"{page}")

    async def takes(visit: Visit = allowed("anyone")) -> Response:
        return PlainTextResponse(str(len(visit.form)))

    async def breaks_off(visit: Visit = allowed("anyone")) -> Response:
        async def parts() -> AsyncIterator[str]:
            yield "the first part"
            raise ValueError("the child's name is Someone")

        return StreamingResponse(parts())

    app.get("/fails/{secret}")(fails)
    app.get("/breaks-off")(breaks_off)
    app.get("/unanswered")(unanswered)
    app.get("/numbered")(numbered)
    app.post("/takes")(takes)
    return app


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Every line that is logged, as JSON."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    set_up_logging(load_settings(log_level="info", log_format="json"), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(logged: io.StringIO) -> list[dict[str, object]]:
    return [line for line in map(json.loads, logged.getvalue().splitlines()) if line["logger"] == "pages"]


async def test_every_answer_has_the_headers(browser: Browsers) -> None:
    someone = await browser("coordinator")
    for path in ("/", "/no-such-page", "/help", "/healthz", "/static/board.css", "/static/none.css"):
        headers = (await someone.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'nonce-"), path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers and "strict-transport-security" not in headers


async def test_a_nonce_is_good_for_one_page(browser: Browsers) -> None:
    someone = await browser()
    seen = set()
    for _ in range(2):
        page = await someone.get("/help")
        [nonce] = re.findall(r"'nonce-([^']+)'", page.headers["content-security-policy"])
        assert (
            re.findall(r'nonce="([^"]*)"', page.text)
            == [nonce] * 2
            == re.findall(r"<script .*?nonce=\"(.*?)\"", page.text)
        )
        seen.add(nonce)
    assert len(seen) == 2


async def test_no_page_has_anything_inline_that_the_policy_forbids(browser: Browsers) -> None:
    page = (await (await browser("coordinator")).get("/")).text
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", page)


async def test_over_https_browsers_are_told_to_stay_there(board: Board, browser: Browsers) -> None:
    page = await (await browser()).get("https://board.test/help")
    assert page.headers["strict-transport-security"].startswith("max-age=31536000")


async def test_pages_are_not_kept_and_assets_are_as_long_as_they_are_the_same(browser: Browsers) -> None:
    someone = await browser()
    css = f"/static/board.css?{stamp(STATIC / 'board.css')}"
    assert (await someone.get("/help")).headers["cache-control"] == "no-store"
    assert (await someone.get(css)).headers["cache-control"] == "public, max-age=31536000, immutable"
    # A module's imports carry no stamp, and an old stamp may meet new content: both are asked for again.
    for path in ("/static/vendor/govuk-frontend.min.js", "/static/board.css?0123456789ab"):
        answer = await someone.get(path)
        assert answer.headers["cache-control"] == "no-cache"
        again = await someone.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304 and again.headers["cache-control"] == "no-cache"


async def test_only_our_own_names_are_answered_to(browser: Browsers) -> None:
    someone = await browser()
    for host in ("board.test", "board.test:8443", "127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert (await someone.get("/help", headers={"host": host})).status_code == 200, host
    for host in (
        "evil.example",
        "board.test.evil.example",
        "evilboard.test",
        "",
        "10.0.0.1",
        "board.test@evil.example",
        "[evil",
        "evil@board.test",
    ):
        page = await someone.get("/help", headers={"host": host})
        assert page.status_code == 400 and "Wrong address" in page.text, host
        assert "evil" not in page.text


async def test_a_name_that_cannot_be_read_is_no_error_of_ours(board: Board, browser: Browsers) -> None:
    settings = board.site.settings.model_copy(update={"public_url": ""})
    app = make_app(replace(board.site, system=replace(board.parts, settings=settings)))
    page = await (await browser(app=app)).get("/help", headers={"host": "[evil"})
    assert page.status_code == 400 and "evil" not in page.text


async def test_what_is_too_large_is_refused_with_what_to_do(app: FastAPI, browser: Browsers) -> None:
    someone = await browser(app=app)
    headers = {"content-type": "multipart/form-data; boundary=b"}
    page = await someone.post("/takes", content=b"x" * (LARGEST + 1), headers=headers)
    assert page.status_code == 413 and "What you send must be smaller than 1.5 MB" in page.text
    assert "<h1" in page.text and page.headers["cache-control"] == "no-store"


async def test_a_form_without_a_document_may_have_far_less_than_one_with(app: FastAPI, browser: Browsers) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    page = await (await browser(app=app)).post("/takes", content=b"&" * 500_001, headers=headers)
    assert page.status_code == 413 and "smaller than 0.5 MB" in page.text


async def test_what_is_too_large_and_does_not_say_so_is_refused_as_well(app: FastAPI, browser: Browsers) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
        while taken < LARGEST * 20:
            taken += 100_000
            yield b"x" * 100_000

    headers = {"content-type": "multipart/form-data; boundary=b"}
    page = await (await browser(app=app)).post("/takes", content=endless(), headers=headers)
    assert page.status_code == 413 and "What you send must be smaller than" in page.text


async def test_what_is_just_small_enough_is_taken(app: FastAPI, browser: Browsers) -> None:
    content = b"--b\r\n" + b'content-disposition: form-data; name="file"; filename="f"\r\n\r\n'
    end = b"\r\n--b--\r\n"
    content += b"x" * (LARGEST - len(content) - len(end)) + end
    headers = {"content-type": "multipart/form-data; boundary=b"}
    page = await (await browser(app=app)).post("/takes", content=content, headers=headers)
    assert (page.status_code, page.text) == (200, "1")


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/no-such-page", 404, "Page not found"),
        ("POST", "/help", 405, "This page cannot be used like this"),
        ("GET", "/numbered?page=%3Cscript%3Ealert(1)%3C/script%3E", 422, "This address has a mistake in it"),
        ("GET", "/fails/Someone", 500, "There is a problem with the service"),
        ("GET", "/unanswered", 503, "The system did not answer in time"),
        ("POST", "/takes", 400, "We could not read what you sent"),
    ],
)
async def test_an_error_is_a_page_that_shows_nothing_of_the_inside(
    app: FastAPI, browser: Browsers, method: str, path: str, status: int, title: str
) -> None:
    headers = {"content-type": "multipart/form-data"} if path == "/takes" else {}
    page = await (await browser(app=app)).request(method, path, headers=headers)
    assert page.status_code == status and page.headers["content-type"].startswith("text/html")
    assert f'<h1 class="govuk-heading-l">{title}</h1>' in page.text
    for inside in ("Traceback", "Error", "Someone", "secret", "alert(1)", ".py", "input"):
        assert inside not in page.text, inside
    assert "default-src" in page.headers["content-security-policy"]


async def test_the_register_away_is_a_page(board: Board, browser: Browsers) -> None:
    site = replace(board.site, system=replace(board.parts, register=Register("sqlite:////no/such/folder/r.sqlite")))
    someone = await browser(app=make_app(site))
    someone.cookies.set("session", "x")
    page = await someone.get("/")
    assert (
        page.status_code == 503 and "We cannot save changes at the moment" in page.text and "/no/such" not in page.text
    )


async def test_a_request_is_one_line_without_anything_personal(
    app: FastAPI, browser: Browsers, logged: io.StringIO
) -> None:
    someone = await browser("coordinator", app=app)
    await someone.get("/numbered?page=4&name=Someone")
    await someone.get("/welcome-nobody/SECRET?then=SECRET")
    await someone.get("/static/board.css")
    await someone.get("/healthz")
    await someone.get("/readyz")
    first, second = lines(logged)
    assert (first["method"], first["route"], first["status"]) == ("GET", "/numbered", 200)
    assert isinstance(first["ms"], int) and first["event"] == "request"
    assert second["status"] == 404 and second["route"] == "none"
    assert "Someone" not in logged.getvalue() and "SECRET" not in logged.getvalue()
    assert someone.account.email not in logged.getvalue() and someone.account.name not in logged.getvalue()


async def test_a_mistake_of_ours_is_found_in_the_log_by_the_number_on_the_page(
    app: FastAPI, browser: Browsers, logged: io.StringIO
) -> None:
    page = await (await browser(app=app)).get("/fails/Someone")
    [number] = re.findall(r"this number: (\w+)\.", page.text)
    failed, request = lines(logged)
    assert failed["request"] == request["request"] == number and request["status"] == 500
    assert failed["level"] == "error" and failed["route"] == "/fails/{secret}"
    assert "ValueError at" in str(failed["error"]) and "test_security.py" in str(failed["error"])
    assert "KeyError" in str(failed["error"])
    assert "Someone" not in logged.getvalue() and "secret" not in logged.getvalue().replace("{secret}", "")


async def test_an_answer_that_breaks_off_is_cut_and_nothing_of_it_is_logged(app: FastAPI, logged: io.StringIO) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with serving(app, load_settings(pages_address=address)), httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://{address}/breaks-off")
    assert "ValueError at" in logged.getvalue() and "Someone" not in logged.getvalue()


async def test_the_first_load_is_under_300_kb(browser: Browsers) -> None:
    someone = await browser("coordinator")
    page = await someone.get("/")
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    imports = [
        f"/static/{path}"
        for script in STATIC.glob("*.js")
        for path in re.findall(r'from "\./([^"]+)"', script.read_text(encoding="utf-8"))
    ]
    assert len(addresses) >= 4 and imports
    contents = [page.content, *[(await someone.get(path)).content for path in dict.fromkeys((*addresses, *imports))]]
    assert sum(map(len, contents)) < 300_000, "as it is"
    assert sum(len(gzip.compress(content)) for content in contents) < 60_000, "as it is sent"


def test_nothing_that_a_page_loads_is_anybody_elses() -> None:
    for path in (*STATIC.rglob("*.css"), *STATIC.rglob("*.svg"), *(Path(STATIC.parent) / "templates").rglob("*.html")):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(src|action)=[\"']?(https?:)?//|url\([\"']?(https?:)?//|@import", text), path
