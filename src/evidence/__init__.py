"""The evidence on attachment-based therapies: traced data, effect sizes, synthesis, reports."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Each name is imported when it is first used, so that the command line starts at once.
_HOMES = {
    "audit": "evidence.integrity",
    "load": "evidence.dataset",
    "estimates": "evidence.estimation",
    "select": "evidence.selection",
    "pool": "evidence.synthesis.univariate",
    "durability": "evidence.followup",
    "verdicts": "evidence.claims",
    "show": "evidence.display.output",
}

__all__ = [
    "__version__",
    "audit",
    "durability",
    "estimates",
    "load",
    "pool",
    "select",
    "show",
    "verdicts",
]

if TYPE_CHECKING:
    from evidence.claims import verdicts
    from evidence.dataset import load
    from evidence.display.output import show
    from evidence.estimation import estimates
    from evidence.followup import durability
    from evidence.integrity import audit
    from evidence.selection import select
    from evidence.synthesis.univariate import pool


def __getattr__(name: str) -> Any:
    """Import a public function from its module when it is first used."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'evidence' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
