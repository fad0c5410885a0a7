"""Columns of the Metapsy data standard, by whatever name a file gives them."""

import re

_ARMS = (1, 2)

TEXT_COLUMNS = (
    "study",
    *(f"condition_arm{arm}" for arm in _ARMS),
    *(f"descr_arm{arm}" for arm in _ARMS),
    *(f"multi_arm{arm}" for arm in _ARMS),
    "outcome",
    "outcome_type",
    "instrument",
    "rating",
    "time",
    "dich",
    "dich_type",
    "age_group",
    "population",
    "country",
    "year",
    "reference",
    "doi",
)
COUNTS = (
    *(f"n_arm{arm}" for arm in _ARMS),
    *(f"n_change_arm{arm}" for arm in _ARMS),
    *(f"bl_n_arm{arm}" for arm in _ARMS),
    *(f"event_arm{arm}" for arm in _ARMS),
    *(f"totaln_arm{arm}" for arm in _ARMS),
    *(f".event_arm{arm}" for arm in _ARMS),
    *(f".totaln_arm{arm}" for arm in _ARMS),
    *(f"rand_arm{arm}" for arm in _ARMS),
)
SPREADS = (
    *(f"sd_arm{arm}" for arm in _ARMS),
    *(f"sd_change_arm{arm}" for arm in _ARMS),
    *(f"bl_sd_arm{arm}" for arm in _ARMS),
    ".g_se",
    "precalc_g_se",
    ".log_rr_se",
    "precalc_log_rr_se",
)
NUMBERS = (
    "time_weeks",
    *(f"mean_arm{arm}" for arm in _ARMS),
    *(f"mean_change_arm{arm}" for arm in _ARMS),
    *(f"bl_mean_arm{arm}" for arm in _ARMS),
    ".g",
    "precalc_g",
    ".log_rr",
    "precalc_log_rr",
    *COUNTS,
    *SPREADS,
)
"""Columns that hold a number in every row that has one."""

DESCRIPTIVE = ("mean_age", "percent_women")
"""Columns that hold a number or a word; a word counts as missing."""

REQUIRED = ("study", "condition_arm1", "condition_arm2")
EFFECTS = (
    ("mean_arm1", "mean_arm2"),
    ("mean_change_arm1", "mean_change_arm2"),
    ("event_arm1", "event_arm2"),
    (".g",),
    ("precalc_g",),
    (".log_rr",),
    ("precalc_log_rr",),
)
"""Groups of columns one of which a file needs."""

_OTHER_NAMES = {
    "study_name": "study",
    "outcome_domain": "outcome",
    "bl_m_arm1": "bl_mean_arm1",
    "bl_m_arm2": "bl_mean_arm2",
    "baseline_m_arm1": "bl_mean_arm1",
    "baseline_m_arm2": "bl_mean_arm2",
    "baseline_sd_arm1": "bl_sd_arm1",
    "baseline_sd_arm2": "bl_sd_arm2",
    "baseline_n_arm1": "bl_n_arm1",
    "baseline_n_arm2": "bl_n_arm2",
    "precalc_se": "precalc_g_se",
    "precalc_logrr": "precalc_log_rr",
    "precalc_logrr_se": "precalc_log_rr_se",
    "dich_paper": "dich_type",
    "age_category": "age_group",
    "disorder": "population",
    "diagnosis": "population",
    "full_ref": "reference",
    "full_reference": "reference",
    "meanage": "mean_age",
    "propwomen": "percent_women",
    "perc_women": "percent_women",
    "proportion_women": "percent_women",
}
KNOWN = (*TEXT_COLUMNS, *NUMBERS, *DESCRIPTIVE)

_UNNAMED = re.compile(r"(unnamed_\d+|x|_*\d+)?")


def canonical(name: str) -> str:
    """Return the name that the importer uses for a column of a file.

    Parameters
    ----------
    name : str
        Name in the header; case, spaces, hyphens and question marks make no difference.

    Returns
    -------
    str
        Lower case with underscores; one of `KNOWN` for the columns that are read.

    Examples
    --------
    >>> canonical("Time weeks?"), canonical(".g"), canonical("Full_Ref")
    ('time_weeks', '.g', 'reference')
    """
    text = name.strip().strip("?").strip().lower()
    point = "." if text.startswith(".") else ""
    plain = point + re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    return _OTHER_NAMES.get(plain, plain)


def unnamed(name: str) -> bool:
    """Return whether a name says nothing: empty, or what programs write for a column of numbers.

    Examples
    --------
    >>> unnamed(""), unnamed("...1"), unnamed("study")
    (True, True, False)
    """
    return bool(_UNNAMED.fullmatch(re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")))
