"""Sampling covariance of effects that share outcomes, arms or times of measurement."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.meta.multilevel.covariance import BlockCovariance, read_variances, rows_by_trial
from evidence.meta.numerics import Floats, Rows
from evidence.meta.pooling.weights import numbers, refuse_first


def assumed_covariance(
    variance: Any,
    cluster: Sequence[Hashable],
    *,
    outcome: Sequence[Any] | None = None,
    estimate: Sequence[Any] | None = None,
    arm_1: Sequence[Any] | None = None,
    arm_2: Sequence[Any] | None = None,
    n_1: Any = None,
    n_2: Any = None,
    time_1: Any = None,
    time_2: Any = None,
    rho: float | None = None,
    rho_same: float | None = None,
    phi: float | None = None,
) -> BlockCovariance:
    """Build the covariance of effects of one trial that share outcomes, arms or times.

    This is `vcalc` of metafor. The correlation of two effects of a trial is the product of what
    each of the things they may share gives; what is not named changes nothing.

    Parameters
    ----------
    variance : array_like of shape (k,)
        Sampling variances.
    cluster : sequence of length k
        The trial of each effect.
    outcome, estimate : sequence of length k, optional
        What was measured, and which measurement of it, as an instrument.
    arm_1, arm_2 : sequence of length k, optional
        The two arms of each effect, both or neither. An effect with arm 1 as another's arm 2 is
        correlated with it negatively.
    n_1, n_2 : array_like of shape (k,), optional
        Their sizes; equal ones by default, so that two arms against one comparator give 1/2.
    time_1, time_2 : array_like of shape (k,), optional
        When arm 1, and arm 2 if not then too, was measured.
    rho : float, optional
        Correlation of different outcomes, or without `outcome` of different estimates.
    rho_same : float, optional
        Correlation of different estimates of one outcome; needed where both are named.
    phi : float, optional
        Correlation of measurements one unit of time apart, which falls with the distance as
        phi ** distance; needed with times.

    Returns
    -------
    BlockCovariance

    Raises
    ------
    ParameterError
        For another length than that of `variance`, a correlation outside -1 to 1 (phi: 0 to 1)
        or without what it is about, one arm without the other, and times without phi. A model
        that takes the covariance refuses it where it is not positive definite.

    Notes
    -----
    Two effects against one comparator: Gleser and Olkin (2009), in Cooper, Hedges and Valentine,
    chapter 19; times Trikalinos and Olkin (2012), Clin Trials 9:610. With t the share of two
    measurements, the arms give the sum over both arms of +-t / sqrt(n n'), divided by
    sqrt((1/n_1 + 1/n_2)(1/n_1' + 1/n_2')).

    Examples
    --------
    >>> shared = assumed_covariance([0.04, 0.09], ["a", "a"], arm_1=["x", "y"], arm_2=["c", "c"])
    >>> shared.full().round(3).tolist()
    [[0.04, 0.03], [0.03, 0.09]]
    """
    variances = read_variances(variance)
    k = variances.size
    rows = rows_by_trial(cluster, k)[1]
    labels = {"outcome": outcome, "estimate": estimate, "arm_1": arm_1, "arm_2": arm_2}
    codes = {name: _codes(name, given, k) for name, given in labels.items() if given is not None}
    _check_pairs(codes, rho, rho_same)
    if "arm_1" in codes:
        # One code for an arm on either side.
        both = _codes("arm_1", [*(arm_1 or ()), *(arm_2 or ())], 2 * k)
        codes["arm_1"], codes["arm_2"] = both[:k], both[k:]
    sizes = [_positive(name, given, k) for name, given in (("n_1", n_1), ("n_2", n_2))]
    times = _times(time_1, time_2, phi, k)
    matrices = []
    for own in rows:
        correlation = np.ones((own.size, own.size))
        part = {name: values[own] for name, values in codes.items()}
        if "estimate" in part:
            within = rho if "outcome" not in part else rho_same
            correlation[part["estimate"][:, None] != part["estimate"]] = within
        if "outcome" in part:
            correlation[part["outcome"][:, None] != part["outcome"]] = rho
        if "arm_1" in part:
            correlation *= _of_arms(
                (part["arm_1"], part["arm_2"]), [n[own] for n in sizes], times, own
            )
        elif times:
            correlation *= _fading(times[0][own], times[0][own], times[2])
        np.fill_diagonal(correlation, 1.0)
        sd = np.sqrt(variances[own])
        # cov_ij = r_ij sqrt(v_i v_j)
        matrix = sd[:, None] * correlation * sd
        np.fill_diagonal(matrix, variances[own])
        matrices.append((matrix + matrix.T) / 2)
    return BlockCovariance(rows, tuple(matrices))


def shared_comparator_covariance(
    variance: Any, cluster: Sequence[Hashable], comparator: Sequence[Any], shared: Any
) -> BlockCovariance:
    """Build the covariance of effects that have a comparator arm in common, from that arm.

    Parameters
    ----------
    variance : array_like of shape (k,)
        Sampling variances.
    cluster, comparator : sequence of length k
        The trial, and the comparator arm in it, of each effect.
    shared : array_like of shape (k,)
        What the comparator arm adds to the variance: SD^2 / n of a mean difference, 1/c + 1/(n - c)
        of a log odds ratio, 1/c - 1/n of a log risk ratio, p (1 - p) / n of a risk difference.

    Returns
    -------
    BlockCovariance

    Raises
    ------
    ParameterError
        As `assumed_covariance`; and for a share that is not positive, not below the variance, or
        not the same for all effects of one comparator.

    Notes
    -----
    Gleser and Olkin (2009), in Cooper, Hedges and Valentine, chapter 19.

    Examples
    --------
    >>> found = shared_comparator_covariance([0.3, 0.2], ["a", "a"], ["wait", "wait"], [0.1, 0.1])
    >>> found.full().tolist()
    [[0.3, 0.1], [0.1, 0.2]]
    """
    variances = numbers("variance", variance)
    diagonal = assumed_covariance(variances, cluster)
    arm, parts = _codes("comparator", comparator, variances.size), numbers("shared", shared)
    if parts.shape != variances.shape:
        raise ParameterError("shared", parts.shape, f"the shape of variance, {variances.shape}")
    within = (parts > 0) & (parts < variances)
    refuse_first("shared", parts, ~within, "a positive number below the variance")
    matrices = []
    for own in diagonal.rows:
        same = arm[own][:, None] == arm[own]
        block = np.where(same, parts[own], 0.0)
        if not np.allclose(block, block.T, rtol=1e-9, atol=0):
            name = f"shared[{int(own[0])}]"
            expected = "the same number in all effects of a trial with one comparator"
            raise ParameterError(name, parts[own].tolist(), expected)
        block = (block + block.T) / 2
        np.fill_diagonal(block, variances[own])
        matrices.append(block)
    return BlockCovariance(diagonal.rows, tuple(matrices))


def _codes(name: str, given: Sequence[Any], k: int) -> Rows:
    """Give equal things one number, or refuse what is missing."""
    values = list(given)
    if len(values) != k:
        raise ParameterError(name, len(values), f"one value for each of {k} effects")
    for i, value in enumerate(values):
        # A missing value differs from itself.
        if value is None or value == "" or value != value:
            raise ParameterError(f"{name}[{i}]", value, "a name or a number")
    place = {value: i for i, value in enumerate(dict.fromkeys(values))}
    return np.array([place[value] for value in values], dtype=np.intp)


def _check_pairs(codes: dict[str, Rows], rho: float | None, rho_same: float | None) -> None:
    if ("arm_1" in codes) != ("arm_2" in codes):
        missing = "arm_2" if "arm_1" in codes else "arm_1"
        raise ParameterError(missing, None, "both arms of each effect, or neither")
    needed = {
        "rho": (rho, "outcome" in codes or "estimate" in codes),
        "rho_same": (rho_same, "outcome" in codes and "estimate" in codes),
    }
    for name, (value, used) in needed.items():
        if not used:
            if value is not None:
                raise ParameterError(name, value, "nothing without outcome or estimate it is about")
        elif value is None or not -1 <= numbers(name, value) <= 1:
            raise ParameterError(name, value, "a correlation from -1 to 1")


def _positive(name: str, given: Any, k: int) -> Floats:
    if given is None:
        return np.ones(k)
    sizes = numbers(name, given)
    if sizes.shape != (k,):
        raise ParameterError(name, sizes.shape, f"one number for each of {k} effects")
    refuse_first(name, sizes, ~((sizes > 0) & np.isfinite(sizes)), "a finite positive number")
    return sizes


def _times(
    time_1: Any, time_2: Any, phi: float | None, k: int
) -> tuple[Floats, Floats, float] | None:
    if time_1 is None:
        if time_2 is not None or phi is not None:
            raise ParameterError("time_1", None, "times, where time_2 or phi is given")
        return None
    if phi is None or not 0 <= numbers("phi", phi) <= 1:
        raise ParameterError("phi", phi, "a correlation from 0 to 1")
    read = []
    for name, given in (("time_1", time_1), ("time_2", time_1 if time_2 is None else time_2)):
        times = numbers(name, given)
        if times.shape != (k,):
            raise ParameterError(name, times.shape, f"one time for each of {k} effects")
        refuse_first(name, times, ~np.isfinite(times), "a finite number")
        read.append(times)
    return read[0], read[1], float(phi)


def _fading(one: Floats, other: Floats, phi: float) -> Floats:
    return np.asarray(np.power(phi, np.abs(one[:, None] - other)), dtype=np.float64)


def _of_arms(
    arms: tuple[Rows, Rows],
    sizes: Sequence[Floats],
    times: tuple[Floats, Floats, float] | None,
    own: Rows,
) -> Floats:
    """Correlation that shared arms give, measured at the same or at different times."""
    total = np.zeros((own.size, own.size))
    for one, other in ((0, 0), (1, 1), (0, 1), (1, 0)):
        shared = (arms[one][:, None] == arms[other]) / np.sqrt(sizes[one][:, None] * sizes[other])
        if times is not None:
            shared = shared * _fading(times[:2][one][own], times[:2][other][own], times[2])
        total += shared if one == other else -shared
    scale = np.sqrt(1 / sizes[0] + 1 / sizes[1])
    return np.asarray(total / (scale[:, None] * scale), dtype=np.float64)
