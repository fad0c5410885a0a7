"""Checks of printed numbers against each other: arithmetic only, no judgement of persons."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["audit"]

if TYPE_CHECKING:
    from evidence.integrity.package import audit


def __getattr__(name: str) -> Any:
    """Import the public function when it is first used."""
    if name in __all__:
        return getattr(import_module("evidence.integrity.package"), name)
    raise AttributeError(f"module 'evidence.integrity' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
