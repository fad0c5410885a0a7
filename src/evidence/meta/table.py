"""A researcher's own table of studies: read from a file, and what its columns are."""

import math
import re
import tomllib
from collections import Counter, abc
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from evidence.errors import DataError, Fault, ParameterError
from evidence.meta.cells import WANTED, Cell, Line, even, read_cells, refuse, short

MISSING = frozenset({"", "na", "n/a", "n.a.", "#n/a", "nan", "null", "-", "–", "—", "."})
"""What stands in a cell without a value, in small letters."""

_NUMBER = r"[+-]?(?:(?:0|[1-9][0-9]*)(?:{0}[0-9]*)?|{0}[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBERS = {sign: re.compile(_NUMBER.format(re.escape(sign))) for sign in ".,"}
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_EXACT_DIGITS = 15


def read_table(path: Path | str) -> pd.DataFrame:
    r"""Read a table of studies from a file, one row per line below the names of the columns.

    Parameters
    ----------
    path : Path or str
        CSV with commas, semicolons or tabs, decimal points or commas, in UTF-8, UTF-16 with a mark
        or Windows-1252; or XLSX, of which the first visible sheet with a table is read.

    Returns
    -------
    pandas.DataFrame
        Numbers where a cell is a number, missing where it is empty or a word of `MISSING`, else
        its text: a number with thousands separators or with the other decimal sign stays text.
        ``attrs["read_as"]`` is one sentence on how the file was read, ``attrs["lines"]`` the line
        of the file (of the sheet) on which each row starts.

    Raises
    ------
    DataError
        If the file cannot be read or is no table, names a column twice, or has lines of another
        length than its header; if its decimal sign could be a thousands separator, or a formula has
        no stored value. All faults of one kind are named.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.csv")
    ...     _ = path.write_text("study;yi;vi\nAdams 2001;0,35;0,05\n", encoding="utf-8")
    ...     table = read_table(path)
    >>> table["yi"].tolist(), table.attrs["lines"]
    ([0.35], [2])
    >>> print(table.attrs["read_as"])
    mine.csv is read as text in UTF-8, separated by semicolons, decimal commas: 1 row, 3 columns
    """
    path = Path(path)
    file, read = path.name, read_cells(path)
    columns, left_out = _columns(file, read.lines)
    sign, said = _decimal_sign(file, read.lines[1:], read.separator)
    table = pd.DataFrame(
        {name: [_value(cell, sign) for cell in cells] for name, cells in columns.items()}
    )
    counts = [
        f"{len(table)} row{'s' * (len(table) != 1)}, {table.shape[1]} columns",
        *([f"{left_out} empty column{'s' * (left_out > 1)} left out"] if left_out else []),
    ]
    table.attrs["read_as"] = f"{file} is read as {read.how}, {said}: {', '.join(counts)}"
    table.attrs["lines"] = [line for line, _ in read.lines[1:]]
    return table


def _columns(file: str, filled: list[Line]) -> tuple[dict[str, list[Cell]], int]:
    """Return the cells of each column by its name, and how many columns hold nothing."""
    line, header = filled[0]
    names = [str(cell) for cell in header]
    shown = short(", ".join(names))
    if sum(name != "" for name in names) < 2:
        refuse(file, f"{WANTED}, of two columns at least", row=line, value=shown)
    if any(not isinstance(cell, str) or _NUMBERS["."].fullmatch(cell) for cell in header):
        refuse(file, "names of columns in the first line, not numbers", row=line, value=shown)
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        refuse(file, "each column name once", row=line, value=", ".join(twice))
    if len(filled) == 1:
        refuse(file, "at least one line below the names of the columns", row=line, value=shown)
    uneven = [
        Fault(
            file,
            row,
            None,
            f"{len(cells)} cells",
            f"{len(names)}, as many as columns (a cell with a separator in it, as a decimal comma "
            "among commas, needs quotation marks)",
        )
        for row, cells in filled[1:]
        if not even(cells, len(names))
    ]
    if uneven:
        raise DataError(uneven, of=file)
    columns = {
        name or f"column {place + 1}": [cells[place] for _, cells in filled[1:]]
        for place, name in enumerate(names)
    }
    if len(columns) < len(names):
        refuse(file, "a name for each column", row=line, value=shown)
    held = {
        name: cells
        for name, cells in columns.items()
        if name in names or any(cell != "" for cell in cells)
    }
    return held, len(columns) - len(held)


