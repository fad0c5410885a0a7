"""Work as it is counted: calls of functions, and seconds only in a ratio within one run."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType


def calls(work: Callable[[], object]) -> Counter[str]:
    """Count the calls of each function of the package, as ``evidence.module.function``.

    Unlike seconds they are the same on every machine and beside any load.
    """
    counted: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith("evidence."):
            counted[f"{module}.{frame.f_code.co_qualname}"] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


def name_of(function: Callable[..., object]) -> str:
    """Return the name under which `calls` counts a function."""
    return f"{function.__module__}.{function.__qualname__}"


def growth(work: Callable[[int], object], size: int, times: int) -> float:
    """Return how many times longer `work` takes on `times` the size.

    Each is repeated until it has run for a while, and its fastest run counts; seconds are those
    of the processor, which other programs do not use up.
    """
    work(size)
    return _fastest(lambda: work(times * size)) / _fastest(lambda: work(size))


def _fastest(work: Callable[[], object]) -> float:
    runs: list[float] = []
    while len(runs) < 3 or (sum(runs) < 0.05 and len(runs) < 100):
        started = time.process_time()
        work()
        runs.append(time.process_time() - started)
    return max(min(runs), 1e-6)
