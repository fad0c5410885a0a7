"""The first screen of a trial card: what the trial is, what it reports, what is missing."""

from collections.abc import Callable, Collection, Sequence

from evidence import language
from evidence.blocks import bias, ratings, tables
from evidence.blocks.escape import addressed, html
from evidence.blocks.headline import SUICIDALITY, answer
from evidence.blocks.output import Block, items
from evidence.blocks.tables import place_of
from evidence.data.dataset import RANDOMIZED
from evidence.data.records import records
from evidence.ledger.units import ANALYSIS_SET
from evidence.pages.trial_card import Fact, TrialCard, distinct, sentences, to_place, values
from evidence.pages.trial_card.checks import differ_on
from evidence.pages.trial_card.lines import Line, named, printed_p
from evidence.terms import Said, words_of

KIND = {
    "randomized": "randomized trial",
    "cluster_randomized": "cluster-randomized trial",
    "crossover": "randomized cross-over trial",
    "non_randomized": "comparison of groups not formed at random",
    "not_stated": "comparison of groups (no source read says how they were formed)",
    "single_arm": "study without a comparison group",
}
DEVELOPERS = {
    "yes": "Developers of {therapy} took part.",
    "collaborated": "Developers of {therapy} collaborated.",
    "no": "No developer of {therapy} took part.",
    "not_known": "Whether developers of {therapy} took part is not known.",
}
_PHRASE = {
    "favors": "in favor of {first} by the interval",
    "against": "in favor of {second} by the interval",
    "includes": "interval includes no difference",
    "no_interval": "a number without an interval",
    "range": "no estimate with an interval, only bounds",
    "words_favor": "in favor of {first}{by}, in words",
    "words_against": "in favor of {second}{by}, in words",
    "words_none": "no clear difference{by}, in words",
    "words_differ": "sources say different things{by}, in words",
}
_INTERVALS = ("favors", "against", "includes")


def first_screen(card: TrialCard, lines: Sequence[Line]) -> Block:
    """Return the first screen of a trial card.

    Parameters
    ----------
    card : TrialCard
        The trial.
    lines : sequence of Line
        What it reports between its arms.
    """
    say = f"{_identity(card)} {html(_result(card, lines))}"
    paragraph = _paragraph(card)
    heading, found = reported(card, lines)
    missing = missing_remarks(card, lines)
    lacking = _list("<strong>What is missing:</strong>", missing)
    # Who reads on a trial of depressed people may be in danger too.
    about = card.outcomes | (SUICIDALITY if "depression" in card.outcomes else frozenset())
    said = answer(say, paragraph, about=about).html
    markup = f"{said}\n{_list(heading, found)}{lacking}"
    return Block(markup, tuple(entry for one in lines for entry in one.entries))


def _list(heading: str, entries: Sequence[str]) -> str:
    listed = f"{items(entries, 'not')}\n" if entries else ""
    return f"<p>{heading}</p>\n{listed}"


def _identity(card: TrialCard) -> str:
    """Return what the trial is in one sentence, as HTML."""
    status = "" if card.trial.status == "published" else f"{card.trial.status} "
    kind = language.capitalized(f"{status}{KIND[card.trial.design]}")
    first, others = (
        list(card.arms.arm_id[card.arms.role == role]) for role in ("intervention", "comparator")
    )
    return f"{html(f'{kind}: {card.compared(first[0], others)}')}, {card.size}."


