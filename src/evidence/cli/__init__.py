"""The one command of the workbook: evidence."""

import os
import sys

import typer

from evidence.cli import (
    add_trial,
    audit,
    build,
    check,
    cite,
    claims,
    context,
    diff,
    estimates,
    export,
    figure,
    fill,
    followup,
    import_metapsy,
    lab,
    mark,
    meta,
    pool,
    read_again,
    reconstruct,
    validate,
)
from evidence.cli.options import say
from evidence.errors import EvidenceError

app = typer.Typer(
    no_args_is_help=True,
    help="The evidence on attachment-based therapies: validate, estimate, pool, build reports.",
    pretty_exceptions_enable=False,
)
INTERRUPTED = 130


def main() -> None:
    """Run the command; each fault ends with one message: bad input 2, files 1, Ctrl-C 130."""
    try:
        app()
    except EvidenceError as error:
        say(f"evidence: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        say(f"evidence: {place}{error.strerror or error}", err=True)
        raise SystemExit(1) from None
    except SystemExit as ended:
        if ended.code != INTERRUPTED:
            raise
        say("evidence: stopped; files that were not finished are as they were", err=True)
        sys.stdout.flush()
        # Threads that still write a document to memory are not waited for.
        os._exit(INTERRUPTED)


@app.callback()
def _evidence() -> None:
    """Keep the commands as subcommands."""


for _command in (
    validate.validate,
    estimates.estimates,
    pool.pool,
    meta.meta,
    followup.followup,
    claims.claims,
    audit.audit,
    reconstruct.reconstruct,
    build.build,
    cite.cite,
    figure.figure,
    check.check,
    mark.mark,
    fill.fill,
    diff.diff,
    add_trial.add_trial,
    read_again.read_again,
    export.export,
    lab.lab,
    import_metapsy.import_metapsy,
    context.context,
):
    app.command()(_command)
