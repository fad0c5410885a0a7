"""What contradicts what, as the report shows it."""

import base64
import io
import re
from pathlib import Path

import pandas as pd
import pytest

import evidence
from evidence.blocks import reconstruction
from evidence.blocks.escape import plain
from evidence.blocks.output import taken_along
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.integrity.findings import handled
from evidence.meta.reconstruction.proportion_intervals import FORMULAS
from evidence.pages.audit import findings
from evidence.pages.trial_card import read_card
from evidence.pages.trial_card.checks import contradictions

SOURCE = Path(__file__).parents[3] / "src" / "evidence" / "integrity"


@pytest.fixture(scope="module")
def estimates(dataset: Dataset) -> pd.DataFrame:
    return evidence.estimates(dataset)


@pytest.fixture(scope="module")
def found(dataset: Dataset) -> pd.DataFrame:
    return handled(dataset, evidence.audit(dataset))


def test_every_check_of_the_audit_has_its_words() -> None:
    text = "\n".join(path.read_text("utf-8") for path in SOURCE.glob("*.py"))
    names = set(re.findall(r"Finding\(\s*\"([a-z0-9_]+)\"", text))
    names |= set(re.findall(r"_p\(row, \"([a-z0-9_]+)\"", text))
    assert names == set(findings.CHECK)


def test_every_formula_has_its_words() -> None:
    assert set(reconstruction.FORMULA) == set(FORMULAS)


def test_severities_are_counted_with_what_they_mean(found: pd.DataFrame) -> None:
    assert findings.severities(found.iloc[:6]) == (
        "five of high severity (the printed numbers cannot all be right) and one of medium "
        "severity (right only under a condition that matters for their use)"
    )


def test_grave_findings_in_one_line_with_what_is_done(
    dataset: Dataset, found: pd.DataFrame
) -> None:
    markup = findings.graves(dataset, found)
    assert 'href="trial-diamond2019.html#remark-c03">181 replaced by 1.81</a>' in markup
    said = plain(markup)
    assert "Diamond 2010, limits of percentages: 54.32 withheld and 15.6 withheld" in said
    assert "5 replaced by 10 and 3.33 replaced by 6.67" in said
    assert "181 replaced by 1.81" in said
    open_one = found.assign(action="")
    assert "54.32 not handled" in findings.graves(dataset, open_one)


def test_each_finding_stands_once_with_arithmetic_reason_and_handling(
    dataset: Dataset, found: pd.DataFrame, estimates: pd.DataFrame
) -> None:
    block = findings.findings_tables(dataset, found, estimates, least="low")
    lines = block.text.splitlines()
    # Captions, headings and rows of three tables; what is folded has a line that says so.
    apart = (found.check == "sources_differ") & found.result_id.isin(dataset.trials.trial_id)
    apart |= found.check.isin(["several_publications", "claim_trial"])
    assert len(lines) == 2 * 3 + 1 + (~apart).sum()
    row = next(line for line in lines if "d19_si_f | 181, p" in line)
    assert row == (
        "Diamond 2019; SIQ-JR, over the whole course, ABFT against an active family-enhanced "
        "supportive therapy; d19_si_f | 181, p = 0.18 | "
        "F(1, 127) = 181 gives p = 3e-26; p = 0.18 is printed. | Replaced by 1.81 (c03) | 1"
    )
    # The card of the trial says where it was read, and the reason.
    for place in ("p-d19_si_f", "remark-c03"):
        assert f'href="trial-diamond2019.html#{place}"' in block.html
    unhandled = next(line for line in lines if "d10_si_abft_post | 87" in line)
    assert unhandled.endswith("| – | 3")
    assert "4 articles" not in block.text


def test_a_severity_can_be_the_least_to_show(
    dataset: Dataset, found: pd.DataFrame, estimates: pd.DataFrame
) -> None:
    block = findings.findings_tables(dataset, found, estimates, least="high")
    assert "High severity" in block.text
    assert "Medium severity" not in block.text
    with pytest.raises(ParameterError, match="severity: found 'grave', expected one of high, med"):
        findings.findings_tables(dataset, found, estimates, least="grave")


def test_where_nothing_is_found_that_is_said(
    dataset: Dataset, found: pd.DataFrame, estimates: pd.DataFrame
) -> None:
    rest = found[found.severity != "high"]
    block = findings.findings_tables(dataset, rest, estimates, least="high")
    assert block.text == "No finding of high severity."


def test_names_of_places_and_formulas_are_put_in_words(dataset: Dataset) -> None:
    said = findings.readable(
        "12 in diamond2010_abstract by wald_t_n_minus_1, 0.57 (c21_dass_abct_fu), russon2023.",
        dataset,
    )
    assert said == (
        "12 in Diamond et al. 2010 (abstract) by “Wald with n - 1, t with n - 1 df”, 0.57 "
        "(c21_dass_abct_fu), Russon et al. 2023."
    )


def test_data_are_text_and_never_markup(
    dataset: Dataset, found: pd.DataFrame, estimates: pd.DataFrame
) -> None:
    bad = "<script>alert(1)</script>"
    hostile = found.assign(printed=bad, explanation=bad, reason=bad, used=bad)
    block = findings.findings_tables(dataset, hostile, estimates, least="low")
    assert "<script>" not in block.html


def test_what_other_pages_tell_is_counted_and_leads_there(
    dataset: Dataset, found: pd.DataFrame
) -> None:
    block = findings.told_elsewhere(dataset, found)
    assert 'href="trial-waraan2021.html#contradictions">Waraan 2021</a> (two)' in block.html
    assert block.text.startswith("Sources print 14 facts differently (4 of medium severity)")
    card = read_card(dataset, "waraan2021", evidence.estimates(dataset))
    assert "On the highest age and the length of treatment" in contradictions(card).text
    assert 'href="trial-diamond2019.html#papers-on-the-trial">Diamond 2019</a> (4)' in block.html
    assert "The article speaks of adults; Diamond 2002" in block.text
    assert block.html.count('<a href="claims.html#claim-') == 4
    assert findings.told_elsewhere(dataset, found.iloc[:0]).html == ""


def test_checks_add_up_to_the_findings(found: pd.DataFrame) -> None:
    block = findings.checks_table(found)
    *lines, silent, _ = block.text.splitlines()[3:]
    cells = [cell for line in lines for cell in line.split(" | ")[1:]]
    assert sum(int(cell) for cell in cells if cell != "–") == len(found)
    assert silent == f"{len(findings.CHECK) - len(lines)} checks found nothing."
    every = pd.read_csv(io.BytesIO(base64.b64decode(taken_along(block.html)["checks.csv"])))
    assert list(every.check) == list(findings.CHECK)
    assert every.findings.sum() == len(found)