def _result(card: TrialCard, lines: Sequence[Line]) -> str:
    """Return what it reports between the arms in one sentence."""
    if card.trial.design == "single_arm":
        return f"It cannot show what changed because of {card.therapy}."
    own = [one for one in lines if card.condition(one.intervention_arm_id) == card.therapy]
    if not own:
        return (
            "It was terminated, and no result of it was found."
            if card.trial.status == "terminated"
            else "No estimate between its arms follows from what is printed."
            if _printed_of_arms(card)
            else "No source seen prints a result between the arms."
        )
    parts = []
    comparators = distinct([one.comparator_arm_id for one in own])
    for comparator in comparators:
        against = [one for one in own if one.comparator_arm_id == comparator]
        # Every contrast is named where there is more than one.
        compared = f"against {card.brief(comparator)}, " if len(card.comparators) > 1 else ""
        parts += [f"{compared}{part}" for part in _by_outcome(card, against)]
    return f"{language.capitalized('; '.join(parts))}."


def _by_outcome(card: TrialCard, lines: Sequence[Line]) -> list[str]:
    said: dict[str, list[str]] = {}
    for outcome in distinct([one.outcome_id for one in lines]):
        about = [one for one in lines if one.outcome_id == outcome]
        said.setdefault(_verdict(card, about), []).append(card.outcome(outcome))
    return [f"{language.listed(outcomes)}: {verdict}" for verdict, outcomes in said.items()]


def _verdict(card: TrialCard, lines: Sequence[Line]) -> str:
    """Return what lines on one outcome say; a number with an interval before anything else."""
    intervals = [one for one in lines if one.state in _INTERVALS]
    numbers = [one for one in lines if one.state in ("no_interval", "range")]
    chosen = intervals or numbers or list(lines)
    first = card.brief(chosen[0].intervention_arm_id)
    second = card.brief(chosen[0].comparator_arm_id)
    states = distinct([one.state for one in chosen])
    imputed = " (imputed)" if all(one.processing == "imputed" for one in chosen) else ""
    if len(states) == 1:
        said_by = language.listed(sorted({one.said_by for one in chosen} - {""}))
        by = f", {said_by}" if said_by else ""
        return f"{_PHRASE[states[0]].format(first=first, second=second, by=by)}{imputed}"
    said = _by_measure(chosen, states, first, second)
    apart = "; " if any(one.analyzed for one in chosen) else ", "
    return f"{apart.join(said)}{imputed}"


def _by_measure(lines: Sequence[Line], states: Sequence[str], first: str, second: str) -> list[str]:
    """Return which measures of one outcome say what, where they do not agree."""
    by_state = {state: [one for one in lines if one.state == state] for state in states}
    place = _telling_apart(lines, by_state.values())
    said = []
    for state, group in by_state.items():
        apart = distinct([place(one) for one in group])
        where = language.listed(apart)
        if {one.analyzed for one in group} == set(apart).difference(ANALYSIS_SET.values()):
            # Remarks of the data tell them apart, and are with each below; here a count does.
            every = {place(one) for one in lines}
            where = f"in {language.count(len(apart))} of {language.count(len(every))} analyses"
        if state == "includes":
            said.append(f"{where} the interval includes no difference")
            continue
        ahead = first if state == "favors" else second
        ends = {one.higher_is for one in group}
        # A score that is worse when higher is lower with the treatment that it favors.
        moved = language.MOVED.get(ends.pop() if len(ends) == 1 else "")
        side = f"{moved} with {ahead}" if moved else f"in favor of {ahead} by the interval"
        said.append(f"{side} {where}")
    return said


def _telling_apart(
    lines: Sequence[Line], groups: Collection[Sequence[Line]]
) -> Callable[[Line], str]:
    """Return how lines in different states are told apart: by measure, by time, by who counts."""

    def on(one: Line) -> str:
        return f"on {'the ' if one.higher_is else ''}{one.measure}"

    def at(one: Line) -> str:
        return f"{on(one)} {one.when}"

    def of(one: Line) -> str:
        return f"{at(one)} {one.analyzed}"

    def whom(one: Line) -> str:
        return one.analyzed

    alike = len({at(one) for one in lines}) == 1
    for told in (on, at, *([whom] if alike else [])):
        names = [{told(one) for one in group} for group in groups]
        if len(set().union(*names)) == sum(map(len, names)):
            return told
    return of


