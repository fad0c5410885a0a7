"""The command `evidence fill`."""

from typing import Annotated

import typer

from evidence.cli.options import Data, Ledger, Manuscript, Rewritten, rewrite


def fill(
    draft: Manuscript,
    output: Rewritten = None,
    style: Annotated[str, typer.Option(help="ama, apa or plain.")] = "ama",
    keep_marks: Annotated[
        bool, typer.Option("--keep-marks", help="Keep marks behind their numbers, for check.")
    ] = False,
    ledger: Ledger = None,
    data: Data = None,
) -> None:
    """Replace the marks {ev:ID} of a manuscript, with or without a style, by their numbers."""
    from evidence.manuscripts.fill import fill_markdown, fill_word
    from evidence.manuscripts.ledgers import read_known

    def change(content: bytes, is_word: bool) -> tuple[bytes, str, list[str]]:
        known = read_known(ledger, data=data)
        filled = (fill_word if is_word else fill_markdown)(
            content, known, style=style, keep_marks=keep_marks
        )
        said = f"{filled.filled} filled, {filled.removed} removed behind right numbers"
        left = [f"left, since its number is not right: {one}" for one in filled.left]
        return filled.content, said, left

    rewrite(draft, output, change)
