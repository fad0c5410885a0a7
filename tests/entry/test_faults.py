"""A wrong entry is refused with every fault named in one go, and writes nothing."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.entry.file import MOST_BYTES, EntryError, read_entry
from evidence.entry.proposal import propose
from evidence.errors import DataError, EvidenceError, ParameterError
from tests.entry.entries import DATA, RAISED, VERSION, WHOLE, contents, copied, edited, proposed

FAULTS = [
    # (text, its replacement, place and value that are named, what is said to be accepted)
    ('therapy = "abft"', 'therapy = "ABFT"', "[trial], therapy: found 'ABFT'", "nearest: abft"),
    ('design = "randomized"', 'design = "RCT"', "[trial], design: found 'RCT'", "nearest: random"),
    ('status = "published"', "", "[trial], status: ", "a value, one of published, unpublished"),
    ('country = "SE"', 'contry = "SE"', "[trial], contry: ", "nearest: country"),
    ('"SE"', "true", "[trial], country: found 'True'", "text or a number"),
    ('"SE"', '"""S\\u001bE"""', "[trial], country: ", "without invisible characters (U+001B)"),
    ('"NCT09999999"', '"NCT00604097"', "[trial], registry_id: ", "diamond2010 has this registr"),
    ('country = "SE"', 'id = "diamond2010"', "[trial], id: found 'diamond2010'", "a key that no"),
    ('country = "SE"', 'id = "Löf 1"', "[trial], id: found 'Löf 1'", "lower-case letters"),
    ('"https://doi.org/10.1000/example"', '"10.1016/j.jaac.2009.11.002"', "DOI: ", "diamond2010"),
    ('"https://doi.org/10.1000/example"', '"example"', "DOI: found 'example'", "a DOI, such as"),
    ('issued = 2027', 'issued = "soon"', "[[publication]] 1, issued: found 'soon'", "a year, or a"),
    ('"Åkerström, Måns", "A Study Group"', "1, {}", "author: ", "an author with family"),
    ('issued = 2027', 'issued = 2027\nkind = "paper"', "kind: found 'paper'", "one of article"),
    ("accessed = 2027-03-01", 'accessed = "March"', "[[locator]] 1, accessed: ", "a date, such"),
    ('place = "abstract"', "", "[[locator]] 1, place: ", "the place in the source"),
    ('place = "abstract"', 'place = "abstract"\npublication = "me"', "publication: found 'me'",
     "a publication_id of publications.csv (here: akerstrom2027)"),
    ('name = "tau"', 'name = "abft"', "[[arm]] 2, name: found 'abft'", "that no other arm has"),
    ('name = "tau"', 'name = "clock"', "[[arm]] 2, name: found 'clock'", "no key of [[result]]"),
    ('role = "comparator"', 'role = "control"', "role: found 'control'", "nearest: comparator"),
    ('"usual_care"', '"treatment as usual"', "[[arm]] 2, condition: ", "nearest: usual_care"),
    ("n_randomized = 38", "n_randomized = 38.5", "[[arm]] 2, n_randomized: ", "a whole number"),
    ("n_randomized = 78", "n_sites = 3", "[facts], n_sites.unit: ", "a unit, as { value = 3"),
    ("n_randomized = 78", 'n_randomized = "80ish"', "[facts], n_randomized: ", "a number, such"),
    ("n_randomized = 78", "n_randomized = { size = 78 }", "n_randomized.size: ", "a key out of"),
    ('rater = "self"', 'rater = "nurse"', "[[instrument]] 1, rater: ", "self, clinician, parent"),
    ('outcome = "sleep"', 'outcome = "slep"', "[[instrument]] 1, outcome: found 'slep'", "a term"),
    ('id = "psqi"', 'id = "bdi"', "[[instrument]] 1, id: found 'bdi'", "a key that no other row"),
    ('instrument = "psqi"', 'instrument = "PSQI-2"', "[[result]] 1, instrument: ", "bdi_ii, ham_d"),
    ('instrument = "psqi"', 'instrument = "psqi"\nlocator = "p. 3"',
     "[[result]] 1, locator: found 'p. 3'", "the name of a [[locator]] here"),
    ("clock = \"randomization\"", "", "[[result]] 1, clock: ", "a value, one of randomization"),
    ("weeks = 16\nclock", "weeks = -1\nclock", "[[result]] 1, weeks: found '-1'", "at least 0"),
    ("mean = 7.0", 'mean = "7,0"', "[[result]] 1, abft.mean: found '7,0'", "not a decimal comma"),
    ("mean = 7.0", "mean = inf", "[[result]] 1, abft.mean: found 'inf'", "a finite number"),
    ("sd = 3.40", "std = 3.40", "[[result]] 1, abft.std: ", "nearest: sd"),
    ("abft = { n = 38, mean = 7.0, sd = 3.40 }", "abft = { n = 38 }", "[[result]] 1, abft: ",
     "a printed number: mean, median, events or percent"),
    ("abft = { n = 38, mean = 7.0, sd = 3.40 }", "abft = 7.0", "abft: found '7.0'", "numbers, as"),
    ("abft = { n = 38, mean = 7.0, sd = 3.40 }", "abt = { n = 38, mean = 7 }", "abt: ",
     "nearest: abft"),
    ("abft = { n = 38, mean = 7.0, sd = 3.40 }\ntau = { n = 37, mean = 8.5, sd = 3.10 }", "",
     "[[result]] 1: ", "the numbers of an arm, as abft = {"),
    ('abft = { percent = "52.6%" }', "abft = { percent = 152.6 }", "abft.percent: ", "at most 100"),
    ('abft = { percent = "52.6%" }', "abft = { n = 38, events = 41 }", "abft.events: found '41'",
     "at most n_analyzed, which is 38"),
    ('abft = { percent = "52.6%" }', 'abft = { percent = 52.6, ci = "36" }', "abft.ci: ",
     "two limits"),
    ('abft = { percent = "52.6%" }', 'abft = { percent = 52.6, locator = "p. 3" }',
     "abft.locator: found 'p. 3'", "the name of a [[locator]] here"),
    ('statistic = "odds_ratio"', 'statistic = "OR"', "statistic: found 'OR'", "nearest: odds_r"),
    ('ci = "1.06 to 7.01"', "ci = [7.01, 1.06]", "[[statistic]] 1, ci: found '7.01'", "at most"),
    ('p = "< .05"', 'p = "ns"', "[[statistic]] 1, p: found 'ns'", "p as printed"),
    ('p = "< .05"', "p = 1.2", "[[statistic]] 1, p: found '1.2'", "at most 1"),
    ('p = "< .05"', "df = [1, 2, 3]", "[[statistic]] 1, df: ", "one number, or two"),
    ('p = "< .05"', "n = 38", "[[statistic]] 1, n: found '38'", "two numbers, the intervention"),
    ('p = "< .05"', 'comparator = "waitlist"', "comparator: found 'waitlist'", "(here: abft, tau)"),
    ('p = "< .05"', 'within = "abft"\ncomparator = "tau"', "comparator: found 'tau'", "either "),
    ('estimate = 2.73', "", "[[statistic]] 1, estimate: ", "a value"),
    ('"above_1"', '"more"', "favors_intervention_when: found 'more'", "lower, higher, above_1"),
    ('"no_difference"', '"not significant"', "[[direction]] 1, direction: ", "one of favors"),
    ('outcome = "suicidal_ideation"', 'outcome = "ideation"', "[[direction]] 1, outcome: ",
     "nearest: suicidal_ideation"),
    ('judgement = "low"', 'judgement = "fine"', "[[risk_of_bias]] 1, judgement: ", "low, high"),
    ("[[direction]]", "[[directions]]", "directions", "nearest: direction"),
    ("[facts]", "[[facts]]\nmean_age = 15\n[[facts]]", "[facts]", "one section [facts]"),
    ('[[risk_of_bias]]', '[[correction]]\nresult = "d10"\n[[risk_of_bias]]',
     "[[correction]] 1, result: found 'd10'", "the id of a result of this trial"),
    ('[[risk_of_bias]]',
     '[[correction]]\nresult = "akerstrom2027_psqi_abft_post"\nfield = "percent"\n[[risk_of_bias]]',
     "[[correction]] 1, field: found 'percent'", "a column with a printed value"),
]  # fmt: skip


CASCADES = {"n_randomized = { size = 78 }", 'id = "bdi"'}
"""Faults that are two: a key that is not known, and that what was meant by it is not there."""


@pytest.mark.parametrize(("old", "new", "place", "accepted"), FAULTS)
def test_each_fault_is_named(old: str, new: str, place: str, accepted: str, tmp_path: Path) -> None:
    assert WHOLE.count(old) >= 1, old
    text = WHOLE.replace(old, new, 1)
    before = contents(DATA)
    with pytest.raises(EntryError) as caught:
        proposed(text, DATA, tmp_path)
    assert contents(DATA) == before
    named = [str(fault) for fault in caught.value.faults]
    found = [one for one in named if place in one and accepted in one]
    assert found, named
    # What follows from a fault is not told as another one.
    assert len(named) == 1 or new in CASCADES, named
    assert all(one.startswith("entry.toml") for one in named), named
    assert str(caught.value).splitlines()[0].endswith("in the entry; nothing was written")


def test_all_faults_are_told_in_one_go_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = edited(
        ('therapy = "abft"', 'therapy = "x"'),
        ("accessed = 2027-03-01", 'accessed = "March"'),
        ("mean = 7.0", 'mean = "7,0"'),
        ('p = "< .05"', 'p = "ns"'),
        ('judgement = "low"', 'judgement = "fine"'),
    )
    with pytest.raises(EntryError) as caught:
        proposed(text, DATA, tmp_path)
    rows = [fault.row for fault in caught.value.faults]
    lines = text.splitlines()
    written = [lines[row - 1] for row in rows if row is not None]
    assert [line.partition(" =")[0] for line in written] == [
        "therapy", "accessed", "abft", "p", "judgement",
    ]  # fmt: skip


@pytest.mark.parametrize("missing", ["trial", "locator", "arm"])
def test_a_section_that_is_needed(missing: str, tmp_path: Path) -> None:
    text = "\n".join(
        part for part in WHOLE.split("\n\n") if not part.strip().strip("[").startswith(missing)
    )
    with pytest.raises(EntryError, match=rf"a section \[{missing}\]"):
        proposed(text, DATA, tmp_path)


def test_a_trial_without_a_report_goes_by_its_registration(tmp_path: Path) -> None:
    text = edited(
        ('author = ["Åkerström, Måns", "A Study Group"]\nissued = 2027', 'kind = "registry"'),
        ('DOI = "https://doi.org/10.1000/example"', 'number = "NCT09999999"'),
    )
    made = proposed(text, DATA, tmp_path)
    assert made.after.trials.iloc[-1][["trial_id", "label"]].tolist() == [
        "nct09999999", "NCT09999999",
    ]  # fmt: skip
    assert made.after.publications.iloc[-1].tolist() == [
        "nct09999999", "registry", "nct09999999", "registration", "",
    ]  # fmt: skip
    with pytest.raises(EntryError) as caught:
        proposed(text.replace('"NCT09999999"', '""'), DATA, tmp_path)
    assert [(fault.column, fault.expected) for fault in caught.value.faults] == [
        ("label", "a label, since author and year are not given"),
        ("id", "an id, since none follows from author and year"),
    ]


def test_a_name_in_another_script_is_no_id_but_no_fault(tmp_path: Path) -> None:
    text = edited(('"Åkerström, Måns", "A Study Group"', '"李, 明"'), ('"SE"', '"CN"'))
    assert "NCT09999999" in text
    after = proposed(text, DATA, tmp_path).after
    assert after.trials.iloc[-1][["trial_id", "label"]].tolist() == ["trial_2027", "李 2027"]
    assert after.publications.publication_id.iloc[-1] == "trial_2027"


def test_a_place_is_in_a_publication(tmp_path: Path) -> None:
    text = "\n\n".join(part for part in WHOLE.split("\n\n") if "[[publication]]" not in part)
    with pytest.raises(EntryError) as caught:
        proposed(text.replace('place = "abstract"', 'place = "abstract"\n', 1), DATA, tmp_path)
    assert [fault.column for fault in caught.value.faults] == ["publication"]
    named = text.replace('place = "abstract"', 'place = "row 200"\npublication = "metapsy_suicide"')
    after = proposed(named, DATA, tmp_path).after
    assert after.locators.locator_id.iloc[-1] == "metapsy_suicide_row_200"


def test_a_place_is_needed_where_there_are_several(tmp_path: Path) -> None:
    second = '[[locator]]\nname = "table"\nplace = "Table 2"\naccessed = 2027-03-01\n\n[[arm]]'
    with pytest.raises(EntryError) as caught:
        proposed(WHOLE.replace("[[arm]]", second, 1), DATA, tmp_path)
    assert all("where it was read" in one.expected for one in caught.value.faults)
    assert {one.column for one in caught.value.faults} == {
        "locator", "n_randomized.locator", "treatment_weeks.locator",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "line", "accepted"),
    [
        (b"[trial]\np = .18\n", 2, '".18"'),
        (b"[trial]\nlabel = \xe2\x80\x9cx\xe2\x80\x9d\n", 2, "straight quotation marks"),
        (b'[trial]\nlabel = "x"\nlabel = "y"\n', 3, "valid TOML"),
        (b"[trial]\nlabel = \xff\n", 2, "text in UTF-8"),
        (b"x = " + b"[" * 100_000, None, "fewer brackets"),
        (b"#" * (MOST_BYTES + 1), None, "at most 1,000,000 bytes"),
        (b"", None, "a section [trial]"),
        (b"trial = 3\n", None, "a line [trial]"),
        (b"loose = 3\n", None, "a section out of trial"),
    ],
)
def test_a_file_that_is_no_entry(
    content: bytes, line: int | None, accepted: str, tmp_path: Path
) -> None:
    file = tmp_path / "entry.toml"
    file.write_bytes(content)
    with pytest.raises(EntryError) as caught:
        propose(read_entry(file), DATA)
    found = [fault for fault in caught.value.faults if accepted in fault.expected]
    assert found, str(caught.value)
    assert found[0].row == line


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="a file that can be read"):
        read_entry(tmp_path / "none.toml")


def test_a_package_with_faults_of_its_own_is_not_the_fault_of_the_entry(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    file = folder / "trials.csv"
    file.write_text(file.read_text("utf-8").replace("randomized", "RCT", 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        proposed(WHOLE, folder, tmp_path)
    assert not isinstance(caught.value, EntryError)


def test_a_version_that_cannot_be_raised(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    file = folder / "datapackage.json"
    file.write_text(file.read_text("utf-8").replace(f'"{VERSION}"', '"one"', 1), encoding="utf-8")
    with pytest.raises(EntryError, match=r"a version such as 1\.0\.0"):
        proposed(WHOLE, folder, tmp_path)


pieces = st.text(max_size=8) | st.sampled_from(
    ["", '"', "[", "]", "{", "}", "=", "\n", "[[result]]", "abft", "1e999", "nan", "true", ".5"]
)


@settings(max_examples=60)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 30), pieces)
def test_a_changed_entry_is_refused_or_fits(place: float, length: int, new: str) -> None:
    start = int(place * len(WHOLE))
    text = WHOLE[:start] + new + WHOLE[start + length :]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "entry.toml"
        file.write_bytes(text.encode("utf-8", "replace"))
        try:
            made = propose(read_entry(file), DATA)
        except EvidenceError:
            return
        assert made.after.version == RAISED
