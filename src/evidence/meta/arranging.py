"""What is made of a table before it is pooled: groups into one, covariances of errors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evidence.errors import ParameterError
from evidence.meta.effect_size import Moments, combined_arms
from evidence.meta.frame import VARIANCE, Column, aligned, numbers_of, row_label
from evidence.meta.multilevel.covariance import BlockCovariance, correlated_covariance
from evidence.meta.multilevel.sampling_covariance import shared_comparator_covariance
from evidence.meta.numerics import Floats


def pool_groups(
    table: pd.DataFrame,
    by: str | int | Sequence[str | int],
    *,
    n: str,
    mean: str | None = None,
    sd: str | None = None,
    events: str | None = None,
) -> pd.DataFrame:
    """Combine several groups of one study into one, as if they had been one from the start.

    Parameters
    ----------
    table : DataFrame
        A group of a study in each row.
    by : str, int or sequence
        Columns that are the same for groups to be combined.
    n : str
        Column of sizes.
    mean, sd : str, optional
        Columns of means and SDs, together.
    events : str, optional
        Column of events.

    Returns
    -------
    DataFrame
        The columns of `by`, then n, mean and sd, or events, and ``groups``, how many there were.

    Raises
    ------
    ParameterError
        For columns that are not there, neither means nor events, or a value that is missing.

    Notes
    -----
    Cochrane Handbook, table 6.5.a; events and sizes are added up.

    Examples
    --------
    >>> arms = pd.DataFrame({"study": "A", "n": [20, 30], "m": [14.0, 15.0], "s": [6.0, 7.0]})
    >>> pool_groups(arms, "study", n="n", mean="m", sd="s").round(3).to_dict("records")
    [{'study': 'A', 'n': 50.0, 'm': 14.6, 's': 6.573, 'groups': 2}]
    """
    keys = [by] if isinstance(by, str | int) else list(by)
    wanted = {"n": n, "mean": mean, "sd": sd, "events": events}
    named = {role: name for role, name in wanted.items() if name is not None}
    if set(named) not in ({"n", "mean", "sd"}, {"n", "events"}):
        raise ParameterError("columns", sorted(named), "n with mean and sd, or n with events")
    for key in keys:
        aligned(table, "by", key)
    numbers = {}
    for role, name in named.items():
        values, wrong = numbers_of(table, role, name)
        bad = next(iter(wrong), None)
        if bad is None and np.isnan(values).any():
            bad = int(np.argmax(np.isnan(values)))
        if bad is not None:
            raise ParameterError(f"{name}, {row_label(table, bad)}", wrong.get(bad), "a number")
        numbers[role] = values
    made = []
    for _, rows in table.reset_index(drop=True).groupby(keys, sort=False, dropna=False):
        at = rows.index.to_numpy()
        own: dict[Any, Any] = {one: rows[one].iloc[0] for one in keys}
        if "events" in named:
            total: dict[str, float] = {
                named[role]: float(numbers[role][at].sum()) for role in ("n", "events")
            }
        else:
            arms = [Moments(*(float(numbers[role][i]) for role in ("n", "mean", "sd"))) for i in at]
            joined = combined_arms(arms)
            total = {named["n"]: joined.n, named["mean"]: joined.mean, named["sd"]: joined.sd}
        made.append({**own, **total, "groups": len(at)})
    return pd.DataFrame(made)


def _matrix(table: pd.DataFrame, made: BlockCovariance | Floats) -> pd.DataFrame:
    full = made if isinstance(made, np.ndarray) else np.zeros((len(table), len(table)))
    if isinstance(made, BlockCovariance):
        for rows, matrix in zip(made.rows, made.matrices, strict=True):
            full[np.ix_(rows, rows)] = matrix
    return pd.DataFrame(full, index=table.index, columns=table.index)


def repeated_covariance(table: pd.DataFrame, *, cluster: Column, rho: float) -> pd.DataFrame:
    """Return the covariance of effects of one trial with one supposed correlation, to pool them.

    Parameters
    ----------
    table : DataFrame of k rows
        With the column "variance".
    cluster : str or sequence
        The trial of each row.
    rho : float
        Correlation of the errors of two effects of one trial.

    Returns
    -------
    DataFrame of shape (k, k)

    Raises
    ------
    ParameterError
        As `evidence.meta.multilevel.covariance.correlated_covariance`.

    Examples
    --------
    >>> effects = pd.DataFrame({"trial": ["A", "A", "B"], "variance": [0.04, 0.09, 0.05]})
    >>> repeated_covariance(effects, cluster="trial", rho=0.5).round(3).to_numpy().tolist()
    [[0.04, 0.03, 0.0], [0.03, 0.09, 0.0], [0.0, 0.0, 0.05]]
    """
    trials = [str(one) for one in aligned(table, "cluster", cluster)]
    variances, _ = numbers_of(table, VARIANCE, VARIANCE)
    return _matrix(table, correlated_covariance(variances, trials, rho))


def shared_control_covariance(
    table: pd.DataFrame, *, cluster: Column, comparator: Column, shared: Column
) -> pd.DataFrame:
    """Return the covariance of effects that have a comparator arm in common, to pool them.

    Parameters
    ----------
    table : DataFrame of k rows
        With the column "variance".
    cluster, comparator : str or sequence
        The trial of each row, and its comparator arm.
    shared : str or sequence
        What that arm adds to the variance: SD^2 / n of a mean difference, 1/c + 1/(n - c) of a log
        odds ratio, 1/c - 1/n of a log risk ratio, p (1 - p) / n of a risk difference.

    Returns
    -------
    DataFrame of shape (k, k)

    Raises
    ------
    ParameterError
        As `evidence.meta.multilevel.sampling_covariance.shared_comparator_covariance`.

    Examples
    --------
    >>> arms = pd.DataFrame({"trial": ["A", "A", "B"], "control": ["c", "c", "c"],
    ...                      "variance": [0.05, 0.06, 0.05], "of_control": 0.02})
    >>> made = shared_control_covariance(arms, cluster="trial", comparator="control",
    ...                                  shared="of_control")
    >>> made.round(3).to_numpy().tolist()
    [[0.05, 0.02, 0.0], [0.02, 0.06, 0.0], [0.0, 0.0, 0.05]]
    """
    trials, arms = (
        [str(one) for one in aligned(table, role, given)]
        for role, given in (("cluster", cluster), ("comparator", comparator))
    )
    variances, _ = numbers_of(table, VARIANCE, VARIANCE)
    added, _ = numbers_of(table, "shared", shared)
    return _matrix(table, shared_comparator_covariance(variances, trials, arms, added))
