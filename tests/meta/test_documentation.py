"""What is written for researchers runs, and names what is there."""

import doctest
import importlib.util
import inspect
import math
import re
from pathlib import Path

from evidence import meta
from evidence.meta.measures import measure_of
from evidence.meta.moderators import Moderated
from evidence.meta.result import Fit
from evidence.meta.several import Several
from evidence.terms import ACCEPTED

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_on_your_own_studies_runs() -> None:
    text = (DOCS / "your-own-studies.md").read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, "your-own-studies", None, 0)
    assert len(examples.examples) > 15
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_names_that_stand_for_those_of_metafor_are_there() -> None:
    text = (DOCS / "metafor-names.md").read_text(encoding="utf-8")
    ours = "\n".join(row.split(" | ")[-1] for row in text.splitlines() if row.startswith("| "))
    named = set(re.findall(r"(?<![.\w])(meta|fit|reg|several)\.(\w+)", ours))
    homes = {"meta": meta, "fit": Fit, "reg": Moderated, "several": Several}
    assert len(named) > 35
    assert not [f"{home}.{name}" for home, name in named if not hasattr(homes[home], name)]
    modules = set(re.findall(r"`(evidence\.meta[.\w]*)`", ours))
    assert len(modules) > 7
    assert not [one for one in modules if importlib.util.find_spec(one) is None]
    functions = {f"{home}.{name}": getattr(homes[home], name) for home, name in named}
    for called, arguments in re.findall(r"((?:meta|fit|reg|several)\.\w+)\(([^`]*)", ours):
        accepted = inspect.signature(functions[called]).parameters
        open_ended = any(one.kind is one.VAR_KEYWORD for one in accepted.values())
        keywords = set(re.findall(r"(\w+)=", arguments))
        assert open_ended or keywords <= set(accepted), called
    for choice, key in (("tau2", "tau2"), ("interval", "interval"), ("model", "several_model")):
        for value in re.findall(rf'{choice}="(\w+)"', ours):
            assert value in ACCEPTED[key] or value == "lm"
    measures = re.findall(r'"(\w+)"', text.split("| `measure=` ")[1].split(" | ")[0])
    assert len(measures) > 25
    assert all(measure_of(one) for one in measures)


def test_what_an_analyst_asks_for_is_one_line_each() -> None:
    scores = meta.example("scores")
    es = meta.effect_sizes(
        scores, "smd", study="study", better="lower", mean_1="m_t", sd_1="sd_t", n_1="n_t",
        mean_2="m_c", sd_2="sd_c", n_2="n_c",
    )  # fmt: skip
    fit = meta.pool(es)
    assert isinstance(fit, Fit)
    assert fit.left_out.empty
    assert fit.remarks == ()
    shown = [
        fit, fit.heterogeneity(), fit.leave_one_out(), fit.influence(), fit.cumulative("year"),
        fit.subgroups("comparator"), fit.predict(), fit.small_study(), fit.trim_and_fill(),
        fit.selection_model(), fit.permutation(), fit.posterior(),
    ]  # fmt: skip
    reg = meta.regress(es, "weeks + C(comparator)")
    new = meta.example("scores").head(2)
    simple = meta.regress(es, "weeks", tau2="ML")
    shown += [reg, reg.predict(new), reg.test("C(comparator)")]
    shown.append(meta.regress(es, "weeks + C(comparator)", tau2="ML").compare(simple))
    several = es.assign(trial=[f"T{i // 2}" for i in range(len(es))])
    shown.append(meta.pool(several, cluster="trial", model="che", rho=0.6))
    events = meta.example("events")
    roles = {"events_1": "e_t", "n_1": "n_t", "events_2": "e_c", "n_2": "n_c"}
    shown.append(meta.pool_counts(events, "odds_ratio", method="mantel_haenszel", **roles))
    for one in shown:
        lines = repr(one).splitlines()
        assert 0 < len(lines) <= 12
        assert all(len(line) <= 100 for line in lines)
        assert one.summary()
        assert one._repr_html_()
        assert len(one.to_frame()) > 0
    for figure in (fit.forest(), fit.funnel(), reg.bubble("weeks")):
        assert figure.axes
    assert math.isfinite(reg.aic)
    arms = events.assign(group="all")
    assert len(meta.pool_groups(arms, by="group", n="n_t", events="e_t")) == 1
    whole = meta.repeated_covariance(several, cluster="trial", rho=0.6)
    assert whole.shape == (12, 12)
    shared = several.assign(of_control=0.01)
    assert meta.shared_control_covariance(
        shared, cluster="trial", comparator="comparator", shared="of_control"
    ).shape == (12, 12)
