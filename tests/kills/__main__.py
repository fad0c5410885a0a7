"""Kill builds at moments drawn by a seed, and print what came of it: `make kills`.

After each kill every file of the reports must be the old one or the new one, and the next build
must give what it gives where nothing was killed. It ends with 1 where that is not so; a kill is
made again by `python -m tests.kills --seed SEED --steps STEP`, as far as moments can be.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kills.running import PHASES, Bench, Counts

SEED = 20261
KILLS = 100
AIMED = 12
HEAD = (
    "Moments", "Kills", "First process alone", *(one.capitalize() for one in PHASES),
    "Unfinished files left", "Failures",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Print the counts of kills at any moment, and of those while files are replaced."""
    parser = argparse.ArgumentParser("python -m tests.kills", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--steps", help="these kills of each kind, as 17 or 0:50")
    asked = parser.parse_args(arguments)
    failures = []
    with tempfile.TemporaryDirectory() as made:
        bench = Bench(Path(made))
        _say(f"a build takes {max(bench.seconds.values()):.0f} s")
        _say("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
        for name, kills, aimed in (
            ("at any time", KILLS, False),
            ("while files are replaced", AIMED, True),
        ):
            counts = Counts()
            for step in _steps(asked.steps, kills):
                bench.kill(step, asked.seed, counts, aimed=aimed)
            numbers = (counts.killed, counts.alone, *(counts.stood[one] for one in PHASES))
            cells = " | ".join(map(str, (*numbers, counts.left, len(counts.failures))))
            _say(f"| {name} | {cells} |")
            failures += counts.failures
    for line in failures:
        _say(line)
    return 1 if failures else 0


def _steps(asked: str | None, kills: int) -> range:
    if not asked:
        return range(kills)
    first, _, behind = asked.partition(":")
    return range(int(first), int(behind or int(first) + 1))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
