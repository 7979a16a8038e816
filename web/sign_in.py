"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter

router = APIRouter()


def address(then: str = "/", *, kept: bool = False) -> str:
    """Where to sign in, and come back to a page of ours.

    Arguments:
        then: the page to come back to.
        kept: whether to say that what was typed is kept.
    """
    return "/sign-in?" + urlencode({"then": then, **({"kept": "1"} if kept else {})})
