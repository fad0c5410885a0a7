"""What the numbers of a passage are: effect, limits, P, trials, participants, or none of these."""

import re
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
    """Return the numbers that are not compared, by their indices, each with what it is.

    That is ``part of a word``, ``level``, ``citation``, ``heterogeneity`` or ``other``.
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
    if _is_level(token, before, after):
        return "level"
    if cited and not numbers.INTERVAL_BEFORE.search(before):
        return "citation"
    if numbers.HETEROGENEITY.search(before):
        return "heterogeneity"
    other = (
        numbers.STATISTIC.search(before)
        or numbers.IN_STATISTIC.search(before)
        or (numbers.AFTER_UNIT.match(after) and not _is_ratio(token, after))
        or numbers.BEFORE_UNIT.search(before)
        or numbers.TO_UNIT.match(after)
        or _is_year(token, before)
    )
    return "other" if other else ""


def _is_level(token: Token, before: str, after: str) -> bool:
    if float(token.digits.replace(",", "")) not in LEVELS:
        return False
    if token.percent and numbers.LEVEL_LABEL.search(before):
        return True
    pattern = numbers.LEVEL_AFTER if token.percent else numbers.LEVEL_RIGHT_AFTER
    return bool(pattern.match(after))


def _is_ratio(token: Token, after: str) -> bool:
    """Whether a number tells how many times as high something is."""
    match = numbers.TIMES_AFTER.match(after)
    return match is not None and ("." in token.digits or bool(match["as"]))


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

LEVEL = "ci_level"
"""Level of an interval, in percent."""

HETEROGENEITY = ("q", "q_df", "q_p", "tau2", "i2", "se")
"""Quantities of a pooled number, compared where the ledger has them."""

NOTED = ("citation", "correlation", "statistic")
"""What is seen and mostly is no number of an estimate: citations, r, and z, t, df, SD, means."""

ARM_SHARE = "share of an arm"
NEEDED_TO_TREAT = "number needed to treat"
"""Labels of numbers that are statements by themselves, where no mark binds them."""

UNREAD = "unread"
"""A number in the form of a statistic of which the words do not say what it is."""

FIRM, PROSE, LOOSE = 3, 2, 1
"""How sure a reading is: named in a statistical form, told in prose, only possible."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A number of a passage and what it is.

    Attributes
    ----------
    field : str
        One of `FIELDS`, `HETEROGENEITY` or `NOTED`, `LEVEL` or `UNREAD`.
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
    label : str
        The words that name it.
    formal : bool
        Whether it stands in the form of a statistic: behind a sign or a label, or in a cell.
    """

    field: str
    start: int
    end: int
    number: Printed
    sureness: int = FIRM
    kind: str = ""
    group: int = -1
    label: str = ""
    formal: bool = False


def read(text: str, *, hint: str = "", percent: bool = False, cell: bool = False) -> list[Reading]:
    """Return the numbers of a passage that can be compared, and those that only may be.

    Parameters
    ----------
    text : str
        A passage of a manuscript, without marks.
    hint : str
        What the header of a table says the cell holds: one of `FIELDS`, ``ci``, or nothing.
    percent : bool
        Whether the header says percent.
    cell : bool
        Whether it is a cell of a table, where no number stands but as a value.

    Returns
    -------
    list of Reading
        In the order of the passage.

    Examples
    --------
    >>> [(one.field, one.number.text) for one in read("g = 0.52 (95% CI, −0.29 to 1.33)")]
    [('effect', '0.52'), ('ci_level', '95%'), ('ci_low', '−0.29'), ('ci_high', '1.33')]
    """
    return _Passage(text, hint, percent, cell).readings()


class _Passage(View):
    """One passage; each step names more of its numbers."""

    def __init__(self, text: str, hint: str, percent: bool, cell: bool) -> None:
        super().__init__(text)
        self.hint, _, self.level = hint.partition("@")
        self.percent = percent
        self.cell = cell
        self.roles: dict[int, str] = set_aside(self)
        self.found: list[Reading] = []
        # Numbers that another step names as what is no number of an estimate.
        self.noted: dict[int, str] = {}

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
        self._others()
        return sorted(self.found, key=lambda one: one.start)

    def _formal(self, index: int) -> bool:
        """Whether a number stands in the form of a statistic, whatever it is."""
        before, token = self.before(index), self.tokens[index]
        bracketed = before.endswith("[") or self.after(index).startswith("]")
        if bracketed or numbers.FORM_BEFORE.search(before[-24:]):
            return True
        if self.cell:
            return "." in token.digits or token.percent
        labelled = numbers.LABEL_BETWEEN.search(before)
        return labelled is not None and before[labelled.start() :].count(")") <= 1

    def _others(self) -> None:
        """Name what is no number of an estimate, and what no step could name."""
        for index, token in enumerate(self.tokens):
            role = self.roles.get(index, "")
            field = self.noted.get(index, "")
            if role == "citation":
                field = "citation"
            elif role in ("heterogeneity", "other") and not field:
                field = self._quantity(index)
            elif not role and self._formal(index):
                field = UNREAD
            if field:
                number = self._number(index)
                needed = numbers.NEEDED_BEFORE.search(self.before(index))
                label = NEEDED_TO_TREAT if needed else ""
                formal = field == UNREAD
                self.found.append(
                    Reading(field, token.start, token.end, number, label=label, formal=formal)
                )

    def _quantity(self, index: int) -> str:
        """Return which statistic the words before a number name, empty where none."""
        before = self.before(index)
        match = numbers.HETEROGENEITY.search(before)
        if match is not None:
            if match["q"]:
                return "q"
            name = {"I": "i2", "tau": "tau2", "Tau": "tau2", "τ": "tau2", "τ̂": "tau2"}
            return name.get(match["name"], "statistic") if match["squared"] else "statistic"
        inside = numbers.IN_STATISTIC.search(before)
        if inside is not None:
            return "q_df" if inside["of"] == "Q" else "statistic"
        match = numbers.STATISTIC.search(before)
        if match is None:
            return ""
        short = (match["short"] or "").rstrip("s.")
        behind = short == "df" and index > 0 and len(self.gap(index - 1, index)) <= 24
        if behind and self._quantity(index - 1) == "q":
            return "q_df"
        if short in ("SE", "S.E") or (match["long"] or "").startswith("standard error"):
            return "se"
        near = self.masked[max(0, self.tokens[index].start - WINDOW) :][: 2 * WINDOW]
        if short.lower().startswith(("chi", "χ")) and numbers.HETEROGENEITY_NEAR.search(near):
            return "q"
        return "correlation" if short == "r" else "statistic"

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
                het = re.search("[Hh]et|hom|Q", before[-40:])
                self.noted[index] = "q_p" if het else "statistic"
                continue
            match = numbers.P_BEFORE.search(before)
            if match is None or float(token.digits.replace(",", "")) > 1:
                continue
            if self._tests_heterogeneity(index, match[0]):
                self.roles[index] = "other"
                self.noted[index] = "q_p"
                continue
            self._add("p_value", index, self._p_number(index, match[0]))

    def _tests_heterogeneity(self, index: int, label: str) -> bool:
        """Whether a P stands right behind Q, I² or their degrees of freedom."""
        at, between = index - 1, label
        while at >= 0 and self.roles.get(at) in ("heterogeneity", "other"):
            gap = self.gap(at, at + 1)
            rest = gap[: len(gap) - len(between.lstrip())] if at == index - 1 else gap
            if at == index - 1 and not gap.endswith(between.lstrip()):
                return False
            if ";" in rest.strip(" ,;)(") or len(rest) > 24:
                return False
            if self._quantity(at) in ("q", "i2", "tau2"):
                return True
            if not re.search(r"df", self.before(at)[-8:]):
                return False
            at -= 1
        return False

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
        elif self.hint == "effect_se" and len(free) in (1, 2):
            self._add("effect", free[0], self._number(free[0]), group=0)
            self.roles.update(dict.fromkeys(free[1:], "other"))
            self.noted.update(dict.fromkeys(free[1:], "se"))
        elif self.hint in (*HETEROGENEITY, "statistic"):
            self.roles.update(dict.fromkeys(free, "other"))
            self.noted.update(dict.fromkeys(free, self.hint))
        elif self.hint in ("effect", "ci") and len(free) in (2, 3):
            names = ("effect", "ci_low", "ci_high")[-len(free) :]
            for name, index in zip(names, free, strict=True):
                self._add(name, index, self._number(index), group=0)
        if self.level and free and self.roles.get(free[0]) in FIELDS:
            token = self.tokens[free[0]]
            shown = printed(self.level, text=f"{self.level}% CI")
            self.found.append(Reading(LEVEL, token.start, token.end, shown))

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
            if owner is not None and not decimal and self._is_cited(owner, low, gap):
                self.roles[low] = self.roles[high] = "citation"
                return True
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
            self.noted[low] = self.noted[high] = "statistic"
            return True
        owned = owned and not role
        self._name_interval(low, owner if owned else None, sureness)
        self._level(low, high)
        return True

    def _is_cited(self, owner: int, low: int, gap: str) -> bool:
        """Whether two whole numbers behind a decimal cite sources: limits have its decimals."""
        values = [float(self.tokens[at].digits.replace(",", "")) for at in (low, low + 1, owner)]
        within = values[0] <= values[2] <= values[1]
        labelled = numbers.INTERVAL_BEFORE.search(self.masked[self.tokens[low + 1].end :][:16])
        return not self.tokens[owner].percent and bool(labelled or (gap == "," and not within))

    def _level(self, low: int, high: int) -> None:
        """Name the level that a label beside an interval prints."""
        for index in (low - 1, low - 2, high + 1):
            if not 0 <= index < len(self.tokens):
                continue
            token = self.tokens[index]
            near = self.gap(index, low) if index < low else self.gap(high, index)
            attached = re.search(r"(?:CI|KI|IC)[_-]?$", self.text[: token.start][-6:])
            labels = self.roles[index] == "level" if index in self.roles else False
            if len(near) < WINDOW / 2 and (labels or (token.attached and attached)):
                digits = token.digits.lstrip("-")
                number = printed(digits, text=self.original[token.start : token.end])
                self.roles[index] = LEVEL
                self.found.append(Reading(LEVEL, token.start, token.end, number, group=low))
                return

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
        named, label = self._effect_label(owner)
        self._add(
            "effect",
            owner,
            number,
            sureness=sureness if named is None else FIRM,
            kind=named or kind,
            group=low,
            label=label,
        )

    def _open(self, number: Printed) -> Printed:
        """Return a number of which only the words around it say that it is a percentage."""
        return Printed(number.text, number.value, number.unit, None, number.relation)

    def _effect_label(self, index: int) -> tuple[str | None, str]:
        """Return the kind of metric that the words before a number name, and these words."""
        before = self.before(index)
        for kind, pattern in numbers.EFFECT_BEFORE:
            match = pattern.search(before)
            if match is not None:
                return kind, match[0].strip(" =:,;([≈~")
        return None, ""

    def _limits(self) -> None:
        for index in range(len(self.tokens)):
            match = numbers.LIMIT_BEFORE.search(self.before(index)) if self.free(index) else None
            if match is not None:
                side = match["side"] or match["short"] or match["r"] or match["broom"]
                low = (side or match["quantile"])[0] in "lL2"
                self._add("ci_low" if low else "ci_high", index, self._number(index))

    def _effects(self) -> None:
        """Name effects without an interval beside them."""
        for index, token in enumerate(self.tokens):
            if not self.free(index):
                continue
            after = self.after(index)
            kind, label = self._effect_label(index)
            points = bool(numbers.POINTS_AFTER.match(after))
            decimal = self._is_decimal(index)
            told = points or bool(numbers.SD_AFTER.match(after) or numbers.TIMES_AFTER.match(after))
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
            if not kind and numbers.TIMES_AFTER.match(after):
                sureness, shared = PROSE, "ratio"
            formal = self._formal(index)
            sides = (self.before(index), after)
            if token.percent and kind is None and any(map(numbers.SHARES_BESIDE.search, sides)):
                label = ARM_SHARE
            self._add(
                "effect",
                index,
                number,
                sureness=sureness,
                kind=kind or shared,
                group=index,
                label=label,
                formal=formal,
            )
