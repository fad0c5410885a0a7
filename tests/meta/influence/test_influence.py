import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.influence import diagnostics, leave_one_out, standardized_residuals
from evidence.meta.pooling import pool
from tests.meta.pooling.test_univariate import ALL
from tests.oracles import analyses, names, read
from tests.tolerances import CLOSED_FORM, ITERATIVE, assert_close

FOLDER = "synthesis/influence"
METHODS = {"EE": "common", "DL": "DL", "REML": "REML"}
INTERVALS = {"z": "wald", "knha": "hksj"}

LEFT_OUT = {
    "estimate": "effect",
    "se": "se",
    "pval": "p_value",
    "ci.lb": "ci_low",
    "ci.ub": "ci_high",
    "Q": "q",
    "tau2": "tau2",
    "I2": "i2",
}
DIAGNOSTICS = {
    "rstudent": "rstudent",
    "dffits": "dffits",
    "cook.d": "cook_distance",
    "cov.r": "covariance_ratio",
    "tau2.del": "tau2_deleted",
    "QE.del": "q_deleted",
    "hat": "hat",
    "dfbs": "dfbetas",
    "is_infl": "influential",
}


@pytest.mark.parametrize("name", names(FOLDER))
def test_agrees_with_metafor(name):
    contents = read(FOLDER, name)
    for analysis in contents["analyses"]:
        data, expected = contents["sets"][analysis["set"]], analysis["out"]
        method, test = analysis["args"]["fit"].split("_")
        options = {"tau2": METHODS[method], "interval": INTERVALS[test]}
        # Changes of an estimate are small differences, which lose about two digits.
        exact = CLOSED_FORM if method != "REML" else ITERATIVE
        if analysis["group"] == "leave1out":
            found, fields = leave_one_out(data["yi"], data["vi"], **options), LEFT_OUT
        else:
            found, fields = diagnostics(data["yi"], data["vi"], **options), DIAGNOSTICS
        for theirs, ours in fields.items():
            if theirs not in expected:
                continue
            what = f"{name} {analysis['id']} {ours}"
            values = np.asarray(getattr(found, ours), float)
            if ours == "i2":
                assert_close(100 * values, expected[theirs], exact, 1, what)
            elif ours in ("dffits", "cook_distance", "dfbetas"):
                assert_close(values, expected[theirs], 100 * exact, 0.1, what)
            elif ours in ("tau2", "tau2_deleted"):
                assert_close(values, expected[theirs], exact, np.median(data["vi"]), what)
            elif ours in ("effect", "ci_low", "ci_high", "rstudent"):
                scale = 1 if ours == "rstudent" else np.median(expected["se"])
                assert_close(values, expected[theirs], exact, scale, what)
            else:
                assert_close(values, expected[theirs], 10 * exact, 1e-3, what)


def test_grid_is_complete():
    counts = {}
    for _, _, analysis in analyses(FOLDER):
        key = (analysis["group"], analysis["args"]["fit"])
        counts[key] = counts.get(key, 0) + 1
    fits = ("EE_z", "DL_z", "REML_z", "REML_knha")
    assert counts == {(group, fit): 23 for group in ("leave1out", "influence") for fit in fits}


@pytest.mark.parametrize("interval", ["wald", "hksj", "hksj_adhoc"])
def test_each_entry_is_the_analysis_without_that_trial(interval):
    effects, variances = [0.1, 0.9, 0.2, 0.8, 0.5], [0.02, 0.05, 0.03, 0.1, 0.04]
    without = leave_one_out(effects, variances, interval=interval, tau2_interval=True)
    for i in range(5):
        single = pool(
            effects[:i] + effects[i + 1 :], variances[:i] + variances[i + 1 :], interval=interval
        )
        assert without.effect[i] == pytest.approx(single.effect, rel=ITERATIVE)
        assert without.ci_low[i] == pytest.approx(single.ci_low, rel=ITERATIVE)
        assert without.tau2_ci_high[i] == pytest.approx(single.tau2_ci_high, rel=ITERATIVE)
        assert without.weights[i, i] == 0


def test_two_trials_leave_the_other_one_alone():
    without = leave_one_out([0.1, 0.9], [0.02, 0.05])
    assert without.effect.tolist() == [0.9, 0.1]
    assert np.isnan(without.tau2).all()


def test_leave_one_out_of_abft():
    without = leave_one_out(*ALL)
    # without the waitlist trial: the two against usual care
    assert without.effect[0] == pytest.approx(0.472, abs=5e-4)
    assert without.k.tolist() == [2, 2, 2]


def test_an_outlier_is_influential():
    found = diagnostics([0.2, 0.4, 0.6, 0.3, 3.9], [0.04, 0.05, 0.06, 0.05, 0.05])
    assert found.influential == (False, False, False, False, True)
    assert found.k == 5


def test_dfbetas_alone_can_make_a_trial_influential():
    effects = [-0.2, -0.1, -1.9, 0.2, 0.3, 0.9, 3.8]
    variances = [0.07, 0.15, 0.95, 0.08, 0.5, 0.02, 0.57]
    found = diagnostics(effects, variances, interval="wald")
    assert abs(found.dfbetas[6]) > 1
    assert abs(found.dffits[6]) < 3 / 6**0.5
    assert found.cook_distance[6] < 0.45
    assert found.hat[6] < 3 / 7
    assert found.influential[6]


@pytest.mark.parametrize(
    ("call", "count", "message"),
    [(leave_one_out, 1, "two or more trials"), (diagnostics, 2, "three or more trials")],
)
def test_too_few_trials(call, count, message):
    with pytest.raises(ParameterError, match=f"effect: found {count}, expected {message}"):
        call([0.1, 0.2][:count], [0.1, 0.1][:count])


def test_faults_are_named_as_in_pooling():
    with pytest.raises(ParameterError, match=r"variance\[1\]: found -1.0"):
        diagnostics([0.1, 0.2, 0.3], [1, -1, 1])


def test_a_trial_that_weighs_nearly_all_keeps_its_standard_error():
    found = standardized_residuals([0.2, 0.5], [1e-18, 1.0], tau2="common")
    # v (1 - w) = v (v / (v + V)), the closed form for two trials
    assert found.se[0] == pytest.approx(1e-18, rel=CLOSED_FORM)
    assert found.se[1] == pytest.approx(1.0, rel=CLOSED_FORM)
