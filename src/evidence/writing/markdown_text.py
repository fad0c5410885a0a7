"""Markdown of one block as readers see it, each character with its place in the source."""

import re
from collections.abc import Sequence
from html import unescape

from evidence.writing.draft import MARK

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
_COMMAND = re.compile(r"\\([A-Za-z]{1,20})|\\([,;:! ])|[{}]|\^\{?([0-9+-])\}?")
_LATEX = {"leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "times": "×", "approx": "≈", "pm": "±"}
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
            found.append((formula[at], places[at]))
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
