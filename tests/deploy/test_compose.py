"""The Dockerfile and docker-compose.yml, held against the code: they stay true where no engine runs."""

import re
import shutil
import ssl
import stat
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from fastapi.routing import APIRoute
from typer.main import get_group

import starter
from running.settings import Settings, load_settings
from web.operations import health

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())


def instructions(name: str) -> list[str]:
    """What follows each ``name`` instruction of the Dockerfile, in order."""
    return re.findall(rf"^{name}\s+(.*)$", DOCKERFILE, flags=re.MULTILINE)


def filled_in(value: object) -> str:
    """A value as Compose reads it where no variable is set: ``${NAME:-default}`` is its default."""
    return re.sub(r"\$\{\w+(?::?-([^}]*))?\}", lambda match: match[1] or "", str(value)).replace("$$", "$")


def environment(service: str) -> dict[str, str]:
    return {name: filled_in(value) for name, value in SERVICES[service].get("environment", {}).items()}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command that runs in our own image, with where it is written."""
    for name, service in SERVICES.items():
        if "build" in service:
            yield name, service["command"]
    yield "Dockerfile", yaml.safe_load(instructions("CMD")[-1])


def copied() -> set[str]:
    """What the Dockerfile copies out of the checkout."""
    return {source for line in instructions("COPY") if not line.startswith("--from=") for source in line.split()[:-1]}


def test_every_setting_is_one_that_the_program_knows() -> None:
    known = {f"SCR_{name}".upper() for name in Settings.model_fields}
    written = (ROOT / "docker-compose.yml").read_text() + DOCKERFILE
    assert set(re.findall(r"\bSCR_[A-Z_]+", written)) <= known


def test_the_program_takes_the_workers_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no settings file of this machine
    for name, value in environment("worker").items():
        monkeypatch.setenv(name, value)
    certificate = tmp_path / "certificate.pem"  # the one in the volume is not here
    certificate.touch()
    monkeypatch.setenv("SCR_SMTP_CA_FILE", str(certificate))
    settings = load_settings()
    assert (
        settings.register_url == environment("worker")["SCR_REGISTER_URL"] == environment("migrate")["SCR_REGISTER_URL"]
    )
    assert (settings.smtp_host, settings.smtp_port, settings.smtp_security) == ("mail", 1025, "starttls")
    assert settings.smtp_username is None


def test_every_service_volume_and_config_that_is_referred_to_exists() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} depends on {other}"
            match how["condition"]:
                case "service_healthy":
                    assert "healthcheck" in SERVICES[other], f"{name} waits for {other}, which has no healthcheck"
                case "service_completed_successfully":
                    assert SERVICES[other].get("restart", "no").startswith(("no", "on-failure")), (
                        f"{name} waits for {other} to end, which is started again for ever"
                    )
                case condition:
                    pytest.fail(f"{name} waits for {other} to be {condition}")
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], f"{name} mounts {volume}"
        for config in service.get("configs", []):
            assert config["source"] in COMPOSE["configs"]
        assert service.get("environment", {}).get("DYNAMIC_CONFIG_FILE_PATH") in [
            None,
            *(config["target"] for config in service.get("configs", [])),
        ]


def test_every_host_that_is_connected_to_is_a_service() -> None:
    worker = environment("worker")
    assert urlsplit(worker["SCR_REGISTER_URL"]).hostname in SERVICES
    assert worker["SCR_SMTP_HOST"] in SERVICES
    for name in SERVICES:
        settings = environment(name)
        for address in (
            settings.get("TEMPORAL_ADDRESS"),
            settings.get("SQL_HOST"),
            settings.get("POSTGRES_SEEDS"),
        ):
            assert address is None or address.split(":")[0] in SERVICES, f"{name} connects to {address}"


def test_the_passwords_on_both_sides_are_the_same() -> None:
    register = SERVICES["register-db"]["environment"]
    url = urlsplit(filled_in(SERVICES["worker"]["environment"]["SCR_REGISTER_URL"]))
    assert (url.username, url.password) == (
        register["POSTGRES_USER"],
        filled_in(register["POSTGRES_PASSWORD"]),
    )
    assert url.path == f"/{register['POSTGRES_DB']}"
    assert register["POSTGRES_PASSWORD"] in SERVICES["worker"]["environment"]["SCR_REGISTER_URL"]
    temporal = SERVICES["temporal-db"]["environment"]
    assert SERVICES["temporal"]["environment"]["POSTGRES_PWD"] == temporal["POSTGRES_PASSWORD"]
    assert SERVICES["temporal-schema"]["environment"]["SQL_PASSWORD"] == temporal["POSTGRES_PASSWORD"]


def test_images_are_pinned_to_a_release() -> None:
    base = re.findall(r"^ARG PYTHON_IMAGE=(.*)$", DOCKERFILE, flags=re.MULTILINE)
    ours = {service["image"] for service in SERVICES.values() if "build" in service}
    others = [service["image"] for service in SERVICES.values() if "build" not in service]
    assert len(ours) == 1
    for image in base + others:
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+[\w.-]*", image), f"{image} is not pinned"
    assert {line.split()[0] for line in instructions("FROM")} == {"${PYTHON_IMAGE}"}


def test_temporals_tools_are_of_the_servers_release() -> None:
    versions = {
        service["image"].split(":")[1]
        for service in SERVICES.values()
        if service["image"].startswith(("temporalio/server:", "temporalio/admin-tools:"))
    }
    assert len(versions) == 1


def test_ports_are_open_to_this_machine_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    for port in ports:
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), f"{port} is open to others"
    assert all("network_mode" not in service for service in SERVICES.values())


def test_the_dockerfile_copies_what_is_there_and_all_that_the_program_needs() -> None:
    for path in copied():
        assert (ROOT / path).exists(), f"the Dockerfile copies {path}, which is not in the checkout"
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    modules = {path.name for path in ROOT.glob("*.py")}
    assert packages | modules | {"rulebooks", "migrations", "alembic.ini"} <= copied()


def test_what_the_dockerfile_copies_is_sent_to_the_engine_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    assert {pattern[1:].rstrip("/") for pattern in patterns if pattern.startswith("!")} == copied()
    assert not any(fnmatch(".env", pattern[1:]) for pattern in patterns if pattern.startswith("!"))


def test_commands_run_files_that_are_in_the_image() -> None:
    seen = []
    for where, command in commands():
        match command:
            case ["python", "-m", "alembic", *_]:
                assert {"alembic.ini", "migrations"} <= copied()
                assert re.search(r"^script_location\s*=.*migrations$", (ROOT / "alembic.ini").read_text(), re.MULTILINE)
            case ["python", script, *_]:
                assert script in copied(), f"{where} runs {script}"
            case ["sh", *_]:
                pass
            case _:
                pytest.fail(f"{where} runs {command}")
        seen.append(where)
    assert {"worker", "pages", "migrate", "Dockerfile"} <= set(seen)


def test_the_image_runs_as_a_user_without_rights_and_keeps_documents_in_a_volume() -> None:
    final_stage = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    user = re.findall(r"^USER (.*)$", final_stage, flags=re.MULTILINE)
    assert user == ["scr"]
    documents = environment("worker")["SCR_DOCUMENTS_DIR"]
    assert f"SCR_DOCUMENTS_DIR={documents}" in final_stage
    assert re.search(rf"install --directory --owner scr .*{documents}", final_stage)
    assert f"documents:{documents}" in SERVICES["worker"]["volumes"]


def test_the_pages_are_served_where_their_port_leads_and_say_whether_they_are_ready() -> None:
    pages, settings = SERVICES["pages"], environment("pages")
    name = pages["command"][2]
    assert pages["command"][:2] == ["python", "starter.py"]
    assert name in get_group(starter.app).commands
    address, _, port = settings["SCR_PAGES_ADDRESS"].rpartition(":")
    assert address == "0.0.0.0" and pages["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert settings["SCR_PUBLIC_URL"] == f"http://127.0.0.1:{port}"
    assert f'"http://127.0.0.1:{port}/readyz"' in pages["healthcheck"]["test"][-1]
    assert "/readyz" in {route.path for route in health.router.routes if isinstance(route, APIRoute)}
    assert settings["SCR_TEMPORAL_PAGE"].rpartition(":")[2] in SERVICES["temporal-ui"]["ports"][0]


def test_the_worker_says_to_its_own_container_alone_whether_it_is_ready() -> None:
    address = environment("worker")["SCR_WORKER_HEALTH_ADDRESS"]
    assert address.startswith("127.0.0.1:")
    assert f'"http://{address}/readyz"' in SERVICES["worker"]["healthcheck"]["test"][-1]


def test_pages_and_worker_have_the_same_settings_and_keep_in_one_place() -> None:
    assert environment("pages") == environment("worker")
    assert SERVICES["pages"]["volumes"] == SERVICES["worker"]["volumes"]
    data = environment("worker")["SCR_DATA_DIR"]
    assert f"data:{data}" in SERVICES["worker"]["volumes"]
    final_stage = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert f"SCR_DATA_DIR={data}" in final_stage
    assert re.search(rf"install --directory --owner scr .* {data} ", final_stage)


def test_the_pages_start_while_temporal_is_away() -> None:
    waits_for = set(SERVICES["pages"]["depends_on"])
    assert not {name for name in waits_for if name.startswith("temporal")}


def test_the_worker_trusts_the_certificate_that_the_mail_server_shows() -> None:
    assert environment("worker")["SCR_SMTP_SECURITY"] == "starttls"
    mount = "mail-certificate:/run/mail-certificate:ro"
    assert mount in SERVICES["worker"]["volumes"]
    assert mount in SERVICES["mail"]["volumes"]
    assert environment("worker")["SCR_SMTP_CA_FILE"] == environment("mail")["MP_SMTP_TLS_CERT"]
    assert environment("mail")["MP_SMTP_REQUIRE_STARTTLS"] == "true"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command, which the image has")
def test_the_certificate_is_good_for_the_mail_servers_name_and_its_key_is_roots_alone(tmp_path: Path) -> None:
    script = filled_in(SERVICES["mail-certificate"]["command"][-1])
    for _ in range(2):  # the second start leaves what is there
        subprocess.run(["sh", "-euc", script], cwd=tmp_path, check=True, capture_output=True)
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(certificate.stat().st_mode) == 0o644

    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(certificate, key)
    trusted = ssl.create_default_context(cafile=str(certificate))
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = shown.wrap_bio(to_server, to_client, server_side=True)
    client = trusted.wrap_bio(to_client, to_server, server_hostname=environment("worker")["SCR_SMTP_HOST"])
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue  # the other side's turn
    assert client.getpeercert()
