"""Kinds of numbers that may stand on a first screen without a link, each with what it must meet."""

import base64
import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import evidence
from evidence.analysis.multiverse import panel
from evidence.analysis.power import information_size
from evidence.analysis.stress_test import ZERO
from evidence.blocks.output import taken_along
from evidence.data.dataset import Dataset
from evidence.data.provenance import Processing
from evidence.estimation.choices import Specification
from evidence.integrity.findings import handled
from evidence.ledger import LedgerEntry
from tests.reports import crawl
from tests.reports.crawl import Piece

Entries = Mapping[str, LedgerEntry]

WORDS = (
    # Never numbers of results.
    ("state of the data", r"Data [\d.]+, workbook [\d.]+, sources as of \d+ \w+ \d{4}"),
    ("date", r"\d{4}-\d\d-\d\d"),
    ("time", r"\d+(?: (?:and|or) \d+)?(?: weeks?\b| months?\b|-week)|\bweek \d+(?: to \d+)?"),
    ("level of the intervals", r"95% (?:CI|intervals)"),
    ("no difference on either scale", r"\b(?:above|below) [01]\b"),
    ("unit of absolute effects", r"[Pp]er 1,000"),
    ("definition of an event", r"at least 50% lower"),
    ("number of a helpline", r"text 988"),
    ("version of a database", r"version [\d.]+\d"),
    ("scale of a prior", r"half-(?:normal|Cauchy) [\d.]+"),
    ("name of a notebook", r"\b\d\d_[a-z_]+"),
    ("name of a tool or statement", r"PRISMA 2020|RoB [12]\b"),
    ("version of a database", r"\bversion \d+(?:\.\d+)+"),
    ("number of a help line", r"call or text 988"),
    ("definition of power and of what it is for", r"0\.[35] SD|80% (?=for 0\.3 SD takes)"),
)


@cache
def _names(dataset: Dataset) -> re.Pattern[str]:
    """Return a pattern of what has digits in its name: trials, publications, instruments."""
    codes = dataset.instruments.instrument_id.str.upper().str.replace("_", "-")
    names = [*dataset.trials.label, *dataset.instruments.name, *codes]
    for item in dataset.references.values():
        year = item.get("issued", {}).get("date-parts", [[""]])[0][0]
        first = (item.get("author") or [{}])[0]
        names.append(f"{first.get('family', '')} et al. {year}")
        names.append(f"{first.get('literal', '')} {year}" if first.get("literal") else "")
    names = sorted({one for one in names if re.search(r"\d", one)}, key=len, reverse=True)
    return re.compile("|".join(re.escape(one) for one in names))


@cache
def _notes(dataset: Dataset) -> tuple[str, ...]:
    """Return the remarks of the data that hold a number; pages show them as they are."""
    found = [
        note
        for table in ("trials", "arms", "arm_results", "statistics", "directions", "trial_facts")
        for note in dataset.text(table).note
        if crawl.numbers(note)
    ]
    return tuple(sorted(set(found), key=len, reverse=True))


def unexplained(
    name: str, piece: Piece, screen: Sequence[Piece], entries: Entries, dataset: Dataset
) -> list[str]:
    """Return the numbers of a piece without a link that are of no kind which may stand so."""
    if at_its_place(piece):
        return []
    drawn = piece.element.tag in ("title", "desc")
    allowed = [found.span() for _, pattern in WORDS for found in re.finditer(pattern, piece.text)]
    allowed += [found.span() for found in _names(dataset).finditer(piece.text)]
    for note in _notes(dataset):
        # A remark opens a sentence with a capital letter.
        at = piece.text.lower().find(note.lower())
        if at >= 0:
            allowed.append((at, at + len(note)))
    for kind in (in_the_table,) if drawn else KINDS:
        allowed += kind(name, piece, screen, entries, dataset)
    return [
        found[0]
        for found in crawl.NUMBER.finditer(piece.text)
        if found[0]
        and not any(low <= found.start() and found.end() <= high for low, high in allowed)
    ]