def _decimal_sign(file: str, rows: list[Line], separator: str) -> tuple[str, str]:
    """Return the decimal sign and what is said of it; what could be thousands decides nothing."""
    sure: dict[str, list[tuple[int, str]]] = {".": [], ",": []}
    unsure: dict[str, list[tuple[int, str]]] = {".": [], ",": []}
    for line, cells in rows:
        for cell in cells:
            for sign in ".," if isinstance(cell, str) else "":
                if sign in str(cell) and _NUMBERS[sign].fullmatch(_plain(str(cell))):
                    kind = unsure if _THOUSANDS.fullmatch(_plain(str(cell))) else sure
                    kind[sign].append((line, str(cell)))
    points, commas = len(sure["."]), len(sure[","])
    if points == commas > 0:
        line, value = sure[","][0]
        refuse(file, "one decimal sign, here are points and commas", row=line, value=value)
    if points or commas:
        return (".", "decimal points") if points > commas else (",", "decimal commas")
    # Where commas separate cells, points separate no thousands.
    doubtful = unsure[","] or (unsure["."] if separator != "," else [])
    if doubtful:
        line, value = doubtful[0]
        without = value.replace(",", "").replace(".", "")
        expected = f"a number without thousands separators: {without}, or {value}0 for a decimal"
        refuse(file, expected, row=line, value=value)
    return ".", "decimal points" if unsure["."] else "without decimals"


def _plain(text: str) -> str:
    """Return a number with the minus that a keyboard has; word processors write another."""
    return re.sub(r"^[−–]", "-", text)


def _value(cell: Cell, sign: str) -> Cell:
    if not isinstance(cell, str):
        # No double holds it: as in text, a number that long is a code.
        return cell if abs(cell) < 1e300 else str(cell)
    if cell.casefold() in MISSING:
        return math.nan
    plain = _plain(cell)
    if _INTEGER.fullmatch(plain):
        # More digits than a double holds are a code, and leading zeros are none of a number.
        return int(plain) if len(plain) <= _EXACT_DIGITS else cell
    if not _NUMBERS[sign].fullmatch(plain):
        return cell
    number = float(plain.replace(",", "."))
    return number if math.isfinite(number) else cell


class Role(StrEnum):
    """What a column can be; arm 1 is the intervention, arm 2 the comparator."""

    STUDY = "study"
    EFFECT = "effect"
    VARIANCE = "variance"
    SE = "se"
    CI_LOW = "ci_low"
    CI_HIGH = "ci_high"
    MEAN_1 = "mean_1"
    SD_1 = "sd_1"
    SE_1 = "se_1"
    N_1 = "n_1"
    MEAN_2 = "mean_2"
    SD_2 = "sd_2"
    SE_2 = "se_2"
    N_2 = "n_2"
    EVENTS_1 = "events_1"
    NON_EVENTS_1 = "non_events_1"
    EVENTS_2 = "events_2"
    NON_EVENTS_2 = "non_events_2"
    ARM_1 = "arm_1"
    ARM_2 = "arm_2"
    COMPARATOR = "comparator"
    OUTCOME = "outcome"
    INSTRUMENT = "instrument"
    TIME = "time"
    YEAR = "year"
    CLUSTER = "cluster"


