"""How the interpreter that runs this is started as a kernel, whatever kernels are installed."""

import sys

DISPLAY_NAME = "Python 3"


def argv() -> list[str]:
    """Return the command of the kernel, with the place of its connection file left open."""
    return [
        sys.executable,
        *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
        # It warns on each start that messages on the loopback device are signed, not encrypted.
        "--log-level=ERROR",
    ]
