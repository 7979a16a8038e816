"""Changes of the directory by administrators: each from the revision it was made from, so that none is lost."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from models.directory import ROLES, Directory
from register.directory import (
    Change,
    DirectoryMoved,
    directory_changes,
    load_directory_to_change,
    replace_directory,
)
from register.people.saved_forms import forget_form, kept_form
from web.directory.forms import (
    PARTS,
    Part,
    Typed,
    board_named,
    errors,
    key_of,
    new_faults,
    read,
    role_words,
    row_by,
    typed_of,
    with_row,
)
from web.directory.words import told
from web.request.filters import choices
from web.request.visit import NotFound, Visit, allowed

router = APIRouter()


@router.get("/directory/board")
async def board_form(visit: Visit = allowed("change the directory")) -> Response:
    """The form for the board's name; with it, a directory begins."""
    found, revision = await load_directory_to_change(visit.site.register)
    kept = await _kept(visit)
    return _board_page(visit, kept.get("board", found.board if found else ""), _revision(kept, revision))


@router.post("/directory/board")
async def name_board(visit: Visit = allowed("change the directory")) -> Response:
    """Changes the board's name."""
    found, revision = await load_directory_to_change(visit.site.register)
    name = visit.text("board")
    wanted, wrong = board_named(found, name)
    if wanted is None:
        return _board_page(visit, name, revision, wrong=wrong)
    try:
        await _store(visit, wanted)
    except DirectoryMoved as moved:
        return _board_page(visit, name, revision, meanwhile=moved.changes)
    return visit.redirect("/directory?saved=1")


@router.get("/directory/{part}/add")
async def add_form(part: str, visit: Visit = allowed("change the directory")) -> Response:
    """The form for a new row; the address may name what is known of it."""
    of, found, revision = await _to_change(visit, part)
    given, kept = visit.request.query_params, await _kept(visit)
    typed = {name: given[name] for name in of.fields if name in given} | kept
    return _form(visit, of, found, _revision(kept, revision), typed)


@router.post("/directory/{part}/add")
async def add(part: str, visit: Visit = allowed("change the directory")) -> Response:
    """Adds a row."""
    of, found, revision = await _to_change(visit, part)
    return await _save(visit, of, found, revision, None)


@router.get("/directory/{part}/{key}/change")
async def change_form(part: str, key: str, visit: Visit = allowed("change the directory")) -> Response:
    """The form to change a row."""
    of, found, revision = await _to_change(visit, part)
    row = row_by(found, of, key)
    if row is None:
        raise NotFound("This entry has changed or been removed. Look at the directory.")
    kept = await _kept(visit)
    return _form(visit, of, found, _revision(kept, revision), kept or typed_of(row), row)


@router.post("/directory/{part}/{key}/change")
async def change(part: str, key: str, visit: Visit = allowed("change the directory")) -> Response:
    """Changes a row."""
    of, found, revision = await _to_change(visit, part)
    row = row_by(found, of, key)
    if row is None:
        return await _gone(visit, of, found, revision)
    return await _save(visit, of, found, revision, row)


@router.post("/directory/{part}/{key}/remove")
async def remove(part: str, key: str, visit: Visit = allowed("change the directory")) -> Response:
    """Removes a row that should never have been there; history keeps it."""
    of, found, revision = await _to_change(visit, part)
    row = row_by(found, of, key)
    if row is None:
        return visit.redirect("/directory")
    wanted = with_row(found, of, row, None)
    if wrong := new_faults(found, wanted, removed=True):
        return _form(visit, of, found, revision, typed_of(row), row, wrong=wrong)
    try:
        await _store(visit, wanted)
    except DirectoryMoved as moved:
        return _form(visit, of, found, revision, typed_of(row), row, meanwhile=moved.changes)
    return visit.redirect("/directory?saved=1")


