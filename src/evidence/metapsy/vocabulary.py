"""What the words of Metapsy databases mean here: documented tables, and what is in none of them."""

import re

from evidence.data.dataset import UNKNOWN_CLASS
from evidence.data.labels import slug

CONDITIONS = {
    "wl": ("waitlist", "waitlist"),
    "waiting list": ("waitlist", "waitlist"),
    "waitlist": ("waitlist", "waitlist"),
    "wlc": ("waitlist", "waitlist"),
    "cau": ("usual_care", "care as usual"),
    "tau": ("usual_care", "treatment as usual"),
    "usual care": ("usual_care", "care as usual"),
    "ecau": ("enhanced_usual_care", "enhanced care as usual"),
    "enhanced cau": ("enhanced_usual_care", "enhanced care as usual"),
    "eau": ("enhanced_usual_care", "enhanced care as usual"),
    "enhanced tau": ("enhanced_usual_care", "enhanced treatment as usual"),
    "no treatment": ("no_intervention", "no intervention"),
    "no intervention": ("no_intervention", "no intervention"),
    "nt": ("no_intervention", "no intervention"),
    "other ctr": ("other_control", "another control condition"),
    "other ctrl": ("other_control", "another control condition"),
    "cbt": ("cbt", "cognitive behavioral therapy"),
    "bat": ("bat", "behavioral activation"),
    "pst": ("pst", "problem-solving therapy"),
    "ipt": ("ipt", "interpersonal psychotherapy"),
    "dyn": ("dyn", "psychodynamic therapy"),
    "lrt": ("lrt", "life review therapy"),
    "3rd": ("third_wave", "third-wave therapy"),
    "3rd wave": ("third_wave", "third-wave therapy"),
    "sup": ("sup", "nondirective supportive therapy"),
    "dbt": ("dbt", "dialectical behavior therapy"),
    "dialectic": ("dbt", "dialectical behavior therapy"),
    "emdr": ("emdr", "eye movement desensitization and reprocessing"),
    "writ": ("writing_therapy", "writing therapy"),
    "dpm": ("dual_process_therapy", "treatment by the dual-process model"),
    "other psy": ("other_psy", "another psychotherapy"),
    "cams": ("cams", "collaborative assessment and management of suicidality"),
    "assip": ("assip", "attempted suicide short intervention program"),
}
"""Condition as a file prints it in lower case: term, meaning."""


CLASSES = {
    "waitlist": "inactive",
    "no_intervention": "inactive",
    "usual_care": "usual_care",
    "enhanced_usual_care": "usual_care",
    "other_control": UNKNOWN_CLASS,
}
"""Comparator class of the conditions that are no treatment of their own, by term."""


def printed_condition(term: str) -> str:
    """Return the first word that files have for a condition, else its term.

    Examples
    --------
    >>> printed_condition("enhanced_usual_care")
    'ecau'
    """
    return next((word for word, (known, _) in CONDITIONS.items() if known == term), term)


OUTCOMES = {
    "depression": ("depression", "worse"),
    "dep": ("depression", "worse"),
    "depressive symptoms": ("depression", "worse"),
    "anxiety": ("anxiety", "worse"),
    "gad": ("anxiety", "worse"),
    "panic": ("panic", "worse"),
    "social anxiety": ("social_anxiety", "worse"),
    "sad": ("social_anxiety", "worse"),
    "ptsd": ("ptsd", "worse"),
    "insomnia": ("insomnia", "worse"),
    "ocd": ("obsessive_compulsive_symptoms", "worse"),
    "grief": ("grief", "worse"),
    "stress": ("stress", "worse"),
    "ideation": ("suicidal_ideation", "worse"),
    "suicidal ideation": ("suicidal_ideation", "worse"),
    "suicide": ("suicidal_ideation", "worse"),
    "attempts": ("suicide_attempt", "worse"),
    "suicide attempts": ("suicide_attempt", "worse"),
    "qol": ("quality_of_life", "better"),
    "quality of life": ("quality_of_life", "better"),
    "well-being": ("well_being", "better"),
    "wellbeing": ("well_being", "better"),
    "treatment satisfaction": ("treatment_satisfaction", "better"),
    "satisfaction": ("treatment_satisfaction", "better"),
    "functioning": ("functioning", "better"),
    "social functioning": ("functioning", "better"),
    "self-esteem": ("self_esteem", "better"),
}
"""Outcome as a file prints it in lower case: term, what a higher score is."""

