"""Means and standard deviations against what scores, sizes and ranges allow."""

import math
from collections.abc import Iterator
from fractions import Fraction
from statistics import median

from evidence.errors import ParameterError
from evidence.integrity.findings import Finding
from evidence.integrity.printed_numbers import Pair, Reading, Row, grouped
from evidence.meta.effect_size.means import cohen_d
from evidence.meta.reconstruction.decimals import MAX_DIGITS, Printed

WHOLE_SCORES = frozenset(
    {"bdi", "bdi_ii", "ham_d", "siq_jr", "hads_a", "hads_d", "ghq_28", "aaq_ii", "dass_21"}
)
"""Instruments whose score of one person is a sum of whole numbers."""

IMBALANCE = 0.25
"""Baseline difference in SDs above which adjustment no longer removes the bias reliably (Rubin
2001; What Works Clearinghouse Standards)."""

_AS_SE = ((0.5, 1.4), (0.32, 1.75))
"""How small beside the others an SD is that can be a standard error, and by which factor its
product with the root of n may then miss them: the smaller it is, the larger. SDs of baselines by
which participants were chosen are small too."""
_OFF, _MEAN_OFF = 5.0, 4.0
"""How many times smaller or larger than the others an SD, and than all others a mean, is that can
be wrong by ten."""
_FAR = 1.5
"""Distance in SDs below which no mean is called too small or too large."""

_SCORE_LIMIT = 1e9


def grim(mean: str, n: int) -> bool:
    """Test whether whole numbers can have a printed mean (GRIM).

    Parameters
    ----------
    mean : str
        Mean as printed.
    n : int
        How many whole numbers.

    Returns
    -------
    bool
        Whether a whole number divided by n is printed so, ties rounded either way.

    Raises
    ------
    ParameterError
        For a mean that is not given as printed, or fewer than one number.

    Notes
    -----
    Brown and Heathers 2017, equation 1.

    Examples
    --------
    >>> grim("5.19", 28), grim("5.18", 28)
    (False, True)
    """
    return bool(_sums(mean, n))


def grimmer(mean: str, sd: str, n: int) -> bool:
    """Test whether whole numbers can have a printed mean and SD (GRIMMER).

    Parameters
    ----------
    mean, sd : str
        Mean and SD (with n - 1) as printed.
    n : int
        How many whole numbers, 2 or more.

    Returns
    -------
    bool
        Whether a whole sum and a whole sum of squares of the same parity are printed so.

    Raises
    ------
    ParameterError
        For numbers that are not given as printed, a negative SD, fewer than two numbers.

    Notes
    -----
    Anaya 2016 by simulation; in closed form Allard 2018: the sum of squares of whole numbers is
    whole, and odd just when their sum is odd. It is also never below the one of the most equal
    numbers with that sum.

    Examples
    --------
    >>> grimmer("3.44", "2.47", 18), grimmer("5.21", "1.6", 28)
    (False, True)
    """
    if n < 2:
        raise ParameterError("n", n, "2 or more")
    printed = Printed.of("sd", sd, low=0, high=_SCORE_LIMIT).range()
    low = Fraction(max(printed.low, 0), printed.scale)
    high = Fraction(printed.high, printed.scale)
    for total in _sums(mean, n):
        base = Fraction(total * total, n)
        # Allard 2018: (n - 1) SD^2 = sum of squares - (sum)^2 / n
        least = math.ceil((n - 1) * low**2 + base)
        most = math.floor((n - 1) * high**2 + base)
        share, rest = divmod(total, n)
        least = max(least, n * share**2 + rest * (2 * share + 1))
        least += (least - total) % 2
        if least <= most:
            return True
    return False


def largest_sd(mean: float, n: int, low: float, high: float) -> float:
    """Largest SD (with n - 1) that scores in a range can have with a mean.

    Parameters
    ----------
    mean : float
        Mean, inside the range.
    n : int
        How many scores, 2 or more.
    low, high : float
        Ends of the range.

    Returns
    -------
    float
        sqrt(n / (n - 1) (high - mean) (mean - low)) (Bhatia and Davis 2000), reached when all
        scores lie at the ends.

    Examples
    --------
    >>> largest_sd(5.0, 2, 0, 10)
    7.0710678118654755
    """
    if n < 2:
        raise ParameterError("n", n, "2 or more")
    if not low <= mean <= high:
        raise ParameterError("mean", mean, f"from {low:g} to {high:g}")
    return math.sqrt(n / (n - 1) * (high - mean) * (mean - low))  # Bhatia and Davis 2000, theorem 1


