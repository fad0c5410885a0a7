"""Pooling of many sets of trials in one call, for simulation, resampling and panels."""

from typing import Any

import numpy as np

from evidence.errors import ParameterError
from evidence.synthesis.intervals import PooledBatch, fit
from evidence.synthesis.roots import Flags
from evidence.synthesis.weighted import arrange, numbers

__all__ = ["PooledBatch", "pool"]


def pool(
    effect: Any,
    variance: Any,
    mask: Any = None,
    *,
    tau2: str = "REML",
    interval: str = "hksj_adhoc",
    level: float = 0.95,
    prediction_df: str = "default",
    tau2_interval: bool = False,
) -> PooledBatch:
    """Pool each row of trials.

    Parameters
    ----------
    effect, variance : array_like of shape (B, k)
        Effects (positive favors the intervention; ratios on the log scale) and their sampling
        variances. They are broadcast against each other, so that one row of variances serves all.
    mask : array_like of bool, shape (B, k), optional
        Which entries are trials; where False the numbers are ignored.
    tau2 : {"REML", "ML", "DL", "PM", "EB", "SJ", "HE", "HS", "common"}
        Estimator of the variance between trials; "common" is the common-effect model.
    interval : {"wald", "hksj", "hksj_adhoc"}
        Normal interval, Hartung-Knapp-Sidik-Jonkman, and the same with a factor of at least 1.
    level : float
        Coverage of the intervals.
    prediction_df : {"default", "k-2"}
        Prediction by the distribution of the interval (t with k - 1, or normal), or by t with
        k - 2.
    tau2_interval : bool
        Whether the Q-profile interval of tau2 is computed.

    Returns
    -------
    PooledBatch

    Raises
    ------
    ParameterError
        For a number that is not finite, a variance that is not positive, a row without a trial,
        shapes that do not fit, or a name that is not accepted.

    Examples
    --------
    >>> pooled = pool([[0.2, 0.4, 0.6], [0.1, 0.5, 0.3]], [0.04, 0.05, 0.06], tau2="DL")
    >>> pooled.effect.round(4).tolist()
    [0.373, 0.2838]
    """
    effects, variances = numbers("effect", effect), numbers("variance", variance)
    if effects.ndim != 2:
        raise ParameterError("effect", effects.shape, "an array of shape (B, k)")
    present = _checked_mask(mask, effects.shape)
    try:
        variances = np.broadcast_to(variances, effects.shape)
    except ValueError:
        raise ParameterError(
            "variance", variances.shape, f"the shape of effect, {effects.shape}"
        ) from None
    return fit(
        arrange(effects, variances, present),
        tau2=tau2,
        interval=interval,
        level=level,
        prediction_df=prediction_df,
        tau2_interval=tau2_interval,
    )


def _checked_mask(mask: Any, shape: tuple[int, ...]) -> Flags | None:
    if mask is None:
        return None
    flags = np.asarray(mask)
    if flags.dtype != np.bool_:
        raise ParameterError("mask", str(flags.dtype), "an array of bool")
    try:
        return np.broadcast_to(flags, shape)
    except ValueError:
        raise ParameterError("mask", flags.shape, f"the shape of effect, {shape}") from None