def _paragraph(card: TrialCard) -> str:
    trial = card.trial
    country = language.country(trial.country)
    return sentences(
        [
            html(f"Remark: {trial.note}.") if trial.note else "",
            html(f"Who: {card.who}{f' ({country})' if country else ''}") + _described(card),
            arms_in_short(card),
            length(card),
            registration(card),
            f"Read: {card.dataset.read_as(trial.trial_id)}.",
            html(DEVELOPERS[trial.developer_involved].format(therapy=card.therapy)),
        ]
    )


def _described(card: TrialCard) -> str:
    """Return sex and age as sources print them, as HTML that ends a sentence."""
    female, age = card.about("percent_female"), card.about("mean_age")
    parts = [f"{values(female)}% female"] if female else []
    parts += [f"mean age {values(age)} years"] if age else []
    return f"; {', '.join(parts)}." if parts else "."


def arms_in_short(card: TrialCard) -> str:
    """Return the arms with their sizes, as HTML."""
    verb = "randomized" if card.trial.design in RANDOMIZED else "enrolled"
    parts = []
    for arm in records(card.arms):
        size = (
            f"{to_place(place_of(arm.arm_id), arm.n_randomized)} {verb}"
            if arm.n_randomized
            else "size not printed"
        )
        parts.append(f"{html(card.treatment(arm.arm_id))}, {size}")
    if len(parts) == 1:
        return f"One arm: {parts[0]}."
    whole = next((one for one in tables.SIZES if card.about(one)), "")
    together = (
        f" ({values(card.about(whole))} {whole.removeprefix('n_')} in all)"
        if whole and (card.arms.n_randomized == "").any()
        else ""
    )
    return f"Arms: {'; '.join(parts)}{together}."


def length(card: TrialCard) -> str:
    """Return how long the treatment lasted or was to last, with the remarks, as HTML."""
    found = card.about("treatment_weeks")
    planned = card.about("treatment_weeks_planned")
    if not (found or planned):
        return "Length of treatment: not stated in any source seen."
    readings: dict[str, list[Fact]] = {}
    for one in found or planned:
        readings.setdefault(one.value, []).append(one)
    said = []
    for own in readings.values():
        notes = "; ".join(distinct([words_of(one.note) for one in own if one.note]))
        said.append(f"{values(own)} weeks" + (f" ({html(notes)})" if notes else ""))
    shown = language.listed(said, "or")
    differ = ", sources differ" if len(said) > 1 else ""
    return f"Treatment: {shown}{differ}." if found else f"Planned: {shown} of treatment{differ}."


def registration(card: TrialCard) -> str:
    """Return where and when the trial was registered, as HTML; nothing where it was not seen."""
    if not card.trial.registry_id:
        return ""
    publications = card.publications
    ids = publications.publication_id[publications.role == "registration"]
    for one in ids:
        item = card.dataset.references[one]
        day = item.get("issued", {}).get("date-parts", [[]])[0]
        # CSL has no kind of date for what a record calls first posted or last updated.
        note = f" (remark on the record: {item['note']})" if item.get("note") else ""
        dated = f", record dated {'-'.join(f'{part:02d}' for part in day)}{note}" if day else ""
        name = addressed(str(item.get("URL", "")), card.trial.registry_id)
        return f"Registered: {name}{html(dated)}."
    return html(f"Registered: {card.trial.registry_id}; the record was not read.")