def counts_of(shown: str, told: str, entry: LedgerEntry) -> bool:
    """Return whether a link prints the counts that stand at its place, and the share they give."""
    counts = re.findall(r"(\d+) of (\d+)", shown)
    if not counts or not all(
        f"{part} of {whole}" in told or f"{part} with the event, n = {whole}" in told
        for part, whole in counts
    ):
        return False
    rest = crawl.numbers(re.sub(r"\d+ of \d+", "", shown))
    values = [entry.effect, entry.ci_low, entry.ci_high][: len(rest)]
    return all(
        value is not None and abs(crawl.value(one) - 100 * value) <= 0.0501
        for one, value in zip(rest, values, strict=True)
    )


def at_its_place(piece: Piece) -> bool:
    """Return whether a number stands at a place that links lead to, with source or count."""
    return any(
        re.match(r"p-|count-", one.get("id", ""))
        for one in (piece.element, *piece.element.iterancestors())
    ) or bool(piece.element.xpath("ancestor-or-self::*[contains(@class, 'provenance')]"))


def in_the_table(
    _name: str, piece: Piece, _screen: Sequence[Piece], _entries: Entries, _dataset: Dataset
) -> Iterator[tuple[int, int]]:
    """Numbers that the alternative text of a figure reads out: they stand in its table."""
    figure = next(one for one in piece.element.iterancestors() if one.tag == "figure")
    table = " ".join(crawl.text(one) for one in figure.xpath(".//figcaption | .//details"))
    there = {crawl.value(one) for one in crawl.numbers(table)}
    return (
        found.span()
        for found in crawl.NUMBER.finditer(piece.text)
        if found[0] and crawl.value(found[0]) in there
    )


def _linked(piece: Piece, entries: Entries) -> list[LedgerEntry]:
    """Return the numbers that the box, item or row of a piece leads to."""
    return [
        entries[href.partition("#n-")[2]]
        for href in crawl.around(piece.element).xpath(".//a[@class='n']/@href")
        if "#n-" in href
    ]


def _spans(
    pattern: str, text: str, right: Callable[[re.Match[str]], bool]
) -> Iterator[tuple[int, int]]:
    return (found.span() for found in re.finditer(pattern, text) if right(found))


def _added(entries: Entries) -> set[int]:
    """Return how many participants stress tests add to the analyses that they are of."""
    ending = ".trials_with_unreported_at_zero"
    pairs = [
        (one, entries[base])
        for name, one in entries.items()
        if name.endswith(ending) and (base := name.removesuffix(ending)) in entries
    ]
    return {one.n - main.n for one, main in pairs if one.n is not None and main.n is not None}


def sizes(
    name: str, piece: Piece, screen: Sequence[Piece], entries: Entries, dataset: Dataset
) -> Iterator[tuple[int, int]]:
    """Participants and trials beside a number: those of its row of the ledger."""
    linked = _linked(piece, entries)
    n = {one.n for one in linked}
    k = {one.k for one in linked}
    facts = dataset.trial_facts[dataset.trial_facts.fact == "n_randomized"]
    randomized = set(facts.value)
    own = set(facts.value[facts.trial_id == name.removeprefix("trial-").removesuffix(".html")])
    who = r"(?:participants|adolescents|adults|young adults)"
    yield from _spans(rf"(\d+) {who}", piece.text, lambda one: int(one[1]) in n | own)
    yield from _spans(
        rf"(\d+) of (\d+) {who}",
        piece.text,
        lambda one: int(one[1]) in n and int(one[2]) in randomized,
    )
    yield from _spans(r"(\d+) \+ (\d+)", piece.text, lambda one: int(one[1]) + int(one[2]) in n)
    yield from _spans(
        r"(\d+) \((\d+)\)$", piece.text, lambda one: int(one[1]) in k and int(one[2]) in n
    )
    yield from _spans(r"(\d+) trials", piece.text, lambda one: int(one[1]) in k)
    # The further trials of a stress test are those that it has and the main result has not.
    boxes = [box for box in _boxes(screen, entries) if box.n is not None]
    yield from _spans(
        rf"(\d+) {who}",
        piece.text,
        lambda one: len(boxes) > 1 and (boxes[1].n or 0) - (boxes[0].n or 0) == int(one[1]),
    )
    yield from _spans(
        r"\(n = (\d+)\)", piece.text, lambda one: int(one[1]) in {box.n for box in boxes[:1]}
    )
    # Of the trials that a test enters at zero no source says how many were analyzed.
    yield from _spans(
        r"(\d+) of them as randomized", piece.text, lambda one: int(one[1]) in _added(entries)
    )
    # Where no source prints n, those randomized stand in brackets, and the ledger has none.
    without = None in n | {box.n for box in _boxes(screen, entries)}
    yield from _spans(
        r"not printed \((\d+) randomized\)",
        piece.text,
        lambda one: int(one[1]) in own or (without and int(one[1]) in randomized),
    )
    arms = set(dataset.arms.n_randomized.dropna())
    yield from _spans(r"^(\d+) randomized$", piece.text, lambda one: int(one[1]) in arms)
    yield from _spans(
        r"(\d+) \+ (\d+) randomized",
        piece.text,
        lambda one: int(one[1]) + int(one[2]) in randomized,
    )
    yield from _spans(
        rf"behind the main result: (\d+) {who}",
        piece.text,
        lambda one: boxes[0].n == int(one[1]),
    )


