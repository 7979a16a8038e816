"""The kinds of values that settings have: how each is read, and what to tell who gave something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_REGISTERS = ("sqlite", "postgres", "postgresql", "postgresql+asyncpg")
_SHORTEST_SECRET = 32
_MAIL_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+|[^<>@\r\n]+ <[^@\s<>,;]+@[^@\s<>,;]+>")


@dataclass(frozen=True, slots=True)
class Give:
    """What to give for a setting. It ends the sentence "give …"."""

    text: str


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine itself, so that what is sent to it never leaves it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def long_enough(secret: SecretStr | None) -> SecretStr | None:
    """Refuses a secret that could be found by trying."""
    if secret is not None and len(secret.get_secret_value()) < _SHORTEST_SECRET:
        raise ValueError(f"is shorter than {_SHORTEST_SECRET} characters")
    return secret


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()


def _there_as_folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"there is no folder {path}")
    return path


def _there_as_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _nothing(value: object) -> object:
    return None if value in ("", "none") else value


def _networks(value: object) -> object:
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise ValueError("is not a list of addresses")
    try:
        return tuple(str(ip_network(str(item).strip())).removesuffix("/32").removesuffix("/128") for item in given)
    except ValueError:
        raise ValueError("has something in it that is not an IP address or network") from None


def _register(url: str) -> str:
    try:
        driver = make_url(url).drivername
    except ArgumentError:
        raise ValueError("is not a database's address") from None
    if driver not in _REGISTERS:
        raise ValueError("is for a database or a driver that the register cannot use")
    return url


def _web_page(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("is not the address of a web page")
    return url.rstrip("/")


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment or parts.scheme not in ("http", "https"):
        raise ValueError("is not an identity provider's address")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("would ask another machine in clear text")
    return url


def _sender(address: str) -> str:
    if not address:
        raise ValueError("is not set, and the mail server is not on this machine")
    if not _MAIL_ADDRESS.fullmatch(address):
        raise ValueError("is not a mail address")
    return address


def _listening(address: str) -> str:
    host, _, port = address.rpartition(":")
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        raise ValueError("has no IP address before the colon") from None
    if not (port.isascii() and port.isdecimal()) or not 1 <= int(port) <= 65535:
        raise ValueError("has no port after the colon")
    return address


Words = BeforeValidator(_lower)
"""For a setting that is one of a few words: capitals do not matter."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
FolderToBe = Annotated[Path, AfterValidator(_absolute), Give("a folder, for example /var/lib/scr")]
Folder = Annotated[Path, AfterValidator(_absolute), AfterValidator(_there_as_folder), Give("a folder")]
CertificateFile = Annotated[
    Path, AfterValidator(_absolute), AfterValidator(_there_as_file), Give("a PEM file of certificates")
]
RegisterUrl = Annotated[
    str,
    AfterValidator(_register),
    Give("sqlite:////folder/register.sqlite or postgresql://user:password@host/name"),
]
Port = Annotated[int, Field(ge=1, le=65535), Give("a port from 1 to 65535, for example 587")]
Seconds = Annotated[float, Field(gt=0, le=20), Give("a number of seconds up to 20")]
Bytes = Annotated[int, Field(ge=1), Give("a number of bytes, for example 25000000")]
Sender = Annotated[
    str, AfterValidator(_sender), Give("the address letters come from, for example reviews@board.example")
]
WebPage = Annotated[
    str, AfterValidator(_web_page), Give("where the pages are, for example https://reviews.board.example")
]
Issuer = Annotated[str, AfterValidator(_issuer)]
Networks = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(_networks),
    Give("IP addresses or networks with commas, for example 10.0.0.5,10.1.0.0/16"),
]
ListeningAddress = Annotated[str, AfterValidator(_listening)]
Optionally = BeforeValidator(_nothing)
"""For a setting that may be ``none``."""
