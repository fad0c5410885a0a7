"""Measures of effect by their names: what columns they need, and how their values are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.meta import effect_size
from evidence.meta.effect_size import association, change, events, means, single_group
from evidence.meta.effect_size import unequal_variances as unequal
from evidence.meta.effect_size.association import rate_comparison
from evidence.meta.effect_size.means import group_mean
from evidence.meta.numerics import Floats


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of effect.

    Attributes
    ----------
    name : str
        As readers see it, on the scale that they read.
    compute : callable or None
        Gives effect and variance from arrays named by role; None where no columns give it, so that
        tables can only hold it ready made.
    needs : tuple of str
        Roles of the columns.
    ratio : bool
        Whether effects are logarithms of ratios.
    of_scores : bool
        Whether it compares scores, so that the direction of the scale turns it.
    groups : int
        How many groups it is of.
    null : bool
        Whether 0 means that there is no difference, or no association.
    back : callable, optional
        From the scale of pooling to that which is read.
    pooled_as : str
        What it is on the scale of pooling, where that is another and no logarithm of a ratio.
    by_size : bool
        Whether the way back takes the harmonic mean of the sizes.
    possible : (float, float)
        What it can be, as it is read.
    """

    name: str
    compute: Callable[..., Any] | None
    needs: tuple[str, ...]
    ratio: bool = False
    of_scores: bool = False
    groups: int = 2
    null: bool = True
    back: Callable[..., Any] | None = None
    pooled_as: str = ""
    by_size: bool = False
    possible: tuple[float, float] = (-np.inf, np.inf)


_MEANS = ("mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2")
EVENTS = ("events_1", "n_1", "events_2", "n_2")
_RATES = ("events_1", "time_1", "events_2", "time_2")
_CHANGE = ("mean_pre", "mean_post", "sd_pre", "sd_post", "n", "correlation")


def _risk_difference(
    events_1: Floats, n_1: Floats, events_2: Floats, n_2: Floats
) -> effect_size.Effect:
    """As metafor has it: with 1/2 in all four cells of a table with an empty one."""
    half = 0.5 * with_empty_cell(events_1, n_1, events_2, n_2)
    return events.risk_difference(
        events_1 + half, n_1 + 2 * half, events_2 + half, n_2 + 2 * half, add=0.0
    )


def with_empty_cell(events_1: Floats, n_1: Floats, events_2: Floats, n_2: Floats) -> Any:
    """Return which tables have an empty cell."""
    # The counts themselves are checked first, and refused by their own names.
    association.read_cells(events_1, n_1, events_2, n_2)
    return (events_1 == 0) | (events_1 == n_1) | (events_2 == 0) | (events_2 == n_2)


def _square(x: float) -> float:
    return max(x, 0.0) ** 2


# A share, a rate or a mean of one group has no value of no difference.
_one = partial(Measure, groups=1, null=False)
_share = partial(_one, "proportion", needs=("events", "n"), possible=(0.0, 1.0))
_rate = partial(_one, "rate", needs=("events", "time"), possible=(0.0, np.inf))
# From one end to the other: all differ, or go together, as far as they can.
_bounded = partial(Measure, possible=(-1.0, 1.0))

