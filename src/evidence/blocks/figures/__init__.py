"""Figures, one module each: drawn from data, with alt text computed from the same data."""
