"""A passage with its numbers, and the words on both sides of each."""

from evidence.writing.patterns import WINDOW
from evidence.writing.tokens import plain, tokens


class View:
    """A passage of a manuscript without marks.

    Attributes
    ----------
    original, text : str
        As it stands there, and with one kind of dash, minus and space, of the same length.
    masked : str
        The same with digits that belong to a word masked: DASS-21 becomes DASS-xx.
    tokens : list of Token
        Its numbers, from left to right.
    """

    def __init__(self, text: str) -> None:
        self.original = text
        self.text = plain(text)
        self.tokens = tokens(self.text)
        characters = list(self.text)
        for one in self.tokens:
            if one.attached:
                characters[one.start : one.end] = "x" * (one.end - one.start)
        self.masked = "".join(characters)

    def before(self, index: int) -> str:
        """Return the words before a number."""
        start = self.tokens[index].start
        return self.masked[max(0, start - WINDOW) : start]

    def after(self, index: int) -> str:
        """Return the words after a number."""
        end = self.tokens[index].end
        return self.masked[end : end + WINDOW]

    def gap(self, one: int, two: int) -> str:
        """Return what stands between two numbers."""
        return self.masked[self.tokens[one].end : self.tokens[two].start]
