"""A reconstruction for readers of a terminal: what fits, how each printed number is met, or not."""

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from evidence import language
from evidence.meta.reconstruction import Miss, Reconstruction, Solution
from evidence.meta.reconstruction.fit import Fit

SHOWN = 20
"""Tables that are written out; JSON has all."""

_WITH_FITS = 5
_LISTED = 10

FORMULA = {
    "wald_z": "Wald, normal quantile",
    "wald_z_n_minus_1": "Wald with n - 1, normal quantile",
    "wald_t": "Wald, t with n - 1 df",
    "wald_t_n_minus_1": "Wald with n - 1, t with n - 1 df",
    "wald_corrected": "Wald with continuity correction",
    "agresti_coull": "Agresti-Coull",
    "wilson": "Wilson",
    "wilson_corrected": "Wilson with continuity correction",
    "clopper_pearson": "Clopper-Pearson",
    "mid_p": "mid-P",
    "jeffreys": "Jeffreys",
    "logit": "logit",
    "arcsine": "arcsine",
}
NUMBER = {
    "odds_ratio": "odds ratio",
    "conditional_odds_ratio": "conditional odds ratio",
    "risk_ratio": "risk ratio",
    "risk_difference": "risk difference in points",
    "number_needed_to_treat": "number needed to treat",
    "p_fisher": "p of Fisher's exact test",
    "p_chi2": "p of chi-square",
    "p_chi2_corrected": "p of chi-square with correction",
    "n_total": "participants in all",
}
_OF_ARM = {
    "percent": "percent",
    "ci_low": "lower limit",
    "ci_high": "upper limit",
    "n": "participants",
    "events": "events",
}
_COUNTS = ("n", "events", "n_total")


def as_record(found: Reconstruction) -> dict[str, Any]:
    """Return everything found as plain values: solutions with their fits, misses, what is open."""
    return {
        "identified": found.identified,
        "n_identified": list(found.n_identified),
        "odds_ratio_low": found.odds_ratio_low,
        "odds_ratio_high": found.odds_ratio_high,
        "rounding": found.rounding,
        "formulas": list(found.formulas),
        "solutions": [
            {**_counts(one), "fits": [asdict(fit) for fit in found.fits(one)]}
            for one in found.solutions
        ],
        "misses": [
            {
                **_counts(one.solution),
                "count": one.count,
                "failed": [asdict(fit) for fit in one.failed],
            }
            for one in found.misses
        ],
        "not_examined": list(found.not_examined),
    }


def _counts(solution: Solution) -> dict[str, Any]:
    return {
        **{name: getattr(solution, name) for name in ("events_1", "n_1", "events_2", "n_2")},
        "odds_ratio": solution.odds_ratio,
        "formulas": list(solution.formulas),
    }


def as_text(found: Reconstruction) -> str:
    """Return what was found as Markdown: the tables that fit, else the nearest and what failed.

    Examples
    --------
    >>> from evidence.meta.reconstruction import PrintedArm, reconstruct
    >>> print(as_text(reconstruct(PrintedArm("34.6", n_max=31))))
    One table fits all that is printed: 9 of 26.
    <BLANKLINE>
    - 9 of 26
      - participants of arm 1: 26, allowed 1 to 31
      - percent of arm 1: 34.615, printed 34.6
    """
    return "\n".join(_fitting(found) if found.solutions else _failing(found))


def _fitting(found: Reconstruction) -> list[str]:
    solutions = found.solutions
    verb = "fits" if found.identified else "fit"
    first = (
        f"{language.capitalized(language.count(len(solutions), 'table'))} {verb} all that is "
        "printed"
        + (f": {table(solutions[0])}" if found.identified else "")
        + _odds_ratios(found)
        + "."
    )
    lines = [first]
    if found.rounding == "truncation":
        lines.append("Only if further digits were cut off, not rounded.")
    lines += [_open(found, at) for at, known in enumerate(found.n_identified) if not known]
    lines.append("")
    with_fits = len(solutions) <= _WITH_FITS
    for one in solutions[:SHOWN]:
        lines.append(f"- {table(one)}{_odds_ratio(one)}")
        if with_fits:
            lines += [f"  - {_met(fit, one)}" for fit in found.fits(one)]
    if len(solutions) > SHOWN:
        lines.append(f"- and {len(solutions) - SHOWN:,} more, all of them with --format json")
    return lines


