"""Numbers of a passage that are none of an estimate: years, times, levels, other statistics."""

from evidence.writing import patterns
from evidence.writing.tokens import Token
from evidence.writing.view import View

LEVELS = (80.0, 90.0, 95.0, 97.5, 99.0, 99.9)
"""Levels of intervals, in percent."""

_YEARS = range(1900, 2100)


def set_aside(view: View) -> dict[int, str]:
    """Return the numbers that are not compared, each with what it is.

    Parameters
    ----------
    view : View
        A passage.

    Returns
    -------
    dict of int to str
        For the index of each such number ``part of a word``, ``level``, ``citation``,
        ``heterogeneity`` or ``other``.
    """
    cited = {at for match in patterns.CITATION.finditer(view.text) for at in range(*match.span())}
    roles = {}
    for index, token in enumerate(view.tokens):
        role = _role(token, view.before(index), view.after(index), token.start in cited)
        if role:
            roles[index] = role
    return roles


def _role(token: Token, before: str, after: str, cited: bool) -> str:
    if token.attached:
        return "part of a word"
    if _is_level(token, after):
        return "level"
    if cited and not patterns.INTERVAL_BEFORE.search(before):
        return "citation"
    if patterns.HETEROGENEITY.search(before):
        return "heterogeneity"
    other = (
        patterns.STATISTIC.search(before)
        or patterns.IN_STATISTIC.search(before)
        or patterns.AFTER_UNIT.match(after)
        or patterns.BEFORE_UNIT.search(before)
        or patterns.TO_UNIT.match(after)
        or _is_year(token, before)
    )
    return "other" if other else ""


def _is_level(token: Token, after: str) -> bool:
    if float(token.digits.replace(",", "")) not in LEVELS:
        return False
    pattern = patterns.LEVEL_AFTER if token.percent else patterns.LEVEL_RIGHT_AFTER
    return bool(pattern.match(after))


def _is_year(token: Token, before: str) -> bool:
    """Whether a number is a year; "N = 1980" is none."""
    return (
        token.whole
        and len(token.digits) == 4
        and int(token.digits) in _YEARS
        and not token.percent
        and not patterns.N_BEFORE.search(before)
    )
