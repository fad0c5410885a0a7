"""The command `evidence validate` reads what reviewers rate, too."""

from pathlib import Path

from tests.blocks.test_ratings import ROB2, rated
from tests.commands import run


def test_ratings_are_counted_or_refused_with_their_row(tmp_path: Path) -> None:
    dataset = rated(tmp_path, ROB2)
    assert run("validate", str(dataset.path)).stdout.endswith(", one rating of reviewers\n")
    path = dataset.path / "ratings.csv"
    path.write_text(path.read_text("utf-8").replace("some concerns", "fine"), "utf-8")
    refused = run("validate", str(dataset.path))
    assert refused.returncode == 2
    assert "ratings.csv, row 2, column rating: found 'fine', expected one of" in refused.stderr
