"""Whom a letter goes to, or a deadline falls to: one text, read and written here alone."""

from __future__ import annotations


class Recipient(str):
    """A role (``chair``), or a role at something or somebody that has an id (``lead:county-hospital``).

    The text itself is what the record, the register and Temporal keep: two recipients are the same if it is.

    Arguments:
        text: ``kind`` or ``kind:name``.
    """

    __slots__ = ()

    @classmethod
    def of(cls, kind: str, name: str) -> Recipient:
        """The recipient of this kind for one organisation, person or challenge, by its id."""
        return cls(f"{kind}:{name}")

    @property
    def kind(self) -> str:
        """The role; or ``lead``, ``board_member``, ``person``, or ``peer`` for the Chair of another board."""
        return self.partition(":")[0]

    @property
    def name(self) -> str:
        """The id of the organisation, the person or the challenge; empty for a role of the board."""
        return self.partition(":")[2]
