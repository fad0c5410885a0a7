"""Markdown manuscripts: paragraphs, lists, tables and footnotes, each with its lines."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from evidence.errors import ParameterError
from evidence.writing.draft import Draft, Passage, Row, hint
from evidence.writing.markdown_text import clean

LARGEST = 2_000_000
"""Largest file, in bytes; a book has less."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?: |$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+) *$")
_RULE = re.compile(r" {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$")
_ITEM = re.compile(r" {0,12}(?:[-*+]|[0-9]{1,9}[.)])(?: +|$)")
_FIRST_ITEM = re.compile(r" {0,12}(?:[-*+]|1[.)]) +")
_QUOTE = re.compile(r"(?: {0,3}>)+ ?")
_NOTE = re.compile(r" {0,3}\[\^([^\]\s]{1,60})\]: ?")
_DELIMITER = re.compile(r" {0,3}\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEAD = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)

Line = list[tuple[str, int]]


def parse(data: bytes) -> Draft:
    """Return a Markdown manuscript as passages.

    Parameters
    ----------
    data : bytes
        The file, UTF-8, with or without a byte order mark.

    Raises
    ------
    ParameterError
        If it is too large or no text in UTF-8.
    """
    return parse_text(text_of(data))


def parse_text(text: str) -> Draft:
    """Return the passages of a Markdown text; see `parse`."""
    return _Parser(text).draft()


def text_of(data: bytes) -> str:
    """Return the text of a Markdown file; see `parse`."""
    if len(data) > LARGEST:
        raise ParameterError("draft", f"{len(data):,} bytes", f"at most {LARGEST:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ParameterError("draft", "bytes that are no UTF-8", "text in UTF-8") from None
    if "\0" in text:
        raise ParameterError("draft", "a NUL character", "text without NUL characters")
    return text


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    """Return the text with what matches turned to spaces, line ends kept."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


class _Parser:
    def __init__(self, text: str) -> None:
        text = _blanked(_COMMENT, _blanked(_HEAD, text.replace("\r\n", " \n").replace("\r", "\n")))
        self.lines: list[Line] = []
        self.starts = [0]
        at = 0
        for line in text.split("\n"):
            self.lines.append([(letter, at + offset) for offset, letter in enumerate(line)])
            at += len(line) + 1
            self.starts.append(at)
        self.parts: list[Passage | Row] = []
        self.block: list[Line] = []
        self.note = ""

    def draft(self) -> Draft:
        index, fence = 0, ""
        while index < len(self.lines):
            line = self.lines[index]
            text = "".join(letter for letter, _ in line)
            opened = _FENCE.match(text)
            if fence:
                if opened and opened[1].startswith(fence) and not text.strip(" `~"):
                    fence = ""
            elif opened:
                self._close()
                fence = opened[1]
            elif self._is_table(index):
                index = self._table(index)
                continue
            else:
                self._line(line, text)
            index += 1
        self._close()
        return Draft(tuple(self.parts))

    def _line(self, line: Line, text: str) -> None:
        """Add a line to the block it belongs to, or open another."""
        if match := _QUOTE.match(text):
            line, text = line[match.end() :], text[match.end() :]
        if not text.strip() or (_UNDERLINE.match(text) and self.block) or _RULE.match(text):
            self._close()
        elif match := _NOTE.match(text):
            self._close()
            self.note = match[1]
            self.block.append(line[match.end() :])
        elif _HEADING.match(text):
            self._close()
            self.block.append([one for one in line if one[0] != "#"])
            self._close()
        elif match := (_FIRST_ITEM if self.block else _ITEM).match(text):
            self._close()
            self.block.append(line[match.end() :])
        else:
            self.block.append(line)

    def _close(self) -> None:
        if self.block:
            joined: Line = []
            for line in self.block:
                if joined:
                    joined.append(("\n", joined[-1][1]))
                joined += line
            place = f"footnote {self.note}" if self.note else ""
            self.parts.append(self._passage(joined, place))
        self.block, self.note = [], ""

    def _passage(self, characters: Sequence[tuple[str, int]], place: str = "") -> Passage:
        seen = clean(characters)
        spots = tuple(spot for _, spot in seen)
        lines = tuple(bisect_right(self.starts, spot) for spot in spots)
        return Passage("".join(letter for letter, _ in seen), spots, place, lines)

    def _is_table(self, index: int) -> bool:
        if index + 1 >= len(self.lines):
            return False
        head = "".join(letter for letter, _ in self.lines[index])
        rule = "".join(letter for letter, _ in self.lines[index + 1])
        return "|" in head and "|" in rule and bool(_DELIMITER.match(rule))

    def _table(self, index: int) -> int:
        """Read a table, and return the index of the line behind it."""
        self._close()
        headers = [self._passage(cell) for cell in _cells(self.lines[index])]
        self.parts += headers
        hints = [hint(header.text) for header in headers]
        index += 2
        while index < len(self.lines):
            if not any(letter == "|" for letter, _ in self.lines[index]):
                break
            cells = [self._passage(cell) for cell in _cells(self.lines[index])]
            said = (hints + [("", False)] * len(cells))[: len(cells)]
            self.parts.append(Row(tuple(cells), tuple(said)))
            index += 1
        return index


def _cells(line: Line) -> list[Line]:
    """Return the cells of a row; an escaped bar is text."""
    cells: list[Line] = [[]]
    escaped = False
    for letter, place in line:
        if letter == "|" and not escaped:
            cells.append([])
            continue
        cells[-1].append((letter, place))
        escaped = letter == "\\" and not escaped
    if cells and not "".join(letter for letter, _ in cells[0]).strip():
        del cells[0]
    if cells and not "".join(letter for letter, _ in cells[-1]).strip():
        del cells[-1]
    return cells
