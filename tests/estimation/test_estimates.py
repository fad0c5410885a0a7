"""Estimates of the real data: known values, routes, and what allows no estimate."""

import math

import pandas as pd
import pytest

import evidence
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.estimation.row import COLUMNS
from evidence.terms import LeftOut, RemarkKind, has, words_of
from tests.pages.any_package import Result, Study, package, with_cells
from tests.tolerances import CLOSED_FORM, half_unit


@pytest.fixture(scope="module")
def frame(dataset: Dataset) -> pd.DataFrame:
    return evidence.estimates(dataset).set_index("estimate_id", drop=False)


@pytest.mark.parametrize(
    ("estimate_id", "printed"),
    [
        ("diamond2002.depression.bdi.post.hedges_g", "0.652027"),
        ("israel2013.depression.ham_d.post.hedges_g", "1.034260"),
        ("israel2013.depression.bdi_ii.post.hedges_g", "0.752034"),
        ("diamond2010.depression.bdi_ii.post.hedges_g", "0.392203"),
        ("diamond2002.depression.bdi.baseline.hedges_g", "0.565"),
        ("diamond2002.depression.bdi.post.d_ppc2", "0.336"),
        (
            "collado2021.abct_vs_usual_care.affective_distress.dass_21.post.d_from_test_statistic",
            "1.035850",
        ),
        (
            "collado2021.abct_vs_usual_care.affective_distress.dass_21.follow_up."
            "d_from_test_statistic",
            "0.558863",
        ),
        ("montero2018.functional_impairment.fiq.post.d_from_test_statistic", "0.902668"),
        ("montero2018.functional_impairment.fiq.follow_up.d_from_test_statistic", "1.000848"),
        ("diamond2019.suicidal_ideation.siq_jr.overall.d_from_test_statistic", "0.235567"),
        ("diamond2010.suicidal_ideation.siq_jr.post.hedges_g", "0.766"),
    ],
)
def test_known_values(frame: pd.DataFrame, estimate_id: str, printed: str) -> None:
    assert frame.effect[estimate_id] == pytest.approx(float(printed), abs=half_unit(printed))


def test_variance_and_range_of_a_g_from_a_statistic_carry_the_factor(frame: pd.DataFrame) -> None:
    row = frame.loc["montero2018.functional_impairment.fiq.post.d_from_test_statistic"]
    # J(40) = gamma(20) / (sqrt(20) gamma(19.5)) (Hedges 1981), by hand; z of p = .003 to 1.959964
    factor = math.exp(math.lgamma(20) - math.lgamma(19.5)) / math.sqrt(20)
    assert (row.ci_low, row.ci_high) == pytest.approx((0.306525, 1.498812), abs=5e-7)
    assert row.variance == pytest.approx(factor**2 * (1 / 23 + 1 / 19), rel=CLOSED_FORM)
    # p from 0.0025 to 0.0035, times sqrt(1 - 0.64) of an adjusted and sqrt(1.4) of a change model
    ends = (0.6 * factor * 0.905255, math.sqrt(1.4) * factor * 0.937284)
    assert (row.effect_low, row.effect_high) == pytest.approx(ends, abs=5e-6)
    assert "from 0.888 to 0.920" in " ".join(words_of(one.text) for one in row.remarks)


def test_columns_and_ids(frame: pd.DataFrame) -> None:
    assert tuple(frame.columns) == COLUMNS
    assert frame.estimate_id.is_unique
    assert frame.estimate_id.str.fullmatch(r"[a-z0-9_.]+").all()


def test_every_result_ends_in_an_estimate_or_a_reason(
    dataset: Dataset, frame: pd.DataFrame
) -> None:
    reached = {one for ids in frame.result_ids for one in ids}
    results = {*dataset.arm_results.result_id, *dataset.statistics.result_id}
    assert results <= reached
    assert ((frame.effect.notna()) == (frame.reason == "")).all()
    estimated = frame[frame.effect.notna()]
    assert (estimated.processing != "").all()
    assert (estimated.route != "").all()
    assert (estimated.locator_ids.map(len) > 0).all()


