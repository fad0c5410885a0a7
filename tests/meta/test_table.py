"""Reading somebody's own table in any dialect, and saying what its columns are."""

import csv
import doctest
import io
import math
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evidence.errors import DataError, ParameterError
from evidence.meta import cells, table
from evidence.meta.table import TEMPLATE, Kind, Measure, Role, guess, read_table, template

OWN = Path(__file__).parents[1] / "own"
MEANS = {
    **{"mean_1": "mean_treat", "sd_1": "sd_treat", "n_1": "n_treat"},
    **{"mean_2": "mean_ctrl", "sd_2": "sd_ctrl", "n_2": "n_ctrl"},
}
METAPSY = {
    **{f"{one}_{arm}": f"{one}_arm{arm}" for one in ("mean", "sd", "n") for arm in "12"},
    **{"arm_1": "condition_arm1", "arm_2": "condition_arm2", "instrument": "instrument"},
}


@pytest.fixture
def read(tmp_path):
    def read_content(content, name="mine.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path)

    return read_content


def workbook(*sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_examples_run():
    assert doctest.testmod(table).failed == 0
    assert doctest.testmod(cells).failed == 0


@pytest.mark.parametrize(
    ("name", "rows", "kind", "measure", "roles", "cell"),
    [
        ("twelve-studies-means", 12, "means", "smd", MEANS, ("mean_treat", 1, 22.5)),
        ("twelve-studies-semicolon", 12, "means", "smd", MEANS, ("sd_ctrl", 11, 10.1)),
        (
            *("eight-heterogeneous", 8, "means", "smd"),
            *(METAPSY | {"outcome": "outcome"}, ("mean_arm1", 2, 18.5)),
        ),
        (
            *("44-sd-zero-and-se", 3, "means", "smd"),
            *(METAPSY | {"time": "time", "year": "year"}, ("sd_arm1", 0, 0)),
        ),
        (
            *("twelve-yi-vi", 12, "effect_and_variance", "effect"),
            *({"effect": "yi", "variance": "vi"}, ("vi", 0, 0.05)),
        ),
        (
            *("twelve-ready-made", 12, "effect_and_se", "smd"),
            {"effect": ".g", "se": ".g_se", "arm_1": "condition_arm1", "arm_2": "condition_arm2"},
            (".g", 11, 1.1),
        ),
        (
            *("events", 6, "events", "odds_ratio"),
            {
                **{"events_1": "events_treat", "n_1": "n_treat", "comparator": "comparator"},
                **{"events_2": "events_ctrl", "n_2": "n_ctrl"},
            },
            ("events_treat", 2, 0),
        ),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_own_studies_are_read_and_mapped(read, name, rows, kind, measure, roles, cell, ends):
    text = (OWN / f"{name}.csv").read_text(encoding="utf-8")
    found = read(text.replace("\n", ends))
    mapping = guess(found)
    assert (mapping.kind, mapping.measure) == (Kind(kind), Measure(measure))
    assert mapping.roles == {"study": "study", **roles}
    assert (mapping.also, mapping.unclear) == ((), {})
    column, row, value = cell
    assert found[column][row] == value
    assert found.attrs["lines"] == [*range(2, rows + 2)]
    assert f": {rows} rows, {found.shape[1]} columns" in found.attrs["read_as"]


LETTERS = 'abcxyzéü,;"\t'
NUMBERS = st.decimals(-999, 999, places=2).map(float)
ROWS = st.lists(
    st.tuples(
        st.builds("{}{}z".format, st.sampled_from("AZÜ"), st.text(LETTERS + " ")),
        NUMBERS,
        st.none() | st.integers(0, 10**9),
        st.none() | NUMBERS,
    ),
    min_size=1,
    max_size=6,
)
NAMES = ["Study, first author", "mean (treat.)", "n;", "SD"]


@given(
    rows=ROWS,
    separator=st.sampled_from(",;\t"),
    sign=st.sampled_from(".,"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    missing=st.sampled_from(["", "NA", "n/a", "-", ".", "#N/A"]),
    blank=st.booleans(),
    book=st.booleans(),
)
@example([("A", 0.25, 1, None)], ",", ",", "utf-8", "\n", "NA", True, False)
def test_a_table_is_the_same_in_every_dialect(
    tmp_path_factory, rows, separator, sign, encoding, ends, missing, blank, book
):
    expected = [[" ".join(row[0].split()), *row[1:]] for row in rows]
    path = tmp_path_factory.mktemp("dialect") / "mine"
    if book:
        path.write_bytes(workbook(("Data", [NAMES, *[[] * blank], *rows])))
    else:
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=separator, lineterminator=ends)
        writer.writerow(NAMES)
        for name, *numbers in rows:
            texts = [missing if one is None else str(one).replace(".", sign) for one in numbers]
            writer.writerow([name, *texts, *[""] * 2 * blank])
            stream.write((separator * 5 + ends) * blank)
        path.write_bytes(stream.getvalue().encode(encoding))
    found = read_table(path)
    assert list(found.columns) == NAMES
    for row, cells_of in zip(expected, found.itertuples(index=False), strict=True):
        for value, cell in zip(row, cells_of, strict=True):
            assert math.isnan(cell) if value is None else cell == value, (value, cell)


def test_how_a_table_was_read_is_said(read):
    text = "sep=;\nstudy;g;se;\nMüller;0,5;0,2;\n;;;\n\nSuárez;−0,1;.;\n"
    found = read(text.encode("cp1252", errors="replace").replace(b"?0,1", b"\x960,1"))
    assert found.attrs["read_as"] == (
        "mine.csv is read as text in Windows-1252, for it is not UTF-8, separated by semicolons, "
        "decimal commas: 2 rows, 3 columns, 1 empty column left out"
    )
    assert found.attrs["lines"] == [3, 6]
    two = read(b"study;g;;se;\nAdams;0.5;;0.2;\n").attrs["read_as"]
    assert two.endswith("1 row, 3 columns, 2 empty columns left out")
    assert found["study"].tolist() == ["Müller", "Suárez"]
    assert found["g"].tolist() == [0.5, -0.1]
    assert found["se"].isna().tolist() == [False, True]


def test_a_row_has_the_line_on_which_it_starts(read):
    found = read('study,note,g\n"A\nB","one\n\ntwo",0.5\nC, "x, y",1\n')
    assert found["study"].tolist() == ["A B", "C"]
    assert found["note"].tolist() == ["one two", "x, y"]
    assert found.attrs["lines"] == [2, 6]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *[("1e-3", 0.001), (".5", 0.5), ("5.", 5.0), ("+2", 2), ("–0.5", -0.5), ("−3", -3)],
        *[(one, one) for one in ("12,5", "<0.05", "1,234.5", "1,234", "1 234", "1'234", "45%")],
        *[(one, one) for one in ("007", "1234567890123456", "1e999", "inf", "0x1f", "1_0", "٣")],
        *[(one, None) for one in ("n/a", "NA", "-", "–", ".", "", "nan", "NULL", " ")],
    ],
)
def test_only_a_number_becomes_one(read, cell, value):
    found = read(f"study\tg\tn\nA\t{cell}\t0.5\nB\t0.25\t1\n")["g"][0]
    if value is None:
        assert math.isnan(found)
    else:
        assert found == value
        assert isinstance(found, str) == isinstance(value, str)


def test_in_a_table_with_decimal_commas_a_point_makes_no_number(read):
    found = read("study;g;n\nA;0,5;1.234\nB;1,234;12\n")
    assert found["n"].tolist() == ["1.234", 12]
    assert found["g"].tolist() == [0.5, 1.234]


def test_the_first_sheet_with_a_table_is_read_and_the_others_are_named(read):
    rows = [["study", "yi", "on", "seen"], ["A", 0.5, date(2001, 2, 3), True], [], ["B", "0,25"]]
    content = workbook(("Notes", [["nothing"], ["here"]]), ("Data", rows), ("Old", rows))
    found = read(content, "mine.xlsx")
    assert found.attrs["read_as"] == (
        "mine.xlsx is read as the sheet 'Data' of a workbook (not read: the tables of 'Old'), "
        "decimal commas: 2 rows, 4 columns"
    )
    assert found.attrs["lines"] == [2, 4]
    assert found["yi"].tolist() == [0.5, 0.25]
    assert (found["on"][0], found["seen"][0]) == ("2001-02-03 00:00:00", "True")


def test_a_hidden_sheet_is_not_read(tmp_path):
    book = openpyxl.Workbook()
    for sheet, number in ((book.active, 1.0), (book.create_sheet("Seen"), 2.0)):
        sheet.append(["study", "yi"])
        sheet.append(["A", number])
    book.worksheets[0].sheet_state = "hidden"
    book.save(tmp_path / "mine.xlsx")
    assert read_table(tmp_path / "mine.xlsx")["yi"].tolist() == [2.0]


def zipped(name, text="nothing"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, text)
    return stream.getvalue()


SMALL = workbook(("Data", [["study", "yi"], ["A", 0.5], ["B", 1]]))


def patched(local, central, value):
    """Return a workbook with a byte of each header of its archive changed."""
    content = bytearray(SMALL)
    for start, place in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = content.find(start)
        while at >= 0:
            content[at + place] = value
            at = content.find(start, at + 1)
    return bytes(content)


@given(
    content=st.sampled_from([SMALL, b'study;yi\n"A\nB";0,5\nC;1,25\n']),
    damage=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 9), st.binary(max_size=3)), min_size=1
    ),
)
def test_whatever_a_file_holds_it_is_a_table_or_refused(tmp_path_factory, content, damage):
    for share, length, new in damage:
        at = int(share * len(content))
        content = content[:at] + new + content[at + length :]
    path = tmp_path_factory.mktemp("damaged") / "mine"
    path.write_bytes(content)
    try:
        found = read_table(path)
    except DataError:
        return
    assert len(found) == len(found.attrs["lines"]) > 0
    assert found.shape[1] > 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "found 'an empty file', expected a table as CSV"),
        (" \n\n", "found 'an empty file', expected a table as CSV"),
        (",,\n,,\n", "row 1: found ',,', expected a table as CSV"),
        ("sep=,\n,,\n", "found 'no cell that holds anything', expected a table as CSV"),
        (b"\x00\x01\x02study,yi\n", "found 'what is no text'"),
        (b"\xd0\xcf\x11\xe0study,yi\n", "not an XLS file"),
        (b"study,\x81\xff\nA,1\n", "found 'what is no text'"),
        ("<html><table><tr><td>study", "row 1: found '<html><table><tr><td>study'"),
        ("study\nA\nB\n", "row 1: found 'study', expected a table as CSV"),
        ("study yi vi\nA 1 2\n", "row 1: found 'study yi vi', expected a table as CSV"),
        ("study,yi\n", "row 1: found 'study, yi', expected at least one line below"),
        ("A,0.5\nB,0.2\n", "row 1: found 'A, 0.5', expected names of columns"),
        ("study,g,g,n,n\nA,1,2,3,4\n", "row 1: found 'g, n', expected each column name once"),
        ("study,,column 2\nA,1,2\n", "expected a name for each column"),
        ("study,yi\nA,0,5\nB,0.5\nC\n", "row 2: found '3 cells', expected 2, as many as columns"),
        ("study,yi\nA,0,5\nB,0.5\nC\n", "row 4: found '1 cells'"),
        ('study,yi\nA,1\n"B" c,1\n', "row 3: expected quotation marks as CSV needs them"),
        ("study;a;b\nA;1,5;1.5\n", "row 2: found '1,5', expected one decimal sign"),
        ("study;n\nA;120\nB;1.200\n", "row 3: found '1.200', expected a number without thousands"),
        ("study\tn\nA\t1,200\n", "expected a number without thousands separators: 1200, or 1,2000"),
        (zipped("mimetype"), "found 'an archive that is no XLSX workbook'"),
        (zipped("xl/workbook.xml"), "an XLSX workbook that is whole"),
        (patched(6, 8, 1), "an XLSX workbook that is whole, without a password"),
        (patched(8, 10, 99), "an XLSX workbook that is whole"),
        (b"PK\x03\x04study,yi\n", "an XLSX workbook that is whole"),
        (workbook(("Empty", []), ("Few", [["A", 1]])), "found 'Empty, Few', expected a table"),
        (
            workbook(("Data", [["study", "yi"], ["A", "=1/2"]])),
            "row 2: found '=1/2', expected a st",
        ),
    ],
)
def test_what_is_no_table_is_refused(read, content, said):
    with pytest.raises(DataError) as error:
        read(content)
    assert said in str(error.value)
    assert "in mine.csv\nmine.csv" in str(error.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(DataError, match="expected a file that can be read"):
            read_table(path)


def test_a_file_of_no_end_is_refused(read, monkeypatch):
    monkeypatch.setattr(cells, "LARGEST", 1000)
    with pytest.raises(DataError, match="a file of at most"):
        read("study,yi\n" + "A,1\n" * 1000)
    with pytest.raises(DataError, match="unpacked"):
        read(zipped("xl/workbook.xml", "x" * 100_000))


SIX = ["mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2"]
FOUR = ["events_1", "n_1", "events_2", "n_2"]


@pytest.mark.parametrize(
    ("names", "kind", "measure", "roles"),
    [
        ("m1i sd1i n1i m2i sd2i n2i", "means", "smd", SIX),
        ("mean_arm1 sd_arm1 n_arm1 mean_arm2 sd_arm2 n_arm2", "means", "smd", SIX),
        ("mean.e sd.e n.e mean.c sd.c n.c", "means", "smd", SIX),
        ("MeanTreat SDTreat NTreat MeanControl SDControl NControl", "means", "smd", SIX),
        ("m_t sd_t n_t m_c sd_c n_c", "means", "smd", SIX),
        ("Mean1 SD1 N1 Mean2 SD2 N2", "means", "smd", SIX),
        ("me sde ne mc sdc nc", "means", "smd", SIX),
        ("meanint sdint nint meancon sdcon ncon", "means", "smd", SIX),
        (
            "Experimental mean|Experimental SD|Experimental N|Control mean|Control SD|Control N",
            *("means", "smd", SIX),
        ),
        (
            "Mean (intervention)|SD, intervention|N int|mean: TAU|Standard deviation of control|"
            "Sample size control group",
            *("means", "smd", SIX),
        ),
        (
            "post-treatment mean therapy|std. dev. therapy|no. of participants therapy|"
            "Post mean waiting list|SD wait list|n waitlist",
            *("means", "smd", SIX),
        ),
        (
            "mean_arm1 se_arm1 n_arm1 mean_arm2 standard_error_2 n_arm2",
            *("means", "smd", ["mean_1", "se_1", "n_1", "mean_2", "se_2", "n_2"]),
        ),
        (
            "ai bi ci di",
            *("events", "odds_ratio", ["events_1", "non_events_1", "events_2", "non_events_2"]),
        ),
        ("ai n1i ci n2i", "events", "odds_ratio", FOUR),
        ("event_arm1 totaln_arm1 event_arm2 totaln_arm2", "events", "odds_ratio", FOUR),
        ("event.e n.e event.c n.c", "events", "odds_ratio", FOUR),
        ("Events 1|Total 1|Events 2|Total 2", "events", "odds_ratio", FOUR),
        (
            "Experimental cases|Experimental N|Control cases|Control N",
            *("events", "odds_ratio", FOUR),
        ),
        (
            "Events (intervention)|Total intervention|No. of events control|Total control",
            *("events", "odds_ratio", FOUR),
        ),
        ("yi vi", "effect_and_variance", "effect", ["effect", "variance"]),
        ("yi sei", "effect_and_se", "effect", ["effect", "se"]),
        ("TE seTE", "effect_and_se", "effect", ["effect", "se"]),
        ("GIV Mean|GIV SE", "effect_and_se", "effect", ["effect", "se"]),
        (".g .g_se", "effect_and_se", "smd", ["effect", "se"]),
        ("precalc_g precalc_g_se", "effect_and_se", "smd", ["effect", "se"]),
        ("Hedges' g|Standard error", "effect_and_se", "smd", ["effect", "se"]),
        ("Cohen’s d|Var(d)", "effect_and_variance", "smd", ["effect", "variance"]),
        ("lnOR seLnOR", "effect_and_se", "odds_ratio", ["effect", "se"]),
        ("log odds ratio|SE", "effect_and_se", "odds_ratio", ["effect", "se"]),
        (
            "Hedges g|95% CI lower|95% CI upper",
            *("effect_and_interval", "smd", ["effect", "ci_low", "ci_high"]),
        ),
        (
            "Effect size|Lower limit|Upper limit",
            *("effect_and_interval", "effect", ["effect", "ci_low", "ci_high"]),
        ),
        (
            "estimate conf.low conf.high",
            *("effect_and_interval", "effect", ["effect", "ci_low", "ci_high"]),
        ),
        ("OR LL UL", "ratio_and_interval", "odds_ratio", ["effect", "ci_low", "ci_high"]),
        (
            "Hazard ratio|CI start|CI end",
            *("ratio_and_interval", "hazard_ratio", ["effect", "ci_low", "ci_high"]),
        ),
    ],
)
def test_usual_names_and_plain_words_are_known(names, kind, measure, roles):
    columns = names.split("|") if "|" in names else names.split()
    for given_order in (columns, columns[::-1]):
        found = guess(["Study", *given_order])
        assert found.roles == {"study": "Study", **dict(zip(roles, columns, strict=True))}
        assert (found.kind, found.measure) == (Kind(kind), Measure(measure))
        assert (found.also, found.unclear) == ((), {})


@pytest.mark.parametrize(
    "name",
    [
        *(
            "bl_mean_arm1",
            "mean_change_arm1",
            "Mean pre treatment int",
            "mean age treat",
            "rob low",
        ),
        *("n dropout control", "% events treat", "event rate int", "adjusted OR", "90% CI lower"),
        *("mean_t1_c", "no events treat", "tau2", "I2", "p", "weight", "mean difference se2"),
        *(
            "multi_arm1",
            "descr_arm1",
            "rand_arm1",
            "n_t1",
            "se (limit)",
            "CI",
            "ci",
            "N",
            "total N",
            "größe t",
        ),
    ],
)
def test_names_of_other_things_are_nothing(name):
    found = guess(["study", "yi", "vi", name])
    assert name not in found.roles.values()
    assert not found.unclear
    assert found.also == ()


def test_a_database_of_the_standard_has_its_own_pairs():
    names = [
        *("study", "outcome_type", "time", "time_weeks", "year", "n_arm1", "n_arm2"),
        *("mean_arm1", "sd_arm1", "mean_arm2", "sd_arm2", "event_arm1", "event_arm2"),
        *("totaln_arm1", "totaln_arm2", ".event_arm1", ".totaln_arm1", "precalc_g", "precalc_g_se"),
        *(".g", ".g_se", ".log_rr", ".log_rr_se", "condition_arm1", "condition_arm2", "multi_arm1"),
    ]
    means = guess(names)
    assert means.kind == Kind.MEANS
    assert means.also == (Kind.EVENTS, Kind.EFFECT_AND_SE)
    assert (means.roles["n_1"], means.roles["time"]) == ("n_arm1", "time")
    assert means.unclear == {}
    events = guess(names, kind=Kind.EVENTS)
    assert (events.roles["events_1"], events.roles["n_1"]) == ("event_arm1", "totaln_arm1")
    ready = guess(names, {"effect": ".g"})
    assert (ready.kind, ready.roles["se"]) == (Kind.EFFECT_AND_SE, ".g_se")
    ratio = guess(names, {"effect": ".log_rr"})
    assert (ratio.roles["se"], ratio.measure) == (".log_rr_se", Measure.RISK_RATIO)


def test_empty_columns_of_an_export_do_not_count(read):
    names = (
        "Analysis group,Study,Study year,GIV Mean,GIV SE,Experimental mean,Experimental SD,"
        "Experimental cases,Experimental N,Control mean,Control SD,Control cases,Control N,O-E,"
        "Variance,Weight,Mean,CI start,CI end"
    )
    events = guess(read(f"{names}\n1,A,2001,,,,,6,40,,,11,38,,,,,,\n"))
    assert (events.kind, events.also) == (Kind.EVENTS, ())
    assert events.roles["n_2"] == "Control N"
    # The variance is that of O-E.
    ready = guess(read(f"{names}\n1,A,2001,0.5,0.2,,,,40,,,,38,,0.1,,,0.1,0.9\n"))
    assert (ready.kind, ready.roles["se"]) == (Kind.EFFECT_AND_SE, "GIV SE")
    assert (ready.roles["n_1"], ready.roles["year"]) == ("Experimental N", "Study year")


@pytest.mark.parametrize(
    ("names", "study", "cluster"),
    [
        ("study yi vi", "study", None),
        ("trial author year yi vi", "author", "trial"),
        ("trial yi vi", "trial", None),
        ("Study ID|Study|yi|vi", "Study", None),
        ("yi vi", None, None),
        ("study cluster trial yi vi", "study", "cluster"),
    ],
)
def test_a_study_is_named_by_the_surest_column(names, study, cluster):
    found = guess(names.split("|") if "|" in names else names.split())
    assert (found.roles.get("study"), found.roles.get("cluster")) == (study, cluster)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            "N int|n_treat|mean t|sd t|mean c|sd c|n c",
            "'N int, n_treat', expected one column for n_1",
        ),
        ("study|g|d|se", "'g, d', expected one column for effect; say which with --map effect="),
        ("author|first author|yi|vi", "'author, first author', expected one column for study"),
        ("logOR|OR|lower|upper", "'logOR, OR', expected one column for effect"),
        ("d|SE|standard error", "'SE, standard error', expected one column for se"),
        ("study|OR|SE", "An OR, RR or HR needs its interval"),
        ("study|mean t|sd t|n t|mean c|n c", "(means lacks sd_2 or se_2)"),
        ("study|mean t|sd t|n t|mean c|n c", "found 'study, mean t, sd t, n t, mean c, n c'"),
        ("a|b", "events: events_1, n_1 or non_events_1, events_2, n_2 or non_events_2;"),
        ("a|b", "--map ROLE=COLUMN, or begin with the table that --template prints"),
        ("events_1|n_1|ci|n_2", "(events lacks events_2)"),
        ("g|SE of d", "(effect_and_variance lacks variance)"),
    ],
)
def test_two_columns_for_one_thing_are_never_chosen_from_silently(names, said):
    with pytest.raises(ParameterError) as error:
        guess(names.split("|"))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("names", "role", "column"),
    [
        ("study|author|first author|yi|vi", "study", "study"),
        ("g|se|SE of g|standard error", "se", "SE of g"),
        ("yi|Variance|vi", "variance", "vi"),
        ("yi|var|sei", "se", "sei"),
        ("logOR|SE|OR|lower|upper", "effect", "logOR"),
    ],
)
def test_the_surest_name_is_taken(names, role, column):
    assert guess(names.split("|")).roles[role] == column


