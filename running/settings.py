"""Settings: from the environment (``SCR_…``) and a file, checked at the start, each wrong one named.

How to reach Temporal is not here: its own profiles and ``TEMPORAL_…`` variables say that.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from running.setting_kinds import (
    Bytes,
    CertificateFile,
    Folder,
    FolderToBe,
    Give,
    Issuer,
    ListeningAddress,
    Name,
    Networks,
    Optionally,
    Port,
    RegisterUrl,
    Seconds,
    Sender,
    WebPage,
    Words,
    is_loopback,
    long_enough,
)

_PREFIX = "SCR_"
_FILE_VARIABLE = "SCR_CONFIG_FILE"
_FILE_NAME = "scr.toml"
_RULEBOOKS = Path(__file__).resolve().parents[1] / "rulebooks"
_SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class SettingsError(Exception):
    """Settings with which nothing can be started. Its text has a line for each that is wrong, and no secret.

    Arguments:
        problems: the lines, each with the name of the setting, what is wrong and what to do.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Everything that can be set. `load_settings` makes one, with all its errors in plain words.

    Paths are absolute once loaded; relative ones start at the working directory. An empty variable is none.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: FolderToBe = Path("var")
    """Where everything is kept that is not set to be elsewhere."""

    register_url: RegisterUrl = Field(
        default_factory=lambda data: f"sqlite:///{data['data_dir']}/register.sqlite",
        repr=False,  # it may hold a password
    )
    """The register's database. Without one: a SQLite file in `data_dir`."""

    documents_dir: FolderToBe = Field(default_factory=lambda data: Path(data["data_dir"]) / "documents")
    """Where documents are kept. Without one: a folder in `data_dir`."""

    document_max_bytes: Bytes = 25_000_000
    """The largest document that is taken."""

    smtp_host: Annotated[Name, Give("the mail server's name, for example mail.council.example")] = "127.0.0.1"
    """The mail server that letters are handed to."""

    smtp_security: Annotated[
        Literal["starttls", "tls", "none"],
        Words,
        Give("starttls, tls or, for a mail server on this machine, none"),
    ] = "starttls"
    """How the way to the mail server is protected. Clear text, ``none``, never leaves this machine."""

    smtp_port: Port = Field(default_factory=lambda data: _SMTP_PORTS[data["smtp_security"]])
    """The mail server's port. Without one: 587 for starttls, 465 for tls, 25 for none."""

    smtp_username: Annotated[Name | None, Give("the user name, and its password in SCR_SMTP_PASSWORD")] = None
    """Who signs in to the mail server. Without one, nobody does."""

    smtp_password: Annotated[SecretStr | None, Give("both SCR_SMTP_USERNAME and SCR_SMTP_PASSWORD, or neither")] = None
    """The password for `smtp_username`."""

    smtp_ca_file: Annotated[CertificateFile | None, Give("a PEM file of certificates")] = None
    """Certificates to trust for the mail server instead of the system's."""

    smtp_timeout: Seconds = 20.0
    """How long each operation of the mail server may take, in seconds."""

    mail_from: Sender = Field(
        # A made-up sender is good for trying things out; a real mail server would refuse each letter of it.
        default_factory=lambda data: "board@localhost" if is_loopback(data["smtp_host"]) else ""
    )
    """Whom letters are from: ``reviews@board.example`` or ``Name <reviews@board.example>``."""

    public_url: WebPage = ""
    """The pages' base address for links in mails. Without one, mails have no links."""

    pages_address: Annotated[ListeningAddress, Give("an IP address and a port, for example 127.0.0.1:8000")] = (
        "127.0.0.1:8000"
    )
    """Where the pages listen."""

    pages_proxies: Networks = ()
    """The proxies in front of the pages: what they say of a visitor's address and of HTTPS is believed."""

    pages_secret: Annotated[
        SecretStr | None,
        AfterValidator(long_enough),
        Give("32 random characters or more, the same for pages and workers"),
    ] = None
    """Signs the links in mails. Without one: a random one, kept in `data_dir`."""

    temporal_page: WebPage = ""
    """The address of Temporal's web page, for operations."""

    oidc_issuer: Annotated[
        Issuer | None, Give("the provider's issuer as it names itself, for example https://login.council.example")
    ] = None
    """The identity provider that people may sign in with, beside their password here. Without one, nobody does."""

    oidc_client_id: Annotated[Name | None, Give("what the provider calls these pages")] = Field(
        default=None, validate_default=True
    )
    """What the provider calls these pages."""

    oidc_client_secret: Annotated[SecretStr | None, Give("the secret that the provider gave for these pages")] = None
    """The secret with it. Without one, these pages are a public client."""

    oidc_label: Annotated[Name, Give("a few words, for example your council account")] = "your work account"
    """What people know the provider as. It ends the words "Sign in with"."""

    rulebooks_dir: Folder = _RULEBOOKS
    """Where the rulebooks are."""

    rulebook: Annotated[Name, Give("the name of a file there, without .toml")] = "hertfordshire-2018"
    """The rulebook of files that are opened from now on."""

    task_queue: Annotated[Name, Give("a name, the same for worker and command line")] = "serious-case-review"
    """Temporal's task queue."""

    cache_megabytes: Annotated[int, Field(ge=0), Give("a number of megabytes, for example 256")] = 256
    """How much memory a worker may keep open files in; one that is not there is replayed from its history."""

    metrics_address: Annotated[
        ListeningAddress | None,
        Optionally,
        Give("an IP address and a port, for example 127.0.0.1:9464, or none"),
    ] = None
    """Where a worker serves Prometheus metrics, if anywhere."""

    worker_health_address: Annotated[
        ListeningAddress | None,
        Optionally,
        Give("an IP address and a port, for example 127.0.0.1:8001, or none"),
    ] = None
    """Where a worker says whether it is well, if anywhere: ``/livez`` and ``/readyz``."""

    log_level: Annotated[Literal["debug", "info", "warning", "error"], Words, Give("debug, info, warning or error")] = (
        "info"
    )
    """What is worth a line in the log."""

    log_format: Annotated[Literal["console", "json"], Words, Give("console, for people, or json, for machines")] = (
        "console"
    )
    """How the log is written."""

    @field_validator("smtp_security")
    @classmethod
    def _clear_text_stays_here(cls, security: str, info: ValidationInfo) -> str:
        host = info.data.get("smtp_host")
        if security == "none" and host is not None and not is_loopback(host):
            raise ValueError(f"none would send letters in clear text to another machine, {host}")
        return security

    @field_validator("smtp_password")
    @classmethod
    def _name_and_password(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        named = info.data.get("smtp_username", password)
        if named is not None and password is None:
            raise ValueError("is missing for the user name")
        if named is None and password is not None:
            raise ValueError("has no user name with it")
        return password

    @field_validator("oidc_client_id")
    @classmethod
    def _issuer_and_client(cls, client: str | None, info: ValidationInfo) -> str | None:
        if client is None and info.data.get("oidc_issuer") is not None:
            raise ValueError("is missing for the identity provider")
        return client

    @field_validator("rulebook")
    @classmethod
    def _rulebook_is_there(cls, name: str, info: ValidationInfo) -> str:
        folder = info.data.get("rulebooks_dir")
        if folder is not None and not (folder / f"{name}.toml").is_file():
            known = ", ".join(sorted(path.stem for path in folder.glob("*.toml"))) or "none"
            raise ValueError(f"there is no such rulebook in {folder} (there: {known})")
        return name

    @property
    def rulebook_file(self) -> Path:
        """The file of `rulebook`."""
        return self.rulebooks_dir / f"{self.rulebook}.toml"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code comes first, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=_file())


