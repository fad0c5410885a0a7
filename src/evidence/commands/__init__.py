"""Commands of the command line, by what they are for."""

import sys

from evidence.safety import visible

__all__ = ["say"]


def say(text: str, *, err: bool = False) -> None:
    """Print lines; what a terminal would obey or hide is shown as its code point.

    Parameters
    ----------
    text : str
        Lines, without the end of the last one.
    err : bool
        Whether they go to the error stream.
    """
    (sys.stderr if err else sys.stdout).write(f"{visible(text)}\n")
