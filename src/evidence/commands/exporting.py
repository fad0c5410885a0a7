"""The command for other tools: export."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    ro_crate: Annotated[
        Path, typer.Option("--ro-crate", metavar="OUT.zip", help="Write an RO-Crate 1.1 here.")
    ],
) -> None:
    """Pack data, reports, ledger, origins and software for repositories and other tools."""
    from evidence.interop.ro_crate import export_ro_crate

    files = export_ro_crate(ro_crate)
    typer.echo(f"{ro_crate.name}: {len(files)} files")
