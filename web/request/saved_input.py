"""What somebody typed and could not send: kept for them alone, and shown again on the page where they typed it."""

from __future__ import annotations

from register.people.saved_forms import forget_form, kept_form
from web.request.visit import Visit


async def typed(visit: Visit, page: str = "") -> list[tuple[str, str]]:
    """What is kept of whoever asks for a page: names and values in the form's order, empty when nothing is.

    Arguments:
        visit: who asks; a stranger has nothing kept.
        page: the address that the form is sent to, without a query; this very page's when left out.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    if visit.session is None:
        return []
    return await kept_form(visit.site.register, visit.account.id, _page(visit, page), now=visit.now)


async def taken(visit: Visit, page: str = "") -> None:
    """What was typed was taken, or given up: nothing of it is kept any more.

    Raises:
        RegisterUnavailable: no answer in time.
    """
    await forget_form(visit.site.register, visit.account.id, _page(visit, page))


def _page(visit: Visit, page: str) -> str:
    return page or visit.request.url.path
