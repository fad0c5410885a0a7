"""Numbers in prose: where each stands, with its sign, and what stands beside it."""

import re
from dataclasses import dataclass

# One character for one, so that a place in the plain text is a place in the text.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("−﹣－‐‑", "-"),
        **dict.fromkeys("‒—―", "–"),
        **dict.fromkeys("\t\n\r\v\f\u00a0\u1680\u2028\u2029\u202f\u205f\u3000", " "),
        **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
        **dict.fromkeys("’‘ʼ", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("·∙⋅‧", "."),
        **dict.fromkeys("⩽≦", "≤"),
        **dict.fromkeys("⩾≧", "≥"),
        **dict.fromkeys("﹤＜", "<"),
        **dict.fromkeys("﹥＞", ">"),
        "＝": "=",
        "％": "%",
    }
)

_NUMBER = re.compile(
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?:[eE][-+]?[0-9]{1,3}(?![0-9])| ?[x×] ?10(?P<power>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}|\^?-[0-9]{1,3}))?"
)
_NOTE_SIGN = re.compile(r"(?<=[0-9%)\]])[⁰¹²³⁴⁵⁶⁷⁸⁹⁺*†‡§¶]{1,8}")
_POWER = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
# After these a dash followed by a space and a number is a minus, "CI − 0.29".
_BEFORE_MINUS = re.compile(r"(?:^|[(\[=,;:<>≤≥≈~/]|\b(?:to|and|from|between|was|is|of|CI|at))$")
_PERCENT = re.compile(
    r" ?(?:%(?:[- ]?points?\b)?|(?:percent|per cent|percentage)(?:[- ]points?)?\b|pp\b)"
)

WORDS = {
    "both": 2,
    "single": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
"""Numbers that prose spells out."""


@dataclass(frozen=True, slots=True)
class Token:
    """A number in a text.

    Attributes
    ----------
    start, end : int
        Its place, sign and percent sign included.
    digits : str
        Plain minus, decimal point.
    percent : bool
        Whether a percent sign or word follows.
    attached : bool
        Whether it is part of a word, as in DASS-21, 6-week or EQ-5D.
    """

    start: int
    end: int
    digits: str
    percent: bool = False
    attached: bool = False

    @property
    def whole(self) -> bool:
        """Whether it has no decimals and no sign, as a count has."""
        return self.digits.replace(",", "").isdigit()


def plain(text: str) -> str:
    """Return the text with one kind of dash, minus, space and quote, of the same length.

    Signs of notes right behind a number become spaces.
    """
    return _NOTE_SIGN.sub(lambda match: " " * len(match[0]), text.translate(_PLAIN))


def tokens(text: str) -> list[Token]:
    """Return the numbers of a plain text, from left to right.

    Examples
    --------
    >>> [one.digits for one in tokens("0.52 (-0.29 to 1.33; P = .11), DASS-21")]
    ['0.52', '-0.29', '1.33', '.11', '21']
    >>> [one.digits for one in tokens("-0.29–1.33")]
    ['-0.29', '1.33']
    """
    found = []
    at = 0
    while (match := _NUMBER.search(text, at)) is not None:
        at = match.end()
        start, sign = _sign(text, match.start())
        digits = match[0].lower().replace(" ", "")
        if match["power"]:
            power = match["power"].translate(_POWER).lstrip("^")
            digits = re.split("[x×]", digits)[0] + f"e{power}"
        percent = _PERCENT.match(text, at)
        end = percent.end() if percent else at
        found.append(
            Token(start, end, sign + digits, bool(percent), _attached(text, match.start(), at))
        )
        at = max(at, end)
    return found


def _sign(text: str, start: int) -> tuple[int, str]:
    """Return where a number starts with its sign, and the sign."""
    at = start
    spaced = at > 1 and text[at - 1] == " " and text[at - 2] in "-–"
    if spaced:
        at -= 1
    mark = text[at - 1] if at else ""
    if not mark or mark not in "-–+":
        return start, ""
    before = text[max(0, at - 13) : at - 1]
    if spaced:
        return (at - 1, "-") if _BEFORE_MINUS.search(before.rstrip()[-8:]) else (start, "")
    last = before[-1:]
    if last.isalnum() or last in (")", "]", "%", "."):
        # A dash right behind a number or a word: a range, or part of the word.
        return start, ""
    if mark == "–" and last == " " and (before.rstrip()[-1:].isdigit() or before[-2:] == "% "):
        # "0.29 –1.33": in print an en dash between two numbers is a range.
        return start, ""
    return at - 1, "" if mark == "+" else "-"


def _attached(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:].isalpha() or before[-1:] == "_":
        return True
    if len(before) == 2 and before[1] == "-" and before[0].isalpha():
        return True
    if after[:1].isalpha() and text[end : end + 2].lower() not in ("sd", "pp", "to"):
        return "." not in text[start:end]
    return len(after) == 2 and after[0] == "-" and after[1].isalpha()
