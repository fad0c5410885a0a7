"""Compares rebuilt reports with committed ones: numbers within a tolerance, pages by their text."""

import difflib
import sys
from html.parser import HTMLParser
from pathlib import Path

from evidence import ledger

LINES_SHOWN = 20
_UNSEEN = ("style", "script")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._unseen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen = tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        self._unseen = False

    def handle_data(self, data: str) -> None:
        words = data.split()
        if words and not self._unseen:
            self.lines.append(" ".join(words))


def text(page: str) -> list[str]:
    """Return what readers of a page read, a line for each piece of text, without white space."""
    parsed = _Text()
    parsed.feed(page)
    parsed.close()
    return parsed.lines


def differences(old: Path, new: Path) -> list[str]:
    """Return in lines what differs between two folders of reports.

    Parameters
    ----------
    old, new : Path
        Folders with ``estimates.csv`` and pages.

    Returns
    -------
    list of str
        Columns of the ledger that differ, numbers by more than its tolerance; numbers that came or
        went; pages that came or went; and for each page whose text differs the first lines of the
        difference.
    """
    compared = ledger.compare(
        ledger.read(old / "estimates.csv", earlier=True), ledger.read(new / "estimates.csv")
    )
    found = [str(one) for one in compared.changed]
    found += [f"{one}: not in the old ledger" for one in compared.added]
    found += [f"{one}: not in the new ledger" for one in compared.removed]
    pages = [{path.name for path in folder.glob("*.html")} for folder in (old, new)]
    found += [f"{name}: only in one of the two" for name in sorted(pages[0] ^ pages[1])]
    for name in sorted(pages[0] & pages[1]):
        before, after = (text((folder / name).read_text("utf-8")) for folder in (old, new))
        changes = list(difflib.unified_diff(before, after, name, name, n=0, lineterm=""))
        found += changes[:LINES_SHOWN]
        if len(changes) > LINES_SHOWN:
            found.append(f"{name}: {len(changes) - LINES_SHOWN} more lines differ")
    return found


def main() -> None:
    """Compare the two folders named on the command line; exit code 1 if they differ."""
    found = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write("".join(f"{line}\n" for line in found))
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
