from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st

from evidence.meta.reconstruction import PrintedArm, reconstruct
from evidence.meta.reconstruction.proportion_intervals import FORMULAS, proportion_interval
from evidence.meta.reconstruction.two_by_two import MEASURES

RATIOS = {
    "odds_ratio": lambda e1, n1, e2, n2: (e1 * (n2 - e2), (n1 - e1) * e2),
    "risk_ratio": lambda e1, n1, e2, n2: (e1 * n2, e2 * n1),
    "risk_difference": lambda e1, n1, e2, n2: (100 * (e1 * n2 - e2 * n1), n1 * n2),
    "number_needed_to_treat": lambda e1, n1, e2, n2: (n1 * n2, abs(e1 * n2 - e2 * n1)),
}


def printed(value, digits, rounding):
    """Print an exact ratio, or a float, to so many digits by the rounding of a source."""
    value = Fraction(value)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal(1).scaleb(-digits), rounding=rounding))


digits = st.integers(0, 2)
roundings = st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN])


@st.composite
def tables(draw, most=40):
    n_1, n_2 = draw(st.integers(1, most)), draw(st.integers(1, most))
    return draw(st.integers(0, n_1)), n_1, draw(st.integers(0, n_2)), n_2


def found_in(found, table):
    return table in {tuple(solution[:4]) for solution in found.solutions}


@given(tables(), digits, digits, roundings, st.sets(st.sampled_from(list(MEASURES))), st.data())
@settings(max_examples=300)
def test_the_true_table_is_among_the_solutions(table, digits_1, digits_2, rounding, names, data):
    e1, n1, e2, n2 = table
    given = {}
    for name in sorted(names):
        shown = data.draw(digits, label=name)
        if name in RATIOS:
            numerator, denominator = RATIOS[name](*table)
            if denominator:
                given[name] = printed(Fraction(numerator, denominator), shown, rounding)
        else:
            value = MEASURES[name].value(np.array([table]))[0]
            if np.isfinite(value):
                given[name] = printed(float(value), shown, rounding)
    spare = data.draw(st.integers(0, 5), label="spare")
    found = reconstruct(
        PrintedArm(printed(Fraction(100 * e1, n1), digits_1, rounding), n_max=n1 + spare),
        PrintedArm(printed(Fraction(100 * e2, n2), digits_2, rounding), n_max=n2 + spare),
        **given,
    )
    event(f"{len(given)} joint numbers")
    assert found.rounding == "half"
    assert found_in(found, table)
    if found.identified:
        assert found.n_identified == (True, True)


@given(tables(), digits, roundings, st.sampled_from(list(FORMULAS)), st.data())
@settings(max_examples=200)
def test_so_it_is_with_intervals_of_one_formula(table, shown, rounding, formula, data):
    e1, n1, e2, n2 = table
    arms = []
    for e, n in ((e1, n1), (e2, n2)):
        low, high = proportion_interval(formula, e, n)
        limits = [
            None if np.isnan(limit) else printed(100 * float(limit), shown, rounding)
            for limit in (low, high)
        ]
        if any(limit is not None and abs(float(limit)) > 1000 for limit in limits):
            limits = [None, None]
        kept = [limit if data.draw(st.booleans()) else None for limit in limits]
        percent = printed(Fraction(100 * e, n), shown, rounding)
        arms.append(PrintedArm(percent, *kept, n_max=n + 3))
    found = reconstruct(*arms)
    assert found_in(found, table)
    if any(arm.ci_low or arm.ci_high for arm in arms):
        (solution,) = [one for one in found.solutions if tuple(one[:4]) == table]
        assert formula in solution.formulas


@given(tables(), digits, roundings, st.booleans())
@settings(max_examples=150)
def test_so_it_is_with_percentages_of_all(table, shown, rounding, exact):
    e1, n1, e2, n2 = table
    total = n1 + n2
    found = reconstruct(
        PrintedArm(printed(Fraction(100 * e1, total), shown, rounding), n_max=n1 + 2),
        PrintedArm(printed(Fraction(100 * e2, total), shown, rounding), n_max=n2 + 2),
        n_total=total if exact else total + 2,
        total="exact" if exact else "at_most",
        percent_of="all",
    )
    assert found_in(found, table)


@given(tables(), st.integers(0, 1))
@settings(max_examples=100)
def test_digits_that_were_cut_off_are_found_by_the_second_pass_at_the_latest(table, shown):
    e1, n1, e2, n2 = table
    cut = [str(Decimal(100 * e * 10**shown // n).scaleb(-shown)) for e, n in ((e1, n1), (e2, n2))]
    found = reconstruct(PrintedArm(cut[0], n=n1), PrintedArm(cut[1], n=n2))
    if found.rounding == "truncation" or not found.solutions:
        assert found_in(found, table)


@given(tables(most=30), digits, st.data())
@settings(max_examples=60)
def test_every_solution_is_printed_so(table, shown, data):
    e1, n1, e2, n2 = table
    found = reconstruct(
        PrintedArm(printed(Fraction(100 * e1, n1), shown, ROUND_HALF_UP), n_max=30),
        PrintedArm(printed(Fraction(100 * e2, n2), shown, ROUND_HALF_UP), n_max=30),
        risk_difference=printed(Fraction(100 * (e1 * n2 - e2 * n1), n1 * n2), 1, ROUND_HALF_UP),
    )
    solution = data.draw(st.sampled_from(found.solutions))
    for fit in found.fits(solution):
        assert fit.met
        if fit.name.startswith(("percent", "risk")):
            unit = Fraction(1, 10 ** (1 if fit.name.startswith("risk") else shown))
            assert abs(Fraction(fit.value) - Fraction(fit.printed)) <= unit / 2 + Fraction(1, 10**9)
