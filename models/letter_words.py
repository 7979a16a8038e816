"""What became of a letter, in words."""

from __future__ import annotations


def letter_words(status: str, delivery: str = "", operations_must_act: bool = False) -> str:
    """What became of a letter, for people.

    Arguments:
        status: the notice's: ``under way``, ``taken`` or ``refused``.
        delivery: the ledger's word for the letter: ``under way``, ``waiting``, ``taken``, ``refused``; empty when the
            ledger does not know it yet.
        operations_must_act: whether it waits for settings to be mended.
    """
    if status == "refused" or delivery == "refused":
        return "Refused: it will not be sent again by itself"
    if status == "taken" or delivery == "taken":
        return "Taken by the mail server"
    if delivery == "waiting" and operations_must_act:
        return "Waiting: operations must mend the mail settings"
    if delivery == "waiting":
        return "Waiting: it is sent again by itself"
    return "Being sent" if delivery else "On its way"
