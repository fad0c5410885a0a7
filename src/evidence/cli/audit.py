"""The command `evidence audit`."""

import typer

from evidence.cli.options import Data, Form, say


def audit(form: Form = "", data: Data = None) -> None:
    """Check printed numbers against each other; exit code 1 if a grave one is not handled."""
    from evidence.data.dataset import load
    from evidence.integrity import audit as check
    from evidence.integrity.findings import handled, not_handled
    from evidence.terminal import render

    dataset = load(data)
    found = handled(dataset, check(dataset))
    say(
        render(
            found,
            form,
            (
                *("severity", "check", "file", "row", "result_id", "printed", "expected"),
                *("action", "explanation"),
            ),
        )
    )
    open_ones = not_handled(found)
    if len(open_ones):
        names = ", ".join(open_ones.check + " of " + open_ones.result_id)
        say(f"evidence: high severity without a row in corrections.csv: {names}", err=True)
        raise typer.Exit(1)
