"""Errors of the command line; their message is all that the user sees."""

__all__ = ["CommandError", "InterruptedWorkError", "names", "one_line", "shown"]

_MOST_CHARACTERS = 500
_MOST_NAMES = 8


class CommandError(Exception):
    """Data, a file or a folder is not as it must be; the message names the remedy."""


class InterruptedWorkError(CommandError):
    """The user interrupted the work; the message says what is left of it."""


def one_line(text: str) -> str:
    """Return the text on one line, in characters that any terminal can show."""
    text = shown(" ".join(text.split()))
    return f"{text[:_MOST_CHARACTERS]}..." if len(text) > _MOST_CHARACTERS else text


def shown(text: str) -> str:
    """Return the text with characters escaped that break the line or are not UTF-8."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def names(values: list) -> str:
    """Return the first few of the values, as Python writes them."""
    shown = ", ".join(repr(value) for value in values[:_MOST_NAMES])
    more = len(values) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