def _sums(mean: str, n: int) -> range:
    if n < 1:
        raise ParameterError("n", n, "1 or more")
    printed = Printed.of("mean", mean, low=-_SCORE_LIMIT, high=_SCORE_LIMIT).range()
    first = math.ceil(Fraction(printed.low * n, printed.scale))
    return range(first, math.floor(Fraction(printed.high * n, printed.scale)) + 1)


def check_whole_scores(reading: Reading) -> Iterator[Finding]:
    """Apply GRIM and GRIMMER where scores are whole numbers and the size is printed."""
    for row in reading.levels:
        n, exact = reading.size(row)
        if row["instrument_id"] not in WHOLE_SCORES or not row["mean"] or n is None or not exact:
            continue
        mean, sd = row["mean"], row["sd"]
        if _computed(mean) or _computed(sd):
            continue
        if not grim(mean, n):
            below = math.floor((row.number("mean") or 0) * n)
            yield Finding(
                "grim", row.id, mean, "", "medium",
                f"{n} whole scores cannot have a mean of {mean}: {below}/{n} is "
                f"{below / n:.4f} and {below + 1}/{n} is {(below + 1) / n:.4f}, unless scores "
                "were prorated or imputed.",
            )  # fmt: skip
        elif sd and n > 1 and not grimmer(mean, sd, n):
            yield Finding(
                "grimmer", row.id, sd, "", "medium",
                f"No {n} whole scores have both a mean of {mean} and an SD of {sd}, unless scores "
                "were prorated or imputed.",
            )  # fmt: skip


def _computed(text: str) -> bool:
    """Whether a number has more decimals than anyone prints, so that a program wrote it."""
    return len(text.partition(".")[2]) > MAX_DIGITS


def check_ranges(reading: Reading) -> Iterator[Finding]:
    """Compare mean and SD with the range of the instrument, and remark on skew."""
    for row in reading.levels:
        instrument = reading.instruments[row["instrument_id"]]
        low, high = instrument.number("range_low"), instrument.number("range_high")
        if not row["mean"] or low is None:
            continue
        mean_low, mean_high = row.range("mean")
        if mean_high < low or (high is not None and mean_low > high):
            expected = f"{low:g} to {high:g}" if high is not None else f"{low:g} or more"
            yield Finding(
                "mean_range", row.id, row["mean"], expected, "high",
                f"The mean of {row['mean']} lies outside the range of the instrument, {expected}.",
            )  # fmt: skip
            continue
        if row["sd"]:
            yield from _spread(reading, row, low, high)


def _spread(reading: Reading, row: Row, low: float, high: float | None) -> Iterator[Finding]:
    mean, sd = row.number("mean") or 0.0, row.number("sd") or 0.0
    n, _ = reading.size(row)
    if high is not None and n is not None and n > 1:
        # the largest SD within what the mean is printed for is at its end nearest to the middle
        ends = row.range("mean")
        nearest = min(max((low + high) / 2, ends[0], low), ends[1], high)
        limit = largest_sd(nearest, n, low, high)
        if row.range("sd")[0] > limit:
            yield Finding(
                "sd_range", row.id, row["sd"], f"at most {limit:.2f}", "high",
                f"Scores from {low:g} to {high:g} with a mean of {row['mean']} have an SD of at "
                f"most {limit:.2f}; {row['sd']} is printed.",
            )  # fmt: skip
            return
    if mean - low < 2 * sd:
        yield Finding(
            "skew", row.id, f"{row['mean']} ({row['sd']})", "", "low",
            f"The mean lies {(mean - low) / sd:.2f} SD above the lowest score of {low:g}: below 2, "
            "the scores are skewed (Altman and Bland 1996).",
        )  # fmt: skip


