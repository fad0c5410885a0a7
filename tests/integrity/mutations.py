"""Seeded typing errors in a data package, and which of them the audit finds.

An error counts where `validate` lets it pass and an estimate moves; it is found where the audit
has a finding of high or medium severity, on a result and by a check, that the package as it is
does not have. `make mutations` measures all that are drawn and writes `mutations.csv`, of which the
tests try a part again.
"""

import csv
import dataclasses
import io
import math
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd

import evidence
from evidence.data.dataset import Clocks, Dataset, printed_frame, text_frame, used_frame
from evidence.data.validation import read_package
from evidence.errors import DataError
from evidence.integrity import audit

SEED = 20261
OF_EACH = 20
MEASURED = Path(__file__).with_suffix(".csv")
LEAST = 0.05
"""Share of the width of an interval below which an error in a limit is no more than rounding."""

Row = dict[str, str]
Edit = tuple[str, int, str, str]
"""Table, record, column, new text."""
Error = tuple[Edit, ...]

_OTHER = {
    "lower": "higher", "higher": "lower", "above_1": "below_1", "below_1": "above_1",
    "better": "worse", "worse": "better",
    "favors_intervention": "favors_comparator", "favors_comparator": "favors_intervention",
    "intervention": "comparator", "comparator": "intervention",
}  # fmt: skip
_LIMITS = (("percent_ci_low", "percent_ci_high"), ("ci_low", "ci_high"))


