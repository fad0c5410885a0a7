import pytest

from evidence.errors import ParameterError
from evidence.meta.reconstruction import PrintedArm, reconstruct
from tests.tolerances import half_unit
from tests.work import calls

RECOVERED = PrintedArm("70", "52.6", "87.4", n_max=35)
COMPARATOR = PrintedArm("34.6", n_max=31)


def counts(found):
    return [
        tuple(count for count in solution[:4] if count is not None) for solution in found.solutions
    ]


def failed(found):
    return {
        (tuple(miss.solution[:4]), tuple((fit.name, fit.printed) for fit in miss.failed))
        for miss in found.misses
    }


def test_percent_interval_and_odds_ratio_leave_one_table():
    found = reconstruct(RECOVERED, COMPARATOR, odds_ratio="4.41")
    assert counts(found) == [(21, 30, 9, 26)]
    assert found.identified
    assert found.n_identified == (True, True)
    assert found.formulas == ("wald_t_n_minus_1",)
    assert found.odds_ratio_low == found.odds_ratio_high == pytest.approx(21 * 17 / (9 * 9))


def test_without_the_interval_the_first_size_stays_open():
    found = reconstruct(PrintedArm("70", n_max=35), COMPARATOR, odds_ratio="4.41")
    assert counts(found) == [(7, 10, 9, 26), (14, 20, 9, 26), (21, 30, 9, 26)]
    assert not found.identified
    assert found.n_identified == (False, True)


@pytest.mark.parametrize(
    ("arm", "expected"),
    [
        (PrintedArm("87", "74.6", "99.6", n_max=35), [(27, 31)]),
        (PrintedArm("51.7", n_max=31), [(15, 29)]),
        (PrintedArm("81", n_max=16), [(13, 16)]),
        (PrintedArm("47", n_max=16), [(7, 15)]),
        (PrintedArm("69.1", n_max=66), [(38, 55)]),
        (PrintedArm("62.3", n_max=63), [(33, 53), (38, 61)]),
        (PrintedArm("87", n=15, events=13), [(13, 15)]),
        (PrintedArm("34.6", "15.0", "54.2", n_max=31), [(9, 26)]),
    ],
)
def test_one_arm(arm, expected):
    assert counts(reconstruct(arm)) == expected


def test_a_misprinted_limit_is_named_with_what_it_should_be():
    found = reconstruct(PrintedArm("51.7", "32.4", "54.32", n_max=31))
    assert not found.solutions
    (miss,) = found.misses
    assert miss.solution[:2] == (15, 29)
    (fit,) = miss.failed
    assert (fit.name, fit.printed, fit.formula) == ("ci_high_1", "54.32", "wald_t_n_minus_1")
    assert fit.value == pytest.approx(71.1, abs=half_unit("71.1"))
    assert miss.count == 1


def test_the_lower_limit_at_follow_up_is_misprinted():
    (miss,) = reconstruct(PrintedArm("34.6", "15.6", "54.2", n_max=31)).misses
    assert (miss.solution[:2], miss.failed[0].name) == ((9, 26), "ci_low_1")
    assert miss.failed[0].value == pytest.approx(15.0, abs=half_unit("15.0"))


def test_an_untrusted_limit_can_be_left_out():
    found = reconstruct(
        PrintedArm("87", "74.6", "99.6", n_max=35), PrintedArm("51.7", "32.4", None, n_max=31)
    )
    assert counts(found) == [(27, 31, 15, 29)]


def test_percentages_of_all_with_conditional_odds_ratio_and_exact_p():
    given = {"n_total": 60, "conditional_odds_ratio": "1.54", "p_fisher": "1"}
    arms = PrintedArm("5"), PrintedArm("3.33")
    assert counts(reconstruct(*arms, percent_of="all", **given)) == [(3, 30, 2, 30)]
    assert counts(reconstruct(*arms, percent_of="arm", **given)) == []


def test_a_risk_difference_that_no_table_of_these_sizes_gives():
    found = reconstruct(PrintedArm(n=23), PrintedArm(n=19), risk_difference="40.0")
    assert not found.solutions
    assert {fit.name for miss in found.misses for fit in miss.failed} == {
        "n_1",
        "n_2",
        "risk_difference",
    }
    smaller = reconstruct(PrintedArm(n_max=23), PrintedArm(n_max=19), risk_difference="40.0")
    assert len(smaller.solutions) > 1