def printed_p(
    name: str, piece: Piece, _screen: Sequence[Piece], _entries: Entries, dataset: Dataset
) -> Iterator[tuple[int, int]]:
    """P beside a number on the card of a trial: as a source of the trial prints it."""
    sign = {"equal": "=", "below": "<", "above": ">"}
    statistics = dataset.text("statistics")
    own = statistics[statistics.trial_id == name.removeprefix("trial-").removesuffix(".html")]
    printed = {
        f"{sign[relation]} {p.removeprefix('0')}"
        for relation, p in zip(own.p_relation, own.p_value, strict=True)
        if p
    }
    return _spans(r"P ([=<>] \.\d+)", piece.text, lambda one: one[1] in printed)


def counts_of_arms(
    _name: str, piece: Piece, _screen: Sequence[Piece], entries: Entries, _dataset: Dataset
) -> Iterator[tuple[int, int]]:
    """Counts beside a number: those of its row of the ledger."""
    counts = {one.counts for one in _linked(piece, entries)} - {""}
    return _spans(
        r"\d+ of \d+ against \d+ of \d+",
        piece.text,
        lambda found: any(found[0] in one for one in counts),
    )


def _boxes(screen: Sequence[Piece], entries: Entries) -> list[LedgerEntry]:
    """Return the numbers in large type."""
    return [
        entries[piece.link.get("href").partition("#n-")[2]]
        for piece in screen
        if piece.link is not None
        and piece.link.getparent().tag == "b"
        and "#n-" in piece.link.get("href")
    ]


def assumptions(
    name: str, piece: Piece, _screen: Sequence[Piece], entries: Entries, _dataset: Dataset
) -> Iterator[tuple[int, int]]:
    """What an analysis supposes: correlations, sizes of a trial to come."""
    sentence = crawl.text(crawl.around(piece.element))
    if "correlat" in sentence:
        yield from _spans(r"correlations of 0\.3 to 0\.8", piece.text, lambda _: True)
        tried = {
            float(found[1])
            for one in entries
            if (found := re.search(r"\.correlation_([\d.]+)$", one))
            and f"n-{one}" in crawl.ids(name)
        } | {0.5}
        yield from _spans(
            r"(?:^if|correlate at) (\d(?:\.\d+)?)", piece.text, lambda one: float(one[1]) in tried
        )
        elsewhere = crawl.text(crawl.page(name).xpath("//main")[0]).count
        yield from _spans(r"at most (0\.\d+)", piece.text, lambda one: elsewhere(one[1]) > 1)
    yield from _spans(
        r"One more trial of (\d+)",
        piece.text,
        lambda one: any(
            f".one_more_trial_of_{one[1]}." in entry.estimate_id
            for entry in _linked(piece, entries)
        ),
    )
    yield from _spans(
        r"0\.3 SD takes (\d+) participants",
        piece.text,
        lambda one: int(one[1]) == information_size(0.3),
    )
    yield from _spans(
        r"(\d+) \((0\.\d) SD\)",
        piece.text,
        lambda one: int(one[1]) == information_size(float(one[2])),
    )


def counts_of_rows(
    name: str, piece: Piece, _screen: Sequence[Piece], entries: Entries, dataset: Dataset
) -> Iterator[tuple[int, int]]:
    """Numbers of rows that a page counts: each is counted again."""
    for count, patterns in COUNTED.get(name, ()):
        for pattern, wanted in zip(patterns, _counted(count, dataset), strict=True):
            yield from _spans(
                pattern,
                piece.text,
                lambda one, wanted=wanted: tuple(map(int, one.groups())) == wanted,
            )


