"""Spoil valid files, read them, and print a table of what came of it: `make fuzz`."""

import argparse
import sys
import time

from tests.fuzz.kinds import KINDS
from tests.fuzz.running import run

SEED = 20261
INPUTS = sum(kind.inputs for kind in KINDS.values())


def main() -> int:
    """Return 1 where an input ends in anything but its meaning or a typed error."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("kinds", nargs="*", help=f"out of {', '.join(KINDS)}; default: all")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--inputs", type=int, default=INPUTS, help="of all kinds together")
    parser.add_argument("--step", type=int, help="make this input alone")
    asked = parser.parse_args()
    if unknown := set(asked.kinds) - set(KINDS):
        parser.error(f"no kind is named {', '.join(sorted(unknown))}")
    failures = []
    print("| Kind | Inputs | Past the first check | Understood | Refused | Failures | Seconds |")
    print("|---|---|---|---|---|---|---|")
    for name in asked.kinds or KINDS:
        count = -(-KINDS[name].inputs * asked.inputs // INPUTS)
        steps = range(count) if asked.step is None else range(asked.step, asked.step + 1)
        start = time.perf_counter()
        found = run(name, KINDS[name], asked.seed, steps)
        failures += found.failures
        numbers = (found.inputs, found.past_first, found.accepted, found.refused)
        cells = " | ".join(f"{one:,}" for one in (*numbers, len(found.failures)))
        print(f"| {name} | {cells} | {time.perf_counter() - start:.0f} |", flush=True)
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