@pytest.mark.parametrize(
    ("arm_1", "arm_2", "odds_ratio", "wrong"),
    [
        (RECOVERED, COMPARATOR, "4.14", ("odds_ratio", "4.14")),
        (PrintedArm("70", "52.6", "78.4", n_max=35), COMPARATOR, "4.41", ("ci_high_1", "78.4")),
        (PrintedArm("70", "56.2", "87.4", n_max=35), COMPARATOR, "4.41", ("ci_low_1", "56.2")),
        (PrintedArm("79", "52.6", "87.4", n_max=35), COMPARATOR, "4.41", ("percent_1", "79")),
        (RECOVERED, PrintedArm("36.4", n_max=31), "4.41", ("percent_2", "36.4")),
        (PrintedArm("70", "52.6", "87.4", n_max=25), COMPARATOR, "4.41", ("n_1", "1 to 25")),
    ],
)
def test_a_typing_error_in_one_number_is_among_the_nearest(arm_1, arm_2, odds_ratio, wrong):
    found = reconstruct(arm_1, arm_2, odds_ratio=odds_ratio)
    assert not found.solutions
    assert ((21, 30, 9, 26), (wrong,)) in failed(found)


def test_where_two_numbers_are_wrong_the_tables_with_the_fewest_failures_are_shown():
    arm = PrintedArm("51.7", "31.1", "54.32", n_max=31)
    (miss,) = reconstruct(arm, PrintedArm("34.6", "15.0", "54.2", n_max=31)).misses[:1]
    assert miss.solution[:4] == (15, 29, 9, 26)
    assert {fit.name for fit in miss.failed} == {"ci_low_1", "ci_high_1"}


def test_digits_cut_off_are_only_tried_when_rounding_explains_nothing():
    found = reconstruct(PrintedArm("22", n=31))
    assert (counts(found), found.rounding) == ([(7, 31)], "truncation")
    assert not counts(reconstruct(PrintedArm("22", n=31), cut=False))
    rounded = reconstruct(PrintedArm("22", n_max=31))
    assert rounded.rounding == "half"
    assert counts(rounded) == [(2, 9), (4, 18), (5, 23), (6, 27)]


def test_each_printed_number_says_how_it_is_met():
    found = reconstruct(RECOVERED, COMPARATOR, odds_ratio="4.41")
    fits = {fit.name: fit for fit in found.fits(found.solutions[0])}
    assert all(fit.met for fit in fits.values())
    assert list(fits) == [
        "n_1",
        "n_2",
        "percent_1",
        "ci_low_1",
        "ci_high_1",
        "percent_2",
        "odds_ratio",
    ]
    for fit in fits.values():
        if not fit.name.startswith("n_"):
            assert fit.value == pytest.approx(float(fit.printed), abs=half_unit(fit.printed))


def test_one_formula_has_to_give_all_intervals():
    # 21/30 by Wald with t, 9/26 by Wilson: each alone fits, together they do not
    one = PrintedArm("70", "52.6", "87.4", n_max=35)
    two = PrintedArm("34.6", "19.4", "53.8", n_max=31)
    assert counts(reconstruct(one)) == [(21, 30)]
    assert counts(reconstruct(two)) == [(9, 26)]
    assert reconstruct(two).formulas == ("wilson",)
    assert not reconstruct(one, two).solutions


def test_formulas_can_be_named():
    found = reconstruct(RECOVERED, formulas=["wilson", "wald_z"])
    assert not found.solutions


def test_ties_count_on_both_sides():
    # 1 of 8 is 12.5 percent, printed 13 by rounding half up and 12 by rounding half to even
    assert (1, 8) in counts(reconstruct(PrintedArm("13", n_max=8)))
    assert (1, 8) in counts(reconstruct(PrintedArm("12", n_max=8)))


def test_a_number_needed_to_treat_may_be_rounded_up():
    # 12 of 20 and 7 of 19: 4.3, printed as 4 or rounded up to 5
    arms = PrintedArm(n=20, events=12), PrintedArm(n=19, events=7)
    for printed in ("4", "5", "4.3"):
        assert counts(reconstruct(*arms, number_needed_to_treat=printed)) == [(12, 20, 7, 19)]
    assert not reconstruct(*arms, number_needed_to_treat="6").solutions


def test_p_below_a_value():
    found = reconstruct(PrintedArm("70", n=30), PrintedArm("35", n=26), p_fisher="<.05")
    assert counts(found) == [(21, 30, 9, 26)]
    assert not reconstruct(
        PrintedArm("70", n=30), PrintedArm("35", n=26), p_fisher="<.01"
    ).solutions


def test_totals():
    arms = PrintedArm("50"), PrintedArm("25")
    exact = counts(reconstruct(*arms, n_total=12))
    assert exact == [(2, 4, 2, 8), (4, 8, 1, 4)]
    at_most = counts(reconstruct(*arms, n_total=12, total="at_most"))
    assert {(1, 2, 1, 4), *exact} <= set(at_most)
    assert max(n_1 + n_2 for _, n_1, _, n_2 in at_most) == 12


