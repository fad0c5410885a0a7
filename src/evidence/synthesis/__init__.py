"""Synthesis of effects across trials: plain arrays in, frozen results out."""

from evidence.synthesis import batch
from evidence.synthesis.univariate import Pooled, pool

__all__ = ["Pooled", "batch", "pool"]
