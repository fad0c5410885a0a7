"""Spoil valid files, read them, and print a table of what came of it: `make fuzz`.

Each input follows from the seed, its kind and its step alone, so that a failure is made again by
`python -m tests.fuzz --seed SEED --steps STEP KIND`. It ends with 1 where there is a failure.
"""

import argparse
import sys

from tests.fuzz.kinds import KINDS
from tests.fuzz.running import run

SEED = 20261
INPUTS = sum(kind.inputs for kind in KINDS.values())
HEAD = ("Kind", "Inputs", "Past the first check", "Understood", "Refused", "Failures")


def main(arguments: list[str]) -> int:
    """Print the counts of each kind, and each failure."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("kinds", nargs="*", help=f"out of {', '.join(KINDS)}; default: all")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--inputs", type=int, default=INPUTS, help="of all kinds together")
    parser.add_argument("--steps", help="these inputs of each kind, as 17 or 0:500")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.kinds) - set(KINDS):
        parser.error(f"no kind is named {', '.join(sorted(unknown))}")
    failures = []
    _say("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
    for name in asked.kinds or KINDS:
        first, _, behind = (asked.steps or "0").partition(":")
        count = -(-KINDS[name].inputs * asked.inputs // INPUTS)
        last = count if not asked.steps else int(behind or int(first) + 1)
        found = run(name, KINDS[name], asked.seed, range(int(first), last))
        failures += found.failures
        numbers = (found.inputs, found.past_first, found.accepted, found.refused)
        cells = " | ".join(f"{one:,}" for one in (*numbers, len(found.failures)))
        _say(f"| {name} | {cells} |")
    for failure in failures:
        _say(failure)
    return 1 if failures else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