def load_settings(**overrides: Any) -> Settings:
    """All settings, from the environment and the file: ``scr.toml`` here, or the one SCR_CONFIG_FILE names.

    Arguments:
        overrides: settings by their field's name; they win over the environment, and that over the file.

    Raises:
        SettingsError: something is wrong; its text names each wrong setting in one line.
    """
    in_file = _read_file()
    problems = list(_unknown_variables())
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        problems += _problems(error, overrides, in_file)
    if problems:
        raise SettingsError(*problems)
    return settings


def _file() -> Path:
    return Path(os.environ.get(_FILE_VARIABLE) or _FILE_NAME).expanduser()


def _read_file() -> Mapping[str, Any]:
    """What the file says. One that is named must be there; the one that is only looked for need not be."""
    path = _file()
    if not path.exists() and not os.environ.get(_FILE_VARIABLE):
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = f"{path} cannot be read ({error.strerror})"
        raise SettingsError(f"{_FILE_VARIABLE}: {why}; give a TOML file.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text; save it as that.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML; mend this: {error}.") from None


def _unknown_variables() -> Iterator[str]:
    """A mistyped name would otherwise pass without a word, and the default would stand."""
    for name in sorted(os.environ):
        if name.upper().startswith(_PREFIX) and name.upper() not in _known():
            yield f"{name}: is not a setting; {_instead(name)}"


def _problems(error: ValidationError, overrides: Mapping[str, Any], in_file: Mapping[str, Any]) -> Iterator[str]:
    in_environment = {name.upper() for name, value in os.environ.items() if value}
    for detail in error.errors(include_url=False, include_input=False):
        if detail["type"] == "default_factory_not_called":
            continue  # for want of a setting that has a line of its own
        field = str(detail["loc"][0])
        where = _variable(field)
        if field in in_file and field not in overrides and where not in in_environment:
            where = f"{where} ({field} in {_file()})"
        if detail["type"] == "extra_forbidden":
            yield f"{where}: is not a setting; {_instead(_variable(field))}"
        else:
            yield f"{where}: {_what_is_wrong(detail)}; give {_what_to_give(field)}."


def _what_is_wrong(detail: Mapping[str, Any]) -> str:
    """In our own words: pydantic's are for programmers, and some quote what was given, secret or not."""
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "int_parsing" | "int_type" | "int_from_float":
            return "is not a whole number"
        case "float_parsing" | "float_type":
            return "is not a number"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return "is out of range"
        case "string_too_short":
            return "is empty"
        case "string_too_long":
            return "is too long"
        case "literal_error":
            return "is not one of the words it can be"
        case _:
            return "is not what it should be"


def _what_to_give(field: str) -> str:
    return next(item.text for item in Settings.model_fields[field].metadata if isinstance(item, Give))


def _variable(field: str) -> str:
    return f"{_PREFIX}{field.upper()}"


def _known() -> list[str]:
    return [_FILE_VARIABLE, *map(_variable, Settings.model_fields)]


def _instead(name: str) -> str:
    # Without the prefix, which makes any two of them alike.
    known = [one.removeprefix(_PREFIX) for one in _known()]
    close = difflib.get_close_matches(name.upper().removeprefix(_PREFIX), known, n=1)
    return f"did you mean {_PREFIX}{close[0]}?" if close else "remove it."
