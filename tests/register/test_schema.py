"""The register's tables are made and brought up to date whole; another release's are refused plainly."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.projection import DocumentRow, Projection
from register import schema
from register.engine import Register
from register.files.store import read_entries, write
from register.schema import SchemaError, check_schema, migrate
from register.unavailable import RegisterUnavailable

ROOT = Path(__file__).resolve().parents[2]

HEAD = max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("0*.py"))
"""This release's own revision."""

NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "next", "{head}", None, None


def upgrade():
    with op.batch_alter_table("case_file") as table:
        table.alter_column("stage", new_column_name="phase")
        table.add_column(sa.Column("ward", sa.Text(), nullable=False, server_default="none"))
"""


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Migrations of a release after this one, whose second copies the table of files."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "next.py").write_text(NEXT.replace("{head}", HEAD))
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    return folder


async def do(url: str, *statements: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        for statement in statements:
            await connection.execute(text(statement))

    async with Register(url) as register:
        await register.change(work)


async def columns(url: str) -> dict[str, list[str]]:
    async with Register(url) as register:
        tables = await register.read(
            lambda connection: connection.run_sync(lambda sync: inspect(sync).get_multi_columns())
        )
    return {table: [column["name"] for column in found] for (_, table), found in tables.items()}


async def alembic(url: str, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "alembic", *arguments,
        cwd=ROOT, env=os.environ | {"SCR_REGISTER_URL": url}, stdout=-1, stderr=-2,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_the_alembic_command_makes_the_tables_of_the_models_even_twice_at_once(bare_url: str) -> None:
    at_once = await asyncio.gather(alembic(bare_url, "upgrade", "head"), alembic(bare_url, "upgrade", "head"))
    assert [code for code, _ in at_once] == [0, 0], at_once
    code, output = await alembic(bare_url, "check")
    assert (code, output) == (0, "No new upgrade operations detected.\n")
    async with Register(bare_url) as register:
        await check_schema(register)


async def test_the_alembic_command_asks_which_register() -> None:
    code, output = await alembic("", "upgrade", "head")
    assert code and "Set SCR_REGISTER_URL" in output
    code, output = await alembic("", "-x", "url=mysql://u:secret@h/d", "current")
    assert code and "give sqlite:///" in output and "secret" not in output


async def test_migrating_makes_the_tables_and_again_changes_nothing(bare_url: str) -> None:
    await migrate(bare_url)
    await do(bare_url, "INSERT INTO organisation (id, position, name) VALUES ('school', 0, 'School')")
    await asyncio.gather(migrate(bare_url), migrate(bare_url))
    async with Register(bare_url) as register:
        await check_schema(register)
        found = await register.read(lambda connection: connection.scalar(text("SELECT id FROM organisation")))
    assert found == "school"


async def test_a_register_without_tables_is_named(bare_url: str) -> None:
    async with Register(bare_url) as register:
        with pytest.raises(SchemaError, match=r"no tables yet: run `starter\.py migrate`"):
            await check_schema(register)


async def test_a_register_of_a_newer_release_is_refused_and_left_alone(register_url: str) -> None:
    await do(register_url, "UPDATE alembic_version SET version_num = '9999'")
    try:
        async with Register(register_url) as register:
            with pytest.raises(SchemaError, match="newer release: they are at 9999"):
                await check_schema(register)
        with pytest.raises(SchemaError, match="newer release: they are at 9999"):
            await migrate(register_url)
    finally:
        await do(register_url, f"UPDATE alembic_version SET version_num = '{HEAD}'")


async def test_tables_that_something_else_made_are_named_and_left_alone(bare_url: str) -> None:
    await do(bare_url, "CREATE TABLE deadline (id INTEGER)")
    with pytest.raises(SchemaError, match=r"deadline.* already exists\. Nothing was changed"):
        await migrate(bare_url)
    assert await columns(bare_url) == {"deadline": ["id"]}


async def test_an_older_register_is_named_and_brought_up_to_date_with_all_its_rows(
    bare_url: str,
    a_file: Callable[..., Projection],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    await migrate(bare_url)
    async with Register(bare_url) as register:
        await write(register, a_file())
        request.getfixturevalue("next_release")
        with pytest.raises(SchemaError, match=f"are at {HEAD}; this release needs next"):
            await check_schema(register)
        await migrate(bare_url)
        await check_schema(register)
        assert await read_entries(register, "HSCB-2018-0001") == a_file().entries
    assert "ward" in (await columns(bare_url))["case_file"]


async def test_documents_of_an_older_register_keep_their_name_on_each_file_that_names_them(
    bare_url: str, a_file: Callable[..., Projection]
) -> None:
    assert (await alembic(bare_url, "upgrade", "0003"))[0] == 0
    named = (DocumentRow("aa", "draft", "one"), DocumentRow("aa", "report", "two"))
    async with Register(bare_url) as register:
        for reference in ("FIRST", "SECOND"):
            await write(register, a_file(reference=reference, documents=named))
        await do(
            bare_url,
            "INSERT INTO document (sha256, filename, media_type, size, stored_at)"
            " VALUES ('aa', 'report.pdf', 'application/pdf', 9, '2019-01-01 00:00:00.000000')",
        )
        await migrate(bare_url)
        rows = text("SELECT reference, filename FROM document ORDER BY reference")
        found = await register.read(lambda connection: connection.run_sync(lambda sync: sync.execute(rows).all()))
    assert [tuple(row) for row in found] == [("FIRST", "report.pdf"), ("SECOND", "report.pdf")]


async def test_a_migration_that_fails_half_way_leaves_everything_as_it_was(
    bare_url: str, request: pytest.FixtureRequest
) -> None:
    await migrate(bare_url)
    before = await columns(bare_url)
    folder: Path = request.getfixturevalue("next_release")
    with (folder / "versions" / "next.py").open("a") as migration:
        migration.write('    op.drop_table("archive")\n    op.execute("INSERT INTO board VALUES (NULL)")\n')
    with pytest.raises(SchemaError, match="Nothing was changed"):
        await migrate(bare_url)
    assert await columns(bare_url) == before


async def test_a_database_that_is_away_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RegisterUnavailable, match="unable to open database file"):
        await migrate(f"sqlite:///{tmp_path}/file/register.db")


async def test_a_new_register_needs_one_command_and_no_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/var/board/register.db"
    await migrate(url)
    async with Register(url) as register:
        await check_schema(register)
