"""Tools for those who write with the numbers: cite, check, fill, annotate."""
