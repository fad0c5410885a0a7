"""Write the two drafts of this folder, right and wrong, with the numbers of the ledger as they are.

Run it again when numbers have moved: .venv/bin/python examples/make_drafts.py

In template.md "[[name.field]]" stands for a number of the ledger, "[[name]]" for its mark, and
"⟨kind: right ‖ wrong⟩" for a place where the wrong draft differs.
"""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pypandoc

from evidence import ledger
from evidence.ledger import LedgerEntry

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent

SUPERSEDED = "0.58,-0.21,1.37"
"""Values of the pooled estimate in an invented earlier version, which the wrong draft cites."""

D02, D10, I13 = (
    "diamond2002.depression.bdi",
    "diamond2010.depression.bdi_ii",
    "israel2013.depression",
)
RECOVERY = "diamond2010.suicidal_ideation.clinical_recovery"
DASS = "affective_distress.dass_21"
MBSR = "mindfulness_based_stress_reduction_vs_usual_care"
NAMES = {
    "pooled": "abft.depression.post.hedges_g.pooled",
    "zero": "abft.depression.post.hedges_g.pooled.trials_with_unreported_at_zero",
    "hksj": "abft.depression.post.hedges_g.pooled.interval_hksj",
    "common": "abft.depression.post.hedges_g.pooled.tau2_common.interval_wald",
    "clinician": "abft.depression.post.hedges_g.pooled.instrument_clinician_first",
    "usual": "abft.depression.post.hedges_g.pooled.trials_usual_care",
    "waitlist": "abft.depression.post.hedges_g.pooled.trials_inactive",
    "d02": f"{D02}.post.hedges_g",
    "d02_points": f"{D02}.post.mean_difference",
    "d02_before": f"{D02}.baseline.mean_difference",
    "d02_change": f"{D02}.post.d_ppc2",
    "d10": f"{D10}.post.hedges_g",
    "i13": f"{I13}.bdi_ii.post.hedges_g",
    "i13_rated": f"{I13}.ham_d.post.hedges_g",
    "i13_before": f"{I13}.bdi_ii.baseline.hedges_g",
    "waraan": "waraan2021.depression.remission.post.log_odds_ratio.reconstructed_counts",
    "ideation": "abft.suicidal_ideation.post.hedges_g.pooled",
    "slope": "diamond2019.suicidal_ideation.siq_jr.overall.d_from_test_statistic",
    "response": "diamond2019.suicidal_ideation.response_50.post.risk_difference",
    "attempts": "diamond2019.suicide_attempt.attempt.post.log_odds_ratio",
    "odds": f"{RECOVERY}.post.log_odds_ratio",
    "shares": f"{RECOVERY}.post.risk_difference",
    "later_odds": f"{RECOVERY}.follow_up.log_odds_ratio.printed",
    "later_shares": f"{RECOVERY}.follow_up.risk_difference",
    "abct": f"collado2021.abct_vs_usual_care.{DASS}.post.mean_difference",
    "abct_later": f"collado2021.abct_vs_usual_care.{DASS}.follow_up.mean_difference",
    "abct_kept": f"collado2021.abct_vs_usual_care.{DASS}.retained_fraction.mean_difference",
    "mbsr": f"collado2021.{MBSR}.{DASS}.post.mean_difference",
    "fiq": "abct.functional_impairment.post.d_from_test_statistic.pooled",
}

TEMPLATE = (FOLDER / "template.md").read_text(encoding="utf-8")

_CHOICE = re.compile(r"⟨(?P<kind>[^:⟩]+): (?P<right>[^‖⟩]*) ‖ (?P<wrong>[^⟩]*)⟩")
_TOKEN = re.compile(r"\[\[(?P<name>[a-z0-9_]+?)(?:\.(?P<field>[a-z_]+))?\]\]")
_FIELD = {"effect": "effect", "low": "ci_low", "high": "ci_high"}

KINDS = tuple(match["kind"] for match in _CHOICE.finditer(TEMPLATE))
"""What is wrong in the wrong draft, in the order of the text."""


def shown(entry: LedgerEntry, field: str) -> str:
    """Return a field as the drafts print it."""
    if field in ("n", "k"):
        return str(getattr(entry, field))
    if field.startswith("p"):
        p = f"{entry.p_value:.3f}" if entry.p_value < 0.01 else f"{entry.p_value:.2f}"
        bare = "< .001" if entry.p_value < 0.001 else f"= {p.removeprefix('0')}"
        return {"p": f"*P* {bare}", "p_small": f"p {bare}", "p_bare": bare.removeprefix("= ")}[
            field
        ]
    name, _, form = field.partition("_")
    value = getattr(entry, _FIELD[name])
    if form == "percent":
        return f"{100 * value:.1f}".replace("-", "−")
    if form == "bare":
        return f"{value:.3f}".removeprefix("0").replace("-0", "−")
    digits = 1 if entry.metric == "mean_difference" else 2
    return f"{abs(value) if form == 'lost' else value:.{digits}f}".replace("-", "−")


def draft(entries: dict[str, LedgerEntry], *, wrong: bool) -> str:
    """Return a draft in Markdown."""

    def token(match: re.Match[str]) -> str:
        entry = entries[NAMES[match["name"]]]
        if match["field"] is None:
            return f"{{ev:{entry.estimate_id}}}"
        return shown(entry, match["field"])

    chosen = _CHOICE.sub(lambda match: match["wrong" if wrong else "right"], TEMPLATE)
    return _TOKEN.sub(token, chosen)


def write_word(text: str, path: Path) -> None:
    """Write a draft as DOCX."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")
    pypandoc.convert_text(
        text, "docx", format="commonmark_x-smart-attributes", outputfile=str(path)
    )


def main() -> None:
    """Write both drafts, and a ledger with the numbers they use and an earlier version of one."""
    entries = {one.estimate_id: one for one in ledger.read(ROOT / "reports" / "estimates.csv")}
    for name, wrong in (("right", False), ("wrong", True)):
        text = draft(entries, wrong=wrong)
        (FOLDER / f"draft-{name}.md").write_text(text, encoding="utf-8", newline="\n")
        write_word(text, FOLDER / f"draft-{name}.docx")
    used = [replace(entries[one], reports=()) for one in sorted(set(NAMES.values()))]
    ledger.write(FOLDER / "ledger" / "estimates.csv", used)
    (FOLDER / "ledger" / "superseded.csv").write_text(
        "estimate_id,effect,ci_low,ci_high,data_version,package_version,until,reason\n"
        f"{NAMES['pooled']},{SUPERSEDED},0.9.0,0.0.9,2026-01-01,invented for this example\n",
        encoding="utf-8",
        newline="\n",
    )


if __name__ == "__main__":
    sys.exit(main())
