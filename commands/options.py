"""Options and arguments that several commands take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object per line, for machines.")]
Reference = Annotated[str, typer.Argument(help="The file's reference.")]
By = Annotated[str | None, typer.Option("--by", help="Who records it. Default: the user of this machine.")]


def one_of(what: str, values: Sequence[str]) -> Any:
    """An option that takes one of these values.

    Arguments:
        what: the first words of its help.
        values: each is named in the help, and where another is given.
    """

    def check(value: str | None) -> str | None:
        if value is not None and value not in values:
            raise typer.BadParameter(f"it is one of {', '.join(map(repr, values))}.")
        return value

    return typer.Option(callback=check, help=f"{what}: {', '.join(values)}.")
