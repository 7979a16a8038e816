"""Opens a file for a page: read from the register, folded by the core, and only for those who may see it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.casefile import CaseFile
from models.fold import fold
from models.projection import Projection
from models.regime import Regime
from models.responsible import named_in
from models.view import recordable
from models.world import World
from register.files.step_counts import step_counts
from register.files.store import read_file
from register.people.access import note_access, restricted_to
from register.people.accounts import Account
from web.request.visit import NotFound, Visit


@dataclass(frozen=True)
class OpenFile:
    """A file as a page needs it.

    Arguments:
        stored: as the register has it.
        case: folded from its record.
        world: business time, and what is around the file.
        restricted: whether only named people may read it.
    """

    stored: Projection
    case: CaseFile
    world: World
    restricted: bool

    @property
    def reference(self) -> str:
        """What it is called."""
        return self.stored.reference

    @property
    def regime(self) -> Regime:
        """The body of law it is under."""
        return self.case.regime

    @cached_property
    def names(self) -> dict[str, str]:
        """Of organisations and people, by id: the directory's, and those that the file alone knows."""
        on_file = {id: party.facts.name for id, party in self.case.parties.items()}
        return named_in(self.world.directory) | self.case.removed_parties | on_file

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """Every step, and why it may not be recorded now: see :func:`models.view.recordable`."""
        return recordable(self.case, self.world)


def no_such_file(reference: str) -> NotFound:
    """The same words whether there is none or none for whoever asks: these do not tell which."""
    return NotFound(f"There is no file {reference}, or it is restricted to named people.")


def reads(account: Account, named: Collection[str]) -> bool:
    """Whether somebody who reads files may read this one, restricted to these accounts or to none."""
    return not named or account.id in named or "auditor" in account.roles


async def check_readable(visit: Visit, reference: str) -> bool:
    """Whether a file is restricted to named people, whoever asks being one of them or an auditor.

    Raises:
        NotFound: it is restricted to others.
        RegisterUnavailable: no answer in time.
    """
    named = await restricted_to(visit.site.register, reference)
    if not reads(visit.account, named):
        raise no_such_file(reference)
    return bool(named)


async def is_there(visit: Visit, reference: str) -> bool:
    """Whether there is such a file for whoever asks."""
    register = visit.site.register
    there = bool(await step_counts(register, [reference]))
    return there and reads(visit.account, await restricted_to(register, reference))


async def open_file(visit: Visit, reference: str, *, what: str = "read the file") -> OpenFile:
    """The file by this reference, for whoever asks. Reading a restricted one is kept in the audit.

    Arguments:
        visit: who asks.
        reference: the file's.
        what: for the audit, what they do with it.

    Raises:
        NotFound: there is none, or none for them.
        RegisterUnavailable: no answer in time.
    """
    register = visit.site.register
    restricted = await check_readable(visit, reference)
    stored = await read_file(register, reference)
    if stored is None:
        raise no_such_file(reference)
    if restricted:
        await note_access(register, reference, visit.account.id, what, now=visit.now)
    return OpenFile(stored, fold(stored.entries), await visit.site.world(), restricted)