def reported(card: TrialCard, lines: Sequence[Line]) -> tuple[str, list[str]]:
    """Return what a trial reports between its arms as a heading and items, as HTML."""
    if not lines:
        within = _within(card)
        printed = _printed_of_arms(card)
        none = (
            f"no estimate; {printed}"
            if printed
            else "nothing in any source seen" + ("" if within else ", in numbers or in words")
        )
        also = " Within one arm, and so compared with nothing:" if within else ""
        return f"<strong>What it reports between arms:</strong> {none}.{also}", within
    several = len({(one.intervention_arm_id, one.comparator_arm_id) for one in lines}) > 1
    favored = "the treatment named first" if several else card.therapy
    # Which side of a harm is meant is said where there is one.
    harm = any(one.favors.startswith("below") for line in lines for one in line.entries)
    side = (
        f"positive values and ratios above 1 favor {favored}; {language.OF_HARMS}"
        if harm
        else f"above 0, of ratios above 1: in favor of {favored}"
    )
    heading = f"<strong>What it reports between the arms</strong> ({html(side)}; 95% intervals):"
    return heading, [_item(card, one, several=several) for one in lines]


def _printed_of_arms(card: TrialCard) -> str:
    """Return that numbers after the start of treatment are printed all the same, as HTML."""
    rows = card.arm_results
    ids = [
        *rows.result_id[rows.timepoint != "baseline"],
        *card.statistics.result_id[card.statistics.comparator_arm_id != ""],
    ]
    if not ids:
        return ""
    count = language.count(len(ids), "printed number")
    stand = "stands" if len(ids) == 1 else "stand"
    return f"{to_place(place_of(ids[0]), count)} {stand} below"


def _item(card: TrialCard, line: Line, *, several: bool) -> str:
    contrast = card.contrast(line.intervention_arm_id, line.comparator_arm_id)
    what = language.capitalized(named(card, line))
    contrast = f", {contrast}" if several else ""
    # What follows a sentence of bounds is no part of it.
    size = f"{';' if line.state == 'range' else ','} {html(line.size)}" if line.size else ""
    tag = line.processing
    how = f' <span class="tag {html(tag)}">{html(tag)}</span>' if tag else ""
    return f"{html(what + contrast)}: {line.markup}{size}{how}"


def _within(card: TrialCard) -> list[str]:
    """Return what is said of a change within an arm, for a trial that compares nothing."""
    found = []
    for one in records(card.directions):
        if one.direction == Said.IMPROVED_WITHIN_ARM:
            outcome = language.capitalized(card.outcome(one.outcome_id))
            when = card.dataset.in_text("timepoint", one.timepoint)
            note = f" ({html(one.note)})" if one.note else ""
            said = to_place(place_of(one.direction_id), "improved within the arm")
            found.append(f"{html(f'{outcome} {when}')}: {said}{note}.")
    for one in records(card.statistics):
        if not one.comparator_arm_id:
            shown = language.term(language.STATISTIC, one.statistic)
            value = to_place(place_of(one.result_id), language.minus(one.estimate))
            p = f", {html(printed_p(one))}" if one.p_value else ""
            found.append(f"{html(f'{card.measure(one)}: {shown}')} {value}{p}.")
    return found


def missing_remarks(card: TrialCard, lines: Sequence[Line]) -> list[str]:
    """Return what is missing in one line each, as HTML."""
    found = [
        *_design(card),
        *_results(card, lines),
        *_participants(card, lines),
        *_planned(card),
        *_bias(card),
        *_agreement(card),
        _read(card),
    ]
    return [one for one in found if one]


def _design(card: TrialCard) -> list[str]:
    if card.trial.design == "single_arm":
        return [
            "A comparison group: a change within one arm cannot be told apart from what would have "
            "happened without the treatment."
        ]
    if card.trial.design == "non_randomized":
        return [
            "Randomization: the groups can have differed before treatment, and no effect is "
            "computed from them here."
        ]
    return []