@cache
def _counted(
    count: Callable[[Dataset], list[list[int]]], dataset: Dataset
) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(one) for one in count(dataset))


def weights(
    name: str, piece: Piece, _screen: Sequence[Piece], _entries: Entries, _dataset: Dataset
) -> Iterator[tuple[int, int]]:
    """Weight of a trial in a pooled value, in the table of its figure: as at its place."""
    found = crawl.page(name).xpath("//section[contains(@class, 'provenance')]")
    if piece.element.tag == "td" and found:
        told = crawl.text(found[0])
        yield from _spans(
            r"^(\d+)\.(\d)%$", piece.text, lambda one: f"(weight {float(one[0][:-1]):.0f}%)" in told
        )


def _rows(name: str, caption: str) -> list[list[str]]:
    """Return the cells of the rows of a table, found by the start of its caption."""
    table = next(
        one
        for one in crawl.page(name).iter("table")
        if crawl.text(one.find("caption")).startswith(caption)
    )
    return [[crawl.text(cell) for cell in row] for row in table.iter("tr")][1:]


def _claims(_dataset: Dataset) -> list[list[int]]:
    rows = _rows("claims.html", "The verdicts")
    names = [row[0].lstrip("●◐◇○✕?– ") for row in rows]
    made = []
    for column in (2, 3):
        by_verdict = {name: int(row[column]) for name, row in zip(names, rows, strict=True)}
        made += [[by_verdict.pop("all")], *([one] for one in by_verdict.values())]
    return made


def _readings(dataset: Dataset) -> list[list[int]]:
    rows = _rows("data-audit.html", "What was read where")
    *kinds, all_of_them = [[int(cell) for cell in row[1:5]] for row in rows]
    page = (crawl.REPORTS / "data-audit.html").read_text("utf-8")
    content = base64.b64decode(taken_along(page)["data-audit-places.csv"]).decode()
    places = list(csv.DictReader(io.StringIO(content)))
    used = sum(row["numbers"] != "0" for row in places)
    by_kind = [[kind[1]] for kind in kinds]
    once_or_more = [[all_of_them[2]], [all_of_them[3]]]
    return [[all_of_them[1]], [used, len(places)], *by_kind, *once_or_more]


def _findings(dataset: Dataset) -> list[list[int]]:
    found = handled(dataset, evidence.audit(dataset))
    by_severity = found.severity.value_counts()
    rest = found[found.severity != "high"]
    remarks = int((rest.action != "").sum())
    counts = [len(found), by_severity["medium"], by_severity["low"], len(rest), remarks]
    return [[int(one)] for one in (*counts, len(rest) - remarks)]


def _estimates(dataset: Dataset) -> list[list[int]]:
    frame = evidence.estimates(dataset)
    numbers = frame[frame.effect.notna()]
    ways = [int((numbers.processing == one.term).sum()) for one in Processing]
    randomized = len(dataset.randomized_trials)
    none = int(frame.effect.isna().sum())
    return [[one] for one in (randomized, len(numbers), *ways, none)]


def _items(_dataset: Dataset) -> list[list[int]]:
    items = {
        found[1]
        for one in crawl.ids("prisma.html")
        if (found := re.fullmatch(r"item-(\d+)[a-z]?", one))
    }
    return [[len(items)]]


def _comparisons(_dataset: Dataset) -> list[list[int]]:
    captions = (crawl.text(one) for one in crawl.page("summary.html").iter("caption"))
    of_class = [one for one in captions if " against " in one and "all comparators" not in one]
    rows = [row for caption in of_class for row in _rows("summary.html", caption)]
    return [[sum(not row[2].startswith("odds ratio") for row in rows)]]


def _panel(dataset: Dataset) -> list[list[int]]:
    main = Specification(therapy="abft", outcome="depression", timepoint="post")
    rows = panel(dataset, main)
    including = (rows.ci_low <= 0) & (rows.ci_high >= 0)
    by_method = []
    for interval in ("hksj_adhoc", "hksj", "wald"):
        of_method = rows.interval == interval
        counts = []
        for of_kind in (rows.trials != ZERO, rows.trials == ZERO):
            chosen = of_method & of_kind
            counts += [int((chosen & ~including).sum()), int(chosen.sum())]
        by_method.append(counts)
    _all, *without = _rows("robustness.html", "The pooled result without each")
    over = [crawl.value(low) <= 0 <= crawl.value(high) for low, high in map(_limits, without)]
    share = [int(including.sum()), len(rows)]
    return [share, [share[1] - share[0]], *by_method, [sum(over), len(over)]]


