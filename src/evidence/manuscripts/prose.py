"""What the numbers of a passage are: effect, limits, P, trials, participants, or none of these."""

from dataclasses import dataclass

from evidence.manuscripts import numbers
from evidence.manuscripts.numbers import WINDOW, WORDS, Printed, Token, plain, printed, tokens


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
    cited = {at for match in numbers.CITATION.finditer(view.text) for at in range(*match.span())}
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
    if cited and not numbers.INTERVAL_BEFORE.search(before):
        return "citation"
    if numbers.HETEROGENEITY.search(before):
        return "heterogeneity"
    other = (
        numbers.STATISTIC.search(before)
        or numbers.IN_STATISTIC.search(before)
        or numbers.AFTER_UNIT.match(after)
        or numbers.BEFORE_UNIT.search(before)
        or numbers.TO_UNIT.match(after)
        or _is_year(token, before)
    )
    return "other" if other else ""


def _is_level(token: Token, after: str) -> bool:
    if float(token.digits.replace(",", "")) not in LEVELS:
        return False
    pattern = numbers.LEVEL_AFTER if token.percent else numbers.LEVEL_RIGHT_AFTER
    return bool(pattern.match(after))


def _is_year(token: Token, before: str) -> bool:
    """Whether a number is a year; "N = 1980" is none."""
    return (
        token.whole
        and len(token.digits) == 4
        and int(token.digits) in _YEARS
        and not token.percent
        and not numbers.N_BEFORE.search(before)
    )


FIELDS = ("effect", "ci_low", "ci_high", "p_value", "n", "k")
"""What is compared, in the order in which a sentence says it."""

FIRM, PROSE, LOOSE = 3, 2, 1
"""How sure a reading is: named in a statistical form, told in prose, only possible."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A number of a passage and what it is.

    Attributes
    ----------
    field : str
        One of `FIELDS`.
    start, end : int
        Its place in the passage.
    number : Printed
        The number.
    sureness : int
        `FIRM`, `PROSE` or `LOOSE`.
    kind : str
        Metric that an effect or a limit can only mean, ``share`` for a percentage; else empty.
    group : int
        Effect and limits that stand together have one number.
    """

    field: str
    start: int
    end: int
    number: Printed
    sureness: int = FIRM
    kind: str = ""
    group: int = -1


def read(text: str, *, hint: str = "", percent: bool = False) -> list[Reading]:
    """Return the numbers of a passage that are of a kind that can be compared.

    Parameters
    ----------
    text : str
        A passage of a manuscript, without marks.
    hint : str
        What the header of a table says the cell holds: one of `FIELDS`, ``ci``, or nothing.
    percent : bool
        Whether the header says percent.

    Returns
    -------
    list of Reading
        In the order of the passage.

    Examples
    --------
    >>> [(one.field, one.number.text) for one in read("g = 0.52 (95% CI, −0.29 to 1.33), P = .11")]
    [('effect', '0.52'), ('ci_low', '−0.29'), ('ci_high', '1.33'), ('p_value', '.11')]
    """
    return _Passage(text, hint, percent).readings()


