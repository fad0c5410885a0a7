"""Counts behind printed numbers, as a user of any abstract asks for them."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from evidence import cli
from tests.tolerances import half_unit

ARMS = ("--percent-1", "70", "--n-max-1", "35", "--percent-2", "34.6", "--n-max-2", "31")
INTERVAL = ("--interval-1", "52.6", "87.4")
RATIO = ("--odds-ratio", "4.41")


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process."""

    def run_it(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["evidence", "reconstruct", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return Done(int(left.value.code or 0), *capsys.readouterr())

    return run_it


def test_one_table_with_how_each_printed_number_is_met(run: Run) -> None:
    done = run(*ARMS, *INTERVAL, *RATIO)
    assert done.returncode == 0
    assert done.stdout.startswith(
        "One table fits all that is printed: 21 of 30 and 9 of 26; odds ratio 4.407.\n"
    )
    for line in (
        "participants of arm 1: 30, allowed 1 to 35",
        "percent of arm 1: 70.00, printed 70",
        "lower limit of arm 1: 52.596, printed 52.6; Wald with n - 1, t with n - 1 df",
        "upper limit of arm 1: 87.404, printed 87.4; Wald with n - 1, t with n - 1 df",
        "percent of arm 2: 34.615, printed 34.6",
        "odds ratio: 4.4074, printed 4.41",
    ):
        assert f"  - {line}\n" in done.stdout
    assert done.stderr == ""


def test_without_the_interval_three_tables_and_an_open_size(run: Run) -> None:
    done = run(*ARMS, *RATIO)
    assert done.returncode == 0
    assert done.stdout.startswith(
        "Three tables fit all that is printed; odds ratio 4.407.\n"
        "The participants of arm 1 stay open: 10, 20 or 30.\n"
    )
    for counts in ("7 of 10", "14 of 20", "21 of 30"):
        assert f"- {counts} and 9 of 26, odds ratio 4.407\n" in done.stdout
    assert "arm 2 stay open" not in done.stdout


@pytest.mark.parametrize(
    ("wrong", "failed"),
    [
        ((*INTERVAL, "--odds-ratio", "4.14"), "odds ratio: 4.4074, printed 4.14"),
        (("--interval-1", "56.2", "87.4", *RATIO), "lower limit of arm 1: 52.596, printed 56.2"),
        (("--interval-1", "52.6", "84.7", *RATIO), "upper limit of arm 1: 87.404, printed 84.7"),
        ((*INTERVAL, *RATIO, "--n-max-1", "25"), "participants of arm 1: 30, allowed 1 to 25"),
    ],
)
def test_a_typing_error_is_found_by_what_the_rest_fits(
    run: Run, wrong: tuple[str, ...], failed: str
) -> None:
    done = run(*ARMS, *wrong)
    assert done.returncode == 1
    assert done.stdout.startswith("No table fits all that is printed.\n")
    assert f"- 21 of 30 and 9 of 26: {failed}" in done.stdout


def test_a_dash_leaves_a_limit_out(run: Run) -> None:
    done = run("--percent-1", "51.7", "--n-max-1", "31", "--interval-1", "32.4", "-")
    assert "One table fits all that is printed: 15 of 29." in done.stdout
    assert "upper limit" not in done.stdout


def test_json_has_every_field_at_full_precision(run: Run) -> None:
    done = run(*ARMS, *INTERVAL, *RATIO, "--format", "json")
    found = json.loads(done.stdout)
    assert found["identified"] is True
    assert found["n_identified"] == [True, True]
    (one,) = found["solutions"]
    assert [one[name] for name in ("events_1", "n_1", "events_2", "n_2")] == [21, 30, 9, 26]
    assert one["odds_ratio"] == pytest.approx(4.407407, abs=half_unit("4.407407"))
    assert one["formulas"] == ["wald_t_n_minus_1"]
    assert {fit["name"]: fit["printed"] for fit in one["fits"]}["ci_low_1"] == "52.6"
    assert all(fit["met"] for fit in one["fits"])
    assert found["misses"] == []


def test_json_of_misses_names_what_failed(run: Run) -> None:
    done = run(*ARMS, *INTERVAL, "--odds-ratio", "4.14", "--format", "json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["solutions"] == []
    (miss,) = found["misses"]
    assert [fit["name"] for fit in miss["failed"]] == ["odds_ratio"]


def test_percentages_of_all_with_a_conditional_odds_ratio(run: Run) -> None:
    done = run(
        *("--percent-1", "5", "--percent-2", "3.33", "--n-total", "60", "--percent-of", "all"),
        *("--conditional-odds-ratio", "1.54", "--p-fisher", "1"),
    )
    assert "One table fits all that is printed: 3 of 30 and 2 of 30" in done.stdout
    assert "conditional odds ratio: 1.5442, printed 1.54" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("--n-1", "30", "--n-2", "26", "--events-1", "21", "--events-2", "9"), {"n_1": 30}),
        (("--n-min-1", "21", "--odds-ratio", "4.41"), {"n_1": 30}),
        (("--risk-difference", "35.4", "--n-min-1", "21", "--n-max-1", "30"), {"events_1": 21}),
        (("--risk-ratio", "2.02", "--n-min-1", "24", "--n-max-1", "30"), {"events_1": 21}),
        (("--number-needed-to-treat", "2.8"), {"n_2": 26}),
        (("--p-chi2", "0.0081"), {"n_2": 26}),
        (("--p-chi2-corrected", "0.0173"), {"n_2": 26}),
        (("--p-fisher", "0.0149"), {"n_2": 26}),
        (("--n-total", "56", *RATIO), {"n_1": 30}),
        (("--n-total", "40", "--total", "at_most", *RATIO), {"n_1": 10}),
        (("--interval-1", "55.5", "84.5", "--level", "0.9"), {"n_2": 26}),
        (("--interval-2", "19", "54", "--formula", "wilson", "--n-min-1", "24"), {"n_2": 26}),
    ],
)
def test_every_argument_of_the_search_has_its_option(
    run: Run, arguments: tuple[str, ...], given: dict[str, int]
) -> None:
    found = json.loads(run(*ARMS, *arguments, "--format", "json").stdout)
    # without the option six tables fit
    assert 0 < len(found["solutions"]) < 6
    for name, value in given.items():
        assert value in {one[name] for one in found["solutions"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--percent-1: found None, expected what is printed of arm 1"),
        (("--percent-1", "70"), "--n-max-1: found None, expected an upper bound"),
        (("--percent-1", "seventy", "--n-1", "10"), "--percent-1: found 'seventy', expected"),
        ((*ARMS, "--interval-2", "x", "50"), "--interval-2, lower limit: found 'x', expected"),
        ((*ARMS, "--percent-of", "both"), "--percent-of: found 'both', expected one of arm, all"),
        ((*ARMS, "--formula", "wold"), "--formula: found 'wold', expected one of"),
        ((*ARMS, "--format", "csv"), "format: found 'csv', expected one of json, md"),
        (
            ("--percent-1", "7e1", "--percent-2", "3", "--n-max-1", "9", "--n-max-2", "9"),
            "--percent-1: found '7e1'",
        ),
        (
            ("--percent-1", "70", "--percent-2", "30", "--n-max-1", "3000", "--n-max-2", "3000"),
            "--n-max-1, --n-max-2: found [3000, 3000], expected smaller bounds",
        ),
    ],
)
def test_bad_input_is_one_line_with_the_name_of_the_option(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


def test_it_needs_no_data_package(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evidence", "reconstruct", "--percent-1", "73", "--n-1", "11"],
        capture_output=True,
        text=True,
        check=False,
        cwd=str(tmp_path),
        env={"EVIDENCE_DATA": str(tmp_path)},
    )
    assert done.stdout.startswith("One table fits all that is printed: 8 of 11.\n")
