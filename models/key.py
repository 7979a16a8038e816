"""The key of a deadline or a notice: one text, read and written here alone."""

from __future__ import annotations


class Key(str):
    """A kind, and what it is about: ``decision``, ``action_done:a-1``, ``decision:d-1:lead:county-hospital``.

    A deadline's kind is its clock. The text itself is what the record, the register and Temporal keep: two keys are the
    same if it is.

    Arguments:
        text: the parts, with colons between them.
    """

    __slots__ = ()

    @classmethod
    def of(cls, kind: str, *about: object) -> Key:
        """The key of this kind about these, which become text; what is empty is left out."""
        text = kind
        for part in about:
            if part != "":
                text = f"{text}:{part}"
        return cls(text)

    @property
    def kind(self) -> str:
        """A deadline's clock, a notice's sort."""
        return self.partition(":")[0]

    @property
    def about(self) -> tuple[str, ...]:
        """What it is about, part by part."""
        return tuple(self.split(":")[1:])
