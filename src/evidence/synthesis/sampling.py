"""Random samples that can be had again."""

import numpy as np

from evidence.errors import ParameterError


def generator(sample: object, seed: object, least: int) -> np.random.Generator:
    """Check the size of a sample and give a generator that starts from the seed.

    Raises
    ------
    ParameterError
        For a sample that is not a whole number of at least `least`, or a seed that is not a whole
        number of at least 0.
    """
    if isinstance(sample, bool) or not isinstance(sample, int) or sample < least:
        raise ParameterError("sample", sample, f"a whole number of at least {least}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ParameterError(
            "seed", seed, "a whole number of at least 0, so that the sample can be had again"
        )
    return np.random.default_rng(seed)