def check_scales(reading: Reading) -> Iterator[Finding]:
    """Find means and SDs whose scale is another than that of the others of their instrument.

    An SD that is smaller by about the root of n can be a standard error; an SD or a mean that is
    smaller or larger by about ten can have its decimal point in the wrong place; an SD with the
    digits of its mean can be the mean.
    """
    for rows in grouped(reading.levels, "trial_id", "instrument_id").values():
        for row in rows:
            if row["sd"] and row["sd"] == row["mean"]:
                yield Finding(
                    "mean_as_sd", row.id, row["sd"], "", "medium",
                    f"Mean and SD are both {row['mean']}: one of them can be printed twice.",
                )  # fmt: skip
                continue
            others = [one.number("sd") or 0.0 for one in rows if one is not row and one["sd"]]
            if row["sd"] and len(others) > 1:
                yield from _sd_scale(reading, row, others)
            same = [one for one in rows if one is not row and one["mean"]]
            if row["mean"] and len(same) > 1:
                yield from _mean_scale(reading, row, same)


def _sd_scale(reading: Reading, row: Row, others: list[float]) -> Iterator[Finding]:
    sd, usual = row.number("sd") or 0.0, median(others)
    n, _ = reading.size(row)
    as_se = sd * math.sqrt(n or 1)
    if n and any(sd < usual * least and 1 / near < as_se / usual < near for least, near in _AS_SE):
        yield Finding(
            "se_as_sd", row.id, row["sd"], f"{as_se:.1f}", "medium",
            f"{row['sd']} times the root of {n} is {as_se:.1f}, near the other SDs "
            f"(median {usual:.1f}): it can be a standard error.",
        )  # fmt: skip
    elif not 1 / _OFF < sd / usual < _OFF:
        yield Finding(
            "factor_10", row.id, row["sd"], f"{sd * 10 if sd < usual else sd / 10:.4g}", "medium",
            f"The SD of {row['sd']} is {sd / usual:.2g} times the others of the instrument "
            f"(median {usual:.1f}).",
        )  # fmt: skip


def _mean_scale(reading: Reading, row: Row, others: list[Row]) -> Iterator[Finding]:
    low = reading.instruments[row["instrument_id"]].number("range_low") or 0.0
    above = [(one.number("mean") or 0.0) - low for one in others]
    mean, usual = (row.number("mean") or 0.0) - low, median(above)
    sds = [one.number("sd") or 0.0 for one in (row, *others) if one["sd"]]
    # a mean near the lowest score is a small share of the others without being far from them
    if min(mean, *above) <= 0 or not sds or abs(mean - usual) < _FAR * median(sds):
        return
    nearest = min(above, key=lambda one: abs(math.log(one / mean)))
    if not 1 / _MEAN_OFF < mean / nearest < _MEAN_OFF:
        expected = mean * 10 if mean < usual else mean / 10
        yield Finding(
            "factor_10", row.id, row["mean"], f"{expected + low:.4g}", "medium",
            f"The mean of {row['mean']} lies {mean / nearest:.2g} times as far above the lowest "
            f"score as the nearest other one of the trial.",
        )  # fmt: skip


def check_baseline(reading: Reading) -> Iterator[Finding]:
    """Find differences at baseline, for each later result that they bear on."""
    base = {
        (one["trial_id"], one["instrument_id"], one["arm_id"], two["arm_id"]): (one, two)
        for one, two in ((pair.intervention, pair.comparator) for pair in reading.pairs)
        if one["timepoint"] == "baseline"
    }
    for pair in reading.pairs:
        one, two = pair.intervention, pair.comparator
        if one["timepoint"] == "baseline" or not (one["mean"] and two["mean"]):
            continue
        key = (one["trial_id"], one["instrument_id"], one["arm_id"], two["arm_id"])
        if key not in base:
            continue
        before = _standardized(reading, Pair(*base[key]))
        if before is None or abs(before) <= IMBALANCE:
            continue
        points = (base[key][0].number("mean") or 0) - (base[key][1].number("mean") or 0)
        later = (one.number("mean") or 0) - (two.number("mean") or 0)
        yield Finding(
            "baseline_imbalance", one.id, one["mean"], "", "medium",
            f"The arms differed by {abs(before):.2f} SD at baseline "
            f"({abs(points):.1f} points; {abs(later):.1f} at {one['timepoint']}).",
        )  # fmt: skip


def _standardized(reading: Reading, pair: Pair) -> float | None:
    """Uncorrected d of two arms; None where a mean, an SD or a size is missing."""
    arms = []
    for row in (pair.intervention, pair.comparator):
        mean, sd = row.number("mean"), row.number("sd")
        n, _ = reading.size(row)
        if mean is None or not sd or n is None or n < 2:
            return None
        arms.append((mean, sd, n))
    return float(cohen_d(*arms[0], *arms[1]).value)
