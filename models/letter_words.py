"""What became of a letter, in words."""

from __future__ import annotations


def letter_words(status: str, delivery: str = "", operations_must_act: bool = False) -> str:
    """What became of a letter, for people.

    Arguments:
        status: the notice's: ``under way``, ``accepted`` or ``refused``.
        delivery: the ledger's word for the letter: ``sending``, ``waiting``, ``accepted``, ``refused``; empty when the
            ledger does not know it yet.
        operations_must_act: whether it waits for settings to be mended.
    """
    if status == "refused" or delivery == "refused":
        return "Not delivered: it will not be retried"
    if status == "accepted" or delivery == "accepted":
        return "Accepted by the mail server"
    if delivery == "waiting" and operations_must_act:
        return "Waiting: operations must correct the mail settings"
    if delivery == "waiting":
        return "Waiting: it will be retried automatically"
    return "Being sent" if delivery else "About to be sent"
