"""What the importer says of a file: a report for reading and tables beside it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from evidence.blocks.escape import markdown
from evidence.language import capitalized, count
from evidence.metapsy.agreement import Compared
from evidence.metapsy.assignment import Placed
from evidence.metapsy.direction import Orientation
from evidence.metapsy.discrepancies import KINDS
from evidence.metapsy.package import Source
from evidence.metapsy.records import Database
from evidence.metapsy.tables import fractions
from evidence.metapsy.vocabulary import NOT_STATED
from evidence.terminal import render
from evidence.terms import RHO

SHOWN = 20
"""Discrepancies of one kind that the report lists; the CSV file has all."""


def recomputed(compared: Iterable[Compared]) -> pd.DataFrame:
    """Return every comparison of a printed number as a row.

    Parameters
    ----------
    compared : iterable of Compared
        Printed effects beside what their data give.

    Returns
    -------
    DataFrame
        record, line, study, column, printed, metapsy, exact, recomputed, formula, verdict,
        explanation.
    """
    return pd.DataFrame(
        [
            {
                "record": one.placed.record.number,
                "line": one.placed.record.line,
                "study": one.placed.trial.printed,
                "column": one.column,
                "printed": one.printed,
                "metapsy": one.metapsy,
                "exact": one.exact,
                "recomputed": one.recomputed,
                "formula": one.formula,
                "verdict": one.verdict,
                "explanation": one.explanation,
            }
            for one in compared
        ],
        columns=[
            *("record", "line", "study", "column", "printed", "metapsy", "exact"),
            *("recomputed", "formula", "verdict", "explanation"),
        ],
    )


def summary(
    database: Database,
    placed: Sequence[Placed],
    orientation: Orientation,
    compared: Sequence[Compared],
    discrepancies: pd.DataFrame,
) -> list[str]:
    """Return what was read, normalized and found, as lines for a terminal.

    Parameters
    ----------
    database, placed, orientation, compared, discrepancies
        What the steps of the import gave.
    """
    trials = len({one.trial for one in placed})
    lines = [
        f"{database.file}: {len(placed)} records of {trials} studies"
        + (f", {_records(database.rows_aside)} set aside" if database.aside else ""),
        *(f"set aside: {one}" for one in database.aside),
        *_directions(orientation),
        *(f"normalized: {what}: {times}" for what, times in said(database, placed).items()),
        _convention(orientation, placed),
        _agreement(compared),
    ]
    kinds = Counter(discrepancies.kind)
    lines += [
        f"{kind}: {kinds[kind]} ({meaning})" for kind, meaning in KINDS.items() if kinds[kind]
    ]
    return lines


def _records(count: int) -> str:
    return f"{count} record{'s' * (count != 1)}"


def _directions(orientation: Orientation) -> list[str]:
    """Return which instruments have a direction by the caller alone, and which have none."""
    lines = []
    if orientation.by_option:
        names = ", ".join(orientation.by_option)
        lines.append(f"whether higher is better was said by the caller, not by the file: {names}")
    unknown = [name for name, one in orientation.higher_is.items() if one == NOT_STATED]
    if unknown:
        lines.append(
            f"whether higher is better is not known, so that no effect has a side: "
            f"{', '.join(unknown)}; better lower or higher says it"
        )
    return lines


def said(database: Database, placed: Sequence[Placed]) -> Mapping[str, int]:
    """Return what was normalized, in words, and how often."""
    labels = sum(one.printed != one.label for one in {two.trial for two in placed})
    found = dict(database.said)
    if labels:
        found["study label brought to one style"] = labels
    missing = sum(one.time_missing for one in placed)
    if missing:
        found["time not named, taken as the end of treatment"] = missing
    if fractions(placed):
        column = database.columns["percent_women"]
        values = [one.record.value("percent_women") or 0 for one in placed]
        others = sum(one > 1 for one in values)
        beside = f", {others} above 1 as percentages" if others else ""
        found[f"column {column!r} holds fractions of 1, kept as fractions{beside}"] = 1
    return found


def _convention(orientation: Orientation, placed: Sequence[Placed]) -> str:
    if orientation.by_caller:
        side = "intervention" if orientation.positive_g == 1 else "comparator"
        return f"a positive g favors the {side}, as --positive-g says"
    compared = orientation.favoring + orientation.against
    if not compared:
        values = [g for one in placed if (g := one.record.value(".g")) is not None]
        below, above = sum(g < 0 for g in values), sum(g > 0 for g in values)
        signs = f" ({below} are below 0, {above} above)" if values else ""
        return (
            f"whom a positive g favors cannot be told: no record prints data beside its g{signs}; "
            "where the documentation of the database says it, name it with --positive-g"
        )
    if orientation.positive_g is None:
        return (
            f"whom a positive g favors cannot be told: the intervention in {orientation.favoring} "
            f"of {compared} records that print data too, the comparator in {orientation.against}"
        )
    side = "intervention" if orientation.positive_g == 1 else "comparator"
    times = max(orientation.favoring, orientation.against)
    return (
        f"a positive g favors the {side}, as in {times} of {compared} records that print data too"
    )


def _agreement(compared: Sequence[Compared]) -> str:
    if not compared:
        return "no printed effect has data to compare it with"
    agreeing = [one for one in compared if one.verdict == "agrees"]
    by = Counter(one.formula for one in agreeing)
    parts = ", ".join(f"{times} {formula}" for formula, times in by.most_common())
    return (
        f"{len(agreeing)} of {len(compared)} printed effects and standard errors are what their "
        f"data give, to all digits{f' ({parts})' if parts else ''}"
    )


def report(
    source: Source,
    database: Database,
    placed: Sequence[Placed],
    orientation: Orientation,
    compared: Sequence[Compared],
    discrepancies: pd.DataFrame,
) -> str:
    """Return the report on an import as Markdown.

    Parameters
    ----------
    source : Source
        What is known of the database.
    database, placed, orientation, compared, discrepancies
        What the steps of the import gave.
    """
    lines = [f"# Import of {markdown(source.title)}", ""]
    lines += _about(source, placed)
    lines += ["", "## What was normalized", ""]
    if database.aside:
        was = "was" if database.rows_aside == 1 else "were"
        lines += [f"{_records(database.rows_aside)} {was} set aside:", ""]
        lines += [*(f"- {markdown(str(one))}" for one in database.aside), ""]
    lines += [f"- {markdown(one)}" for one in _directions(orientation)]
    changes = said(database, placed)
    lines += [f"- {markdown(what)}: {times}" for what, times in changes.items()] or ["Nothing."]
    lines += ["", "## Printed effects beside their data", ""]
    lines += [f"{markdown(capitalized(_agreement(compared)))}.", ""]
    lines += [f"{markdown(capitalized(_convention(orientation, placed)))}.", ""]
    if orientation.by_g:
        names = ", ".join(orientation.by_g)
        lines += [
            "Whether a higher score is better or worse was read from the sign of the printed g, "
            f"since no table has their outcome: {markdown(names)}.",
            "",
        ]
    lines += [
        "`import-recomputed.csv` has every comparison, with g by both conventions. Both take the "
        "pooled standard deviation at that time; they differ in the small-sample correction "
        "(by the gamma function, or its approximation) and in the variance (from g, or from d).",
        "",
        "## Discrepancies",
        "",
    ]
    lines += _listed(discrepancies)
    lines += ["", "## How words were read", "", render(_words(placed), "md"), ""]
    lines += _not_read(database)
    lines += _use(placed)
    return "\n".join(lines) + "\n"


def _about(source: Source, placed: Sequence[Placed]) -> list[str]:
    trials = len({one.trial for one in placed})
    facts = {
        "File": source.file,
        "Version": source.version or "not stated",
        "DOI": source.doi or "not stated",
        "License": source.license or "not stated",
        "Read on": source.accessed.isoformat(),
        "Records": str(len(placed)),
        "Studies": str(trials),
    }
    return [
        *(f"- {name}: {markdown(value)}" for name, value in facts.items()),
        "",
        "Numbers stand in the tables as the file prints them, with a decimal point; nothing in "
        "them is computed. A record's place is its number in the file, the first below the header "
        "being 1. The studies are taken as randomized trials, as the databases of the project "
        "say of theirs.",
    ]


def _listed(discrepancies: pd.DataFrame) -> list[str]:
    if discrepancies.empty:
        return ["None."]
    lines = ["`import-discrepancies.csv` has all of them.", ""]
    for kind, meaning in KINDS.items():
        rows = discrepancies[discrepancies.kind == kind]
        if rows.empty:
            continue
        lines += [
            f"### {kind}: {meaning}",
            "",
            f"{capitalized(count(len(rows), 'discrepancy', 'discrepancies'))}.",
            "",
        ]
        shown = rows.head(SHOWN)
        columns = ("record", "study", "column", "printed", "recomputed", "formula", "explanation")
        lines += [render(_short(shown), "md", columns), ""]
        if len(rows) > len(shown):
            lines += [f"And {len(rows) - len(shown)} more.", ""]
    return lines[:-1]


def _short(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with long numbers cut for reading; the CSV file has all digits."""

    def cut(text: str) -> str:
        try:
            return text if len(text) <= len("-0.123456") else f"{float(text):.4f}"
        except ValueError:
            return text

    return frame.assign(printed=frame.printed.map(cut), recomputed=frame.recomputed.map(cut))


