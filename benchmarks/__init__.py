"""Ratios to other packages and to plain commands, measured in one run by `make bench`."""