def _limits(row: Sequence[str]) -> tuple[str, str]:
    """Return the limits in a row as printed."""
    found = re.search(r"\(([−\d.]+) to ([−\d.]+)\)", " ".join(row))
    assert found is not None
    return found[1], found[2]


def left_open(
    _name: str, piece: Piece, _screen: Sequence[Piece], entries: Entries, dataset: Dataset
) -> Iterator[tuple[int, int]]:
    """Range of an imputed or reconstructed estimate beside it: as its row of the frame has it."""
    frame = evidence.estimates(dataset).set_index("estimate_id")
    ranges = []
    for one in _linked(piece, entries):
        row = frame.loc[one.estimate_id] if one.estimate_id in frame.index else None
        if row is not None and math.isfinite(row.effect_low):
            ends = (row.effect_low, row.effect_high)
            ranges.append([math.exp(end) for end in ends] if one.scale == "ratio" else ends)
    yield from _spans(
        r"(−?\d+\.\d+) to (−?\d+\.\d+) under other assumptions",
        piece.text,
        lambda found: any(
            all(
                abs(crawl.value(shown) - end) <= 0.501 * 10 ** -len(shown.partition(".")[2])
                for shown, end in zip(found.groups(), ends, strict=True)
            )
            for ends in ranges
        ),
    )


KINDS = (sizes, printed_p, counts_of_arms, assumptions, counts_of_rows, weights, left_open)

CLAIMS = tuple(
    f"{pattern}{among}"
    for among in (r"(?=.*claims about attachment)", r"(?!.*claims about attachment)")
    for pattern in (
        r"of the (\d+) claims",
        r"(\d+) of the \d+ claims",
        r"(\d+) (?:is|are) partly supported",
        r"(\d+) rests? on an association only",
        r"(\d+) (?:is|are) not supported",
        r"(\d+) (?:is|are) contradicted",
        r"(\d+) cannot be told",
        r"(\d+) (?:was|were) not tested here",
    )
)
"""How the first sentences say the counts of the verdicts, on therapy and on attachment."""

COUNTED: dict[str, tuple[tuple[Callable[[Dataset], list[list[int]]], tuple[str, ...]], ...]] = {
    "claims.html": ((_claims, CLAIMS),),
    "data-audit.html": (
        (
            _readings,
            (
                r"(\d+) printed numbers",
                r"at (\d+) of (\d+) places",
                r"(\d+) in abstracts of trials",
                r"(\d+) in public databases",
                r"(\d+) in registrations",
                r"(\d+) in abstracts of reviews",
                r"(\d+) in tables of reviews",
                r"(\d+) were read at least twice",
                r"(\d+) once",
            ),
        ),
        (
            _findings,
            (
                r"(\d+) findings",
                r"(\d+) of medium severity",
                r"(\d+) of low severity",
                r"[Oo]f the other (\d+)",
                r"(\d+) carry a remark",
                r"(\d+) are listed",
            ),
        ),
    ),
    "effect-sizes.html": (
        (
            _estimates,
            (
                r"of (\d+) randomized trials",
                r"(\d+) estimates",
                r"(\d+) printed",
                r"(\d+) converted",
                r"(\d+) reconstructed",
                r"(\d+) imputed",
                r"(\d+) results or outcomes allow none",
            ),
        ),
    ),
    "prisma.html": ((_items, (r"Its (\d+) items",)),),
    "robustness.html": (
        (
            _panel,
            (
                r"(\d+) of (\d+) analyses",
                r"(\d+) do not",
                r"main method (\d+) of (\d+), and (\d+) of (\d+)",
                r"without its correction (\d+) of (\d+), and (\d+) of (\d+)",
                r"normal quantile (\d+) of (\d+), and (\d+) of (\d+)",
                r"(\d+) of (\d+) intervals include",
            ),
        ),
    ),
    "summary.html": ((_comparisons, (r"Of (\d+) comparisons",)),),
}
"""By page: what counts its rows again, and the sentences that say as many, in the same order."""