def test_sign_follows_the_instrument(frame: pd.DataFrame) -> None:
    # Lower scores are better on the Beck inventory: 18.5 - 11.8.
    row = frame.loc["diamond2002.depression.bdi.post.mean_difference"]
    assert row.effect == pytest.approx(6.7, abs=CLOSED_FORM)
    assert row.variance == pytest.approx(8.8**2 / 16 + 11.1**2 / 16, rel=CLOSED_FORM)


def test_printed_g_keeps_its_standard_error(frame: pd.DataFrame) -> None:
    row = frame.loc["diamond2010.suicidal_ideation.siq_jr.post.hedges_g"]
    assert row.se == pytest.approx(0.255702120480033, rel=CLOSED_FORM)
    assert row.processing == "printed"
    assert "approximate correction" in row.convention


def test_coefficient_is_printed_in_points_and_imputed_as_d(frame: pd.DataFrame) -> None:
    stem = "collado2021.abct_vs_usual_care.affective_distress.dass_21.post"
    points = frame.loc[f"{stem}.mean_difference"]
    assert (points.effect, points.ci_low, points.ci_high) == (13.20, 6.84, 19.57)
    assert points.processing == "printed"
    d = frame.loc[f"{stem}.d_from_test_statistic"]
    assert d.processing == "imputed"
    assert d.effect / d.se == pytest.approx(13.20 / ((19.57 - 6.84) / (2 * 1.959963984540054)))
    assert d.effect_low < d.effect < d.effect_high
    assert any("more often too large" in words_of(one.text) for one in d.remarks)
    assert has(d, RemarkKind.SIZES_IMPUTED)
    assert (d.n_intervention, d.n_comparator) == (30, 30)


def test_active_comparator_is_never_taken_for_the_therapy(
    dataset: Dataset, frame: pd.DataFrame
) -> None:
    mbsr = "collado2021.mindfulness_based_stress_reduction_vs_usual_care"
    row = frame.loc[f"{mbsr}.affective_distress.dass_21.post.d_from_test_statistic"]
    assert row.effect == pytest.approx(0.889947, abs=half_unit("0.889947"))
    filtered = evidence.estimates(dataset, therapy="abct")
    assert set(filtered.intervention) == {"abct"}


def test_corrections_and_their_reasons_are_carried(frame: pd.DataFrame) -> None:
    row = frame.loc["diamond2019.suicidal_ideation.siq_jr.overall.d_from_test_statistic"]
    assert set(row.correction_ids) == {"c03", "c20"}
    assert any("printed estimate 181, used 1.81" in words_of(one.text) for one in row.remarks)
    assert has(row, RemarkKind.SIGN_FROM_EVENTS)


def test_imputed_sizes_are_equal_shares_of_the_total(frame: pd.DataFrame) -> None:
    row = frame.loc["waraan2021.depression.post.direction"]
    assert (row.n_intervention, row.n_comparator) == (30, 30)
    assert any("60 randomized" in words_of(one.text) for one in row.remarks)
    assert math.isnan(row.effect)
    assert "no difference" in row.reason


def test_trials_without_a_number_have_their_row(frame: pd.DataFrame) -> None:
    assert "diamond2019.depression.post.direction" in frame.index
    terminated = frame.loc["nct00329199.depression.post.not_reported"]
    assert pd.isna(terminated.n_intervention)
    assert "iabct_chronic.affective_distress.post.direction" in frame.index