def _results(card: TrialCard, lines: Sequence[Line]) -> list[str]:
    found = []
    for direction, said in (
        (Said.NOT_REPORTED, "Measured or planned, and not reported"),
        (Said.NOT_SEEN, "Measured; whether it is reported could not be seen"),
    ):
        silent = card.directions[card.directions.direction == direction]
        silent = silent[[card.told(one).empty for one in silent.outcome_id]]
        if len(silent):
            outcomes = language.listed(distinct([card.outcome(one) for one in silent.outcome_id]))
            place = place_of(silent.direction_id.iloc[0])
            found.append(f"{said}: {to_place(place, outcomes)}.")
    within = card.directions[card.directions.direction == Said.IMPROVED_WITHIN_ARM]
    if len(within) and card.trial.design != "single_arm":
        outcomes = language.listed(distinct([card.outcome(one) for one in within.outcome_id]))
        found.append(html(f"A comparison on {outcomes}: a change within the arm is all there is."))
    if lines and card.trial.design in RANDOMIZED:
        later = any(one.timepoint == "follow_up" for one in lines)
        found += [] if later else ["A comparison between the arms after the end of treatment."]
    if not lines and card.trial.design in RANDOMIZED and card.trial.status == "published":
        number = "An estimate" if _printed_of_arms(card) else "A number"
        found.append(f"{number}, or words, on any outcome between the arms.")
    return found


def _participants(card: TrialCard, lines: Sequence[Line]) -> list[str]:
    sizes = card.arms.set_index("arm_id").n_randomized
    found = []
    total = card.about("n_randomized")
    if (sizes == "").any() and card.trial.design in RANDOMIZED:
        shares = (
            f"; equal shares of the {values(total)} randomized are imputed where a size is needed"
            if total and lines
            else ""
        )
        found.append(f"The sizes of the arms{shares}.")
    return found


def _planned(card: TrialCard) -> list[str]:
    if not card.trial.registry_id:
        return ["A registration: none was seen to compare the report with."]
    planned = card.about("n_planned")
    kind = "randomized" if card.about("n_randomized") else "enrolled"
    took_part = card.about(f"n_{kind}")
    if took_part and any(one.value != took_part[0].value for one in planned):
        return [f"The number planned: {values(planned)} participants; {values(took_part)} {kind}."]
    return []


def _bias(card: TrialCard) -> list[str]:
    said = bias.judged(card.dataset, card.trial.trial_id, only_high=True)
    by = ratings.raters(card.dataset, card.trial.trial_id)
    rated = f'RoB 2: <a href="#risk-of-bias">rated by {by}</a>. ' if by else ""
    if not said:
        return [f"{rated}Risk of bias: not assessed in any source seen."]
    judgements = card.dataset.risk_of_bias
    tools = set(judgements.tool[judgements.trial_id == card.trial.trial_id])
    lacking = "" if "rob2" in tools or by else "RoB 2: not assessed. "
    return [rated + html(f"{lacking}Risk of bias as sources seen judge it: {said}.")]


def _agreement(card: TrialCard) -> list[str]:
    """Return where printed numbers do not agree with each other, or sources with sources."""
    said = []
    if len(card.corrections):
        said.append(f"{language.count(len(card.corrections), 'remark')} on printed values")
    what = differ_on(card)
    if what:
        said.append(f"sources differ on {language.listed(what)}")
    link = f'<a href="#contradictions">{html("; ".join(said))}</a>'
    return [f"Agreement: {link}."] if said else []


def _read(card: TrialCard) -> str:
    """Return what was read of the trial's own articles."""
    own = card.publications
    own = own[own.kind == "article"]
    if own.empty:
        return "An article on the trial."
    locators = card.dataset.locators
    locators = locators[locators.locator_id.isin(card.locator_ids)]
    read = locators[locators.publication_id.isin(own.publication_id)]
    if read.empty:
        return "Its articles were not read."
    places = distinct(list(read.place))
    one = len(own) == 1
    count = "article" if one else language.count(len(own), "article")
    papers = f'<a href="#papers-on-the-trial">{count}</a>'
    if places == ["abstract"]:
        said = "the abstract was" if one else "abstracts were"
        return f"Full tables: of its own {papers} only {said} read."
    return f"Full tables: of its own {papers} these were read: {html('; '.join(places))}."