class Kind(StrEnum):
    """From which columns effects follow, what is nearest to the data first.

    An effect of the last kind is a ratio, and so is its interval: they are pooled as logarithms. An
    effect of the others is on the scale on which it is pooled (of ratios, the logarithm).
    """

    MEANS = "means"
    EVENTS = "events"
    EFFECT_AND_VARIANCE = "effect_and_variance"
    EFFECT_AND_SE = "effect_and_se"
    EFFECT_AND_INTERVAL = "effect_and_interval"
    RATIO_AND_INTERVAL = "ratio_and_interval"


class Measure(StrEnum):
    """What an effect measures, as far as the names of the columns tell."""

    SMD = "smd"
    ODDS_RATIO = "odds_ratio"
    RISK_RATIO = "risk_ratio"
    HAZARD_RATIO = "hazard_ratio"
    EFFECT = "effect"


_INTERVAL = ((Role.EFFECT,), (Role.CI_LOW,), (Role.CI_HIGH,))
NEEDED = {
    Kind.MEANS: (
        *((Role.MEAN_1,), (Role.SD_1, Role.SE_1), (Role.N_1,)),
        *((Role.MEAN_2,), (Role.SD_2, Role.SE_2), (Role.N_2,)),
    ),
    Kind.EVENTS: (
        *((Role.EVENTS_1,), (Role.N_1, Role.NON_EVENTS_1)),
        *((Role.EVENTS_2,), (Role.N_2, Role.NON_EVENTS_2)),
    ),
    Kind.EFFECT_AND_VARIANCE: ((Role.EFFECT,), (Role.VARIANCE,)),
    Kind.EFFECT_AND_SE: ((Role.EFFECT,), (Role.SE,)),
    Kind.EFFECT_AND_INTERVAL: _INTERVAL,
    Kind.RATIO_AND_INTERVAL: _INTERVAL,
}
"""The roles of each kind; of several in one place the first that has a column."""

