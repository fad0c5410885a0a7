"""Inputs of a kind, one after the other: each is understood, or refused with file and place."""

import shutil
import signal
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from evidence.errors import DataError, EvidenceError
from tests.fuzz.kinds import SOME, Kind
from tests.fuzz.spoiling import spoiled

SECONDS = 20
"""An input that takes longer hangs."""


class HangError(BaseException):
    """Nothing came of an input in time; no ``except Exception`` of the package catches it."""


@dataclass
class Counts:
    """What came of the inputs of a kind.

    Attributes
    ----------
    inputs, past_first, accepted, refused : int
        Inputs; those past the first check; those understood; those refused with a typed error.
    failures : list of str
        One text for each that ended otherwise: its kind, seed and step first.
    """

    inputs: int = 0
    past_first: int = 0
    accepted: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)


def run(name: str, kind: Kind, seed: int, steps: range) -> Counts:
    """Make inputs of a kind, each from seed and step alone, and count what comes of them."""
    counts = Counts()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "folder"
        folder.mkdir()
        files = kind.prepare(folder)
        before = _contents(folder)
        meant: dict[str, object] = {}
        for step in steps:
            chance = Random(f"{seed} {name} {step}")
            file = chance.choice(files)
            content, same = spoiled(file, before[file], chance)
            if same and file not in meant:
                with suppress(Exception):
                    meant[file] = kind.meaning(folder / file, False)
            (folder / file).write_bytes(content)
            counts.inputs += 1
            fault = _outcome(kind, folder / file, counts, step % SOME == 0, same, meant.get(file))
            if not fault and _contents(folder) != before | {file: content}:
                fault = "files beside it changed, or something was left behind"
            if fault:
                counts.failures.append(f"{name}, seed {seed}, step {step}, {file}: {fault}")
            if _contents(folder) == before | {file: content}:
                (folder / file).write_bytes(before[file])
            else:
                shutil.rmtree(folder)
                folder.mkdir()
                kind.prepare(folder)
    return counts


def _outcome(
    kind: Kind, path: Path, counts: Counts, in_full: bool, same: bool, meant: object
) -> str:
    """Count what comes of an input, and return what must not be, "" where all is well."""
    try:
        with _in_time(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            counts.past_first += _passes(kind, path)
            found = kind.meaning(path, in_full)
    except EvidenceError as error:
        counts.refused += 1
        return "" if placed(error, path) else f"an error without its file: {error!r}"
    except (Exception, HangError):  # noqa: BLE001 - that is what is looked for
        return traceback.format_exc()
    counts.accepted += 1
    return "it means something else" if same and found != meant else ""


def _passes(kind: Kind, path: Path) -> bool:
    try:
        kind.first(path)
    except EvidenceError:
        return False
    return True


def placed(error: EvidenceError, path: Path) -> bool:
    """Whether an error names the file, and each of its faults one that is there."""
    if isinstance(error, DataError):
        there = {one.name for one in path.parent.iterdir()}
        return all(one.file in there for one in error.faults)
    return path.name in str(error)


@contextmanager
def _in_time() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise HangError(f"nothing after {SECONDS} s")

    old = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


def _contents(folder: Path) -> dict[str, bytes]:
    found = (one for one in folder.rglob("*") if one.is_file())
    return {str(one.relative_to(folder)): one.read_bytes() for one in found}
