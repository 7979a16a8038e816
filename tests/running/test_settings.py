"""Settings come from the environment and a file, and each wrong one is named with what to do."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from running.settings import Settings, SettingsError, load_settings


def problems(**overrides: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def test_without_any_setting_everything_is_below_one_folder_of_the_working_directory(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.data_dir == tmp_path / "var"
    assert settings.register_url == f"sqlite:///{tmp_path}/var/register.sqlite"
    assert settings.documents_dir == tmp_path / "var" / "documents"
    assert settings.rulebook_file.name == "hertfordshire-2018.toml"
    assert settings.rulebook_file.is_file()
    assert settings.mail_from == "board@localhost"
    assert not (tmp_path / "var").exists()


def test_the_environment_wins_over_the_file_and_code_over_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "scr.toml").write_text('task_queue = "file"\nlog_level = "error"\nsmtp_timeout = 5\n')
    monkeypatch.setenv("SCR_TASK_QUEUE", "environment")
    monkeypatch.setenv("SCR_SMTP_TIMEOUT", "6")
    settings = load_settings(smtp_timeout=7)
    assert (settings.log_level, settings.task_queue, settings.smtp_timeout) == ("error", "environment", 7.0)


def test_the_file_can_be_somewhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text('task_queue = "elsewhere"\n')
    monkeypatch.setenv("SCR_CONFIG_FILE", str(elsewhere))
    assert load_settings().task_queue == "elsewhere"


def test_proxies_are_addresses_and_networks_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCR_PAGES_PROXIES", "10.0.0.5, 10.1.0.0/16,::1")
    assert load_settings().pages_proxies == ("10.0.0.5", "10.1.0.0/16", "::1")


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"SCR_{name.upper()}", "")
    assert load_settings() == load_settings()
    assert load_settings().smtp_username is None


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("TLS", 465), ("none", 25)])
def test_the_mail_servers_port_follows_from_how_it_is_protected(
    monkeypatch: pytest.MonkeyPatch, security: str, port: int
) -> None:
    monkeypatch.setenv("SCR_SMTP_SECURITY", security)
    assert load_settings().smtp_port == port


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost", "LOCALHOST"])
def test_clear_text_may_go_to_this_machine(host: str) -> None:
    assert load_settings(smtp_host=host, smtp_security="none").smtp_security == "none"


@pytest.mark.parametrize("host", ["mail.council.example", "10.0.0.1", "localhost.council.example", "0.0.0.0"])
def test_clear_text_may_go_nowhere_else(host: str) -> None:
    [problem] = problems(smtp_host=host, smtp_security="none", mail_from="board@council.example")
    assert problem == (
        f"SCR_SMTP_SECURITY: none would send letters in clear text to another machine, {host}; "
        "give starttls, tls or, for a mail server on this machine, none."
    )


def test_a_real_mail_server_needs_a_real_sender() -> None:
    [problem] = problems(smtp_host="mail.council.example")
    assert problem.startswith("SCR_MAIL_FROM: is not set, and the mail server is not on this machine; give ")


@pytest.mark.parametrize("sender", ["a@b.example", "Hertfordshire Safeguarding <a@b.example>"])
def test_a_sender_may_have_a_name(sender: str) -> None:
    assert load_settings(mail_from=sender).mail_from == sender


WRONG = [
    ("SCR_DOCUMENT_MAX_BYTES", "0", "is out of range"),
    ("SCR_DOCUMENT_MAX_BYTES", "25 MB", "is not a whole number"),
    ("SCR_LOG_FORMAT", "xml", "is not one of the words it can be"),
    ("SCR_LOG_LEVEL", "loud", "is not one of the words it can be"),
    ("SCR_MAIL_FROM", "the board", "is not a mail address"),
    ("SCR_MAIL_FROM", "a@b.example, c@d.example", "is not a mail address"),
    ("SCR_CACHE_MEGABYTES", "-1", "is out of range"),
    ("SCR_METRICS_ADDRESS", "localhost:9464", "has no IP address before the colon"),
    ("SCR_METRICS_ADDRESS", "127.0.0.1:0", "has no port after the colon"),
    ("SCR_METRICS_ADDRESS", "127.0.0.1", "has no IP address before the colon"),
    ("SCR_PAGES_ADDRESS", "localhost:8000", "has no IP address before the colon"),
    ("SCR_PAGES_PROXIES", "10.0.0.5,proxy", "has something in it that is not an IP address or network"),
    ("SCR_PAGES_PROXIES", "*", "has something in it that is not an IP address or network"),
    ("SCR_PAGES_SECRET", "s" * 31, "is shorter than 32 characters"),
    ("SCR_PUBLIC_URL", "reviews.board.example", "is not the address of a web page"),
    ("SCR_REGISTER_URL", "register.sqlite", "is not a database's address"),
    (
        "SCR_REGISTER_URL",
        "mysql://host/name",
        "is for a database or a driver that the register cannot use",
    ),
    ("SCR_RULEBOOKS_DIR", "/no/such/folder", "there is no folder /no/such/folder"),
    ("SCR_SMTP_CA_FILE", "/no/such/file", "there is no file /no/such/file"),
    ("SCR_SMTP_PORT", "65536", "is out of range"),
    ("SCR_SMTP_PORT", "smtp", "is not a whole number"),
    ("SCR_SMTP_SECURITY", "ssl", "is not one of the words it can be"),
    ("SCR_SMTP_TIMEOUT", "0", "is out of range"),
    ("SCR_SMTP_TIMEOUT", "soon", "is not a number"),
    ("SCR_TASK_QUEUE", "x" * 201, "is too long"),
    ("SCR_WORKER_HEALTH_ADDRESS", "localhost:8001", "has no IP address before the colon"),
    ("SCR_TEMPORAL_PAGE", "127.0.0.1:8233", "is not the address of a web page"),
]


@pytest.mark.parametrize(("name", "value", "wrong"), WRONG)
def test_a_wrong_setting_is_named_in_one_line_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, wrong: str
) -> None:
    monkeypatch.setenv(name, value)
    [problem] = problems()
    assert problem.startswith(f"{name}: {wrong}; give ")
    assert problem.endswith(".")
    assert "\n" not in problem


def test_a_rulebook_that_is_not_there_is_named_with_those_that_are() -> None:
    [problem] = problems(rulebook="borsetshire-2018")
    assert problem.startswith("SCR_RULEBOOK: there is no such rulebook in ")
    assert "hertfordshire-2018" in problem


def test_everything_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value, _ in WRONG:
        monkeypatch.setenv(name, value)
    assert {problem.partition(":")[0] for problem in problems()} == {name for name, _, _ in WRONG}


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("SCR_SMPT_HOST", "did you mean SCR_SMTP_HOST?"),
        ("scr_rulebok", "did you mean SCR_RULEBOOK?"),
        ("SCR_COLOUR_OF_THE_DOOR", "remove it."),
        ("SCR_FOO", "remove it."),
    ],
)
def test_a_mistyped_variable_does_not_pass_silently(monkeypatch: pytest.MonkeyPatch, name: str, advice: str) -> None:
    monkeypatch.setenv(name, "x")
    assert problems() == [f"{name}: is not a setting; {advice}"]


def test_what_is_wrong_in_the_file_is_named_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "scr.toml").write_text('smtp_port = "many"\nsmpt_host = "mail"\n[smtp]\nport = 25\n')
    port, *unknown = problems()
    assert port.startswith("SCR_SMTP_PORT (smtp_port in scr.toml): is not a whole number; give ")
    assert unknown == [
        "SCR_SMPT_HOST (smpt_host in scr.toml): is not a setting; did you mean SCR_SMTP_HOST?",
        "SCR_SMTP (smtp in scr.toml): is not a setting; did you mean SCR_SMTP_PORT?",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"smtp_port = \n", "scr.toml: is not TOML; mend this: Invalid value (at line 1, column 13)."),
        (b"\xff\xfe", "scr.toml: is not UTF-8 text; save it as that."),
    ],
)
def test_a_file_that_cannot_be_understood_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "scr.toml").write_bytes(content)
    assert problems() == [says]


def test_a_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCR_CONFIG_FILE", "/no/such/file.toml")
    assert problems() == [
        "SCR_CONFIG_FILE: /no/such/file.toml cannot be read (No such file or directory); give a TOML file."
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"smtp_password": "hunter2"},
        {"smtp_password": "hunter2", "smtp_username": ""},
        {"smtp_password": "hunter2", "smtp_username": "u", "smtp_port": "hunter2", "smtp_timeout": "hunter2"},
        {"register_url": "mysql://u:hunter2@host/name"},
        {"register_url": "hunter2"},
        {"log_level": "hunter2"},
        {"cache_megabytes": "hunter2"},
        {"metrics_address": "hunter2"},
    ],
)
def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"SCR_{name.upper()}", value)
    assert "hunter2" not in "".join(problems())


def test_loaded_settings_can_be_printed_without_their_secrets() -> None:
    settings = load_settings(
        smtp_username="u", smtp_password="hunter2", register_url="postgresql+asyncpg://u:hunter2@host/name"
    )
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "hunter2"
    assert "hunter2" not in f"{settings} {settings!r}"


@pytest.mark.parametrize("given", [{"smtp_username": "u"}, {"smtp_password": "p"}])
def test_a_user_name_and_its_password_come_together(given: dict[str, str]) -> None:
    [problem] = problems(**given)
    assert problem.startswith("SCR_SMTP_PASSWORD: ")


def test_every_setting_says_what_it_is_and_what_to_give() -> None:
    from running.settings import _what_to_give

    source = inspect.getsource(Settings)
    for name in Settings.model_fields:
        _, _, after = source.partition(f"\n    {name}: ")
        assert re.match(r'(?s).*?\n    """', after.partition("\n\n    ")[0]), name
    assert all(map(_what_to_give, Settings.model_fields))


def test_metrics_may_be_turned_off_in_words() -> None:
    assert load_settings(metrics_address="none").metrics_address is None
    assert load_settings(metrics_address="127.0.0.1:9464").metrics_address == "127.0.0.1:9464"
    assert load_settings(metrics_address="[::1]:9464").metrics_address == "[::1]:9464"


def test_an_identity_provider_is_asked_safely_and_knows_what_we_are_called() -> None:
    assert load_settings().oidc_issuer is None
    given = {"oidc_issuer": "https://login.council.example/", "oidc_client_id": "the-pages"}
    assert load_settings(**given).oidc_issuer == "https://login.council.example/"
    assert load_settings(oidc_issuer="http://127.0.0.1:9000", oidc_client_id="the-pages")
    [wrong] = problems(oidc_issuer="http://login.council.example", oidc_client_id="the-pages")
    assert wrong.startswith("SCR_OIDC_ISSUER: would ask another machine in clear text; give ")
    [missing] = problems(oidc_issuer="https://login.council.example")
    assert missing.startswith("SCR_OIDC_CLIENT_ID: is missing for the identity provider; give ")
