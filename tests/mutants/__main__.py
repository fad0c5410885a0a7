"""Change code at places drawn by a seed, and see whether a test fails: `make mutants`.

What tests reach is recorded first, once. Results are kept in `.cache/mutants/results.jsonl` as they
come, so that a run that was ended goes on where it stood; a change is tried again where its module
is another one since, or with `--survivors`. It ends with 1 where a change was not noticed that
`equivalent.toml` does not explain.
"""

import argparse
import json
import sys
import tomllib
from collections import Counter
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.mutants import reach
from tests.mutants.changes import SAMPLE, SEED, Change, file_of, sample
from tests.mutants.running import Outcome, outcomes

RESULTS = reach.FOLDER / "results.jsonl"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
HEAD = ("Package", "Changes", "Found by tests", "By built pages alone", "Equivalent", "Not found")


def main(arguments: list[str]) -> int:
    """Try the changes that are drawn, print each that was not noticed, and count them."""
    parser = argparse.ArgumentParser("python -m tests.mutants", description=__doc__)
    parser.add_argument("packages", nargs="*", help=f"out of {', '.join(SAMPLE)}; default: all")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--first", type=int, help="so many of each package")
    parser.add_argument("--survivors", action="store_true", help="try again what was not noticed")
    parser.add_argument("--unchanged", type=int, help="run the tests of so many with no change")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.packages) - set(SAMPLE):
        parser.error(f"no package is named {', '.join(sorted(unknown))}")
    reach.load()
    reach.record(_say)
    reaches = reach.read()
    chosen = [
        one
        for package in asked.packages or SAMPLE
        for one in [each for each in sample(asked.seed) if each.package == package][: asked.first]
    ]
    if asked.unchanged:
        return _unchanged(chosen[:: max(len(chosen) // asked.unchanged, 1)], reaches)
    known = read()
    left = [
        one
        for one in chosen
        if (before := known.get(_key(one))) is None or (asked.survivors and not before.found)
    ]
    count = iter(range(1, len(left) + 1))

    def keep(change: Change, found: Outcome) -> None:
        with RESULTS.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"key": _key(change), **asdict(change), **asdict(found)}) + "\n")
        place = f"{next(count)} of {len(left)}: {found.found or 'NOT FOUND'}"
        _say(f"{place} {told(change)} | {found.by[:120]}")

    if left:
        outcomes(left, reaches, keep)
    return _counted(chosen, read())


def told(change: Change) -> str:
    """Return where a change is and what it is, in a line."""
    place = f"{change.module}:{change.line} {change.function}"
    return f"{place}: {change.kind}: {change.before} -> {change.after}"


def read() -> dict[str, Outcome]:
    """Return what became of changes so far; the last run of each counts."""
    if not RESULTS.is_file():
        return {}
    lines = map(json.loads, RESULTS.read_text(encoding="utf-8").splitlines())
    return {one["key"]: Outcome(one["found"], one["by"], one["tried"]) for one in lines}


def explained() -> dict[tuple[str, ...], str]:
    """Return why changes make no difference, by module, function and change."""
    content = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = content["equivalent"]
    return {
        (one["module"], one["function"], one["before"], one["after"]): one["why"] for one in rows
    }


def _key(change: Change) -> str:
    """Return what is the same for a change as long as its module is."""
    source = sha256(file_of(change.module).read_bytes()).hexdigest()[:12]
    return f"{change.module} {source} {change.at}"


def _counted(chosen: list[Change], known: dict[str, Outcome]) -> int:
    why = explained()
    rows: dict[str, Counter[str]] = {}
    lost = []
    for change in chosen:
        row = rows.setdefault(change.package, Counter())
        found = known[_key(change)].found
        if found:
            kind = "built" if found == "built" else "tests"
        elif (change.module, change.function, change.before, change.after) in why:
            kind = "equivalent"
        else:
            kind = "lost"
            lost.append(change)
        row.update((kind, "all"))
    rows["all"] = sum(rows.values(), Counter())
    _say("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
    for name, row in rows.items():
        counts = (row[one] for one in ("all", "tests", "built", "equivalent", "lost"))
        _say(f"| {name} | " + " | ".join(map(str, counts)) + " |")
    for change in lost:
        _say(f"not found: {told(change)}")
    return 1 if lost else 0


def _unchanged(chosen: list[Change], reaches: list[reach.Reach]) -> int:
    """Run the tests of changes without them: all of them must pass in that order too."""

    def keep(change: Change, found: Outcome) -> None:
        _say(f"{found.found or 'passed'}, {found.tried} tests, {found.by} | {told(change)}")

    outcomes(chosen, reaches, keep, plants=False)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
