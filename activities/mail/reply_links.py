"""Links by which a letter is answered: signed, for one step of one letter, until a day."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass
from datetime import date, timedelta

from itsdangerous import BadData, URLSafeSerializer

VALID_FOR = timedelta(days=30)
"""From the day the letter was first handed over. A reminder brings a new link."""

_PURPOSE = "reply by link"


class ForgedLink(Exception):
    """Not a link of ours, or not all of one."""


@dataclass(frozen=True, slots=True)
class ReplyLink:
    """What a link says. Nothing in it is secret but its signature.

    Arguments:
        reference: the file.
        notice: the key of the letter's notice.
        number: the letter's number.
        step: the name of the step that it records.
        organisation: for which organisation; empty for none.
        until: the last day, in London, on which it can be used.
    """

    reference: str
    notice: str
    number: int
    step: str
    organisation: str
    until: date

    @property
    def step_id(self) -> str:
        """The id of the step that it records: used twice, it is recorded once."""
        what = json.dumps(astuple(self)[:-1]).encode()
        return f"reply-{hashlib.sha256(what).hexdigest()[:32]}"


def sign(key: bytes, link: ReplyLink) -> str:
    """The link's token, the same each time it is made."""
    return _serializer(key, _PURPOSE).dumps([*astuple(link)[:-1], link.until.isoformat()])


def read(key: bytes, token: str) -> ReplyLink:
    """What a token says, used or not, over or not.

    Raises:
        ForgedLink: this key did not sign it.
    """
    try:
        reference, notice, number, step, organisation, until = _serializer(key, _PURPOSE).loads(token)
        return ReplyLink(reference, notice, number, step, organisation, date.fromisoformat(until))
    except (BadData, ValueError, TypeError):
        raise ForgedLink from None


def sign_upload(key: bytes, link: ReplyLink, digest: str, filename: str) -> str:
    """Ties a document to the link that it came by, until the reply is confirmed."""
    return _serializer(key, link.step_id).dumps([digest, filename])


def read_upload(key: bytes, link: ReplyLink, token: str) -> tuple[str, str]:
    """The digest and name of a document that came by this link.

    Raises:
        ForgedLink: none did.
    """
    try:
        digest, filename = _serializer(key, link.step_id).loads(token)
        return str(digest), str(filename)
    except (BadData, ValueError, TypeError):
        raise ForgedLink from None


def _serializer(key: bytes, purpose: str) -> URLSafeSerializer:
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(key, salt=purpose, signer_kwargs=signing)
