"""Counts of events in two arms, and what is estimated from them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evidence.errors import ParameterError
from evidence.meta.numerics import Floats
from evidence.meta.pooling.weights import numbers, refuse_first


@dataclass(frozen=True, slots=True)
class PooledEvents:
    """An estimate from counts; None where it is not defined.

    Attributes
    ----------
    measure : str
        odds_ratio, risk_ratio, risk_difference, rate_ratio or rate_difference.
    effect : float or None
        Natural logarithm of a ratio, or a risk difference; above 0 where events are more frequent
        in arm 1. Infinite in an exact analysis in which one arm has all events or none.
    se : float or None
        None for an exact analysis.
    ci_low, ci_high : float or None
        Limits on the scale of `effect`.
    level : float
        Coverage.
    p_value : float or None
        Two-sided, consistent with the interval: normal, or twice the smaller exact tail.
    p_fisher : float or None
        Of an exact analysis the two-sided P of Fisher's test: the probability of all sums that are
        at most as likely as the observed one.
    q, q_df, q_p : float, int, float or None
        Test that the odds ratio is the same in all tables: Breslow-Day with Tarone's correction
        for Mantel-Haenszel odds ratios, Peto's for his; else None.
    k : int
        Number of tables.
    k_informative : int
        Tables that say something about the measure: about a risk or rate difference all of them,
        about a risk or rate ratio those with an event, about an odds ratio those in which someone,
        but not everyone, had it.
    double_zero, all_events : tuple of int
        Positions of the tables without an event in either arm, and of those in which everyone in
        both arms had it.
    method : str
        mantel_haenszel, peto or exact_conditional.
    warnings : tuple of str
        Sentences that a reader of the estimate needs.
    """

    measure: str
    effect: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    level: float
    p_value: float | None
    p_fisher: float | None
    q: float | None
    q_df: int | None
    q_p: float | None
    k: int
    k_informative: int
    double_zero: tuple[int, ...]
    all_events: tuple[int, ...]
    method: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """Counts of several 2 by 2 tables; everything is of shape (k,)."""

    events_1: Floats
    n_1: Floats
    events_2: Floats
    n_2: Floats

    @property
    def total(self) -> Floats:
        """Participants of both arms."""
        return self.n_1 + self.n_2

    @property
    def events(self) -> Floats:
        """Events of both arms."""
        return self.events_1 + self.events_2

    @property
    def informative(self) -> NDArray[np.bool_]:
        """Tables in which someone, but not everyone, had the event."""
        return (self.events > 0) & (self.events < self.total)

    @property
    def variance(self) -> Floats:
        """Hypergeometric variance of the events in arm 1."""
        spread = self.n_1 * self.n_2 * self.events * (self.total - self.events)
        return spread / (self.total**2 * np.maximum(self.total - 1, 1))

    @property
    def excess(self) -> Floats:
        """Events in arm 1 above those expected from the margins."""
        return self.events_1 - self.n_1 * self.events / self.total

    @property
    def double_zero(self) -> tuple[int, ...]:
        """Positions of the tables without an event in either arm."""
        return tuple(int(i) for i in np.flatnonzero(self.events == 0))

    @property
    def all_events(self) -> tuple[int, ...]:
        """Positions of the tables in which everyone in both arms had the event."""
        return tuple(int(i) for i in np.flatnonzero(self.events == self.total))

    def limit_of(self, measure: str) -> str:
        """Say to which end a ratio goes that has no finite logarithm."""
        others = self.n_2 - self.events_2 if measure == "odds_ratio" else 1.0
        return "0" if (self.events_1 * others).sum() == 0 else "infinite"

    def informative_for(self, measure: str) -> int:
        """Count the tables that move a measure."""
        counts = {"odds_ratio": self.informative, "risk_ratio": self.events > 0}
        return int(counts[measure].sum()) if measure in counts else self.n_1.size


def read_tables(events_1: Any, n_1: Any, events_2: Any, n_2: Any) -> Tables:
    """Check counts of one or several tables.

    Raises
    ------
    ParameterError
        For counts that are not whole, negative, above the participants, or of unequal length.
    """
    given = {"events_1": events_1, "n_1": n_1, "events_2": events_2, "n_2": n_2}
    arrays = {name: np.atleast_1d(numbers(name, values)) for name, values in given.items()}
    shape = arrays["events_1"].shape
    for name, values in arrays.items():
        if values.ndim != 1 or values.shape != shape or values.size == 0:
            raise ParameterError(name, values.shape, "one whole number per table")
        least = 0 if name.startswith("events") else 1
        bad = ~((values >= least) & (values == np.floor(values)) & (values < 1e9))
        refuse_first(name, values, bad, f"a whole number of at least {least}")
    for arm in ("1", "2"):
        events, n = arrays[f"events_{arm}"], arrays[f"n_{arm}"]
        refuse_first(f"events_{arm}", events, events > n, f"at most n_{arm}")
    return Tables(**arrays)


def sentences(tables: Tables, measure: str, *, finite: bool) -> tuple[str, ...]:
    """Say what a reader of an estimate from these tables needs."""
    said = []
    empty = len(tables.double_zero)
    if empty:
        which = "1 table has" if empty == 1 else f"{empty} tables have"
        said.append(
            f"{which} no event in either arm, which counts toward a risk difference and says "
            "nothing about a ratio."
        )
    full = len(tables.all_events)
    if full:
        which = "In 1 table" if full == 1 else f"In {full} tables"
        does = (
            "says nothing about an odds ratio"
            if measure == "odds_ratio"
            else f"pulls the {measure.replace('_', ' ')} toward no difference"
        )
        said.append(f"{which} everyone in both arms had the event, which {does}.")
    if not finite:
        said.append(
            f"The estimated ratio is {tables.limit_of(measure)}, of which there is no finite "
            "logarithm."
            if tables.informative.any()
            else "Without an event, or with events in everyone, a ratio cannot be estimated."
        )
    if measure == "risk_difference" and not tables.informative.any():
        said.append("The standard error is 0 for want of events, not by precision.")
    return tuple(said)


def log_choose(n: Floats | float, x: Floats) -> Floats:
    """Give the natural logarithm of the number of ways to choose x out of n."""
    logs: Floats = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return logs
