"""Run the command as ``python -m evidence``."""

from evidence.cli import main

main()