_OTHER = {*Role} - {one for places in NEEDED.values() for place in places for one in place}
_SIZES = {Role.N_1, Role.N_2}


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the columns of a table are.

    Attributes
    ----------
    kind : Kind
        From which columns effects follow.
    measure : Measure
        What they measure: `SMD` for means, `ODDS_RATIO` for events, else as the name tells.
    roles : mapping of Role to str
        Column by role: all that the kind needs, and what else was found (study, arms, sizes ...).
    also : tuple of Kind
        Other kinds for which the table has all columns.
    unclear : mapping of Role to tuple of str
        Roles that nothing needs and that two columns fit; they are left without a column.
    """

    kind: Kind
    measure: Measure
    roles: abc.Mapping[Role, str]
    also: tuple[Kind, ...]
    unclear: abc.Mapping[Role, tuple[str, ...]]


def _by_name(lists: dict[str, list[str]]) -> dict[str, str]:
    return {name: key for key, names in lists.items() for name in names}


_NAMES = tomllib.loads(Path(__file__).with_name("column_names.toml").read_text(encoding="utf-8"))
_USUAL = _by_name(_NAMES["usual"])
_QUANTITIES = _by_name(_NAMES["quantities"])
_ARMS = _by_name(_NAMES["arms"])
_MEASURES = _by_name(_NAMES["measures"])
_PRECISION = _by_name(_NAMES["precision"])
_ASIDE = {of: frozenset(words) for of, words in _NAMES["aside"].items()}
_RATIOS = frozenset({"or", "rr", "hr"})


@dataclass(frozen=True, slots=True)
class _Fit:
    """A role that a name fits: how sure (0 is a usual name), and of which effect it speaks."""

    role: Role
    tier: int
    stem: str = ""


def _split(word: str) -> list[str]:
    """Return a quantity and an arm that are written as one word, as "nexp" or "sdc"."""
    if word in _QUANTITIES or word in _ARMS:
        return [word]
    for quantity in ("mean", "m", "sd", "n", "total", "event", "events"):
        arm = word.removeprefix(quantity)
        if arm != word and arm in _ARMS and (len(arm) > 2 or (arm in "tec" and len(word) < 4)):
            return [quantity, arm]
    return [word]


def _fits(name: str) -> list[_Fit]:
    """Return each role that a name fits, by usual names first, then by its words in any order."""
    usual = name.strip().casefold()
    spaced = name.replace("%", " percent ")
    lower = re.findall(r"[^\W\d_]+|\d+", spaced.casefold())
    camel = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", spaced)
    # A point before a name marks what metapsyTools computed; only its effect is the usual one.
    role = _USUAL.get(usual) or _USUAL.get("" if usual.startswith(".") else " ".join(lower))
    if role is not None:
        return [_Fit(Role(role), 0, _NAMES["stems"].get(" ".join(lower), ""))]
    bare = " ".join(word for word in lower if word not in _ASIDE["arm"])
    found = [
        _Fit(Role(role), tier)
        for role, tiers in _NAMES["labels"].items()
        for tier, names in enumerate(tiers)
        if " ".join(lower) in names or (role in (Role.ARM_1, Role.COMPARATOR) and bare in names)
    ]
    for words in (lower, [word.casefold() for word in camel if name.isascii()]):
        text = " ".join(words)
        for pattern, word in _NAMES["phrases"].items():
            text = re.sub(pattern, word, text)
        fit = _of_an_effect(text, 0 if usual.startswith(".g") else 1) or _of_an_arm(text)
        if fit is not None:
            return [*found, fit]
    return found


def _of_an_effect(text: str, tier: int) -> _Fit | None:
    """Return the fit of an effect ("log odds ratio"), or of its precision ("g se", "ci lower")."""
    if text in _MEASURES:
        return _Fit(Role.EFFECT, 1, text)
    if text in _PRECISION:
        return _Fit(Role(_PRECISION[text]), 1)
    words = [word for word in text.split() if word != "of"]
    rest = [word for word in words if word not in _ASIDE["limit"]]
    for word in rest:
        role = _PRECISION.get(word)
        stem = " ".join(one for one in rest if one != word)
        if role and (role.startswith("ci") or rest == words) and (stem in _MEASURES or not stem):
            return _Fit(Role(role), tier, stem)
    return None


def _of_an_arm(text: str) -> _Fit | None:
    """Return the fit of a quantity of one arm: a word for each, and none of another meaning."""
    words = [one for word in text.split() for one in _split(word)]
    words = [word for word in words if word not in _ASIDE["quantity"]]
    arms = [_ARMS[word] for word in words if word in _ARMS]
    quantities = {_QUANTITIES[word] for word in words if word in _QUANTITIES}
    if quantities <= {"n"} and _ASIDE["n"] & {*words}:
        quantities = {"n"}
        words = [word for word in words if word not in _ASIDE["n"]]
    if len(arms) != 1 or len(quantities) != 1 or {*words} - {*_ARMS} - {*_QUANTITIES}:
        return None
    return _Fit(Role(f"{quantities.pop()}_{arms[0]}"), 1)


def guess(
    columns: abc.Iterable[str],
    given: abc.Mapping[str, str] = MappingProxyType({}),
    kind: Kind | None = None,
) -> Mapping:
    """Say what the columns of a table are, by names that are usual and by those that are given.

    Parameters
    ----------
    columns : DataFrame or iterable of str
        A table, of which columns without any value do not count, or names.
    given : mapping of str to str, optional
        Column by `Role`, as a user knows it; it goes before what its name says, and a role of one
        kind chooses that kind.
    kind : Kind, optional
        The kind of columns to look for, where a table has several.

    Returns
    -------
    Mapping
        The first kind of `Kind` for which all columns are there; of kinds with a ready-made effect
        the one whose column has the surer name.

    Raises
    ------
    ParameterError
        If a role or column of `given` does not exist, if two columns fit a needed role equally
        well, if no kind is complete, or if a ratio comes without an interval.

    Examples
    --------
    >>> found = guess(["Author", "N int", "mean_treat", "SD.t", "Total control", "m_c", "SD c"])
    >>> str(found.kind), str(found.measure), found.roles["n_2"], found.roles["study"]
    ('means', 'smd', 'Total control', 'Author')
    >>> guess(["study", ".g", ".g_se"]).roles["se"]
    '.g_se'
    """
    names = [str(one) for one in columns]
    if isinstance(columns, pd.DataFrame):
        names = [name for name in names if columns[name].notna().any()]
    roles = _given(names, given)
    small = {name.strip().casefold() for name in names}
    # Without its companions "ci" is an interval in one cell, not metafor's count of events.
    alone = set() if "ai" in small else {"bi", "ci", "di"}
    fits = [
        (name, fit)
        for name in names
        if name not in roles.values() and name.strip().casefold() not in alone
        for fit in _fits(name)
        if fit.role not in roles
    ]
    needed = {*roles} - _OTHER - _SIZES
    tries = [
        _try(one, roles, fits)
        for one, places in NEEDED.items()
        if kind in (None, one) and needed <= {role for place in places for role in place}
    ]
    whole = [one for one in tries if not one.lacking]
    if not whole:
        raise ParameterError("columns", ", ".join(names), _wanted(tries))
    ready = [one for one in whole if Role.EFFECT in one.found]
    best = min(ready, key=lambda one: one.rank) if whole == ready else whole[0]
    if best.kind == Kind.EFFECT_AND_INTERVAL and ready[-1].kind == Kind.RATIO_AND_INTERVAL:
        # Nothing says whether the interval is that of the ratio.
        best.found[Role.EFFECT] += ready[-1].found[Role.EFFECT]
    unclear: dict[Role, tuple[str, ...]] = {}
    for role in Role:
        if role in _OTHER | _SIZES and role not in best.found:
            left = [one for one in fits if one[0] not in roles.values()]
            fitting = [roles[role]] if role in roles else _best(role, best.kind, "", left)[1]
            if len(fitting) > 1 and role != Role.STUDY:
                unclear[role] = tuple(fitting)
                continue
        else:
            fitting = [*dict.fromkeys(best.found.get(role, []))]
        if len(fitting) > 1:
            expected = f"one column for {role}; say which with --map {role}=COLUMN"
            raise ParameterError("columns", ", ".join(fitting), expected)
        if fitting:
            roles[role] = fitting[0]
    measures = {Kind.MEANS: Measure.SMD, Kind.EVENTS: Measure.ODDS_RATIO}
    return Mapping(
        best.kind,
        measures.get(best.kind) or Measure(_MEASURES.get(_stem(roles[Role.EFFECT]), "effect")),
        {role: roles[role] for role in Role if role in roles},
        tuple(one.kind for one in whole if one is not best),
        unclear,
    )


def _given(names: list[str], given: abc.Mapping[str, str]) -> dict[Role, str]:
    roles = {}
    for role, column in given.items():
        if role not in {*Role}:
            raise ParameterError("map", f"{role}={column}", f"as role one of {', '.join(Role)}")
        if column not in names:
            expected = f"as column of {role} one of {', '.join(names)}"
            raise ParameterError("map", f"{role}={column}", expected)
        roles[Role(role)] = column
    return roles


@dataclass(frozen=True, slots=True)
class _Try:
    """A kind: columns that fit each role equally well, places without one, the least sure rank."""

    kind: Kind
    found: dict[Role, list[str]]
    lacking: list[tuple[Role, ...]]
    rank: tuple[int, int]


def _try(kind: Kind, roles: dict[Role, str], fits: list[tuple[str, _Fit]]) -> _Try:
    found: dict[Role, list[str]] = {}
    lacking: list[tuple[Role, ...]] = []
    rank = (0, 0)
    for place in NEEDED[kind]:
        stem = _stem(found[Role.EFFECT][0]) if Role.EFFECT in found else ""
        for role in sorted(place, key=lambda one: one not in roles):
            if role in roles:
                # A column of which only its user knows what it is can be a ratio or none.
                own = _stem(roles[role]) if role == Role.EFFECT else ""
                ratio = kind == Kind.RATIO_AND_INTERVAL
                fitting = [roles[role]] if not own or ratio == (own in _RATIOS) else []
            else:
                surest, fitting = _best(role, kind, stem, fits)
                rank = max(rank, surest) if role != Role.EFFECT else rank
            if fitting:
                found[role] = fitting
                break
        else:
            lacking.append(place)
    return _Try(kind, found, lacking, rank)


def _stem(effect: str) -> str:
    return next((fit.stem for fit in _fits(effect) if fit.role == Role.EFFECT), "")


def _best(
    role: Role, kind: Kind, stem: str, fits: list[tuple[str, _Fit]]
) -> tuple[tuple[int, int], list[str]]:
    """Return the best rank for a role, and the columns that have it; ``stem`` is of the effect."""
    ranks: dict[str, tuple[int, int]] = {}
    for name, fit in fits:
        if fit.role != role:
            continue
        if role == Role.EFFECT:
            if (fit.stem in _RATIOS) == (kind == Kind.RATIO_AND_INTERVAL):
                ranks[name] = (0, fit.tier)
        elif not (stem and fit.stem) or fit.stem == stem:
            # Metapsy counts those with events and those with means in columns of their own.
            of_events = name.casefold().startswith("totaln")
            tier = fit.tier + (0 if not of_events else -1 if kind == Kind.EVENTS else 3)
            ranks[name] = (int(fit.stem != stem), tier)
    surest = min(ranks.values(), default=(0, 0))
    return surest, [name for name, rank in ranks.items() if rank == surest]


def _wanted(tries: list[_Try]) -> str:
    """Return which columns are accepted, and what the kind lacks that is nearest."""

    def of(places: abc.Iterable[tuple[Role, ...]]) -> str:
        return ", ".join(" or ".join(place) for place in places)

    kinds = "; ".join(f"{kind}: {of(places)}" for kind, places in NEEDED.items())
    begun = [one for one in tries if one.found]
    nearest = min(begun, key=lambda one: len(one.lacking) - len(one.found), default=None)
    lack = f" ({nearest.kind} lacks {of(nearest.lacking)})" if nearest else ""
    return (
        f"all columns of one kind{lack}: {kinds}. An OR, RR or HR needs its interval, or stands as "
        "its logarithm. Say which column is which with --map ROLE=COLUMN, or begin with the table "
        "that --template prints"
    )


_ROWS = {
    Kind.MEANS: ("mean_treat,sd_treat,n_treat,mean_ctrl,sd_ctrl,n_ctrl", "10.5,6.1,40,14.0,6.4,38"),
    Kind.EVENTS: ("events_treat,n_treat,events_ctrl,n_ctrl", "6,40,11,38"),
    Kind.EFFECT_AND_VARIANCE: ("effect,variance", "0.55,0.053"),
    Kind.EFFECT_AND_SE: ("effect,se", "0.55,0.23"),
    Kind.EFFECT_AND_INTERVAL: ("effect,ci_low,ci_high", "0.55,0.10,1.00"),
    Kind.RATIO_AND_INTERVAL: ("odds_ratio,ci_low,ci_high", "0.43,0.14,1.31"),
}


def template(kind: Kind) -> str:
    """Return a table to fill in, as CSV: the columns of a kind, and a line to replace.

    Examples
    --------
    >>> print(template(Kind.EFFECT_AND_SE), end="")
    study,effect,se,comparator,outcome,year
    Example (replace this line),0.55,0.23,waitlist,depression,2001
    """
    names, numbers = _ROWS[kind]
    return (
        f"study,{names},comparator,outcome,year\n"
        f"Example (replace this line),{numbers},waitlist,depression,2001\n"
    )


TEMPLATE = template(Kind.MEANS)
"""A table of means to fill in, as CSV."""
