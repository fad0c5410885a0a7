"""The command `evidence validate`."""

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import Data, say


def validate(
    package: Annotated[Path | None, typer.Argument(help="Data package; default: data/.")] = None,
    data: Data = None,
) -> None:
    """Check a data package and list every fault."""
    from evidence import language
    from evidence.blocks import ratings
    from evidence.data.dataset import load

    dataset = load(package or data)
    rated = ratings.read(dataset)
    also = f", {language.count(len(rated), 'rating')} of reviewers" if rated else ""
    say(
        f"{dataset.path.name}: valid, data version {dataset.version}, "
        f"{len(dataset.trials)} trials, "
        f"{len(dataset.arm_results) + len(dataset.statistics)} results, "
        f"{len(dataset.corrections)} corrections{also}"
    )
