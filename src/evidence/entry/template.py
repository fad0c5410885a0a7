"""The form of an entry to fill in, with the terms of a data package."""

import re
from collections.abc import Mapping
from importlib import resources
from textwrap import wrap

from evidence.data.validation import Package
from evidence.data.validation.keys import TERMS

STATISTICS: Mapping[str, str] = {
    "mixed_model_b": "B of a mixed or regression model, in points, with ci, se or p",
    "mean_difference": "difference of means in points, with ci, se or p",
    "hedges_g": "Hedges g, with ci, se or n",
    "cohens_d": "Cohen's d between arms at that time, with n, ci or se",
    "cohens_d_unspecified": "d of a kind or time that is not stated: kept, not used",
    "cohens_d_at_least": "d printed as a lower bound for several contrasts",
    "odds_ratio": "OR of an event, with ci or p",
    "odds_ratio_fisher": "OR printed beside Fisher's exact test",
    "log_odds_ratio": "logarithm of an OR, with se",
    "risk_ratio": "RR of an event, with ci or p",
    "risk_difference_percent": "RD in percentage points, with ci, se or p",
    "number_needed_to_treat": "NNT, with ci",
    "relative_risk_reduction_percent": "RRR in percent, with ci",
    "hazard_ratio": "HR, with ci; never pooled with another ratio",
    "incidence_rate_ratio": "IRR, with ci; never pooled with another ratio",
    "partial_eta_squared": "partial eta squared of two arms, with n or df",
    "eta_squared": "eta squared of two arms, with n or df",
    "cohens_f": "Cohen's f of two arms, with n or df",
    "standardized_beta": "standardized coefficient: kept, not converted",
    "f_slope": "F of group by time, with df",
    "t": "t of two arms, with n",
    "z": "z of two arms",
    "p": "p of two arms, where nothing else is printed",
    "chi2_groups": "chi-square of groups, with df",
    "t_within": "t of a change within one arm (within)",
    "d_within": "d of a change within one arm (within)",
    "slope_b": "B of a change within one arm (within)",
    "t_time_both_arms": "t of time for all arms together (within)",
    "indirect_b": "indirect effect through a mediator",
    "qaly_difference": "difference in quality-adjusted life years",
}
"""Kinds of statistics, in the words of sources."""

_SLOT = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)?)\}")
_WIDTH = 108


def template(package: Package) -> str:
    """Return the form of an entry, a TOML file with remarks.

    Parameters
    ----------
    package : Package
        The data package whose terms it names.
    """
    text = (resources.files(__package__) / "template.toml").read_text(encoding="utf-8")
    return "".join(_filled(line, package) for line in text.splitlines(keepends=True))


def _filled(line: str, package: Package) -> str:
    slot = _SLOT.search(line)
    if slot is None:
        return line
    before, after = line[: slot.start()], line[slot.end() :]
    if slot[1] == "statistics":
        return "".join(f"#   {name:<32}{meaning}\n" for name, meaning in _kinds(package))
    words = _words(slot[1], package)
    if len(before) + len(words) + len(after) <= _WIDTH:
        return f"{before}{words}{after}"
    # Long lists stand above the key that they are for.
    listed = wrap(words + after.rstrip(), _WIDTH - 4, break_on_hyphens=False)
    above = "".join(f"#   {one}\n" for one in listed)
    key = before.rstrip().removesuffix("#").rstrip()
    return above + (f"{key:<25} # one of these\n" if key else "")


def _kinds(package: Package) -> list[tuple[str, str]]:
    stated = package.sheets["statistics"].table.columns["statistic"].constraints["enum"]
    known = [(name, meaning) for name, meaning in STATISTICS.items() if name in stated]
    return known + [(name, "") for name in stated if name not in STATISTICS]


def _words(slot: str, package: Package) -> str:
    if slot == "facts":
        rows = package.sheets["trial_facts"].rows
        units = {row.text["fact"]: row.text["unit"] for row in rows}
        return ", ".join(f"{fact} ({unit})" for fact, unit in sorted(units.items()))
    table, _, column = slot.partition(".")
    if column == "instrument_id":
        return ", ".join(row.text["instrument_id"] for row in package.sheets["instruments"].rows)
    for of_table, of_column, vocabulary in TERMS:
        if (of_table, of_column) == (table, column):
            terms = package.sheets["vocabularies"].rows
            listed = [one.text["term"] for one in terms if one.text["vocabulary"] == vocabulary]
            enum = package.sheets[table].table.columns[column].constraints.get("enum")
            return ", ".join(one for one in listed if enum is None or one in enum)
    return ", ".join(package.sheets[table].table.columns[column].constraints["enum"])
