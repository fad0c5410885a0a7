"""Seconds of the processor that fits take, by this package or by another one.

The interpreter that has the package runs this file with the name of the package and reads studies
from standard input, one table of ``set,effect,variance``: set 0 is fitted many times, the other
sets are fitted in a loop. It writes one JSON object of seconds per fit, with the estimate.
"""

import csv
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

Numbers = tuple[float, float, float]
"""Estimate and its interval."""
Fit = Callable[[Any, Any], Any]

TIMES = 150
MANY = 100_000
SEED = 20261


def middle(work: Callable[[], object], times: int) -> float:
    """Return the median of the seconds that work takes, after one run that is not counted."""
    work()
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def drawn(count: int) -> tuple[Any, Any]:
    """Return sets of five studies that differ in their means, spread and variances."""
    random = np.random.default_rng(SEED)
    variance = random.uniform(0.02, 0.3, (count, 5))
    between = random.uniform(0.0, 0.2, (count, 1))
    return random.normal(0.3, np.sqrt(variance + between)), variance


def own() -> dict[str, object]:
    """Measure this package: one fit with and without interval of tau2, many, large models."""
    from evidence.meta.multilevel import fit_multilevel
    from evidence.meta.multilevel.covariance import correlated_covariance
    from evidence.meta.pooling import batch, pool

    effect, variance = studies()[0]

    def several(k: int) -> float:
        random = np.random.default_rng(SEED)
        cluster = np.repeat(np.arange(k // 5), 5).tolist()
        given = random.uniform(0.02, 0.3, k)
        values = random.normal(0.3, 0.2, k // 5).repeat(5) + random.normal(0, np.sqrt(given))
        return middle(
            lambda: fit_multilevel(values, correlated_covariance(given, cluster, 0.6), cluster), 1
        )

    pooled = pool(effect, variance, interval="hksj")
    table = (np.array([effect]), np.array([variance]))
    many = drawn(MANY)
    return {
        "numbers": (pooled.effect, pooled.ci_low, pooled.ci_high),
        "fit": middle(lambda: batch.pool(*table, interval="hksj"), TIMES),
        "whole": middle(lambda: pool(effect, variance, interval="hksj"), TIMES),
        "many": middle(lambda: batch.pool(*many, interval="hksj"), 3),
        "che_1000": several(1_000),
        "che_10000": several(10_000),
    }


def pimeta() -> dict[str, object]:
    """Measure pimeta: one fit without and with what `pool` says besides, and a loop."""
    from pimeta import rma

    def fit(effect: Any, variance: Any) -> Any:
        return rma(effect, variance, method="REML", test="knha")

    def whole(effect: Any, variance: Any) -> Any:
        found = fit(effect, variance)
        return found.confint(), found.predict()

    found = fit(*studies()[0])
    return peer(fit, (found.b[0], found.ci_lb[0], found.ci_ub[0]), whole)


def pymare() -> dict[str, object]:
    """Measure PyMARE: one fit, and a loop."""
    from pymare import Dataset
    from pymare.estimators import VarianceBasedLikelihoodEstimator

    def fit(effect: Any, variance: Any) -> Any:
        table = Dataset(effect[:, None], variance[:, None])
        found = VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(table)
        return found.summary().get_fe_stats()

    found = fit(*studies()[0])
    return peer(fit, tuple(float(found[one][0, 0]) for one in ("est", "ci_l", "ci_u")))


def peer(fit: Fit, numbers: tuple[Any, ...], whole: Fit | None = None) -> dict[str, object]:
    """Measure one fit and a loop of fits, per fit."""
    first, *others = studies()

    def loop() -> None:
        for one in others:
            fit(*one)

    measured: dict[str, object] = {
        "numbers": [float(one) for one in np.ravel(numbers)],
        "fit": middle(lambda: fit(*first), TIMES),
        "loop": middle(loop, 1) / len(others),
    }
    if whole is not None:
        measured["whole"] = middle(lambda: whole(*first), TIMES)
    return measured


_READ: list[tuple[Any, Any]] = []


def studies() -> list[tuple[Any, Any]]:
    """Return the sets of studies that were given, as arrays of effects and variances."""
    if not _READ:
        sets = defaultdict(list)
        for row in csv.DictReader(sys.stdin):
            sets[int(row["set"])].append((float(row["effect"]), float(row["variance"])))
        _READ.extend((table[:, 0], table[:, 1]) for table in map(np.array, sets.values()))
    return _READ


MEASURES = {"evidence": own, "pimeta": pimeta, "pymare": pymare}

if __name__ == "__main__":
    name = sys.argv[1]
    package = {"evidence": "attachment-therapy-evidence"}.get(name, name)
    json.dump({**MEASURES[name](), "version": version(package)}, sys.stdout)
