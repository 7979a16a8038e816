"""The register is away in the middle of a form: what was typed is handed back, with a button to send it again."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from web.forms.values import typed_in
from web.request.visit import nonce

FORMS = ("/files/", "/open/")
"""Forms begin so that can be handed back: nobody types a password there."""


async def register_away(request: Request, error: Exception) -> Response:
    """Says that the register does not answer, and keeps what was typed on the page itself."""
    # The values alone are here, and their token among them: the pages cannot ask now whose they are.
    kept = request.method == "POST" and request.url.path.startswith(FORMS)
    values = typed_in(await request.form()).items if kept else ()
    template = request.app.state.templates.get_template("forms/register_away.html")
    address = request.url.path
    text = template.render(
        visit=None, nonce=nonce(request), title="We cannot save changes at the moment", values=values, address=address
    )
    return HTMLResponse(text, status_code=503)