MEASURES: Mapping[str, Measure] = {
    "smd": Measure("Hedges g", means.standardized_mean_difference, _MEANS, of_scores=True),
    "cohen_d": Measure("Cohen d", means.cohen_d, _MEANS, of_scores=True),
    "smd_unequal": Measure(
        "g, SDs unequal", unequal.standardized_mean_difference_unequal, _MEANS, of_scores=True
    ),
    "glass_delta": Measure("Glass's delta", unequal.glass_delta, _MEANS, of_scores=True),
    "mean_difference": Measure("mean difference", means.mean_difference, _MEANS, of_scores=True),
    "ratio_of_means": Measure("ratio of means", means.ratio_of_means, _MEANS, ratio=True),
    "variability_ratio": Measure(
        "ratio of SDs", unequal.log_variability_ratio, ("sd_1", "n_1", "sd_2", "n_2"), ratio=True
    ),
    "variation_ratio": Measure(
        "ratio of coefficients of variation",
        unequal.log_coefficient_of_variation_ratio,
        _MEANS,
        ratio=True,
    ),
    "odds_ratio": Measure("odds ratio", events.log_odds_ratio, EVENTS, ratio=True),
    "risk_ratio": Measure("risk ratio", events.log_risk_ratio, EVENTS, ratio=True),
    "risk_difference": _bounded("risk difference", _risk_difference, EVENTS),
    "arcsine_difference": Measure(
        "arcsine difference",
        events.arcsine_difference,
        EVENTS,
        possible=(-np.pi / 2, np.pi / 2),
    ),
    "peto_odds_ratio": Measure("Peto odds ratio", events.peto_log_odds_ratio, EVENTS, ratio=True),
    "rate_ratio": Measure(
        "rate ratio", partial(rate_comparison, measure="log_ratio"), _RATES, ratio=True
    ),
    "rate_difference": Measure(
        "rate difference", partial(rate_comparison, measure="difference"), _RATES
    ),
    "yule_q": _bounded("Yule's Q", association.yule_q, EVENTS),
    "yule_y": _bounded("Yule's Y", association.yule_y, EVENTS),
    "tetrachoric": _bounded("tetrachoric correlation", association.tetrachoric_correlation, EVENTS),
    "phi": _bounded("phi", association.phi_coefficient, EVENTS),
    "probit_difference": Measure("probit difference", association.probit_difference, EVENTS),
    "hazard_ratio": Measure("hazard ratio", None, (), ratio=True),
    "mean": _one("mean", group_mean, ("mean", "sd", "n")),
    "mean_log": _one(
        "mean",
        partial(group_mean, scale="log"),
        ("mean", "sd", "n"),
        back=np.exp,
        pooled_as="logarithm of the mean",
    ),
    "mean_change": Measure("mean change", change.mean_change, _CHANGE, of_scores=True, groups=1),
    "smc_raw": Measure(
        "standardized mean change",
        change.standardized_mean_change_raw,
        ("mean_pre", "mean_post", "sd_pre", "n", "correlation"),
        of_scores=True,
        groups=1,
    ),
    "smc_raw_unequal": Measure(
        "standardized mean change, SDs unequal",
        change.standardized_mean_change_raw_unequal,
        _CHANGE,
        of_scores=True,
        groups=1,
    ),
    "smc_average": Measure(
        "standardized mean change, mean of the SDs",
        change.standardized_mean_change_average,
        _CHANGE,
        of_scores=True,
        groups=1,
    ),
    "change_ratio": Measure(
        "ratio of the means after and before",
        change.ratio_of_mean_change,
        _CHANGE,
        ratio=True,
        groups=1,
    ),
    "smc_change": Measure(
        "standardized mean change, SD of the change",
        change.standardized_mean_change_change,
        _CHANGE,
        of_scores=True,
        groups=1,
    ),
    "proportion": _share(partial(single_group.proportion, scale="raw")),
    "proportion_log": _share(
        partial(single_group.proportion, scale="log"),
        back=np.exp,
        pooled_as="logarithm of a proportion",
    ),
    "proportion_logit": _share(
        partial(single_group.proportion, scale="logit"),
        back=single_group.proportion_from_logit,
        pooled_as="log odds of a proportion",
    ),
    "proportion_arcsine": _share(
        partial(single_group.proportion, scale="arcsine"),
        back=single_group.proportion_from_arcsine_root,
        pooled_as="arcsine of a proportion",
    ),
    "proportion_freeman_tukey": _share(
        partial(single_group.proportion, scale="freeman_tukey"),
        back=single_group.proportion_from_freeman_tukey,
        by_size=True,
        pooled_as="double arcsine of a proportion",
    ),
    "rate": _rate(partial(association.rate, scale="raw")),
    "rate_log": _rate(
        partial(association.rate, scale="log"), back=np.exp, pooled_as="logarithm of a rate"
    ),
    "rate_root": _rate(
        partial(association.rate, scale="root"), back=_square, pooled_as="root of a rate"
    ),
    "correlation": _bounded(
        "correlation", partial(single_group.correlation, scale="raw"), ("r", "n"), groups=1
    ),
    "fisher_z": Measure(
        "correlation",
        partial(single_group.correlation, scale="fisher_z"),
        ("r", "n"),
        groups=1,
        back=single_group.correlation_from_fisher_z,
        pooled_as="Fisher's z",
    ),
}

_OTHER_NAMES = {
    **{"SMD": "smd", "hedges_g": "smd", "SMDH": "smd_unequal", "MD": "mean_difference"},
    **{"ROM": "ratio_of_means", "VR": "variability_ratio", "OR": "odds_ratio"},
    **{"RR": "risk_ratio", "RD": "risk_difference", "AS": "arcsine_difference"},
    **{"IRR": "rate_ratio", "IRD": "rate_difference"},
    **{"PETO": "peto_odds_ratio", "PHI": "phi", "PBIT": "probit_difference", "MN": "mean"},
    **{"MC": "mean_change", "SMCR": "smc_raw", "SMCC": "smc_change", "PR": "proportion"},
    **{"PLO": "proportion_logit", "PAS": "proportion_arcsine", "COR": "correlation"},
    **{"PFT": "proportion_freeman_tukey", "PLN": "proportion_log", "ZCOR": "fisher_z"},
    **{"YUQ": "yule_q", "YUY": "yule_y", "RTET": "tetrachoric", "CVR": "variation_ratio"},
    **{"SMCRH": "smc_raw_unequal", "SMCRP": "smc_average", "ROMC": "change_ratio"},
    **{"IR": "rate", "IRLN": "rate_log", "IRS": "rate_root", "MNLN": "mean_log"},
}
"""Names of metafor (measure) and of other tools for the same measures."""


def canonical(name: str) -> str:
    """Return the name of a measure here, for it or for the one that metafor has.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    known = _OTHER_NAMES.get(name, name)
    if known not in MEASURES:
        raise ParameterError("measure", name, f"one of {', '.join(MEASURES)}")
    return known


def measure_of(name: str) -> Measure:
    """Return a measure by its name; as `canonical`."""
    return MEASURES[canonical(name)]
