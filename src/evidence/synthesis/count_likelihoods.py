"""Log-likelihoods of counts in a logit, with what studies reach at an effect of their own."""

import numpy as np
from scipy import special

from evidence.synthesis.counts import Tables
from evidence.synthesis.normal_mixture import Derivatives, Kernel
from evidence.synthesis.roots import Floats

WIDEST = 700.0
"""Largest logarithm of an odds ratio that is looked at."""


def _log_choose(n: Floats, x: Floats) -> Floats:
    logs: Floats = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return logs


def binomial(events: Floats, n: Floats, offset: Floats | float = 0.0) -> Kernel:
    """Give the binomial log-likelihood of studies in the logit less an offset."""
    constant = _log_choose(n, events)

    def kernel(x: Floats) -> Derivatives:
        eta = (x.T + offset).T
        p = special.expit(eta)
        # x log p + (n - x) log(1 - p), either of which is kept from 0 times infinity
        value = constant[:, None] - (
            events[:, None] * np.logaddexp(0, -eta) + (n - events)[:, None] * np.logaddexp(0, eta)
        )
        return value, events[:, None] - n[:, None] * p, -n[:, None] * p * (1 - p)

    return kernel


def at_own_risk(events: Floats, n: Floats) -> Floats:
    """Give the binomial log-likelihood of each study at its own proportion."""
    p = events / n
    logs: Floats = (
        _log_choose(n, events) + special.xlogy(events, p) + special.xlogy(n - events, 1 - p)
    )
    return logs


def hypergeometric(tables: Tables) -> Kernel:
    """Give the noncentral hypergeometric log-likelihood of the events in arm 1."""
    supports = []
    for a, n_1, n_2, m in zip(tables.events_1, tables.n_1, tables.n_2, tables.events, strict=True):
        counts = np.arange(max(0.0, m - n_2), min(n_1, m) + 1)
        logs = _log_choose(n_1, counts) + _log_choose(n_2, m - counts)
        # against the observed count, so that its own probability is exp(0) over the sum
        supports.append((counts - a, logs - logs[counts == a][0]))

    def kernel(x: Floats) -> Derivatives:
        parts = np.empty((3, *x.shape))
        for i, (distance, logs) in enumerate(supports):
            weight = logs + x[i][:, None] * distance
            top = weight.max(axis=1, keepdims=True)
            weight = np.exp(weight - top)
            total = weight.sum(axis=1)
            mean = weight @ distance / total
            parts[0, i] = -(top[:, 0] + np.log(total))
            parts[1, i] = -mean
            spread = (distance - mean[:, None]) ** 2
            parts[2, i] = -(weight * spread).sum(axis=1) / total
        return parts[0], parts[1], parts[2]

    return kernel


def at_own_odds_ratio(kernel: Kernel, tables: Tables) -> Floats:
    """Give the log-likelihood of each table at its own odds ratio, 0 at an end of its support."""
    low, high = np.full(tables.n_1.shape, -WIDEST), np.full(tables.n_1.shape, WIDEST)
    for _ in range(90):
        middle = (low + high) / 2
        rising = kernel(middle[:, None])[1][:, 0] > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    values: Floats = kernel(low[:, None])[0][:, 0]
    least = np.maximum(0.0, tables.events - tables.n_2)
    most = np.minimum(tables.n_1, tables.events)
    at_end = (tables.events_1 == least) | (tables.events_1 == most)
    return np.where(at_end, 0.0, values)


def both_arms_at_own_risk(tables: Tables) -> float:
    """Give the binomial log-likelihood of all arms at their own proportions."""
    arms = ((tables.events_1, tables.n_1), (tables.events_2, tables.n_2))
    return float(sum(at_own_risk(*arm).sum() for arm in arms))
