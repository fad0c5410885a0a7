"""Morris SB. Organ Res Methods. 2008;11(2):364-386, table 5.

The variances of the table were not at hand. Equation 25 is checked instead against the variance of
the noncentral t from which it is derived.
"""

import numpy as np
import pytest
from scipy import stats

from evidence.meta import effect_size
from evidence.meta.effect_size import small_sample_correction
from evidence.meta.effect_size.means import pre_post_control
from tests.meta.effect_size.oracles import columns
from tests.tolerances import CLOSED_FORM, ITERATIVE, half_unit

PRE_1, POST_1, SD_1, N_1, PRE_2, POST_2, SD_2, N_2, RHO = columns(
    "morris2008", "t_pre", "t_post", "sdt_pre", "nt", "c_pre", "c_post", "sdc_pre", "nc", "ri"
)
ARMS = (PRE_1, POST_1, SD_1, N_1, PRE_2, POST_2, SD_2, N_2)


@pytest.mark.parametrize("convention", ["exact", "metapsy"])
def test_d_ppc2(convention):
    effect = pre_post_control(*ARMS, correlation=RHO, convention=convention)
    printed = [0.77, 0.80, 1.20, 1.05, 0.44]
    np.testing.assert_allclose(effect.value, printed, rtol=0, atol=half_unit("0.77"))


def test_variance_of_d_ppc2_is_that_of_a_noncentral_t():
    effect = pre_post_control(*ARMS, correlation=RHO)
    df = N_1 + N_2 - 2
    j = small_sample_correction(df)
    # d_ppc2 = J x T x scale with T noncentral t, its noncentrality estimated by d_ppc2 / scale
    scale = np.sqrt(2 * (1 - RHO) * (1 / N_1 + 1 / N_2))
    expected = j**2 * scale**2 * stats.nct.var(df, effect.value / scale)
    np.testing.assert_allclose(effect.variance, expected, rtol=ITERATIVE)


def test_mean_of_that_noncentral_t_is_the_estimate():
    effect = pre_post_control(*ARMS, correlation=RHO)
    df = N_1 + N_2 - 2
    scale = np.sqrt(2 * (1 - RHO) * (1 / N_1 + 1 / N_2))
    mean = small_sample_correction(df) * scale * stats.nct.mean(df, effect.value / scale)
    np.testing.assert_allclose(mean, effect.value, rtol=ITERATIVE)


def test_correlation_enters_the_variance_only():
    loose, tight = (pre_post_control(*ARMS, correlation=rho) for rho in (0.2, 0.9))
    np.testing.assert_allclose(loose.value, tight.value, rtol=CLOSED_FORM)
    assert np.all(np.asarray(loose.variance) > np.asarray(tight.variance))


def test_difference_of_changes_is_a_difference_of_differences():
    ppc = pre_post_control(*ARMS, correlation=RHO).value
    pooled = effect_size.pooled_sd(SD_1, N_1, SD_2, N_2)
    points = (POST_1 - POST_2) - (PRE_1 - PRE_2)
    j = small_sample_correction(N_1 + N_2 - 2)
    np.testing.assert_allclose(ppc, j * points / pooled, rtol=CLOSED_FORM)
