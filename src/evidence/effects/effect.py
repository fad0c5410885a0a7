"""The value and sampling variance that every effect size function returns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect size with its sampling variance.

    Attributes
    ----------
    value, variance : float or ndarray
        Both scalars, or both arrays of the broadcast shape of the arguments.
    """

    value: float | NDArray[np.float64]
    variance: float | NDArray[np.float64]

    @property
    def se(self) -> float | NDArray[np.float64]:
        """Standard error, the square root of the variance."""
        root = np.sqrt(self.variance)
        return float(root) if np.ndim(root) == 0 else root
