"""Markdown manuscripts: blocks with their lines, each character with its place in the source."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from html import unescape

from evidence.errors import ParameterError
from evidence.manuscripts import MARK, Draft, Passage, Row, table

Characters = list[tuple[str, int]]
"""Characters with their places."""

_RAISED_DIGITS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def raised(text: str) -> str:
    """Return raised text: signs of notes, or powers, never part of the number before them.

    Of the same length; letters become one sign that stands for a note.
    """
    return "".join("⁺" if one.isalpha() else one for one in text.translate(_RAISED_DIGITS))


_ESCAPED_MARK = re.compile(r"\\?\{ ?ev ?:[^{}\n]{0,600}\}", re.IGNORECASE)
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)(.{1,500}?)(?<!`)\1(?!`)", re.DOTALL)
_NOTE = re.compile(r"\[\^[^\]\s]{1,60}\]")
_CITED = re.compile(r"\[[^\[\]@]{0,60}-?@[A-Za-z0-9_][^\[\]]{0,300}\]")
_IMAGE = re.compile(r"!\[[^\[\]]{0,500}\]\([^()\n]{0,500}\)")
_LINK_END = re.compile(r"\]\([^()\s]{1,500}(?: \"[^\"\n]{0,200}\")?\)")
_DELETED = re.compile(r"~~(?=\S)[^~\n]{1,500}~~|<(?P<tag>del|s|strike)>.{0,500}?</(?P=tag)>", re.I)
_RAISED = re.compile(r"\^(?P<a>[0-9A-Za-z,+-]{1,12})\^|<sup>(?P<b>[^<]{1,30})</sup>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,300}>")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_MATH = re.compile(r"\$(?! )([^$\n]{1,200}?)(?<! )\$(?![0-9])")
# Escaped brackets are text; they enclose a formula where a command stands in them.
_BRACKET_MATH = re.compile(r"\\[(\[](?=[^\n]{0,300}\\[A-Za-z])([^\n]{1,300}?)\\[)\]](?!\w)")
_LOWERED = re.compile(r"~(?P<a>[^~\s]{1,20})~(?!~)|<sub>(?P<b>[^<]{1,30})</sub>", re.IGNORECASE)
_COMMAND = re.compile(r"\\([A-Za-z]{1,20})|\\([,;:! ])|[{}]|\^\{?([0-9+-])\}?")
_LATEX = {
    **{"leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "times": "×", "approx": "≈", "pm": "±"},
    **{"lt": "<", "gt": ">", "sim": "~", "ldots": "…", "dots": "…", "to": "to", "cdot": "·"},
    **{"Delta": "Δ", "quad": " ", "qquad": " "},
    **dict.fromkeys(
        ("text", "mathrm", "mathit", "mathbf", "textit", "textbf", "textrm", "operatorname", "rm"),
        "",
    ),
    **dict.fromkeys(("left", "right", "hat", "bar", "big", "Big", "displaystyle"), ""),
}
_PUNCTUATION = frozenset("\\`*_{}[]()<>#+-.!|~$&^@%:;\"',=/?")


def clean(block: Sequence[tuple[str, int]]) -> Characters:
    r"""Return the characters of a block without its markup; marks of numbers stay.

    Parameters
    ----------
    block : sequence of tuple
        Characters of the source with their places.

    Examples
    --------
    >>> text = r"*g* = **0.52** [see](x.html), *P*&nbsp;= .11[^1] {ev:a_b.c}"
    >>> "".join(letter for letter, _ in clean([(c, i) for i, c in enumerate(text)]))
    'g = 0.52 see, P\xa0= .11 {ev:a_b.c}'
    """
    source = "".join(letter for letter, _ in block)
    places = [place for _, place in block]
    found: Characters = []
    at = 0
    while at < len(source):
        at += _step(source, places, at, found)
    return found


def _put(found: Characters, text: str, place: int) -> None:
    found.extend((letter, place) for letter in text)


def _step(source: str, places: Sequence[int], at: int, found: Characters) -> int:
    """Add what stands at a place, and return how many characters of the source it takes."""
    letter, place = source[at], places[at]
    if letter in "\\{" and (match := _ESCAPED_MARK.match(source, at)):
        body = match[0].replace("\\", "")
        if MARK.fullmatch(body):
            found.extend(
                (one, places[at + offset]) for offset, one in enumerate(match[0]) if one != "\\"
            )
            return len(match[0])
    if letter == "\\" and (match := _BRACKET_MATH.match(source, at)):
        _put_math(match[1], places[at + 2 :], found)
        return len(match[0])
    if letter == "\\":
        following = source[at + 1 : at + 2]
        if following == "\n":
            _put(found, " ", place)
            return 2
        if following in _PUNCTUATION and following:
            found.append((following, places[at + 1]))
            return 2
    length = _skipped(source, at)
    if length:
        return length
    if letter in "^<" and (match := _RAISED.match(source, at)):
        _put(found, raised(match["a"] or match["b"]), place)
        return len(match[0])
    if letter in "~<" and (match := _LOWERED.match(source, at)):
        start = match.start("a" if match["a"] else "b")
        found.extend((one, places[start + at]) for at, one in enumerate(match["a"] or match["b"]))
        return len(match[0])
    if letter == "<" and (match := _TAG.match(source, at)):
        if match[0].lower().startswith(("<br", "</p", "</td", "</li")):
            _put(found, " ", place)
        return len(match[0])
    if letter == "&" and (match := _ENTITY.match(source, at)):
        _put(found, unescape(match[0]), place)
        return len(match[0])
    if letter == "$" and (match := _MATH.match(source, at)):
        _put_math(match[1], places[at + 1 :], found)
        return len(match[0])
    if letter == "`" and (match := _CODE.match(source, at)):
        # Code is quoted, not claimed; a mark in it is no mark.
        _put(found, " ", place)
        return len(match[0])
    if not _is_emphasis(source, at):
        found.append((letter, place))
    return 1


def _skipped(source: str, at: int) -> int:
    """Return the length of what readers do not see, or see elsewhere; 0 where there is none."""
    letter = source[at]
    if letter == "[":
        match = _NOTE.match(source, at) or _CITED.match(source, at)
        if match:
            return len(match[0])
        return 1 if _opens_link(source, at) else 0
    pattern = {"!": _IMAGE, "]": _LINK_END, "~": _DELETED, "<": _DELETED}.get(letter)
    match = pattern.match(source, at) if pattern else None
    return len(match[0]) if match else 0


def _opens_link(source: str, at: int) -> bool:
    closing = source.find("]", at + 1, at + 500)
    return closing > 0 and bool(_LINK_END.match(source, closing))


def _put_math(formula: str, places: Sequence[int], found: Characters) -> None:
    at = 0
    while at < len(formula):
        match = _COMMAND.match(formula, at)
        if match is None:
            if formula[at : at + 2] == "\\%":
                at += 1
            found.append((" " if formula[at] == "~" else formula[at], places[at]))
            at += 1
            continue
        if match[1]:
            _put(found, _LATEX.get(match[1], match[1]), places[at])
        elif match[2]:
            _put(found, " ", places[at])
        elif match[3]:
            _put(found, raised(match[3]), places[at])
        at = match.end()


def _is_emphasis(source: str, at: int) -> bool:
    letter = source[at]
    before, after = source[at - 1 : at] if at else "", source[at + 1 : at + 2]
    if letter == "*":
        return not (before in ("", " ", "\n") and after in ("", " ", "\n"))
    if letter == "_":
        return not (before.isalnum() and after.isalnum())
    return False


LARGEST = 2_000_000
"""Largest file, in bytes; a book has less."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?: |$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+) *$")
_RULE = re.compile(r" {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$")
_ITEM = re.compile(r" {0,12}(?:[-*+]|[0-9]{1,9}[.)])(?: +|$)")
_FIRST_ITEM = re.compile(r" {0,12}(?:[-*+]|1[.)]) +")
_QUOTE = re.compile(r"(?: {0,3}>)+ ?")
_NOTE_BLOCK = re.compile(r" {0,3}\[\^([^\]\s]{1,60})\]: ?")
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
        elif match := _NOTE_BLOCK.match(text):
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
        rows = [[self._passage(cell) for cell in _cells(self.lines[index])]]
        index += 2
        while index < len(self.lines):
            if not any(letter == "|" for letter, _ in self.lines[index]):
                break
            rows.append([self._passage(cell) for cell in _cells(self.lines[index])])
            index += 1
        self.parts += table([list(enumerate(row)) for row in rows])
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