def test_words_add_no_row_where_the_same_contrast_has_a_number(frame: pd.DataFrame) -> None:
    about = ["trial_id", "intervention_arm_id", "comparator_arm_id", "outcome_id", "timepoint"]
    kinds = ("hedges_g", "mean_difference", "d_from_test_statistic")
    numbers = frame[frame.metric.isin(kinds) & frame.effect.notna() & frame.variance.notna()]
    words = frame[frame.left_out_by == LeftOut.IN_WORDS]
    assert len(numbers) > 30
    assert len(words) > 10
    both = words[about].merge(numbers[about].drop_duplicates())
    assert both.to_numpy().tolist() == []


def test_conventions_never_share_an_id(dataset: Dataset, frame: pd.DataFrame) -> None:
    other = evidence.estimates(dataset, convention="metapsy").set_index("estimate_id")
    shared = frame.index.intersection(other.index)
    pd.testing.assert_series_equal(frame.effect[shared], other.effect[shared])
    assert "diamond2002.depression.bdi.post.hedges_g.metapsy" in other.index


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"outcome": "depresion"}, "outcome: found 'depresion', expected one of .*depression"),
        ({"colour": "red"}, "colour: found 'red', expected a filter among"),
    ],
)
def test_bad_filters(dataset: Dataset, filters: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        evidence.estimates(dataset, **filters)


def test_each_number_of_a_published_abstract_ends_in_an_estimate_or_says_why_not(
    dataset: Dataset, frame: pd.DataFrame
) -> None:
    """Numbers of abstracts as the data cite them; what is said without one is a direction."""
    read = dataset.publications.set_index("publication_id").read_as
    places = dataset.locators.set_index("locator_id").publication_id
    abstracts: dict[str, list[str]] = {}
    for table in (dataset.arm_results, dataset.statistics):
        for one in records(table):
            publication = places[one.locator_id]
            if read[publication] == "abstract":
                abstracts.setdefault(publication, []).append(one.result_id)
    assert len(abstracts) >= 10
    assert all(dataset.references[one]["title"] for one in abstracts)
    rows = list(records(frame))
    for publication, ids in abstracts.items():
        for result_id in ids:
            own = [row for row in rows if result_id in row.result_ids]
            assert own, (publication, result_id)
            for row in own:
                estimated = not math.isnan(row.effect)
                assert estimated or (row.reason and row.left_out_by), (publication, result_id)


def test_bad_options(dataset: Dataset) -> None:
    with pytest.raises(ParameterError, match="convention: found 'hedges'"):
        evidence.estimates(dataset, convention="hedges")
    with pytest.raises(ParameterError, match="correlation"):
        evidence.estimates(dataset, correlation=1.0)


def test_a_number_that_rests_on_another_correlation_has_an_id_of_its_own(dataset: Dataset) -> None:
    usual, other = (evidence.estimates(dataset, correlation=one) for one in (0.5, 0.7))
    ids = [set(frame.estimate_id[frame.metric == "d_ppc2"]) for frame in (usual, other)]
    assert ids[0]
    assert ids[1] == {f"{one}.correlation_0.7" for one in ids[0]}
    rest = [set(frame.estimate_id[frame.metric != "d_ppc2"]) for frame in (usual, other)]
    assert rest[0] == rest[1]


@pytest.mark.parametrize(
    ("cells", "said", "never"),
    [
        ({"statistic": "chi2_groups", "estimate": 0.06}, "a chi-square of 0.06 gives", "nan"),
        (
            {"statistic": "hedges_g", "ci_low": 0.1, "ci_level": 90},
            "one limit only can be used: the standard error is its distance by 1.64",
            "printed: the",
        ),
    ],
)
def test_what_is_not_printed_is_not_said(cells: dict[str, object], said: str, never: str) -> None:
    made = package([Study((Result(effect=-0.4, sizes=(30, 26)),))])
    given = {"estimate": 0.4, "se": None, "favors_intervention_when": "higher", **cells}
    (row,) = records(evidence.estimates(with_cells(made, "statistics", **given)))
    words = "; ".join([row.reason, *(words_of(one.text) for one in row.remarks)])
    assert said in words
    assert never not in words
