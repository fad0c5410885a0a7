"""Abstracts of published trials: each number ends in an estimate, a direction, or a clear reason.

The trials are none of this workbook's: arms of the data stand in for theirs, in a copy of the data
that no report is made of. Only numbers, and words on a direction, were taken from each abstract,
at the address beside it (read on 30 November 2026); what is right is worked out in the remarks.
"""

import math
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import evidence
from evidence.data.dataset import Dataset
from evidence.terms import RemarkKind, words_of
from tests.entry.entries import DATA, proposed

SCORE = 'instrument = "bdi_ii"\ntimepoint = "post"\n'
EVENT = 'instrument = "mdd_diagnosis"\nevent = "no_longer_mdd"\ntimepoint = "post"\n'
RELAPSE = 'instrument = "mdd_diagnosis"\nevent = "relapse"\ntimepoint = "follow_up"\n'
TERM = """
[[term]]
vocabulary = "event"
term = "{}"
meaning = "as the trial defines it"
more_is = "{}"
"""


def trial(sizes: tuple[str, str], *, design: str = "randomized", facts: str = "") -> str:
    """Return a trial of two arms, with what stands in the abstract of their sizes."""
    arms = "".join(
        f'[[arm]]\nname = "{name}"\nrole = "{role}"\ncondition = "{condition}"\n'
        + (f"n_randomized = {size}\n\n" if size else "\n")
        for (name, role, condition), size in zip(
            (("t", "intervention", "abft"), ("c", "comparator", "usual_care")), sizes, strict=True
        )
    )
    return f"""
[trial]
id = "new"
label = "New 2031"
therapy = "abft"
design = "{design}"
status = "published"
developer_involved = "not_known"
age_group = "adolescents"
country = "DE"

[[publication]]
author = ["Muster, A. B."]
issued = 2031
title = "A trial that stands in for another"
journal = "Journal of Examples"
DOI = "10.9999/example.2031"

[[locator]]
place = "abstract"
url = "https://example.org/a"
accessed = 2031-03-01

{arms}
[facts]
treatment_weeks = 12
{facts}
"""


def entered(text: str, tmp_path: Path) -> Dataset:
    return proposed(text, DATA, tmp_path).after


def estimates(text: str, tmp_path: Path) -> pd.DataFrame:
    frame = evidence.estimates(entered(text, tmp_path))
    return frame[frame.trial_id == "new"]


def one(frame: pd.DataFrame, metric: str) -> pd.Series:
    (row,) = [row for _, row in frame[frame.metric == metric].iterrows()]
    return row


def statistic(kind: str, lines: str, of: str = SCORE) -> str:
    return f'\n[[statistic]]\nstatistic = "{kind}"\n{of}{lines}\n'


def words(direction: str, outcome: str = "depression") -> str:
    return (
        f'\n[[direction]]\noutcome = "{outcome}"\ntimepoint = "post"\ndirection = "{direction}"\n'
    )


def events(arms: str, of: str = EVENT) -> str:
    return f"\n[[result]]\n{of}{arms}\n"


