"""The evidence on attachment-based therapies: traced data, effect sizes, synthesis, reports.

What to do first::

    import evidence
    data = evidence.load()                        # the data package, checked
    data.trials                                   # its tables are DataFrames; data.trial("repair")
    frame = evidence.estimates(data, therapy="abft", outcome="depression")
    evidence.durability(data, therapy="abct")     # the end of treatment against follow-up
    evidence.verdicts(data)                       # the claims of the article, each with its verdict
    evidence.show(frame)                          # a frame, a result, a block or a figure

    from evidence.analysis import analyze
    from evidence.estimation.choices import Specification
    analyze(data, Specification(therapy="abft", outcome="depression", timepoint="post"))

A table of studies of your own is pooled by `evidence.meta`; `notebooks/00_start_here.ipynb` shows
the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Each name is imported when it is first used, so that the command line starts at once.
_HOMES = {
    "audit": "evidence.integrity",
    "check_parameters": "evidence.reports.parameters",
    "load": "evidence.data.dataset",
    "estimates": "evidence.estimation",
    "select": "evidence.estimation.selection",
    "pool": "evidence.meta.pooling",
    "durability": "evidence.followup",
    "verdicts": "evidence.claims",
    "show": "evidence.blocks.output",
}

__all__ = [
    "__version__",
    "audit",
    "check_parameters",
    "durability",
    "estimates",
    "load",
    "pool",
    "select",
    "show",
    "verdicts",
]

if TYPE_CHECKING:
    from evidence.blocks.output import show
    from evidence.claims import verdicts
    from evidence.data.dataset import load
    from evidence.estimation import estimates
    from evidence.estimation.selection import select
    from evidence.followup import durability
    from evidence.integrity import audit
    from evidence.meta.pooling import pool
    from evidence.reports.parameters import check_parameters


def __getattr__(name: str) -> Any:
    """Import a public function from its module when it is first used."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'evidence' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
