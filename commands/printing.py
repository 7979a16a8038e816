"""What the command line shows: tables and timelines for people, one JSON object a line for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.contract import read_instant
from models.days import LONDON
from models.regime import Regime
from models.step import Step

COLOURS = {"overdue": "bold red", "open": "yellow", "met": "green", "met late": "magenta", "met-late": "magenta"}

WORDS = {
    "step_recorded": "recorded   {step}",
    "step_refused": "refused    {step}: {reason}",
    "stage": "stage      {stage}",
    "deadline_set": "due        {title}, by {due}",
    "deadline_moved": "moved      {title}, to {due} from {old_due}",
    "deadline_met": "met        {title}",
    "deadline_passed": "passed     {title}, due {due}",
    "deadline_cancelled": "cancelled  {title}",
    "reminded": "reminded   {to}: {title}, due {due}",
    "escalated": "escalated  {to}: {title}, due {due}",
    "notice_sent": "sent       {subject}, to {to}",
    "notice_failed": "NOT SENT   {notice}, to {recipient}: {why}",
    "closed": "closed     {how}",
    "nearly_full": "NEARLY FULL  four fifths of this file's space are used",
    "signals_dropped": "NOT KEPT   {count} signals, which arrived faster than they could be accepted",
}
"""A line of the timeline in words, by what happened."""


class Printer:
    """Prints to standard output, for people or for machines.

    Arguments:
        as_json: one JSON object a line.
        timeline: events alone, so that errors have no place among them.
    """

    def __init__(self, *, as_json: bool, timeline: bool = False) -> None:
        self.as_json, self.timeline = as_json, timeline
        # What is piped has no width of its own; a narrow guess would break references and keys.
        width = None if sys.stdout.isatty() else 200
        self._console = Console(highlight=False, soft_wrap=True, width=width)

    def data(self, data: Any) -> None:
        """One JSON object on a line."""
        print(json.dumps(data, default=str, ensure_ascii=False), flush=True)

    def schema(self, schema: Mapping[str, Any]) -> None:
        """A JSON Schema: indented for people, on one line for machines."""
        print(json.dumps(schema, indent=None if self.as_json else 2, ensure_ascii=False))

    def say(self, text: str) -> None:
        """A line for people."""
        self._console.print(escape(text))

    def rows(self, title: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
        """A table for people, or an object for each row."""
        if self.as_json:
            for row in rows:
                self.data(dict(row))
            return
        table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(_cell(row.get(column)) for column in columns))
        self._console.print(table)

    def file(self, shown: Mapping[str, Any]) -> None:
        """A file: finding, deadlines, letters, what may be recorded next and why not."""
        if self.as_json:
            self.data(shown)
            return
        self._console.print(
            f"[bold]{escape(shown['reference'])}[/bold]  {shown['stage']} · {shown['kind']} · {shown['rulebook']}"
        )
        for remark in shown["remarks"]:
            self._console.print(f"[yellow]{escape(remark)}[/yellow]")
        if shown["finding"]["limbs"]:
            self._console.print(f"\nCriteria: [bold]{shown['finding']['held']}[/bold]")
            for limb in shown["finding"]["limbs"]:
                self.say(f"  {limb['rule']}  {limb['held']:<10} {limb['child']}: {limb['limb']}")
        self._console.print()
        self.rows("Deadlines", ("due", "status", "rule", "title", "counted", "deadline"), shown["deadlines"])
        if shown["letters"]:
            self._console.print()
            self.rows("Letters", ("at", "status", "to", "rule", "notice"), shown["letters"])
        if shown["refused"]:
            self._console.print()
            self.rows("Sent as signals, and refused", ("at", "step", "rule", "reason", "id"), shown["refused"])
        self._console.print("\n[bold]Can be recorded now[/bold]")
        self.say("  " + ", ".join(step["step"] for step in shown["next"] if not step["why_not"]))
        self._console.print("\n[bold]Not available yet, and why[/bold]")
        for step in shown["next"]:
            if step["why_not"]:
                why = step["why_not"][0]
                self.say(f"  {step['step']}: {why['reason']}" + (f" ({why['rule']})" if why["rule"] else ""))

    def event(self, event: Mapping[str, Any]) -> None:
        """One line of a timeline, for people in London's time."""
        if self.as_json:
            self.data(event)
            return
        values = {"old_due": "", "reason": "", "why": "", "how": "", **event}
        text = WORDS[event["what"]].format(**values)
        rule = f"  ({event['rule']})" if event.get("rule") else ""
        late = "  LATE" if event.get("late") else ""
        at = read_instant(event["at"]).astimezone(LONDON)
        self.say(f"{at:%Y-%m-%d %H:%M}  {text}{rule}{late}")

    def rechecked(self, found: Mapping[str, Any]) -> None:
        """What would change on one file, or did."""
        if self.as_json:
            self.data(found)
            return
        done = "changed" if found["applied"] else "would change" if found["would"] else "stays as it is"
        self.say(f"{found['reference']}: {found['finding'] or done}")
        for event in found["would"]:
            what = " ".join(str(event.get(name, "")) for name in ("title", "notice", "to", "old_due", "due"))
            self.say(f"  {event['what']}  {' '.join(what.split())}")

    def report(self, figures: Any) -> None:
        """The figures of a year, as JSON for machines, as tables for people."""
        plain = asdict(figures)
        if self.as_json:
            self.data(plain)
            return
        for name, value in plain.items():
            if isinstance(value, list | tuple):
                rows = [row if isinstance(row, Mapping) else {name: row} for row in value]
                self.rows(name.replace("_", " "), tuple(rows[0]) if rows else (name,), rows)
            elif isinstance(value, Mapping):
                numbers = [{"what": what, "number": number} for what, number in value.items()]
                self.rows(name.replace("_", " "), ("what", "number"), numbers)
            else:
                self.say(f"{name.replace('_', ' ')}: {value}")

    def catalogue(self, regime: Regime, only: str | None) -> None:
        """The steps of a regime, or the fields of one if the regime has it."""
        kinds = [kind for name, kind in regime.steps.items() if only in (None, name)]
        if self.as_json:
            for kind in kinds:
                self.data({"regime": regime.name, **_about(kind), "schema": kind.model_json_schema()})
            return
        if only is None:
            self.rows(f"Steps of {regime.title}", ("step", "rules", "label"), map(_about, kinds))
            return
        for kind in kinds:
            self._fields(kind)

    def _fields(self, kind: type[Step]) -> None:
        self._console.print(f"[bold]{kind.name()}[/bold]  {escape(kind.label)}  {', '.join(kind.rules)}\n")
        fields = [
            {
                "field": name,
                "needed": "yes" if field.is_required() else "",
                "what": ". ".join(filter(None, (field.title, field.description))),
                "values": _values(kind.model_json_schema(), name),
            }
            for name, field in kind.model_fields.items()
        ]
        self.rows("", ("field", "needed", "what", "values"), fields)


def _about(kind: type[Step]) -> dict[str, Any]:
    text = " ".join((kind.__doc__ or "").split())
    return {"step": kind.name(), "label": kind.label, "rules": list(kind.rules), "who": list(kind.who), "about": text}


def _values(schema: Mapping[str, Any], name: str) -> str:
    field = schema["properties"][name]
    for variant in (field, *field.get("anyOf", ()), field.get("items", {})):
        if "enum" in variant:
            return " | ".join(map(str, variant["enum"]))
        if variant.get("document"):
            return "a document"
        if variant.get("format") == "date":
            return "a date"
    return str(field.get("type", ""))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    colour = COLOURS.get(text)
    return f"[{colour}]{escape(text)}[/{colour}]" if colour else escape(text)