class Bench:
    """A data package of which copies with an error are made and audited."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(source, folder, dirs_exist_ok=True)
        self.base = evidence.load(folder)
        self.tables = {
            path.stem: list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
            for path in sorted(folder.glob("*.csv"))
        }
        self._moments: dict[str, dict[str, tuple[float, ...]]] = {}
        frame = evidence.estimates(self.base)
        usable = frame[frame.effect.notna()].result_ids
        self._in_estimates = {one for ids in usable for one in ids}
        self._known = self._findings(self.base)

    def outcome(self, error: Error) -> tuple[bool, list[str]] | None:
        """Whether an estimate moves, and new findings; None where `validate` refuses."""
        changed = self._changed(error)
        if changed is None:
            return None
        # the findings of a trial rest on others, its estimates do not
        trials = self._trials(error)
        moved = any(self._estimates(changed, one) != self._before(one) for one in trials)
        return moved, sorted(self._findings(changed) - self._known) if moved else []

    def written(self, error: Error) -> str:
        """An error in words: table, line, column, what stands there and what is typed."""
        return "; ".join(
            f"{table} {record + 2} {column} {self.tables[table][record][column]} -> {text}"
            for table, record, column, text in error
        )

    def used(self, table: str, record: int) -> bool:
        """Whether an estimate rests on a record; not known of others than results."""
        return table not in ("arm_results", "statistics") or (
            self.tables[table][record]["result_id"] in self._in_estimates
        )

    def _changed(self, error: Error) -> Dataset | None:
        names = {edit[0] for edit in error}
        before = {name: (self.folder / f"{name}.csv").read_bytes() for name in names}
        try:
            for name in names:
                rows = [dict(row) for row in self.tables[name]]
                for table, record, column, text in error:
                    if table == name:
                        rows[record][column] = text
                with (self.folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(rows)
            package = read_package(self.folder)
        except DataError:
            return None
        finally:
            for name, content in before.items():
                (self.folder / f"{name}.csv").write_bytes(content)
        frames = [dict(self.base._used), dict(self.base._printed), dict(self.base._text)]
        for name in names:
            sheet = package.sheets[name]
            frames[0][name] = used_frame(sheet, package.corrected)
            frames[1][name] = printed_frame(sheet)
            frames[2][name] = text_frame(sheet)
        used = frames[0]
        clocks = Clocks(used["trial_facts"], used["locators"], used["publications"])
        for name in names & {"arm_results", "statistics"}:
            for made in frames[:2]:
                made[name] = clocks.add_to(made[name])
        return dataclasses.replace(self.base, _used=frames[0], _printed=frames[1], _text=frames[2])

    def _trials(self, error: Error) -> set[str]:
        found = set()
        for table, record, _, _ in error:
            row = self.tables[table][record]
            if "trial_id" in row:
                found.add(row["trial_id"])
            else:
                results = self.tables["arm_results"] + self.tables["statistics"]
                found |= {
                    one["trial_id"]
                    for one in results
                    if one["instrument_id"] == row.get("instrument_id")
                }
        return found

    def _before(self, trial: str) -> dict[str, tuple[float, ...]]:
        if trial not in self._moments:
            self._moments[trial] = self._estimates(self.base, trial)
        return self._moments[trial]

    @staticmethod
    def _estimates(dataset: Dataset, trial: str) -> dict[str, tuple[float, ...]]:
        frames = [
            {
                name: frame[frame["trial_id"] == trial].reset_index(drop=True)
                if "trial_id" in frame and name != "publications"
                else frame
                for name, frame in one.items()
            }
            for one in (dataset._used, dataset._printed, dataset._text)
        ]
        part = dataclasses.replace(dataset, _used=frames[0], _printed=frames[1], _text=frames[2])
        frame = evidence.estimates(part)
        frame = frame[frame.effect.notna()]
        columns = ["effect", "variance", "ci_low", "ci_high", "effect_low", "effect_high"]
        values = frame[columns].astype(float).round(12).fillna(math.inf)
        return dict(zip(frame.estimate_id, values.itertuples(index=False, name=None), strict=True))

    @staticmethod
    def _findings(dataset: Dataset) -> set[str]:
        found = audit(dataset)
        found = found[found.severity != "low"]
        # a finding on one number is another one where that number is another
        number = found.printed.where(pd.to_numeric(found.printed, errors="coerce").notna(), "")
        return set(found.check + " of " + found.result_id + " " + number)


def errors(bench: Bench, kind: str) -> list[Error]:
    """Every error of a kind that could be typed, in the order of the files."""
    made = dict.fromkeys(KINDS[kind](bench.tables))
    return [error for error in made if all(bench.used(*edit[:2]) for edit in error)]


def measure(bench: Bench) -> Iterator[dict[str, str]]:
    """Draw errors of each kind until so many count, and tell which are found by what."""
    for kind in KINDS:
        made = errors(bench, kind)
        random.Random(f"{SEED} {kind}").shuffle(made)
        counted = 0
        for error in made:
            outcome = bench.outcome(error) if counted < OF_EACH else None
            if outcome is not None and outcome[0]:
                counted += 1
                yield {
                    "kind": kind, "error": bench.written(error), "found": "; ".join(outcome[1])
                }  # fmt: skip


Tables = dict[str, list[Row]]


def _cells(tables: Tables, *columns: tuple[str, str]) -> Iterator[tuple[str, int, str, str]]:
    for table, column in columns:
        for record, row in enumerate(tables[table]):
            if row.get(column):
                yield table, record, column, row[column]


_NUMBERS = (("arm_results", "mean"), ("statistics", "estimate"))


def _sign(tables: Tables) -> Iterator[Error]:
    limits = [("statistics", "ci_low"), ("statistics", "ci_high")]
    for table, record, column, text in _cells(tables, *_NUMBERS, *limits):
        if float(text):
            other = text[1:] if text.startswith("-") else f"-{text}"
            yield ((table, record, column, other),)


def _mistyped(text: str) -> Iterator[str]:
    """Two neighboring digits exchanged, a digit wrong, one twice, one lost."""
    for at, digit in enumerate(text):
        if not digit.isdigit():
            continue
        if text[at + 1 : at + 2].isdigit() and text[at + 1] != digit:
            yield f"{text[:at]}{text[at + 1]}{digit}{text[at + 2 :]}"
        yield f"{text[:at]}{(int(digit) + 3) % 10}{text[at + 1 :]}"
        yield f"{text[:at]}{digit}{text[at:]}"
        if len(text.strip("-")) > 1:
            yield text[:at] + text[at + 1 :]


def _usable(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and not text.startswith((".", "-."))
    except ArithmeticError:
        return False


def _limits(tables: Tables) -> Iterator[Error]:
    for table in ("arm_results", "statistics"):
        for record, row in enumerate(tables[table]):
            for low, high in _LIMITS:
                if row.get(low) and row.get(high):
                    yield (table, record, low, row[high]), (table, record, high, row[low])
                width = float(row[high]) - float(row[low]) if row.get(high) and row.get(low) else 0
                for column in (low, high):
                    for text in _mistyped(row.get(column) or ""):
                        if _usable(text) and abs(float(text) - float(row[column])) > LEAST * width:
                            yield ((table, record, column, text),)


def _n(tables: Tables) -> Iterator[Error]:
    columns = (
        ("arm_results", "n_analyzed"), ("statistics", "n_intervention"),
        ("statistics", "n_comparator"), ("arms", "n_randomized"),
    )  # fmt: skip
    for table, record, column, text in _cells(tables, *columns):
        for typed in _mistyped(text):
            if typed.strip("0") and not typed.startswith("0"):
                yield ((table, record, column, typed),)


def _arms(tables: Tables) -> Iterator[Error]:
    one, two = "intervention_arm_id", "comparator_arm_id"
    for record, row in enumerate(tables["statistics"]):
        if row[two]:
            yield ("statistics", record, one, row[two]), ("statistics", record, two, row[one])
    by_trial: dict[str, list[int]] = defaultdict(list)
    for record, row in enumerate(tables["arms"]):
        by_trial[row["trial_id"]].append(record)
    for records in by_trial.values():
        if len(records) > 1:
            yield tuple(
                ("arms", at, "role", _OTHER[tables["arms"][at]["role"]]) for at in records[:2]
            )
    for first, second in _pairs(tables):
        rows = tables["arm_results"]
        yield (("arm_results", first, "arm_id", rows[second]["arm_id"]),)
        yield (("arm_results", second, "arm_id", rows[first]["arm_id"]),)


def _pairs(tables: Tables) -> Iterator[tuple[int, int]]:
    """Records of both arms on the same instrument and event at the same time."""
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for record, row in enumerate(tables["arm_results"]):
        keys = ("trial_id", "instrument_id", "event", "timepoint", "analysis_set")
        found[tuple(row[key] for key in keys)].append(record)
    yield from ((one[0], one[1]) for one in found.values() if len(one) == 2)


def _direction(tables: Tables) -> Iterator[Error]:
    columns = (
        ("statistics", "favors_intervention_when"), ("instruments", "higher_is"),
        ("directions", "direction"),
    )  # fmt: skip
    for table, record, column, text in _cells(tables, *columns):
        if text in _OTHER:
            yield ((table, record, column, _OTHER[text]),)


def _se_for_sd(tables: Tables) -> Iterator[Error]:
    rows = tables["arm_results"]
    sizes = {row["arm_id"]: row["n_randomized"] for row in tables["arms"]}

    def se(record: int) -> Edit | None:
        row = rows[record]
        n = row["n_analyzed"] or sizes[row["arm_id"]]
        if not row["sd"] or not n or float(row["sd"]) == 0:
            return None
        digits = len(row["sd"].partition(".")[2])
        return "arm_results", record, "sd", f"{float(row['sd']) / math.sqrt(int(n)):.{digits}f}"

    for record in range(len(rows)):
        if (edit := se(record)) is not None:
            yield (edit,)
    for pair in _pairs(tables):
        edits = [edit for record in pair if (edit := se(record)) is not None]
        if len(edits) == 2:
            yield tuple(edits)


def _factor_10(tables: Tables) -> Iterator[Error]:
    limits = (("statistics", "se"), ("statistics", "ci_low"), ("statistics", "ci_high"))
    of_arms = (("arm_results", "sd"), ("arm_results", "percent"), ("arm_results", "events"))
    for table, record, column, text in _cells(tables, *_NUMBERS, *of_arms, *limits):
        for factor in ("10", "0.1"):
            typed = f"{(Decimal(text) * Decimal(factor)).normalize():f}"
            if Decimal(typed) != Decimal(text) and (column != "events" or typed.isdigit()):
                yield ((table, record, column, typed),)


def _mean_for_sd(tables: Tables) -> Iterator[Error]:
    for record, row in enumerate(tables["arm_results"]):
        if row["mean"] and row["sd"]:
            yield (("arm_results", record, "sd", row["mean"]),)
            yield (("arm_results", record, "mean", row["sd"]),)
            yield ("arm_results", record, "mean", row["sd"]), (
                "arm_results", record, "sd", row["mean"],
            )  # fmt: skip


def _exchanged(tables: Tables) -> Iterator[Error]:
    rows = tables["arm_results"]
    for one, two in _pairs(tables):
        for columns in (("mean",), ("mean", "sd"), ("events",), ("percent",)):
            if all(rows[at][column] for at in (one, two) for column in columns):
                yield tuple(
                    ("arm_results", at, column, rows[other][column])
                    for at, other in ((one, two), (two, one))
                    for column in columns
                )


KINDS: dict[str, Callable[[Tables], Iterator[Error]]] = {
    "sign": _sign,
    "limits": _limits,
    "n": _n,
    "arms": _arms,
    "direction": _direction,
    "SE for SD": _se_for_sd,
    "factor 10": _factor_10,
    "mean for SD": _mean_for_sd,
    "exchanged": _exchanged,
}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as copies:
        rows = list(measure(Bench(evidence.load().path, Path(copies) / "data")))
    with MEASURED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
