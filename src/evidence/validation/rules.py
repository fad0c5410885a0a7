"""Rules on the numbers of a row, applied to values as used, since a source may misprint them."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from evidence.validation.corrections import CORRECTED_TABLES, Corrected
from evidence.validation.descriptor import Value
from evidence.validation.faults import Faults
from evidence.validation.records import Row, Sheet

_FACTS: Mapping[str, tuple[Callable[[Decimal], bool], str]] = {
    "cluster_size": (lambda value: value >= 1, "1 or more"),
    "icc": (lambda value: 0 <= value <= 1, "from 0 to 1"),
    "within_person_correlation": (
        lambda value: -1 < value < 1,
        "between -1 and 1, neither included",
    ),
}
"""What the facts that enter a variance can be, and the words of it."""


def check_rules(sheets: Mapping[str, Sheet], corrected: Corrected, faults: Faults) -> None:
    """Report limits in the wrong order, more events than participants, an arm against itself.

    Facts that enter a variance are held to what they can be.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        Tables that could be read, by name.
    corrected : Corrected
        Values used instead of printed ones.
    faults : Faults
        Where the faults are reported.
    """
    for name, sheet in sheets.items():
        if name in CORRECTED_TABLES and not _corrections_known(sheets):
            continue
        pairs = list(_ordered(sheet))
        if name == "arm_results":
            pairs.append(("events", "n_analyzed"))
        for row in sheet.rows:
            for low, high in pairs:
                smaller = corrected.value(name, row, low)
                larger = corrected.value(name, row, high)
                if _exceeds(smaller, larger):
                    faults.add(
                        sheet.table.file,
                        f"at most {high}, which is {row.text[high]}",
                        row=row.line,
                        column=low,
                        value=row.text[low],
                    )
    for name in ("statistics", "directions"):
        for row in sheets[name].rows if name in sheets else ():
            _check_contrast(sheets[name], row, faults)
    for row in sheets["trial_facts"].rows if "trial_facts" in sheets else ():
        _check_fact(sheets["trial_facts"], row, faults)


def _corrections_known(sheets: Mapping[str, Sheet]) -> bool:
    """Whether all corrections could be read: without them a misprint looks like a fault."""
    return "corrections" in sheets and sheets["corrections"].complete


def _ordered(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """Pairs of columns that hold a lower and an upper limit."""
    for column in sheet.table.columns:
        other = f"{column.removesuffix('_low')}_high"
        if column.endswith("_low") and other in sheet.table.columns:
            yield column, other


def _exceeds(smaller: Value | None, larger: Value | None) -> bool:
    if smaller is None or larger is None or isinstance(smaller, str) or isinstance(larger, str):
        return False
    return bool(smaller > larger)  # type: ignore[operator]


def _check_contrast(sheet: Sheet, row: Row, faults: Faults) -> None:
    intervention = row.word("intervention_arm_id")
    if intervention and intervention == row.word("comparator_arm_id"):
        faults.add(
            sheet.table.file,
            "another arm than the intervention arm",
            row=row.line,
            column="comparator_arm_id",
            value=intervention,
        )


def _check_fact(sheet: Sheet, row: Row, faults: Faults) -> None:
    value = row.number("value")
    possible, accepted = _FACTS.get(row.word("fact"), (None, ""))
    if possible is not None and value is not None and not possible(value):
        faults.add(
            sheet.table.file, accepted, row=row.line, column="value", value=row.text["value"]
        )