@pytest.mark.parametrize(
    ("arms", "given", "name"),
    [
        ((PrintedArm("70"),), {}, "arm_1.n_max"),
        ((PrintedArm(70, n_max=30),), {}, "arm_1.percent"),
        ((PrintedArm("7,5", n_max=30),), {}, "arm_1.percent"),
        ((PrintedArm("101", n_max=30),), {}, "arm_1.percent"),
        ((PrintedArm("<5", n_max=30),), {}, "arm_1.percent"),
        ((PrintedArm(".", n_max=30),), {}, "arm_1.percent"),
        ((PrintedArm("0.1234567", n_max=30),), {}, "arm_1.percent"),
        ((PrintedArm("70", n_max=0),), {}, "arm_1.n_max"),
        ((PrintedArm("70", n_max=20_000),), {}, "arm_1.n_max"),
        ((PrintedArm("70", n_max=30, n_min=31),), {}, "arm_1.n_min"),
        ((PrintedArm("70", n=30.0),), {}, "arm_1.n"),
        ((PrintedArm(n=30, events=31),), {}, "arm_1.events"),
        ((PrintedArm("70", n_max=30),), {"odds_ratio": "4.41"}, "odds_ratio"),
        ((PrintedArm("70", n_max=30),), {"n_total": 40}, "n_total"),
        ((PrintedArm("70", n_max=30),), {"percent_of": "all"}, "percent_of"),
        ((PrintedArm("70", n_max=30),), {"formulas": ["exact"]}, "formulas"),
        ((PrintedArm("70", n_max=30),), {"level": 95}, "level"),
        ((RECOVERED, COMPARATOR), {"odds_ratio": "-4"}, "odds_ratio"),
        ((RECOVERED, COMPARATOR), {"p_fisher": "1.2"}, "p_fisher"),
        ((RECOVERED, COMPARATOR), {"total": "about"}, "total"),
        ((PrintedArm(n_max=300), PrintedArm(n_max=300)), {"p_chi2": "0.5"}, "n_max"),
    ],
)
def test_what_is_refused_is_named(arms, given, name):
    with pytest.raises(ParameterError) as caught:
        reconstruct(*arms, **given)
    assert caught.value.name == name


def test_tables_of_arms_of_200_are_gone_through_at_once():
    one, two = PrintedArm("50", n_max=200), PrintedArm("40", n_max=200)
    for given in ({}, {"p_fisher": "0.12"}, {"conditional_odds_ratio": "1.50", "p_chi2": "0.05"}):
        found = []
        made = calls(lambda given=given, found=found: found.append(reconstruct(one, two, **given)))
        # Apart from two calls for each table that is handed out, some 100 for 40,804 tables.
        assert made.total() - 2 * len(found[0].solutions) < 1_000
        assert found[0].solutions


def test_a_limit_may_be_cut_at_100_percent():
    # Wald with t gives 90.2 to 103.4 for 30 of 31
    for upper in ("100", "100.0", "103.4"):
        found = reconstruct(PrintedArm("96.8", "90.2", upper, n_max=31))
        assert counts(found) == [(30, 31)]
        assert found.fits(found.solutions[0])[3].met


def test_the_bound_on_the_total_can_be_reached():
    found = reconstruct(
        PrintedArm("5"), PrintedArm("3.33"), n_total=60, total="at_most", percent_of="all",
        conditional_odds_ratio="1.54",
    )  # fmt: skip
    assert counts(found) == [(3, 30, 2, 30)]
    (total,) = [fit for fit in found.fits(found.solutions[0]) if fit.name == "n_total"]
    assert (total.printed, total.value, total.met) == ("at most 60", 60, True)


def test_the_most_telling_misses_come_first():
    found = reconstruct(PrintedArm(n=23), PrintedArm(n=19), risk_difference="40.0")
    sizes = [miss.count for miss in found.misses]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_the_fewest_failures_count_the_limits():
    # of 7/10, 14/20, 21/30 and others that give 70 percent, only 21/30 meets the upper limit
    arm = PrintedArm("70", "50.0", "87.4", n_max=35)
    (miss, *others) = reconstruct(arm, COMPARATOR, odds_ratio="9.9").misses
    assert miss.solution[:4] == (21, 30, 9, 26)
    assert {fit.name for fit in miss.failed} == {"ci_low_1", "odds_ratio"}
    assert not others


def test_the_nearest_tables_can_be_left_out():
    given = {"odds_ratio": "4.14"}
    assert reconstruct(RECOVERED, COMPARATOR, **given).misses
    assert not reconstruct(RECOVERED, COMPARATOR, **given, nearest=False).misses