async def _save(visit: Visit, part: Part, found: Directory, revision: int, known: BaseModel | None) -> Response:
    typed = _typed(visit, part)
    row, wrong = read(part, typed, found, known)
    if row is not None:
        wanted = with_row(found, part, known, row)
        wrong = new_faults(found, wanted)
        if not wrong:
            try:
                await _store(visit, wanted)
            except DirectoryMoved as moved:
                return _form(visit, part, found, revision, typed, known, meanwhile=moved.changes)
            return visit.redirect("/directory?saved=1")
    return _form(visit, part, found, revision, typed, known, wrong=wrong)


async def _gone(visit: Visit, part: Part, found: Directory, revision: int) -> Response:
    """Somebody changed the very row, or removed it: what was typed is kept, and would be added anew."""
    seen = _seen(visit)
    meanwhile = [change for change in await directory_changes(visit.site.register) if change.revision > seen]
    return _form(visit, part, found, revision, _typed(visit, part), None, meanwhile=meanwhile, gone=True)


async def _to_change(visit: Visit, name: str) -> tuple[Part, Directory, int]:
    found, revision = await load_directory_to_change(visit.site.register)
    if name not in PARTS or found is None:
        raise NotFound("There is no such part of the directory.")
    return PARTS[name], found, revision


async def _kept(visit: Visit) -> Typed:
    """What was typed on this page when the session had ended."""
    kept = await kept_form(visit.site.register, visit.account.id, visit.request.url.path, now=visit.now)
    return dict(kept)


def _revision(kept: Typed, revision: int) -> int:
    """The revision a form was made from: what was typed and kept was made from an earlier one, perhaps."""
    given = kept.get("revision", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else revision


async def _store(visit: Visit, wanted: Directory) -> None:
    register = visit.site.register
    await replace_directory(register, wanted, changed_by=visit.account.name, at=visit.now, seen=_seen(visit))
    await forget_form(register, visit.account.id, visit.request.url.path)


def _seen(visit: Visit) -> int:
    """The revision that the form was made from; a form that does not say it has seen nothing."""
    return _revision({"revision": visit.text("revision")}, 0)


def _typed(visit: Visit, part: Part) -> Typed:
    names = [
        name
        for field in part.fields
        for name in ([f"{field}-{one}" for one in ("day", "month", "year")] if field in ("since", "until") else [field])
    ]
    return {name: visit.text(name) for name in names}


def _form(
    visit: Visit,
    part: Part,
    found: Directory,
    revision: int,
    typed: Typed,
    known: BaseModel | None = None,
    *,
    wrong: dict[str, str] | None = None,
    meanwhile: Iterable[Change] = (),
    gone: bool = False,
) -> Response:
    changes = told(meanwhile)
    path = f"/directory/{part.name}/" + (f"{key_of(known)}/change" if known else "add")
    empty = [("", "Choose")]
    return visit.page(
        "directory/form.html",
        status=422 if wrong else 409 if changes or gone else 200,
        title=f"Change the {part.one}" if known else f"Add {_a(part.one)}",
        part=part,
        action=path,
        remove=f"/directory/{part.name}/{key_of(known)}/remove" if known else "",
        revision=revision,
        typed=typed,
        dates={
            name: {one: typed.get(f"{name}-{one}", "") for one in ("day", "month", "year")}
            for name in ("since", "until")
        },
        known=known,
        wrong=wrong or {},
        errors=errors(wrong or {}),
        changes=changes,
        gone=gone,
        roles=choices([*empty, *((role, role_words(role)) for role in ROLES)], typed.get("role", "")),
        people=choices(
            [*empty, *((one.id, f"{one.name} ({one.email})") for one in found.people)], typed.get("person", "")
        ),
        organisations=choices(
            [("", "None"), *((one.id, one.name) for one in found.organisations)], typed.get("organisation", "")
        ),
    )


def _board_page(
    visit: Visit, name: str, revision: int, *, wrong: dict[str, str] | None = None, meanwhile: Iterable[Change] = ()
) -> Response:
    changes = told(meanwhile)
    return visit.page(
        "directory/board.html",
        status=422 if wrong else 409 if changes else 200,
        title="The board's name",
        name=name,
        revision=revision,
        wrong=wrong or {},
        errors=errors(wrong or {}),
        changes=changes,
    )


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
