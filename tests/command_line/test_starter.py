"""The command line as people use it: everything embedded, one command after another, errors in one line."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client
from typer.testing import CliRunner

from models.regimes import every_kind, every_stage
from register.engine import Register
from register.files.store import read_entries
from running.embedded.mail_catcher import list_mails
from running.embedded.processes import free_port, free_ports
from starter import app

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects it printed."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(**more: str) -> dict[str, str]:
    """This process's environment with our settings alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCR_", "TEMPORAL_"))}
    return {**kept, "TEMPORAL_CONFIG_FILE": "", **more}


async def command(*words: str, env: Mapping[str, str] | None = None) -> Outcome:
    """Runs the command line with these words, in a thread with an event loop of its own."""

    def invoke() -> Outcome:
        unset = {name: None for name in os.environ if name.startswith(("SCR_", "TEMPORAL_"))}
        result = CliRunner().invoke(app, words, env={**unset, "TEMPORAL_CONFIG_FILE": "", **(env or {})})
        return Outcome(result.exit_code, result.stdout, result.stderr)

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        async with asyncio.timeout(60):
            return await asyncio.to_thread(invoke)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@dataclass(frozen=True)
class Up:
    """Everything running on this machine."""

    process: asyncio.subprocess.Process
    welcome: dict[str, Any]
    env: dict[str, str]

    async def run(self, *words: str) -> Outcome:
        """A command against it."""
        return await command(*words, env=self.env)


Ports = tuple[int, int, int, int]


def four_ports() -> Ports:
    """Ports that nothing listens on."""
    temporal, web, smtp, pages = free_ports(4)
    return temporal, web, smtp, pages