INSTRUMENTS = {
    "csq_8": "better",
    "eq_5d": "better",
    "msis_29": "worse",
    "wemwbs": "better",
    "who_5": "better",
}
"""Instruments whose direction is known whatever outcome a file gives them, by id of their name."""

TYPES = {
    "msd": "",
    "change": "",
    "other stat": "",
    "other statistic": "",
    "other statistics": "",
    "dich": "",
    "response": "response",
    "remission": "remission",
    "recovery": "recovery",
    "reliable improvement": "reliable_improvement",
    "deterioration": "deterioration",
    "reliable deterioration": "deterioration",
    "relapse": "relapse",
    "attempts": "attempt",
    "suicide attempts": "attempt",
}
"""Type of outcome as a file prints it in lower case: event that it counts, "" for none."""

EVENTS = {
    "response": ("response, as the trial defines it", "better"),
    "remission": ("remission, as the trial defines it", "better"),
    "recovery": ("recovery, as the trial defines it", "better"),
    "reliable_improvement": ("reliable improvement", "better"),
    "deterioration": ("deterioration", "worse"),
    "relapse": ("relapse", "worse"),
    "attempt": ("suicide attempt", "worse"),
}
"""Events whose direction is known: meaning, and what more of them is."""


def event_sign(event: str) -> int | None:
    """Return 1 where more of an event is better, -1 where worse, None where that is not known."""
    return {"better": 1, "worse": -1}[EVENTS[event][1]] if event in EVENTS else None


RATERS = {
    "self-report": "self",
    "self report": "self",
    "self": "self",
    "sr": "self",
    "clinician": "clinician",
    "clinician-rated": "clinician",
    "cr": "clinician",
    "observer": "clinician",
    "interviewer": "clinician",
    "parent": "parent",
    "parent-report": "parent",
}
AGE_GROUPS = {
    "child": "children",
    "children": "children",
    "adol": "adolescents",
    "adolescents": "adolescents",
    "child&adol": "children_and_adolescents",
    "yadul": "young_adults",
    "young adults": "young_adults",
    "adul": "adults",
    "adults": "adults",
    "old": "older_adults",
    "older adults": "older_adults",
}
COUNTRIES = {"us": "US", "uk": "GB", "au": "AU", "can": "CA"}
"""Codes of the standard that name one country; all else is a region."""

NOT_STATED = "not_stated"

_TYPE_START = re.compile(r"(remission|other dich|other)\b")
_POST = re.compile(r"(post|end)\b|post[ _-]?(test|treatment)?", re.IGNORECASE)
_FOLLOW_UP = re.compile(r"f[ _-]?u|follow[ _-]?up|later", re.IGNORECASE)
_BASELINE = re.compile(r"(baseline|bl|pre)\b|pre[ _-]?(test|treatment)", re.IGNORECASE)


def condition(text: str) -> tuple[str, str]:
    """Return term and meaning of a condition; one that no table has is taken as printed."""
    known = CONDITIONS.get(" ".join(text.lower().split()))
    return known or (slug(text), " ".join(text.split()))


def event_of(outcome_type: str) -> str | None:
    """Return the event that a type of outcome counts, "" for none, None where it is no type.

    Types that begin as one of the table and add how it was measured ("remission (cut-off)") are
    that type; other types of dichotomous outcomes keep their own name, whose direction is unknown.
    """
    plain = " ".join(outcome_type.lower().split())
    if plain in TYPES:
        return TYPES[plain]
    found = _TYPE_START.match(plain)
    if found is None:
        return slug(plain) if re.search(r"\b(change|rci|cut-?off|improve)", plain) else None
    return "remission" if found[1] == "remission" else slug(plain)


def timepoint(text: str) -> str | None:
    """Return timepoint of a time as printed, None where it says none that is known.

    Examples
    --------
    >>> timepoint("Post"), timepoint("FU2"), timepoint("")
    ('post', 'follow_up', None)
    """
    for pattern, name in (
        (_POST, "post"),
        (_FOLLOW_UP, "follow_up"),
        (_BASELINE, "baseline"),
    ):
        if pattern.match(text):
            return name
    return None