class _Passage(View):
    """One passage; each step names more of its numbers."""

    def __init__(self, text: str, hint: str, percent: bool) -> None:
        super().__init__(text)
        self.hint = hint
        self.percent = percent
        self.roles: dict[int, str] = set_aside(self)
        self.found: list[Reading] = []

    def free(self, index: int) -> bool:
        return index not in self.roles

    def readings(self) -> list[Reading]:
        self._p_values()
        self._counts()
        if self.hint:
            self._hinted()
        self._intervals()
        self._limits()
        self._effects()
        return sorted(self.found, key=lambda one: one.start)

    def _number(self, index: int, relation: str = "=", percent: bool | None = None) -> Printed:
        token = self.tokens[index]
        shown = self.original[token.start : token.end]
        flag = percent if percent is not None else (token.percent or self.percent)
        return printed(token.digits, text=shown, percent=flag, relation=relation)

    def _add(self, field: str, index: int, number: Printed, **more: object) -> None:
        token = self.tokens[index]
        self.roles[index] = field
        self.found.append(Reading(field, token.start, token.end, number, **more))  # type: ignore[arg-type]

    def _p_values(self) -> None:
        for index, token in enumerate(self.tokens):
            if not self.free(index) or token.percent:
                continue
            before = self.before(index)
            if numbers.P_OF_OTHER.search(before):
                self.roles[index] = "other"
                continue
            match = numbers.P_BEFORE.search(before)
            if match is None or float(token.digits.replace(",", "")) > 1:
                continue
            if index and self.roles.get(index - 1) == "heterogeneity":
                between = self.gap(index - 1, index)
                if between.lstrip(" ,;)").startswith(match[0].lstrip()):
                    self.roles[index] = "other"
                    continue
            self._add("p_value", index, self._p_number(index, match[0]))

    def _p_number(self, index: int, label: str) -> Printed:
        relation = "="
        if numbers.BELOW.search(label):
            relation = "<"
        elif numbers.ABOVE.search(label):
            relation = ">"
        number = self._number(index, relation)
        if relation == "=":
            return number
        return Printed(f"{relation} {number.text}", number.value, number.unit, False, relation)

    def _counts(self) -> None:
        """Name numbers of trials and participants."""
        for index, token in enumerate(self.tokens):
            if not self.free(index) or not token.whole or token.percent:
                continue
            before, after = self.before(index), self.after(index)
            if numbers.K_BEFORE.search(before):
                self._add("k", index, self._number(index))
            elif numbers.N_BEFORE.search(before):
                if numbers.ARM_AFTER.match(after):
                    self.roles[index] = "other"
                else:
                    self._add("n", index, self._number(index))
            elif numbers.TRIALS_AFTER.match(after):
                if numbers.TRIALS_NOT_ALL_BEFORE.search(before):
                    self.roles[index] = "other"
                else:
                    self._add("k", index, self._number(index), sureness=PROSE)
            elif numbers.PEOPLE_AFTER.match(after):
                part = numbers.NOT_ALL_BEFORE.search(before) or numbers.PART_AFTER.match(after)
                if part:
                    self.roles[index] = "other"
                else:
                    self._add("n", index, self._number(index), sureness=PROSE)
        for index in range(len(self.tokens) - 1):
            one, two = self.tokens[index], self.tokens[index + 1]
            if (
                one.whole
                and two.whole
                and self.roles.get(index, "other") == self.roles.get(index + 1, "other") == "other"
                and numbers.OF_BETWEEN.match(self.gap(index, index + 1))
            ):
                self.roles[index] = "other"
                self._add("n", index + 1, self._number(index + 1), sureness=LOOSE)
        self._counts_in_words()

    def _counts_in_words(self) -> None:
        for match in numbers.WORD_NUMBER.finditer(self.text):
            before = self.masked[max(0, match.start() - WINDOW) : match.start()]
            after = self.masked[match.end() : match.end() + WINDOW]
            word = match["word"].lower()
            value = WORDS[word]
            if not numbers.TRIALS_AFTER.match(after):
                continue
            if numbers.TRIALS_NOT_ALL_BEFORE.search(before):
                continue
            # "in one trial" often points at one among several.
            alone = value > 1 or before.rstrip()[-1:] in ("(", ";", ",", "")
            self.found.append(
                Reading(
                    "k",
                    match.start(),
                    match.end(),
                    printed(str(value), text=self.original[match.start() : match.end()]),
                    PROSE if alone else LOOSE,
                )
            )

    def _hinted(self) -> None:
        """Name the numbers of a cell as the header of its column says."""
        free = [index for index in range(len(self.tokens)) if self.free(index)]
        if self.hint == "p_value" and len(free) == 1:
            self._add("p_value", free[0], self._p_number(free[0], self.text))
        elif self.hint in ("n", "k") and len(free) == 1 and self.tokens[free[0]].whole:
            self._add(self.hint, free[0], self._number(free[0]))
        elif self.hint in ("effect", "ci_low", "ci_high") and len(free) == 1:
            self._add(self.hint, free[0], self._number(free[0]), group=0)
        elif self.hint in ("effect", "ci") and len(free) in (2, 3):
            names = ("effect", "ci_low", "ci_high")[-len(free) :]
            for name, index in zip(names, free, strict=True):
                self._add(name, index, self._number(index), group=0)

    def _intervals(self) -> None:
        """Name pairs of limits, and the effect that stands before each."""
        index = 0
        while index + 1 < len(self.tokens):
            if not (self.free(index) and self.free(index + 1)):
                index += 1
                continue
            index += 2 if self._interval(index) else 1

    def _interval(self, low: int) -> bool:
        """Name the limits that start here, if they do."""
        high = low + 1
        gap = self.gap(low, high)
        ranged = bool(numbers.TO.match(gap))
        before = self.before(low)
        label = numbers.INTERVAL_BEFORE.search(before)
        owner = next((i for i in range(low - 1, max(low - 5, -1), -1) if self._may_own(i)), None)
        between = "" if owner is None else self.gap(owner, low)
        owned = owner is not None and bool(numbers.ATTACHED.match(between))
        decimal = any("." in self.tokens[i].digits for i in (low, high))
        owner_decimal = owner is not None and self._is_decimal(owner)
        if label is not None:
            if not (ranged or numbers.COMMA.match(gap) or numbers.AND.match(gap)):
                return False
            if numbers.OTHER_INTERVAL.search(label[0]):
                self.roles[low] = self.roles[high] = "other"
                return True
            sureness = FIRM
        elif ranged and numbers.INTERVAL_AFTER.match(self.after(high)):
            sureness = FIRM
        elif owned and numbers.BRACKET.match(between) and (ranged or numbers.COMMA.match(gap)):
            if not (decimal or owner_decimal):
                return False
            sureness = FIRM
        elif owned and ranged and decimal and numbers.OPEN_COMMA.match(between):
            sureness = FIRM
        elif decimal and (
            ranged or (numbers.AND.match(gap) and before.rstrip().endswith("between"))
        ):
            if numbers.OTHER_INTERVAL.search(before[-30:]):
                self.roles[low] = self.roles[high] = "other"
                return True
            sureness = LOOSE
        else:
            return False
        role = self.roles.get(owner, "") if owned and owner is not None else ""
        if role == "heterogeneity" or (role and ("(" in between or "[" in between)):
            # The interval of I², of a mean, of a standard deviation, not that of the estimate.
            self.roles[low] = self.roles[high] = "other"
            return True
        owned = owned and not role
        self._name_interval(low, owner if owned else None, sureness)
        return True

    def _is_decimal(self, index: int) -> bool:
        return "." in self.tokens[index].digits or self.tokens[index].percent

    def _may_own(self, index: int) -> bool:
        return self.roles.get(index, "") in ("", "heterogeneity", "other")

    def _name_interval(self, low: int, owner: int | None, sureness: int) -> None:
        high = low + 1
        tail = numbers.IN_PERCENT_AFTER.match(self.after(high))
        shown = [self.tokens[i].percent or self.percent for i in (low, high)]
        effect_shown = owner is not None and (self.tokens[owner].percent or self.percent)
        points = owner is not None and bool(numbers.POINTS_AFTER.match(self.after(owner)))
        kind = ""
        if any(shown) or tail or effect_shown:
            kind = "share"
        for name, index in (("ci_low", low), ("ci_high", high)):
            number = self._number(index)
            if not number.percent and (kind == "share" or points):
                number = self._open(number)
            self._add(name, index, number, sureness=sureness, kind=kind, group=low)
        if owner is None:
            return
        number = self._number(owner)
        if not number.percent and (kind == "share" or points):
            number = self._open(number)
        named = self._effect_kind(owner)
        self._add(
            "effect",
            owner,
            number,
            sureness=sureness if named is None else FIRM,
            kind=named or kind,
            group=low,
        )

    def _open(self, number: Printed) -> Printed:
        """Return a number of which only the words around it say that it is a percentage."""
        return Printed(number.text, number.value, number.unit, None, number.relation)

    def _effect_kind(self, index: int) -> str | None:
        """Return the kind of metric that the words before a number name, None where none does."""
        before = self.before(index)
        return next(
            (kind for kind, pattern in numbers.EFFECT_BEFORE if pattern.search(before)), None
        )

    def _limits(self) -> None:
        for index in range(len(self.tokens)):
            match = numbers.LIMIT_BEFORE.search(self.before(index)) if self.free(index) else None
            if match is not None:
                low = match["side"] == "lower" or match["short"] == "L"
                self._add("ci_low" if low else "ci_high", index, self._number(index))

    def _effects(self) -> None:
        """Name effects without an interval beside them."""
        for index, token in enumerate(self.tokens):
            if not self.free(index):
                continue
            after = self.after(index)
            kind = self._effect_kind(index)
            points = bool(numbers.POINTS_AFTER.match(after))
            decimal = self._is_decimal(index)
            told = points or bool(numbers.SD_AFTER.match(after))
            if kind is None and not (decimal or told):
                continue
            if kind in ("", "proportion") and not (decimal or told or token.digits.startswith("-")):
                # "an effect in 3 of 5": a bare count is no effect unless a symbol says so.
                continue
            number = self._number(index)
            if points and not number.percent:
                number = self._open(number)
            # "the difference was 7.2" tells of a number that another in the passage may be.
            sureness = FIRM if kind else LOOSE if kind is None else PROSE
            shared = "share" if token.percent else ""
            self._add("effect", index, number, sureness=sureness, kind=kind or shared, group=index)
