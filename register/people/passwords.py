"""Passwords: which may be chosen, and how they are kept: as argon2id hashes, worked out off the event loop."""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 200
"""Characters that a password may have."""

_COMMON_WORDS = Path(__file__).resolve().parent / "common_password_words.txt"
_FEWEST_DIFFERENT = 5
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm")
_STANDS_FOR = str.maketrans("0134578@$!", "oieastbasi")
"""Figures and signs that people put for letters."""


def weakness(password: str, *, email: str, name: str) -> str:
    """Why a password may not be chosen, in a sentence for whoever chose it; empty when it may.

    Arguments:
        password: as it was typed.
        email, name: of the account it is for.
    """
    # Before anything else is done with it: bringing a very long text into one form can take minutes.
    plain = _normal(password[: LONGEST + 1]).casefold()
    if len(plain) < SHORTEST:
        return f"Choose a password of at least {SHORTEST} characters. Three or four words are easy to remember."
    if max(len(password), len(plain)) > LONGEST:
        return f"Choose a password of at most {LONGEST} characters."
    parts = (email, email.partition("@")[0], email.partition("@")[2], name, *name.split())
    own = {word for word in map(_letters, parts) if len(word) > 2}
    letters = _letters(plain)
    if plain == email.casefold() or (letters and _made_of(letters, own)):
        return "Choose a password that is not your e-mail address or your name."
    if _is_common(plain):
        return "Choose a password that is harder to guess: this one is made of words or signs that many people use."
    return ""


async def hashed(password: str) -> str:
    """The argon2id hash of a password."""
    return await asyncio.to_thread(PasswordHasher().hash, _normal(password))


async def matches(kept: str, password: str) -> bool:
    """Whether this is the password of that hash. It takes as long when there is no hash at all.

    Arguments:
        kept: the hash; empty for somebody who has none, or whom nobody knows.
        password: as it was typed.
    """
    nobodys = await asyncio.to_thread(_nobodys)
    right = await asyncio.to_thread(_verify, kept or nobodys, _normal(password[: LONGEST + 1]))
    return right and bool(kept)


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with less effort than today's."""
    return PasswordHasher().check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return PasswordHasher().hash(secrets.token_urlsafe(16))


def _normal(password: str) -> str:
    # The same letter may be typed as one sign or as two, by keyboard and machine.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()


def _is_common(plain: str) -> bool:
    if len(set(plain)) < _FEWEST_DIFFERENT or _repeats(plain):
        return True
    signs = "".join(sign for sign in plain if sign.isalnum())
    if any(signs in row * 3 or signs in row[::-1] * 3 for row in _ROWS):
        return True
    return _made_of(_letters(plain), _common_words())


def _letters(plain: str) -> str:
    """The word within: what stands around it is taken away, and figures that stand for letters are read as these."""
    inner = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain.casefold())
    return re.sub(r"[\W\d_]+", "", inner.translate(_STANDS_FOR))


def _repeats(plain: str) -> bool:
    """Whether it is one short piece over and over."""
    return (plain + plain).find(plain, 1) <= len(plain) // 2


def _made_of(text: str, words: set[str] | frozenset[str]) -> bool:
    """Whether a text is such words one after another, and nothing else. Without any letters it is."""
    reached = {0}
    for end in range(1, len(text) + 1):
        if any(start in reached and text[start:end] in words for start in range(end)):
            reached.add(end)
    return len(text) in reached


@cache
def _common_words() -> frozenset[str]:
    return frozenset(_COMMON_WORDS.read_text(encoding="utf-8").split())