def _words(placed: Sequence[Placed]) -> pd.DataFrame:
    rows: Counter[tuple[str, str, str]] = Counter()
    for one in placed:
        text = one.record.text
        for arm, role in zip(one.arms, ("condition_arm1", "condition_arm2"), strict=True):
            rows["condition", text[role], arm.condition] += 1
        rows["outcome", one.measure.outcome_name, one.measure.outcome] += 1
        rows["type of outcome", text["outcome_type"], one.event or "no event"] += 1
        rows["rating", text["rating"], one.measure.rater] += 1
        rows["time", text["time"], one.timepoint] += 1
    listed = sorted(rows.items(), key=lambda item: (item[0][0], -item[1], item[0]))
    return pd.DataFrame(
        [
            {"kind": kind, "in the file": printed or "(empty)", "read as": term, "records": times}
            for (kind, printed, term), times in listed
        ]
    )


def _not_read(database: Database) -> list[str]:
    lines = ["## What was not read", ""]
    if database.ignored:
        names = ", ".join(database.ignored)
        lines += [f"Columns: {markdown(names)}.", ""]
    return [
        *lines,
        "A printed g or log risk ratio is in the tables only where its record prints no data that "
        "it could be made of; all others are in `import-recomputed.csv`. Risk of bias was not "
        "read.",
        "",
    ]


def _use(placed: Sequence[Placed]) -> list[str]:
    pairs = Counter((one.arms[0].condition, one.measure.outcome) for one in placed)
    therapy, outcome = max(pairs, key=lambda pair: pairs[pair])
    folder = "--data FOLDER"
    return [
        "## How to go on",
        "",
        "```sh",
        f"evidence validate {folder}",
        f"evidence estimates {folder} --therapy {therapy} --outcome {outcome}",
        f"evidence pool {folder} --therapy {therapy} --outcome {outcome} --model che --rho {RHO}",
        f"evidence followup {folder}",
        f"evidence audit {folder}",
        "```",
    ]