def odds(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Log odds ratio and its standard error (Woolf 1955)."""
    return math.log(a * d / (b * c)), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def test_mufson_1999_counts_of_recovery(tmp_path: Path) -> None:
    # https://jamanetwork.com/journals/jamapsychiatry/fullarticle/1673771
    # 18 (75%) of 24 against 11 (46%); 48 randomized
    body = events("t = { n = 24, events = 18 }\nc = { n = 24, events = 11 }")
    row = one(estimates(trial(("24", "24")) + body, tmp_path), "log_odds_ratio")
    assert (row.effect, row.se) == pytest.approx(odds(18, 6, 11, 13), rel=1e-12)
    assert row.processing == "converted"


def test_mufson_2004_a_p_and_words(tmp_path: Path) -> None:
    # https://jamanetwork.com/journals/jamapsychiatry/fullarticle/482013
    # 34 against 29, fewer symptoms, P = .04, of a test that is not said: z is 2.0537;
    # J of 61 df is exact (Hedges 1981, eq. 6e)
    z = stats.norm.isf(0.02)
    j = math.exp(math.lgamma(30.5) - math.lgamma(30)) / math.sqrt(30.5)
    body = words("favors_intervention") + statistic("p", 'estimate = ".04"\nn = [34, 29]')
    row = one(estimates(trial(("34", "29")) + body, tmp_path), "d_from_test_statistic")
    assert row.effect == pytest.approx(z * math.sqrt(1 / 34 + 1 / 29) * j, rel=1e-12)
    assert row.processing == "imputed"
    assert 0 < row.effect_low <= row.effect <= row.effect_high


@pytest.mark.parametrize(
    ("comparator", "printed"),
    [("another therapy", (0.88, 0.58, 1.35)), ("usual care", (0.69, 0.42, 1.12))],
)
def test_williams_2014_a_hazard_ratio(
    comparator: str, printed: tuple[float, float, float], tmp_path: Path
) -> None:
    # https://pmc.ncbi.nlm.nih.gov/articles/PMC3964149: relapse, below 1 favors the therapy
    ratio, low, high = printed
    body = TERM.format("relapse", "worse") + statistic(
        "hazard_ratio",
        f'estimate = {ratio}\nci = [{low}, {high}]\nfavors_intervention_when = "below_1"',
        RELAPSE,
    )
    row = one(estimates(trial(("", "")) + body, tmp_path), "log_hazard_ratio")
    # Stored so that above 0 favors the therapy.
    found = tuple(math.exp(-value) for value in (row.effect, row.ci_high, row.ci_low))
    assert found == pytest.approx(printed, rel=1e-9), comparator


def test_shallcross_2018_shares_that_whole_numbers_give(tmp_path: Path) -> None:
    # https://pmc.ncbi.nlm.nih.gov/articles/PMC6112178
    # relapse in 47.8% of 46 and 50.0% of 46, that is 22 and 23; hazard ratio .82 [.34, 1.99]
    body = (
        TERM.format("relapse", "worse")
        + events("t = { n = 46, percent = 47.8 }\nc = { n = 46, percent = 50.0 }", RELAPSE)
        + statistic(
            "hazard_ratio",
            'estimate = ".82"\nci = "[.34, 1.99]"\nfavors_intervention_when = "below_1"',
            RELAPSE,
        )
    )
    frame = estimates(trial(("46", "46")) + body, tmp_path)
    row = one(frame, "log_odds_ratio")
    log_odds, se = odds(22, 24, 23, 23)
    assert (row.effect, row.se) == pytest.approx((-log_odds, se), rel=1e-12)
    assert row.processing == "reconstructed"
    assert math.exp(-one(frame, "log_hazard_ratio").effect) == pytest.approx(0.82)


CLUSTERS = (
    'cluster_size = {{ value = {}, unit = "participants" }}\nicc = {{ value = {}, unit = "r" }}\n'
)


def test_idsoe_2019_a_d_of_clusters(tmp_path: Path) -> None:
    # https://doaj.org/article/f8f3be2eb4e547d792cdf4a0f773ae11
    # 133 against 95 in groups of 35 leaders, d = -.31 without interval
    body = statistic(
        "cohens_d", 'estimate = "-.31"\nn = [133, 95]\nfavors_intervention_when = "lower"'
    )
    plain = one(estimates(trial(("133", "95")) + body, tmp_path), "hedges_g")
    # J of 226 df, exactly: Hedges 1981, eq. 6e
    j = math.exp(math.lgamma(113) - math.lgamma(112.5)) / math.sqrt(113)
    assert plain.effect == pytest.approx(0.31 * j, rel=1e-12)
    design = trial(("133", "95"), design="cluster_randomized")
    unsaid = one(estimates(design + body, tmp_path), "hedges_g")
    assert any(
        mark.kind == RemarkKind.CLUSTERS and "too small" in words_of(mark.text)
        for mark in unsaid.remarks
    )
    told = trial(("133", "95"), design="cluster_randomized", facts=CLUSTERS.format("6.5", "0.05"))
    # Design effect 1 + (6.5 - 1) 0.05 = 1.275 (Cochrane Handbook 23.1.4); size and ICC are made up.
    row = one(estimates(told + body, tmp_path), "hedges_g")
    assert row.se**2 == pytest.approx(1.275 * plain.se**2, rel=0.01)


def test_asarnow_2021_a_share_of_remission_with_p(tmp_path: Path) -> None:
    # https://www.safetylit.org/citations/index.php?fuseaction=citations.viewdetails
    # &citationIds[]=citjournalarticle_671841_18
    # remission of self-harm 49.3% against 29.7%, p = .013; 173 randomized, arms not said;
    # t(498) = 2.36, p = .019, on repeated measures
    body = TERM.format("no_self_harm", "better") + events(
        "t = { percent = 49.3 }\nc = { percent = 29.7 }",
        EVENT.replace("no_longer_mdd", "no_self_harm"),
    )
    frame = estimates(trial(("", ""), facts="n_randomized = 173") + body, tmp_path)
    # 67 of 136 against 11 of 37 alone would fit: no trial of equal arms would have those.
    assert frame.effect.isna().all()
    (reason,) = set(frame.reason)
    assert "with arms that add to 173, neither more than twice the other" in reason
    # Where a source prints one of the sizes, however uneven, the other is at most the rest.
    for sizes in (("136", ""), ("", "37")):
        printed = estimates(trial(sizes, facts="n_randomized = 173") + body, tmp_path)
        assert list(printed.reason.str[:12]) == ["7 tables fit"]
    for arm, n in (("t", 136), ("c", 37)):
        told = body.replace(f"{arm} = {{ ", f"{arm} = {{ n = {n}, ")
        row = one(
            estimates(trial(("", ""), facts="n_randomized = 173") + told, tmp_path),
            "log_odds_ratio",
        )
        assert row.convention == "67 of 136 against 11 of 37"
        assert (row.effect, row.se) == pytest.approx(odds(67, 69, 11, 26), rel=1e-12)


@pytest.mark.parametrize(("percents", "total"), [(("49.3", "29.7"), 173), (("50", "25"), 90)])
def test_tables_of_open_arms_are_those_that_a_plain_search_finds(
    percents: tuple[str, str], total: int, tmp_path: Path
) -> None:
    """Every pair of arms with that total, neither more than twice the other, rounded alone."""
    body = events(f't = {{ percent = "{percents[0]}" }}\nc = {{ percent = "{percents[1]}" }}')
    made = entered(trial(("", ""), facts=f"n_randomized = {total}") + body, tmp_path)
    frame = evidence.estimates(made)
    (row,) = [row for _, row in frame[frame.trial_id == "new"].iterrows()]

    def rounds(events: int, n: int, percent: str) -> bool:
        return abs(Decimal(100 * events) - Decimal(percent) * n) * 20 <= n

    tables = [
        (a, n, c, total - n)
        for n in range(1, total)
        if max(n, total - n) <= 2 * min(n, total - n)
        for a in range(n + 1)
        if rounds(a, n, percents[0])
        for c in range(total - n + 1)
        if rounds(c, total - n, percents[1])
    ]
    if not tables:
        assert row.reason.startswith("no whole numbers fit")
        return
    assert len(tables) > 3
    assert row.reason.startswith(f"{len(tables)} tables fit")
    ratios = [odds(a, n - a, c, m - c)[0] for a, n, c, m in tables]
    assert (row.effect_low, row.effect_high) == pytest.approx((min(ratios), max(ratios)))
    repeated = statistic("t", 'estimate = 2.36\ndf = 498\nfavors_intervention_when = "higher"')
    found = evidence.audit(entered(trial(("87", "86")) + repeated, tmp_path))
    (wrong,) = [row for _, row in found.iterrows() if row.check == "df"]
    assert (wrong.printed, wrong.expected) == ("498", "171")


def test_gaete_2016_an_adjusted_odds_ratio_beside_shares(tmp_path: Path) -> None:
    # https://pmc.ncbi.nlm.nih.gov/articles/PMC4973098
    # 229 and 113 randomized; recovery 50.3% and 40.2%, adjusted OR 1.62 (0.95 to 2.77), p = 0.08
    body = statistic(
        "odds_ratio",
        'estimate = 1.62\nci = "0.95 to 2.77"\np = 0.08\nfavors_intervention_when = "above_1"',
        EVENT,
    )
    row = one(estimates(trial(("229", "113")) + body, tmp_path), "log_odds_ratio")
    assert [math.exp(one) for one in (row.effect, row.ci_low, row.ci_high)] == pytest.approx(
        [1.62, 0.95, 2.77], rel=5e-3
    )


def test_asarnow_2011_rates_with_a_total_alone(tmp_path: Path) -> None:
    # http://pubmedcentralcanada.ca/pmcc/articles/PMC3251923: 181 randomized, arms not said;
    # 92% against 76% took up treatment, p = .004
    body = TERM.format("treated", "better") + events(
        't = { percent = "92%" }\nc = { percent = "76%" }',
        EVENT.replace("no_longer_mdd", "treated"),
    )
    frame = estimates(trial(("", ""), facts="n_randomized = 181") + body, tmp_path)
    assert frame.effect.isna().all()
    assert frame.reason.ne("").all()


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        # Martinez-Rubio et al. 2021, https://pmc.ncbi.nlm.nih.gov/articles/PMC8750204:
        # 15 against 15, differences at post favor the program, no number
        ("favors_intervention", "favors_intervention"),
        # de Jonge-Heesen et al. 2020, doi:10.1186/s12916-020-01656-0: parents saw no difference
        ("no_difference", "no_difference"),
    ],
)
def test_words_alone_end_in_a_direction(direction: str, said: str, tmp_path: Path) -> None:
    frame = estimates(trial(("15", "15")) + words(direction), tmp_path)
    (row,) = [row for _, row in frame.iterrows()]
    assert (row.said, math.isnan(row.effect)) == (said, True)
    assert row.reason


def test_asano_2022_a_count_of_one_arm_is_no_comparison(tmp_path: Path) -> None:
    # https://www.frontiersin.org/articles/10.3389/fpsyg.2022.903842/full
    # 3 of 9 recovered with the therapy; nothing is printed of the other arm
    body = words("favors_intervention") + events("t = { n = 9, events = 3 }")
    frame = estimates(trial(("9", "9")) + body, tmp_path)
    assert frame.effect.isna().all()
    assert "favors_intervention" in set(frame.said)
