"""What is written for researchers runs, and names what is there."""

import doctest
import re
from pathlib import Path

from evidence import meta
from evidence.meta.moderators import Moderated
from evidence.meta.result import Fit

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_on_your_own_studies_runs() -> None:
    text = (DOCS / "your-own-studies.md").read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, "your-own-studies", None, 0)
    assert len(examples.examples) > 15
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_names_that_stand_for_those_of_metafor_are_there() -> None:
    text = (DOCS / "metafor-names.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(meta|fit|reg)\.(\w+)\(", text))
    homes = {"meta": meta, "fit": Fit, "reg": Moderated}
    assert len(named) > 25
    assert not [f"{home}.{name}" for home, name in named if not hasattr(homes[home], name)]
