"""Meta-analysis of any table of studies: effect sizes, pooling, and what follows.

A data frame goes in, named columns say what is what, and a result comes out that shows itself, has
its numbers as attributes and further questions as methods. Plain functions of arrays stand beneath,
in folders by topic.

Conversions of effect sizes take arrays: `evidence.meta.effect_size.conversions` from what is
printed, `evidence.meta.effect_size.scales` from one metric to another.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Each name is imported when it is first used: the kernels beneath need no data frame.
_HOMES = {
    "MEASURES": "evidence.meta.measures",
    "conversions": "evidence.meta.effect_size",
    "scales": "evidence.meta.effect_size",
    "fit_multivariate": "evidence.meta.multilevel",
    "effect_sizes": "evidence.meta.frame",
    "pool": "evidence.meta.estimate",
    "pool_counts": "evidence.meta.estimate",
    "pool_groups": "evidence.meta.arranging",
    "repeated_covariance": "evidence.meta.arranging",
    "shared_control_covariance": "evidence.meta.arranging",
    "Fit": "evidence.meta.result",
    "Answer": "evidence.meta.answers",
    "example": "evidence.meta.spreadsheet",
    "read": "evidence.meta.spreadsheet",
    "regress": "evidence.meta.moderators",
    "Moderated": "evidence.meta.moderators",
    "Several": "evidence.meta.several",
}

__all__ = [
    "MEASURES",
    "Answer",
    "Fit",
    "Moderated",
    "Several",
    "conversions",
    "effect_sizes",
    "example",
    "fit_multivariate",
    "pool",
    "pool_counts",
    "pool_groups",
    "read",
    "regress",
    "repeated_covariance",
    "scales",
    "shared_control_covariance",
]

if TYPE_CHECKING:
    from evidence.meta.answers import Answer
    from evidence.meta.arranging import (
        pool_groups,
        repeated_covariance,
        shared_control_covariance,
    )
    from evidence.meta.effect_size import conversions, scales
    from evidence.meta.estimate import pool, pool_counts
    from evidence.meta.frame import effect_sizes
    from evidence.meta.measures import MEASURES
    from evidence.meta.moderators import Moderated, regress
    from evidence.meta.multilevel import fit_multivariate
    from evidence.meta.result import Fit
    from evidence.meta.several import Several
    from evidence.meta.spreadsheet import example, read


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first used."""
    if name in _HOMES:
        home = import_module(_HOMES[name])
        # Of functions on arrays a whole module may have the name.
        return (
            getattr(home, name) if hasattr(home, name) else import_module(f".{name}", home.__name__)
        )
    raise AttributeError(f"module 'evidence.meta' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
