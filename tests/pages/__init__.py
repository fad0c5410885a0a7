"""Tests of pages; what they read of one is its text."""

from evidence.blocks import escape


def plain(markup: str) -> str:
    """Return the text of markup in one line, with single spaces."""
    return " ".join(escape.plain(markup).split())
