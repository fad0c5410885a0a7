"""The command `evidence claims`."""

from evidence.cli.options import Data, Form, say


def claims(form: Form = "", data: Data = None) -> None:
    """Judge each claim of the article that started the workbook, by rules that are code."""
    from evidence.claims import verdicts
    from evidence.data.dataset import load
    from evidence.terminal import render

    say(render(verdicts(load(data)), form, ("claim_id", "verdict", "sentence")))
