"""The workbook in the hands of a reader: choices in a notebook, and what follows from them."""

from evidence.explore.view import Explorer

__all__ = ["Explorer"]
