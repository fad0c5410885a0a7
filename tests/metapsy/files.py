"""Small database files, written for these tests: a header, a few studies, one trait at a time."""

import csv
import io
from datetime import date
from pathlib import Path

from evidence.metapsy import Imported, import_database

WHEN = date(2026, 1, 2)

COLUMNS = (
    *("study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2"),
    *("outcome_type", "outcome", "instrument", "rating", "time", "time_weeks"),
    *("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2"),
    *("bl_mean_arm1", "bl_sd_arm1", "bl_n_arm1", "bl_mean_arm2", "bl_sd_arm2", "bl_n_arm2"),
    *("mean_change_arm1", "sd_change_arm1", "n_change_arm1"),
    *("mean_change_arm2", "sd_change_arm2", "n_change_arm2"),
    *("event_arm1", "totaln_arm1", "event_arm2", "totaln_arm2"),
    *("precalc_g", "precalc_g_se", "rand_arm1", "rand_arm2"),
    *(".g", ".g_se", ".log_rr", ".log_rr_se", ".totaln_arm1"),
)

MEANS = {
    "study": "Ahn, 2001",
    "condition_arm1": "cbt",
    "condition_arm2": "wl",
    "outcome_type": "msd",
    "outcome": "depression",
    "instrument": "BDI-II",
    "rating": "self-report",
    "time": "post",
    "time_weeks": "8",
    "mean_arm1": "14.2",
    "sd_arm1": "8.1",
    "n_arm1": "25",
    "mean_arm2": "19.9",
    "sd_arm2": "9.0",
    "n_arm2": "27",
}
"""A record with means; g is 0.6543 in favor of the intervention by both conventions."""

_NOTHING = dict.fromkeys(("mean_arm1", "sd_arm1", "n_arm1", "mean_arm2", "sd_arm2", "n_arm2"), "")


def means(**changed: str) -> dict[str, str]:
    return MEANS | changed


def events(**changed: str) -> dict[str, str]:
    numbers = {
        "outcome_type": "response",
        "event_arm1": "12",
        "totaln_arm1": "30",
        "event_arm2": "6",
        "totaln_arm2": "31",
    }
    return MEANS | _NOTHING | numbers | changed


def ready(**changed: str) -> dict[str, str]:
    numbers = {"outcome_type": "other stat", ".g": "0.41", ".g_se": "0.2"}
    return MEANS | _NOTHING | numbers | changed


def changes(**changed: str) -> dict[str, str]:
    numbers = {
        "outcome_type": "change",
        "mean_change_arm1": "-9.5",
        "sd_change_arm1": "7.0",
        "n_change_arm1": "25",
        "mean_change_arm2": "-4.1",
        "sd_change_arm2": "6.5",
        "n_change_arm2": "27",
    }
    return MEANS | _NOTHING | numbers | changed


def as_text(
    *records: dict[str, str], separator: str = ";", names: dict[str, str] | None = None
) -> str:
    """Return a file with the columns that any of the records has, missing values as NA."""
    used = [one for one in COLUMNS if any(one in record for record in records)]
    used += sorted({one for record in records for one in record} - set(used))
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\n")
    writer.writerow([(names or {}).get(one, one) for one in used])
    for record in records:
        writer.writerow([record.get(one) or "NA" for one in used])
    return buffer.getvalue()


def write(folder: Path, text: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return path


def imported(folder: Path, *records: dict[str, str], **options: object) -> Imported:
    """Import records from a file and return what came of it."""
    path = write(folder, as_text(*records))
    return import_database(path, folder / "made", accessed=WHEN, **options)  # type: ignore[arg-type]