def test_what_a_user_says_goes_before_what_names_say():
    columns = ["label", "x", "y", "N int", "n_treat", "yi", "vi", "se_x"]
    found = guess(columns, {"effect": "x", "se": "y", "n_1": "N int"})
    assert found.kind == Kind.EFFECT_AND_SE
    assert found.roles == {"study": "label", "effect": "x", "se": "y", "n_1": "N int"}
    assert guess(columns, {"effect": "x"}).roles["variance"] == "vi"
    unclear = guess(columns)
    assert unclear.unclear == {Role.N_1: ("N int", "n_treat")}
    assert "n_1" not in unclear.roles
    errors = guess([*MEANS.values(), "SE treat"], {"se_1": "SE treat"})
    assert "sd_1" not in errors.roles
    ratio = guess(["x", "low", "high"], {"effect": "x"}, kind=Kind.RATIO_AND_INTERVAL)
    assert (ratio.kind, ratio.roles["effect"]) == (Kind.RATIO_AND_INTERVAL, "x")


@pytest.mark.parametrize(
    ("mapped", "said"),
    [
        ({"mean": "yi"}, "map: found 'mean=yi', expected as role one of study, effect, variance,"),
        ({"effect": "y"}, "map: found 'effect=y', expected as column of effect one of study, yi"),
        ({"mean_1": "yi", "effect": "vi"}, "expected all columns of one kind: means: mean_1,"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(mapped, said):
    with pytest.raises(ParameterError) as error:
        guess(["study", "yi", "vi"], mapped)
    assert said in str(error.value)


@pytest.mark.parametrize("kind", Kind)
def test_a_template_is_read_as_its_kind(read, kind):
    found = read(template(kind))
    mapping = guess(found)
    assert (mapping.kind, mapping.also, mapping.unclear) == (kind, (), {})
    assert {*found.columns} == {*mapping.roles.values()}
    assert template(Kind.MEANS) == TEMPLATE
