"""The command as a user types it: output, exit codes, one clear line for bad input."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.cli import app
from tests.commands import ROOT, run
from tests.tolerances import half_unit


def test_pool_as_json() -> None:
    done = run(
        *("pool", "--therapy", "abft", "--outcome", "depression"),
        *("--timepoint", "post", "--format", "json"),
    )
    assert done.returncode == 0
    found = json.loads(done.stdout)
    for field, printed in (
        ("effect", "0.520527"),
        ("ci_low", "-0.287521"),
        ("ci_high", "1.328576"),
    ):
        assert found[field] == pytest.approx(float(printed), abs=half_unit(printed))
    assert [one["instrument_id"] for one in found["estimates"]] == ["bdi", "bdi_ii", "bdi_ii"]
    assert all(one["reason"] for one in found["left_out"])
    assert found["specification"]["interval"] == "hksj_adhoc"
    zero = found["scenarios"]["unreported_at_zero"]
    assert zero["processing"] == "imputed"
    assert zero["effect"] == pytest.approx(0.2331, abs=half_unit("0.2331"))


def test_pool_says_what_is_imputed_and_left_out() -> None:
    done = run("pool", "--therapy", "abct", "--outcome", "affective_distress")
    assert "k = 1" in done.stdout
    assert "arm sizes imputed: equal shares of the 90 randomized" in done.stdout
    assert "iABCT 2026 (waitlist): reports no difference between the arms" in done.stdout


def test_a_misspelled_outcome_is_one_line_with_what_is_accepted() -> None:
    done = run("pool", "--therapy", "abft", "--outcome", "depresion")
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "depresion" in done.stderr
    assert (
        "expected one of anxiety, attachment_security, depression, family_conflict, hopelessness, "
        "suicidal_ideation, suicide_attempt\n"
    ) in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tau2", "reml"), "tau2: found 'reml', expected one of"),
        (("--interval", "hk"), "interval: found 'hk', expected one of"),
        (("--format", "xml"), "format: found 'xml', expected one of csv, json, md"),
        (("--leave-out", "smith"), "leave_out: found 'smith'"),
        (("--comparator-class", "sham"), "comparator_class: found 'sham'"),
    ],
)
def test_bad_choices_are_named(arguments: tuple[str, ...], message: str) -> None:
    done = run("pool", "--therapy", "abft", "--outcome", "depression", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_estimates_as_csv_are_whole() -> None:
    done = run("estimates", "--therapy", "abft", "--outcome", "depression", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    by_id = {row["estimate_id"]: row for row in rows}
    assert float(by_id["diamond2002.depression.bdi.post.hedges_g"]["effect"]) == pytest.approx(
        0.652027, abs=half_unit("0.652027")
    )
    assert by_id["diamond2019.depression.post.direction"]["effect"] == ""


def test_validate() -> None:
    done = run("validate")
    assert done.returncode == 0
    assert "valid, data version 1.3.1, 25 trials" in done.stdout


def test_validate_names_faults(tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(ROOT / "data", package)
    arms = package / "arms.csv"
    arms.write_text(arms.read_text().replace("abft,16,", "abft,sixteen,"))
    for arguments in (("validate", str(package)), ("validate", "--data", str(package))):
        done = run(*arguments)
        assert done.returncode == 2
        assert "arms.csv, row 2, column n_randomized: found 'sixteen'" in done.stderr


def test_help_shows_what_is_written_and_offers_completion() -> None:
    screen = {"COLUMNS": "100", "TERM": "dumb"}
    offered = CliRunner().invoke(app, ["--help"], env=screen).output
    assert "--install-completion" in offered
    for name in sorted(one.name or one.callback.__name__ for one in app.registered_commands):
        command = name.replace("_", "-")
        assert command in offered
        done = CliRunner().invoke(app, [command, "--help"], env=screen)
        assert done.exit_code == 0
        # Words between colons turn into pictures where help is read as markup.
        assert not [one for one in done.output if not one.isascii() and one not in "╭─╮│╰╯…"]


HEAVY = (
    *("scipy.stats", "scipy.optimize", "scipy.interpolate", "scipy.linalg", "statsmodels"),
    *("matplotlib", "papermill", "nbformat", "IPython", "jinja2", "docx", "formulaic", "openpyxl"),
)


@pytest.mark.parametrize(
    ("command", "heavy"),
    [
        ("--help", ("pandas", "numpy", *HEAVY)),
        ("pool --therapy abft --outcome depression", HEAVY),
        ("claims --format text", HEAVY),
    ],
)
def test_a_command_loads_what_it_needs(command: str, heavy: tuple[str, ...]) -> None:
    run_it = (
        "import sys, io; from evidence.cli import main; sys.argv += sys.stdin.read().split(); "
        "out, sys.stdout = sys.stdout, io.StringIO()\n"
        "try: main()\nexcept SystemExit: pass\n"
        "assert sys.stdout.getvalue(); print(*sys.modules, file=out)"
    )
    done = subprocess.run(
        [sys.executable, "-c", run_it], input=command, capture_output=True, text=True, check=True
    )
    loaded = {*done.stdout.split()}
    assert "evidence.cli" in loaded
    assert not loaded & {*heavy}