@asynccontextmanager
async def everything(folder: Path, ports: Ports) -> AsyncIterator[Up]:
    """``starter.py up`` while the block runs; killed at its end if it still lives."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "starter.py"),
        "up",
        "--json",
        *("--temporal-port", str(ports[0]), "--web-port", str(ports[1]), "--smtp-port", str(ports[2])),
        *("--pages-port", str(ports[3])),
        env=environment(SCR_DATA_DIR=str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        async with asyncio.timeout(90):
            line = b""
            while not line.startswith(b"{"):
                line = await process.stdout.readline()
                assert line, (await process.stderr.read()).decode()
        welcome = json.loads(line)
        env = {"SCR_DATA_DIR": str(folder), "TEMPORAL_ADDRESS": welcome["temporal"]}
        yield Up(process, welcome, env)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(30):
                await process.wait()


@pytest.fixture(scope="module")
async def up(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Up]:
    """One run of everything that the tests below share."""
    async with everything(tmp_path_factory.mktemp("var"), four_ports()) as running:
        yield running


async def test_the_first_start_opens_samples_and_sends_the_chair_what_is_overdue(up: Up) -> None:
    assert len(up.welcome["opened"]) == 3
    listed = await up.run("list", "--json")
    assert listed.code == 0
    assert {line["reference"] for line in listed.lines} == set(up.welcome["opened"])
    async with asyncio.timeout(20):
        while not any("chair@board.example" in mail.recipients for mail in list_mails(Path(up.welcome["mails"]))):
            await asyncio.sleep(0.05)


async def test_the_pages_are_there_and_their_first_link_asks_for_a_password(up: Up) -> None:
    async with httpx.AsyncClient(base_url=up.welcome["pages"]) as client:
        assert (await client.get("/healthz")).json()["well"] is True
        assert (await client.get("/")).headers["location"].startswith("/sign-in")
        assert up.welcome["first_sign_in"].startswith(f"{up.welcome['pages']}/welcome/")
        page = await client.get(up.welcome["first_sign_in"])
    assert page.status_code == 200 and 'type="password"' in page.text and "you@board.example" in page.text


async def test_a_mail_under_make_run_has_a_link_to_its_file(up: Up) -> None:
    async with asyncio.timeout(20):
        while not (mails := list_mails(Path(up.welcome["mails"]))):
            await asyncio.sleep(0.05)
    assert any(up.welcome["pages"] in mail.path.read_text(encoding="utf-8") for mail in mails)


async def test_an_incident_is_opened_shown_and_a_step_recorded(up: Up, tmp_path: Path) -> None:
    opened = await up.run("open", str(ROOT / "samples" / "new-incident.yaml"), "--by", "A. Coordinator", "--json")
    assert opened.code == 0, opened
    file = opened.lines[0]
    assert file["reference"].startswith("HSCB-") and file["finding"]["held"] == "undecided"
    recorded = await up.run("record", file["reference"], "note_added", "--set", "text=The first call: returned at 9.")
    assert (recorded.code, recorded.err) == (0, "")
    assert recorded.out.startswith(f"Recorded: note_added on {file['reference']}")
    shown = await up.run("show", file["reference"])
    assert shown.code == 0 and "Can be recorded now" in shown.out and "decision" in shown.out


async def test_a_document_goes_into_the_store_by_its_path(up: Up, tmp_path: Path) -> None:
    bulletin = tmp_path / "draft.txt"
    bulletin.write_text("A plainly fictional draft.", encoding="utf-8")
    words = ("record", "SAMPLE-0003", "report_drafted", "--set", f"document={bulletin}", "--set", "version=Draft 1")
    assert (await up.run(*words)).code == 0
    missing = await up.run(*words[:4], "document=/nowhere/draft.pdf", "--set", "version=Draft 2")
    assert missing.code == 2 and "document: /nowhere/draft.pdf" in missing.err and missing.err.count("\n") == 1


async def test_a_refusal_is_one_line_with_its_rule_and_exit_code_1(up: Up) -> None:
    fields = ("--set", "choice=no review", "--set", "decided_by=chair", "--set", "reasons=x")
    words = ("record", "SAMPLE-0001", "decision", *fields)
    refused = await up.run(*words)
    assert refused.code == 1 and refused.out == ""
    assert refused.err.count("\n") == 1 and "(2.1e)" in refused.err
    as_json = await up.run(*words, "--json")
    assert as_json.code == 1 and as_json.lines[0]["rule"] == "2.1e" and as_json.lines[0]["field"] == "choice"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "NO-SUCH-1"), "There is no file NO-SUCH-1"),
        (("record", "NO-SUCH-1", "note_added", "--set", "text=x"), "There is no file NO-SUCH-1"),
        (("record", "SAMPLE-0001", "no_such_step"), "There is no step called no_such_step"),
        (("record", "SAMPLE-0001", "note_added", "--set", "text"), "give it as name=value"),
        (("record", "SAMPLE-0001", "note_added", "--set", "text=x", "--set", "colour=blue"), "colour is not a field"),
        (("record", "SAMPLE-0001", "note_added", "--set", "text=x", "--on", "2099-01-01"), "is in the future"),
        (("record", "SAMPLE-0001", "note_added", "--set", "text=x", "--on", "yesterday"), "happened_on"),
        (("open", "/nowhere/incident.yaml"), "/nowhere/incident.yaml: No such file or directory"),
        (("rehearse", "/nowhere/scenario.yaml"), "/nowhere/scenario.yaml: No such file or directory"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line_without_a_stack_trace(
    up: Up, words: tuple[str, ...], says: str
) -> None:
    outcome = await up.run(*words)
    assert outcome.code in (1, 2) and says in outcome.err, outcome
    assert "Traceback" not in outcome.err and outcome.err.count("\n") == 1


async def test_what_is_wrong_in_an_opening_is_told_with_its_line_and_is_a_refusal_when_a_rule_forbids_it(
    up: Up, tmp_path: Path
) -> None:
    sample = (ROOT / "samples" / "new-incident.yaml").read_text(encoding="utf-8")
    path = tmp_path / "new.yaml"
    for was, becomes, code, at, says in (
        ("seriously harmed", "sad", 2, "outcome:", "incident.children.0.outcome: choose one of"),
        ("notified_on: today", "notified_on: 2099-01-01", 1, "notified_on:", "1 January 2099 is in the future"),
        ("harms: [life-threatening injury]", "harms: []", 1, "- id: child-1", "tick at least one kind of harm (2.1b)"),
    ):
        line = 1 + sample[: sample.index(at)].count("\n")
        path.write_text(sample.replace(was, becomes), encoding="utf-8")
        told = await up.run("open", str(path))
        assert told.code == code and says in told.err and told.err.count("\n") == 1, told
        assert told.err.startswith(f"new.yaml, line {line}: "), told
    by_option = await up.run("open", str(ROOT / "samples" / "new-incident.yaml"), "--reference", "no")
    assert by_option.code == 2 and by_option.err.startswith("reference: "), by_option


@pytest.mark.parametrize("words", [("steps", "no_such_step"), ("record", "SAMPLE-0001", "no_such_step")])
async def test_a_step_that_there_is_not_is_wrong_and_no_refusal(words: tuple[str, ...]) -> None:
    outcome = await command(*words)
    assert outcome.code == 2 and outcome.err.startswith("There is no step called no_such_step"), outcome


@pytest.mark.parametrize(("option", "there_are"), [("--stage", every_stage()), ("--kind", every_kind())])
async def test_a_stage_or_kind_that_there_is_not_is_told_with_those_there_are(
    option: str, there_are: tuple[str, ...]
) -> None:
    outcome = await command("list", option, "nonsense")
    told = " ".join(outcome.err.replace("│", " ").split())
    assert outcome.code == 2 and all(f"'{one}'" in told for one in there_are), outcome


async def test_a_step_that_came_by_signal_and_was_refused_is_shown(up: Up) -> None:
    client = await Client.connect(up.env["TEMPORAL_ADDRESS"])
    body = {"id": "by-signal", "recorded_by": "another system", "happened_on": "2018-09-30", "text": ""}
    await client.get_workflow_handle("SAMPLE-0002").signal("note_added", body)
    async with asyncio.timeout(20):
        while "Sent as signals, and refused" not in (shown := (await up.run("show", "SAMPLE-0002")).out):
            await asyncio.sleep(0.05)
    assert "note_added" in shown and "text: it is empty" in shown and "by-signal" in shown


async def test_ctrl_c_while_the_command_line_is_loaded_ends_it_without_a_stack_trace(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import time\nprint('Loading.', flush=True)\ntime.sleep(60)\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "starter.py"), "steps"),
        env=environment(PYTHONPATH=str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        assert process.stdout is not None and await process.stdout.readline() == b"Loading.\n"
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert (process.returncode, err) == (-signal.SIGINT, b"")


PROSE = (
    '"Hello," she said.',
    "'twas so",
    "* urgent",
    "@school rang at 9: nobody there # yet",
    "[redacted] said so",
    "line one\nline two",
    "today",
    "2018",
    "null and void",
)


async def test_a_text_is_recorded_as_it_was_typed(up: Up) -> None:
    given = [word for text in PROSE for word in ("--set", f"text={text}")]
    for number, text in enumerate(PROSE):
        words = ("record", "SAMPLE-0002", "note_added", "--id", f"prose-{number}", *given[2 * number : 2 * number + 2])
        assert (await up.run(*words)).code == 0, text
    async with Register(f"sqlite:///{up.env['SCR_DATA_DIR']}/register.sqlite") as register:
        entries = await read_entries(register, "SAMPLE-0002")
    assert tuple(entry.body["text"] for entry in entries if entry.id.startswith("prose-")) == PROSE


async def test_a_refused_opening_uses_up_no_reference(up: Up, tmp_path: Path) -> None:
    sample = (ROOT / "samples" / "new-incident.yaml").read_text(encoding="utf-8")
    wrong, right = tmp_path / "wrong.yaml", tmp_path / "right.yaml"
    wrong.write_text(sample.replace("children:", "colour: blue\n  children:"), encoding="utf-8")
    right.write_text(sample, encoding="utf-8")
    before = (await up.run("open", str(right), "--by", "The first", "--json")).lines[0]["reference"]
    refused = await up.run("open", str(wrong))
    assert refused.code == 2 and "colour is not a field" in refused.err, refused
    after = (await up.run("open", str(right), "--by", "The second", "--json")).lines[0]["reference"]
    assert int(after.rpartition("-")[2]) == int(before.rpartition("-")[2]) + 1


@pytest.mark.parametrize("text", ["[" * 30_000, "- " * 200 + "deep"])
async def test_parts_that_lie_too_deep_are_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(text, encoding="utf-8")
    outcome = await command("rehearse", str(path))
    assert outcome.code == 2 and "too deep within each other" in outcome.err and outcome.err.count("\n") == 1


async def test_aliases_that_grow_out_of_hand_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    names = "abcdefghi"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{now}: &{now} [{', '.join([f'*{before}'] * 9)}]" for before, now in itertools.pairwise(names)]
    path.write_text("\n".join(lines), encoding="utf-8")
    async with asyncio.timeout(20):
        outcome = await command("rehearse", str(path))
    assert outcome.code == 2 and "more than 100,000 parts" in outcome.err


async def test_a_scenario_at_fault_leaves_the_timeline_for_machines_empty(tmp_path: Path) -> None:
    text = (ROOT / "scenarios" / "peer-challenge.yaml").read_text(encoding="utf-8")
    boards = str(ROOT / "scenarios" / "boards")
    path = tmp_path / "wrong.yaml"
    text = re.sub("until: .*", "until: 2010-01-01", text).replace("boards/", f"{boards}/")
    path.write_text(text, encoding="utf-8")
    outcome = await command("rehearse", str(path), "--json")
    assert (outcome.code, outcome.out) == (2, "")
    assert "until is before the last step" in outcome.err and outcome.err.startswith("wrong.yaml, line ")


@pytest.mark.parametrize(
    ("words", "env", "says"),
    [
        (("--temporal-port", "99999"), {}, "less than or equal"),
        (("--temporal-port", "17233", "--web-port", "17233"), {}, "Two servers cannot listen on the same port"),
        ((), {"SCR_DATA_DIR": "/proc/nowhere"}, "The folder /proc/nowhere cannot be made"),
        ((), {"SCR_DATA_DIR": "open"}, "chmod 700"),
    ],
)
async def test_what_cannot_be_started_is_named(
    tmp_path: Path, words: tuple[str, ...], env: dict[str, str], says: str
) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(str(ROOT / "starter.py"), "up", "--pages-port", str(free_port()), *words),
        env=environment(SCR_DATA_DIR=str(tmp_path)) | env,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        _, err = await process.communicate()
    assert process.returncode == 2 and says in err.decode() and b"Traceback" not in err


async def test_recheck_shows_that_nothing_would_move(up: Up) -> None:
    outcome = await up.run("recheck", "--json")
    assert outcome.code == 0 and outcome.lines
    assert all(line["would"] == [] for line in outcome.lines)


async def test_a_rulebook_is_changed_for_many_files_after_a_preview(up: Up) -> None:
    words = ("rulebook", "working-days-2018", "--reason", "The board decided so.", "--only", "SAMPLE-0003", "--json")
    shown = (await up.run(*words)).lines[0]
    assert not shown["applied"] and any(event["what"] == "step_recorded" for event in shown["would"]), shown
    assert (await up.run("show", "SAMPLE-0003", "--json")).lines[0]["rulebook"] == "hertfordshire-2018"
    assert (await up.run(*words, "--apply")).lines[0]["applied"]
    assert (await up.run("show", "SAMPLE-0003", "--json")).lines[0]["rulebook"] == "working-days-2018"


async def test_an_extra_holiday_is_added_and_removed_and_kept_with_who_and_when(up: Up) -> None:
    day, by = "2027-05-04", ("--by", "Ada")
    added = await up.run("holidays", "add", day, "--name", "A jubilee", *by)
    assert added.code == 0 and "4 May 2027 is now an extra holiday: A jubilee." in added.out
    assert "recheck --apply" in added.out
    (line,) = (await up.run("holidays", "list", "--json")).lines
    assert (line["day"], line["name"], line["added_by"], line["removed_by"]) == (day, "A jubilee", "Ada", None)
    for words, why in (
        (("add", day, "--name", "x"), "is an extra holiday already"),
        (("add", "2027-05-01", "--name", "x"), "is a Saturday: adding it would change nothing"),
        (("add", "2027-05-03", "--name", "x"), "is a bank holiday already (Early May bank holiday)"),
        (("add", "2027-02-29", "--name", "x"), "does not match"),
        (("remove", "2027-05-05"), "5 May 2027 is no extra holiday"),
    ):
        outcome = await up.run("holidays", *words)
        assert outcome.code == 2 and why in outcome.err and "Traceback" not in outcome.err, (words, outcome)
    assert (await up.run("holidays", "remove", day, "--by", "Grace")).code == 0
    (line,) = (await up.run("holidays", "list", "--json")).lines
    assert line["removed_by"] == "Grace" and line["removed_at"]


async def test_the_other_commands_answer(up: Up) -> None:
    for words in (
        ("letters",),
        ("documents",),
        ("documents", "--apply"),
        ("report", "2026"),
        ("report",),
        ("directory", "show"),
        ("list", "--overdue"),
        ("steps",),
    ):
        outcome = await up.run(*words)
        assert outcome.code == 0 and outcome.out and "Traceback" not in outcome.err, (words, outcome)


async def test_the_catalogue_as_json_has_a_schema_for_each_step() -> None:
    outcome = await command("steps", "--json")
    assert outcome.code == 0
    assert all(line["schema"]["properties"]["happened_on"]["title"] for line in outcome.lines)
    assert len(outcome.lines) > 80


@pytest.mark.parametrize(("of", "part"), [("opening", "incident"), ("directory", "people")])
async def test_what_a_scenario_begins_with_has_a_schema_too(of: str, part: str) -> None:
    assert part in json.loads((await command("schema", of)).out)["properties"]
    (line,) = (await command("schema", of, "--json")).lines
    assert part in line["properties"]


async def test_temporal_away_is_exit_code_3_and_reading_still_works(tmp_path: Path, up: Up) -> None:
    env = {**up.env, "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}
    away = await command("record", "SAMPLE-0001", "note_added", "--set", "text=x", env=env)
    assert away.code == 3 and "does not answer" in away.err and away.err.count("\n") == 1
    assert (await command("show", "SAMPLE-0001", env=env)).code == 0


async def test_a_wrong_setting_is_named(up: Up) -> None:
    outcome = await command("list", env={**up.env, "SCR_SMTP_PROT": "25"})
    assert outcome.code == 2 and "SCR_SMTP_PROT" in outcome.err and "SCR_SMTP_PORT" in outcome.err


async def test_after_kill_9_the_next_start_goes_on_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    ports = four_ports()
    async with everything(tmp_path, ports) as first:
        assert (await first.run("record", "SAMPLE-0002", "note_added", "--id", "kept", "--set", "text=Kept.")).code == 0
        first.process.kill()
        await first.process.wait()
    async with everything(tmp_path, ports) as second:
        assert second.welcome["opened"] == []
        again = await second.run("record", "SAMPLE-0002", "note_added", "--id", "kept", "--set", "text=Kept.")
        assert again.code == 0
        shown = await second.run("record", "SAMPLE-0002", "note_added", "--set", "text=And on.")
        assert shown.code == 0
        second.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            assert await second.process.wait() == 0


@pytest.mark.parametrize(("part", "option"), [("temporal", "--temporal-port"), ("pages", "--pages-port")])
async def test_a_port_in_use_is_named(tmp_path: Path, up: Up, part: str, option: str) -> None:
    taken = up.welcome[part].rpartition(":")[2]
    ports = ("--pages-port", str(free_port())) if part != "pages" else ()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "starter.py"),
        "up",
        *(option, taken, *ports),
        env=environment(SCR_DATA_DIR=str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        _, err = await process.communicate()
    assert process.returncode == 2 and taken.encode() in err and b"Traceback" not in err


@asynccontextmanager
async def served(folder: Path, **settings: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """``starter.py pages`` while the block runs, with Temporal away; its address."""
    address = f"127.0.0.1:{free_port()}"
    env = environment(
        SCR_DATA_DIR=str(folder),
        SCR_PAGES_ADDRESS=address,
        TEMPORAL_ADDRESS=f"127.0.0.1:{free_port()}",
        SCR_LOG_FORMAT="json",
        **settings,
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(str(ROOT / "starter.py"), "pages"),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process, f"http://{address}"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_register_is_for_its_owner_alone_in_a_folder_of_everybodys(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert (await command("migrate", env={"SCR_DATA_DIR": str(tmp_path)})).code == 0
    assert stat.S_IMODE((tmp_path / "register.sqlite").stat().st_mode) == 0o600


async def test_the_pages_are_served_while_temporal_is_away_and_stop_when_told(tmp_path: Path) -> None:
    assert (await command("migrate", env={"SCR_DATA_DIR": str(tmp_path)})).code == 0
    async with served(tmp_path) as (process, address), asyncio.timeout(60), httpx.AsyncClient() as client:
        assert process.stderr is not None
        lines = [json.loads(await process.stderr.readline()) for _ in range(2)]
        assert [line["event"].partition(":")[0] for line in lines] == [
            "The pages are served.",
            "There is no account yet",
        ]
        assert (await client.get(f"{address}/help")).status_code == 200
        assert (await client.get(f"{address}/published")).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        rest = [json.loads(line) for line in (await process.stderr.read()).splitlines()]
    assert [line.get("route") for line in rest if line["event"] == "request"] == ["/help", "/published"]


async def test_the_pages_say_in_one_line_what_is_missing(tmp_path: Path) -> None:
    async with served(tmp_path) as (process, _), asyncio.timeout(60):
        _, err = await process.communicate()
    assert process.returncode in (2, 3) and err.count(b"\n") == 1 and b"starter.py migrate" in err, err