def _odds_ratios(found: Reconstruction) -> str:
    low, high = found.odds_ratio_low, found.odds_ratio_high
    if low is None or high is None:
        return ""
    if _number(low, 3) == _number(high, 3):
        return f"; odds ratio {_number(low, 3)}"
    return f"; odds ratios {_number(low, 3)} to {_number(high, 3)}"


def _odds_ratio(solution: Solution) -> str:
    value = solution.odds_ratio
    return "" if value is None else f", odds ratio {_number(value, 3)}"


def _open(found: Reconstruction, at: int) -> str:
    sizes = sorted({(one.n_1, one.n_2)[at] or 0 for one in found.solutions})
    given = (
        language.listed(map(str, sizes), "or")
        if len(sizes) <= _LISTED
        else f"{len(sizes)} sizes from {sizes[0]} to {sizes[-1]}"
    )
    return f"The participants of arm {at + 1} stay open: {given}."


def _failing(found: Reconstruction) -> list[str]:
    lines = ["No table fits all that is printed."]
    if found.misses:
        lines += ["The nearest, and what they do not meet:", ""]
        lines += [_missing(one) for one in found.misses]
    else:
        lines.append("None comes near: more than one printed number has to be wrong.")
    if found.not_examined:
        named = language.listed(map(number, found.not_examined), "or")
        lines += ["", f"Not examined without {named}: too many tables would fit."]
    return lines


def _missing(one: Miss) -> str:
    failed = "; ".join(_met(fit, one.solution) for fit in one.failed)
    as_well = (
        ""
        if one.count == 1
        else f" ({one.count:,} tables fit as well without {_names(one.failed)})"
    )
    return f"- {table(one.solution)}: {failed}{as_well}"


def _names(failed: Iterable[Fit]) -> str:
    return language.listed(f"the {number(fit.name)}" for fit in failed)


def _met(fit: Fit, solution: Solution) -> str:
    """Return what a table gives for a number, what is printed, and by which formula."""
    if fit.name.rpartition("_")[0] in _COUNTS or fit.name in _COUNTS:
        said = "printed" if fit.name.startswith("events") else "allowed"
        return f"{number(fit.name)}: {fit.value:.0f}, {said} {fit.printed}"
    digits = len(fit.printed.partition(".")[2]) + 2
    text = f"{number(fit.name)}: {_number(fit.value, digits)}, printed {fit.printed}"
    if fit.formula is None:
        return text
    others = len(solution.formulas) - 1
    also = f" and {language.count(others, 'other formula')}" if others > 0 else ""
    return f"{text}; {FORMULA[fit.formula]}{also}"


def number(name: str) -> str:
    """Return the name of a printed number in words: "percent of arm 1".

    Examples
    --------
    >>> number("ci_low_2")
    'lower limit of arm 2'
    """
    if name in NUMBER:
        return NUMBER[name]
    attribute, arm = name.rsplit("_", 1)
    return f"{_OF_ARM[attribute]} of arm {arm}"


def table(solution: Solution) -> str:
    """Return the counts of a solution: "21 of 30 and 9 of 26"."""
    first = f"{solution.events_1} of {solution.n_1}"
    return first if solution.n_2 is None else f"{first} and {solution.events_2} of {solution.n_2}"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "infinite or undefined"


def option(name: str) -> str:
    """Return the option of the command that an argument of the search comes from.

    Examples
    --------
    >>> option("arm_1.ci_low"), option("arm_2.n_max"), option("odds_ratio")
    ('--interval-1, lower limit', '--n-max-2', '--odds-ratio')
    """
    arm, _, attribute = name.partition(".")
    if not attribute:
        return {"n_max": "--n-max-1, --n-max-2", "formulas": "--formula"}.get(
            name, f"--{name.replace('_', '-')}"
        )
    number_of_arm = arm.removeprefix("arm_")
    if attribute in ("ci_low", "ci_high"):
        return f"--interval-{number_of_arm}, {_OF_ARM[attribute]}"
    return f"--{attribute.replace('_', '-')}-{number_of_arm}"
