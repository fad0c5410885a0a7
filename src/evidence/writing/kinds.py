"""Which printed numbers can be the effect of an entry at all."""

import re

from evidence.ledger import LedgerEntry

_STANDARDIZED = re.compile(r"hedges_g|d_\w+|mixed|standardized")
_NAMED = ("odds_ratio", "risk_ratio", "mean_difference", "retained_fraction", "proportion")
_SHARES = ("risk_difference", "retained_fraction", "proportion", "share")


def kind(entry: LedgerEntry) -> str:
    """Return the kind of metric of an entry, empty where no word of prose settles it."""
    if entry.scale == "proportion":
        return "proportion"
    if _STANDARDIZED.fullmatch(entry.metric):
        return "standardized"
    if entry.metric in ("qaly_difference", "cost_difference"):
        return "mean_difference"
    if entry.metric in _NAMED:
        return entry.metric
    # The change of a risk difference is one of shares too.
    return "risk_difference" if entry.metric.endswith("risk_difference") else ""


def is_share(entry: LedgerEntry) -> bool:
    """Whether a number is a share of a whole, or a difference of shares, quoted in percent."""
    return kind(entry) in _SHARES


def fits(told: str, entry: LedgerEntry) -> bool:
    """Whether what a text calls a number can be the metric of an entry.

    Parameters
    ----------
    told : str
        Kind of a reading; empty where the text does not say.
    entry : LedgerEntry
        Number of the ledger.

    Examples
    --------
    The word "odds ratio" cannot mean Hedges g; "effect" can mean anything.
    """
    meant = kind(entry)
    if not told or told == meant:
        return True
    if told == "share":
        return not meant or meant in _SHARES
    return not meant
