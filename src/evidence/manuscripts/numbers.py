"""Numbers in prose: where each stands, what stands beside it, whether it agrees with a value.

Patterns that end in ``$`` are held against the text before a number, those that start with ``^``
against the text after it. Each is tried on a window of `WINDOW` characters, and none repeats a
repetition of the same characters, so that no text makes them slow.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# One character for one, so that a place in the plain text is a place in the text.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("−﹣－‐‑", "-"),
        **dict.fromkeys("‒—―", "–"),
        **dict.fromkeys("\t\n\r\v\f\u00a0\u1680\u2028\u2029\u202f\u205f\u3000", " "),
        **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
        **dict.fromkeys("’‘ʼ", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("·∙⋅‧", "."),
        **dict.fromkeys("⩽≦", "≤"),
        **dict.fromkeys("⩾≧", "≥"),
        **dict.fromkeys("﹤＜", "<"),
        **dict.fromkeys("﹥＞", ">"),
        **dict.fromkeys("∼～˜", "~"),
        **{chr(0x2080 + digit): str(digit) for digit in range(10)},
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        # Word keeps a sign of the font Symbol by its place in that font.
        **{chr(0xF000 + code): chr(code) for code in range(0x20, 0x7F)},
        "\uf0b4": "×",
        "\uf0b1": "±",
        "\uf0a3": "≤",
        "\uf0b3": "≥",
        "\uf044": "Δ",
        "\uf063": "χ",
        "\uf074": "τ",
        "＝": "=",
        "％": "%",
    }
)

_NUMBER = re.compile(
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?:[eE][-+]?[0-9]{1,3}(?![0-9])| ?[x×] ?10(?P<power>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}|\^?-[0-9]{1,3}))?"
)
_NOTE_SIGN = re.compile(r"(?<=[0-9%)\]])[⁰¹²³⁴⁵⁶⁷⁸⁹⁺*†‡§¶]{1,8}")
_POWER = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
# After these a dash followed by a space and a number is a minus, "CI − 0.29".
_BEFORE_MINUS = re.compile(r"(?:^|[(\[=,;:<>≤≥≈~/]|\b(?:to|and|from|between|was|is|of|CI|at))$")
_PERCENT = re.compile(
    r" ?(?:%(?:[- ]?(?:points?|Punkten?)\b)?|(?:percent|per cent|percentage)(?:[- ]points?)?\b"
    r"|pp\b|p\.p\.?|Prozent(?:punkten?)?\b)"
)
_COMMA_NUMBER = re.compile(
    r"(?<![0-9.,])(?P<whole>[0-9]{1,3}),(?P<part>[0-9]{1,12})(?![0-9]|[.,][0-9])"
)
_LISTED = re.compile(r"[(\[] ?[-–]?[0-9]{1,3}(?: ?[,;–-] ?[-–]?[0-9]{1,3}(?![0-9])){1,20} ?[)\]]")
_POINT_NUMBER = re.compile(r"(?<![0-9.,])[0-9]{0,4}\.[0-9]+(?![0-9]|[.,][0-9])")
_THOUSAND = 3

WORDS = {
    "both": 2,
    "single": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
"""Numbers that prose spells out."""


@dataclass(frozen=True, slots=True)
class Token:
    """A number in a text.

    Attributes
    ----------
    start, end : int
        Its place, sign and percent sign included.
    digits : str
        Plain minus, decimal point.
    percent : bool
        Whether a percent sign or word follows.
    attached : bool
        Whether it is part of a word, as in DASS-21, 6-week or EQ-5D.
    """

    start: int
    end: int
    digits: str
    percent: bool = False
    attached: bool = False

    @property
    def whole(self) -> bool:
        """Whether it has no decimals and no sign, as a count has."""
        return self.digits.replace(",", "").isdigit()


def plain(text: str) -> str:
    """Return the text with one kind of dash, minus, space and quote, of the same length.

    Signs of notes right behind a number become spaces, decimal commas points.
    """
    noted = _NOTE_SIGN.sub(lambda match: " " * len(match[0]), text.translate(_PLAIN))
    return _pointed(noted) if "," in noted else noted


def _pointed(text: str) -> str:
    """Return a text with its decimal commas as points.

    A comma between digits is decimal behind a zero, or before two or more than three digits.
    Before one digit it may stand in a list, before three it may part thousands: there the other
    numbers of the text say. "(1,2)" is a list always.
    """
    listed = {at for match in _LISTED.finditer(text) for at in range(*match.span())}
    found = [
        one
        for one in _COMMA_NUMBER.finditer(text)
        if one.start() not in listed and not text[max(0, one.start() - 1) : one.start()].isalpha()
    ]
    sure = {
        one.start("part") - 1
        for one in found
        if one["whole"] == "0" or len(one["part"]) not in (1, _THOUSAND)
    }
    points = bool(_POINT_NUMBER.search(text))
    if not points:
        sure |= {
            one.start("part") - 1
            for one in found
            if len(one["part"]) == 1 or (sure and len(one["part"]) == _THOUSAND)
        }
    letters = list(text)
    for at in sure:
        letters[at] = "."
    return "".join(letters)


def tokens(text: str) -> list[Token]:
    """Return the numbers of a plain text, from left to right.

    Examples
    --------
    >>> [one.digits for one in tokens("0.52 (-0.29 to 1.33; P = .11), DASS-21")]
    ['0.52', '-0.29', '1.33', '.11', '21']
    >>> [one.digits for one in tokens("-0.29–1.33")]
    ['-0.29', '1.33']
    """
    found = []
    at = 0
    while (match := _NUMBER.search(text, at)) is not None:
        at = match.end()
        start, sign = _sign(text, match.start())
        digits = match[0].lower().replace(" ", "")
        if match["power"]:
            power = match["power"].translate(_POWER).lstrip("^")
            digits = re.split("[x×]", digits)[0] + f"e{power}"
        percent = _PERCENT.match(text, at)
        end = percent.end() if percent else at
        found.append(
            Token(start, end, sign + digits, bool(percent), _attached(text, match.start(), at))
        )
        at = max(at, end)
    return found


def _sign(text: str, start: int) -> tuple[int, str]:
    """Return where a number starts with its sign, and the sign."""
    at = start
    spaced = at > 1 and text[at - 1] == " " and text[at - 2] in "-–"
    if spaced:
        at -= 1
    mark = text[at - 1] if at else ""
    if not mark or mark not in "-–+":
        return start, ""
    before = text[max(0, at - 13) : at - 1]
    if spaced:
        return (at - 1, "-") if _BEFORE_MINUS.search(before.rstrip()[-8:]) else (start, "")
    last = before[-1:]
    if last.isalnum() or last in (")", "]", "%", "."):
        # A dash right behind a number or a word: a range, or part of the word.
        return start, ""
    if mark == "–" and last == " " and (before.rstrip()[-1:].isdigit() or before[-2:] == "% "):
        # "0.29 –1.33": in print an en dash between two numbers is a range.
        return start, ""
    return at - 1, "" if mark == "+" else "-"


def _attached(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:].isalpha() or before[-1:] == "_":
        return True
    if len(before) == 2 and before[1] == "-" and before[0].isalpha():
        return True
    if after[:1].isalpha() and text[end : end + 2].lower() not in ("sd", "pp", "to", "bi"):
        return "." not in text[start:end]
    return len(after) == 2 and after[0] == "-" and after[1].isalpha()


WINDOW = 90
"""How many characters beside a number are looked at."""


def _before(label: str, connectors: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{label})(?:{connectors})*$")


_INTERVAL_NAME = (
    r"(?:(?:CIs?|C\.I\.|KIs?|ICs?|CrIs?|HDI)(?:[_~-]?x{2,5}~?)?"
    r"|(?:confidence|credible|credibility|compatibility|uncertainty)"
    r"[ -](?:intervals?|limits|range)|intervals?|limits|[Kk]onfidenzintervalle?s?"
    r"|intervall[eo] (?:de confiance|di confidenza)|intervalo de confianza)(?![A-Za-z])"
)
_INTERVAL_LABEL = (
    rf"(?:[0-9]{{2}}(?:\.[0-9]+)? ?%? ?[-–]?(?:[^0-9;()\[\]]{{0,30}} )?"
    rf"|(?<![A-Za-z])(?:x{{2,5}}[-–]?)?){_INTERVAL_NAME}"
)
_INTERVAL_LINK = (
    r"[ ,:;=(\[)\]{]|\b(?:was|were|is|of|from|between|rang(?:ed|ing|es)|runn?(?:ing|s)?|ran"
    r"|spann?(?:ing|s|ed)?|extend(?:ing|s|ed)?|lies|lay|about|approximately|both|the|von|zwischen"
    r"|de|entre|\u00e0|at)\b|(?<= )[\u00e0](?= )|\(?[0-9]{2}(?:\.[0-9])? ?%\)?"
)
INTERVAL_BEFORE = _before(_INTERVAL_LABEL, _INTERVAL_LINK)
"""A label of an interval: "95% CI, ", "confidence interval from "."""

INTERVAL_AFTER = re.compile(
    rf"^ ?[)\]]? ?[,;(\[]? ?\(?(?:[0-9]{{2}}(?:\.[0-9]+)? ?% ?)?{_INTERVAL_NAME}"
)
"""A label that follows its interval: "(-0.29 to 1.33, 95% CI)"."""
LEVEL_LABEL = re.compile(rf"{_INTERVAL_NAME}(?: à)?[ =(\[,]*$")
"""Before a level that follows its label: "CI (95%)"."""
LABEL_BETWEEN = re.compile(rf"{_INTERVAL_NAME}[^;]{{0,60}}$")
"""Before a number that stands behind a label of an interval, in the same clause."""

OTHER_INTERVAL = re.compile(r"\b(?:predicti(?:on|ve)|range[ds]?|IQR|interquartile|Q-profile)\b")
"""Words of intervals that are not those of the estimate."""

_LEVEL_OF = r"(?:CI|KI|IC|CrI|PI|HDI|interval|limits|confidence|credible|[Kk]onfidenz)"
LEVEL_AFTER = re.compile(rf"^ ?[-–]?(?:[^0-9.,;()\[\]]{{0,40}}[ -])?{_LEVEL_OF}")
LEVEL_RIGHT_AFTER = re.compile(rf"^ ?[-–]?{_LEVEL_OF}")
"""After the level of an interval: " CI", " confidence interval"."""

TO = re.compile(
    r"^(?: ?(?:points?|Punkten?))?(?: ?(?:to|through|until|bis|\u00e0|a|–|--|-|~|\.{2,3}|…) ?)$"
)
AND = re.compile(r"^(?: ?points?)?,? (?:and|und|et|y) $")
COMMA = re.compile(r"^ ?[,;/] ?$")
"""Between the limits of an interval."""

LIMIT_BEFORE = re.compile(
    r"(?:\b(?P<side>lower|upper) (?:[a-z%0-9]{1,12} ){0,3}?(?:limit|bound|end)\b"
    r"(?: of (?:the|its) [A-Za-z0-9% ]{2,30}?)?|(?<![A-Za-z])(?P<short>[LU])(?:C?L|B|CI)"
    r"|\bci[._](?P<r>[lu])b|\bconf[._](?P<broom>low|high)|(?P<quantile>2\.5|97\.5) ?%)"
    r"(?:[ =:,(]|\b(?:was|is|of|at)\b)*$"
)
"""A limit named by itself: "lower limit of the CI was "."""

P_BEFORE = _before(
    r"(?<![A-Za-z])[pP](?:[- _.]?val(?:ue)?s?)?(?: ?\([^()0-9]{1,20}\))?",
    r"[ =:,<>≤≥≈]|\b(?:was|is|of|at|less|greater|larger|smaller|than|below|above|under|over|about"
    r"|approximately|equals?|to)\b",
)
HETEROGENEITY_NEAR = re.compile(r"[Hh]eterogen|\b[Tt]au\b|τ|\bI²|\bIx")
P_OF_OTHER = re.compile(
    r"(?<![A-Za-z])[pP](?:[- ]?values?)?[ _-](?:for|of|from) (?!the (?:test|effect|difference))"
    r"[a-z][^0-9.;]{2,50}$|(?<![A-Za-z])[pP][ _-]?(?:for |of )?\(?(?:het\w*|Q\b|int(?:eraction)?\b"
    r"|trend|hom\w*|bias|Egger)[^0-9;]{0,20}$"
    r"|\bFisher.s two-sided [pP][ =:]{0,3}$"
)
"""A P of heterogeneity, interaction or bias, or Fisher's beside an exact one."""

BELOW = re.compile(r"[<≤]|\b(?:less|smaller|below|under)\b")
ABOVE = re.compile(r"[>≥]|\b(?:greater|larger|above|over)\b")

N_BEFORE = _before(
    r"(?<![A-Za-z])[nN]|\b(?:total )?sample(?: size)?|\btotal [nN]",
    r"[ =:,]|\b(?:was|is|of)\b",
)
K_BEFORE = _before(r"(?<![A-Za-z])[kK]", r"[ =:,]|\b(?:was|is|of)\b")

_SKIPPED = (
    r"(?:more|others?|further|additional|of|the|with|in|for|and|or|remaining|to|from|by|per|on|at"
    r"|points?|trials?|stud(?:y|ies)|than|against|versus|vs|were|was|had|did)\b"
)
TRIALS_AFTER = re.compile(
    rf"^(?: (?!{_SKIPPED})[a-z][a-z-]{{1,20}},?){{0,4}} "
    r"(?:trials?|stud(?:y|ies)|RCTs?|comparisons)\b(?! (?:arms?|sites?|weeks?))"
)
PEOPLE_AFTER = re.compile(
    rf"^(?: (?!{_SKIPPED})[A-Za-z][a-z-]{{1,20}},?){{0,3}} "
    r"(?:participants?|adolescents?|adults?|patients?|people|persons?|individuals?|youths?"
    r"|youngsters|teenagers?|teens|subjects?|children|young people|students|clients"
    r"|outpatients|inpatients)\b"
)
PART_AFTER = re.compile(
    r"^[^.;()0-9]{0,60}\b(?:per (?:arm|group)|each|assigned|allocated|in the [\w-]+(?: [\w-]+)? "
    r"(?:arm|group)|in one arm|lost|missing|dropped|withdrew|recovered|remitted|responded"
    r"|attempted)\b"
)
"""After a count of people who are only part of those in the estimate."""

ARM_AFTER = re.compile(
    r"^ ?(?:per (?:arm|group|condition)|(?:in )?each|in the [\w-]+(?: [\w-]+){0,2} (?:arm|group))\b"
)
"""After the size of one arm."""

NOT_ALL_BEFORE = re.compile(
    r"(?:\b(?:of the|of these|of its|other|another|further|additional|remaining|first|last|least"
    r"|most|than|up to|needs?|only with)|(?:^|[.;:(] ?|\b(?:[0-9]+|none|half|some|most|many|few"
    rf"|majority|third|quarter|{'|'.join(WORDS)}) )of|[0-9] ?/)\s$",
    re.IGNORECASE,
)
TRIALS_NOT_ALL_BEFORE = re.compile(
    r"\b(?:of the|of these|of its|other|another|further|additional|remaining|first|last|least"
    r"|most|than|up to|needs?)\s$"
)
"""Before a count that is not that of the estimate: "two of the", "another"."""

OF_BETWEEN = re.compile(r"^ (?:of|out of) (?:the )?$|^ ?/ ?$")
"""Between events and those counted: "27 of 31"."""

_EFFECT_LINK = (
    r"[ =:,;(\[≈~{]|\b(?:was|were|is|are|of|at|be|to|equals?|equaled|about|approximately|around"
    r"|roughly|only|just|estimated|came|amounted|stood|reached|as|a|an|the|pooled|overall|in|von"
    r"|war|betrug|lag|bei)\b|\(?[0-9]{2} ?% ?[CK]I\)?|\((?:SE|S\.E\.)\)"
)
EFFECT_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, _before(label, _EFFECT_LINK))
    for kind, label in (
        (
            "",
            r"\bratio of (?:the )?(?:two )?(?:odds|risk) ratios|\bchange (?:of|in) (?:the )?"
            r"(?:[A-Za-z]+ ){0,3}[A-Za-z]+",
        ),
        (
            "standardized",
            r"(?<![A-Za-z])(?:Hedges'?s? ?)?[gd](?:[_ ]?(?:ppc2?|xxxx))?(?![A-Za-z'])|Cohen'?s? d"
            r"|\bSMDs?|\b(?:standardi[sz]ed (?:mean )?|[Ss]tandardi[sz]ed mean )"
            r"(?:differences?|effects?)",
        ),
        ("hazard_ratio", r"(?<![A-Za-z])a?HRs?(?![A-Za-z])|\b[Hh]azard ratios?"),
        ("rate_ratio", r"(?<![A-Za-z])IRRs?(?![A-Za-z])|\b(?:incidence )?rate ratios?"),
        (
            "odds_ratio",
            r"(?<![A-Za-z])a?ORs?(?![A-Za-z])|\b[Oo]dds ratios?|\b[Oo]dds(?= were| are)",
        ),
        ("risk_ratio", r"(?<![A-Za-z])a?RRs?(?![A-Za-z])|\b[Rr]isk ratios?|\b[Rr]elative risks?"),
        (
            "risk_difference",
            r"(?<![A-Za-z])A?RDs?(?![A-Za-z])|\b[Rr]isk differences?"
            r"|\b[Aa]bsolute (?:risk )?(?:differences?|reductions?)",
        ),
        (
            "mean_difference",
            r"(?<![A-Za-z])W?MDs?(?![A-Za-z])|\b[Mm]ean differences?"
            r"|(?<![A-Za-z])[Bb](?![A-Za-z'])|\b[Cc]oefficients?|\b[Dd]ifferences? in points"
            r"|[Δ∆] ?M?(?![A-Za-z])|(?<![A-Za-z])M_?diff|\bMittelwertdifferenz",
        ),
        ("retained_fraction", r"\bretained fraction|\bfraction retained"),
        ("proportion", r"\bproportion|\bshare"),
        (
            "",
            r"\b(?:[Ee]ffect sizes?|[Ee]ffects?|[Ee]stimates?|[Dd]ifferences?|[Rr]atios?"
            r"|[Cc]hanges?|median|benefit|advantage|(?:Gesamt)?[Ee]ffekt(?:st\u00e4rke)?|Differenz)"
            r"|(?<![A-Za-z])ES(?![A-Za-z])",
        ),
    )
)
"""Names of effects, the most telling first, each with the kind of metric it can only mean."""

UNIT = (
    r"(?: ?(?:SDs?|standard deviations?)\b| (?:[A-Za-z][\w-]* ){0,3}points?\b"
    r"[^0-9.;:()\[\]]{0,60})?"
)
TIMES_AFTER = re.compile(
    r"^ ?(?:times|-?fold|mal)\b(?P<as> (?:as|so) (?:high|likely|great|large|many|often|hoch)"
    r"|(?: the)? (?:odds|risk)| (?:higher|greater|more likely))?"
)
"""After a ratio told in words: "8.3 times as high"."""
POINTS_AFTER = re.compile(r"^ (?:[A-Za-z][\w-]* ){0,3}points?\b")
SD_AFTER = re.compile(r"^ ?(?:SDs?|standard deviations?)\b")
ATTACHED = re.compile(
    rf"^{UNIT}[ ,;:]*(?:(?:with|and) )?(?:(?:an?|the|its) )?[(\[]{{0,2}} ?"
    rf"(?:{_INTERVAL_LABEL}(?:{_INTERVAL_LINK})*)?$"
)
"""Between an effect and its interval."""
BRACKET = re.compile(rf"^{UNIT} ?[,;:]? ?[(\[] ?$")
OPEN_COMMA = re.compile(rf"^{UNIT} ?[,;:] $")
IN_PERCENT_AFTER = re.compile(r"^ ?[)\]]?,? ?(?:in )?(?:%|percent\b|percentage points?\b)")

HETEROGENEITY = re.compile(
    r"(?<![A-Za-z])(?P<name>I|H|R|tau|Tau|τ|τ̂)(?P<squared>\^?[2x⁺]|²|[ -]?squared?)?"
    r"(?: statistic)?(?:[ =:,<>(≈]|\b(?:was|is|of)\b)*$"
    r"|(?<![A-Za-z])(?:Cochran'?s? )?(?P<q>Q)[A-Z]?(?: ?\([^()]{0,12}\))?"
    r"(?:[ =:,]|\b(?:was|is|of)\b)*$"
)
STATISTIC = re.compile(
    r"(?:(?<![A-Za-zΔ∆])(?P<short>t|F|z|Z|χ²?|χ[2x]|[Xx]²|df|r|rho|ρ|alpha|α|kappa|κ|NNTs?|SEs?"
    r"|S\.E\.|SDs?|SEM|MSE|AUC|AIC|BIC|[Cc]hi(?:²|[2x]|-?squared?)|M)"
    # An effect expressed as a correlation is an effect.
    r"|\b(?P<long>standard (?:error|deviation)s?|(?<!expressed as a )correlations?(?: r)?|scale"
    r"|means?)|±)"
    r"(?: ?\([^()]{0,20}\))?"
    r"(?:[ =:,<>≈]|\b(?:was|were|is|of)\b)*$"
)
IN_STATISTIC = re.compile(
    r"(?<![A-Za-z])(?P<of>t|F|z|Q|χ²?|χ2|X²|[Cc]hi(?:²|2|-?squared?))\((?:[^()]{0,12}, ?)?$"
)
AFTER_UNIT = re.compile(
    r"^ ?-?(?:weeks?|months?|days?|years?|hours?|minutes?|sessions?|items?|wks?|mos?|yrs?|times"
    r"|fold|arms?|groups?|sites?|cent(?:er|re)s?|countries|waves?|raters?|databases?|reports?"
    r"|th|st|nd|rd|df|degrees)\b"
)
BEFORE_UNIT = re.compile(
    r"\b(?:[Tt]ables?|[Ff]igures?|[Ff]ig\.|[Aa]ppendi(?:x|ces)|[Ss]upplements?|[Rr]efs?\.?|No\."
    r"|[Ss]tep|[Pp]hase|[Gg]rade|[Ss]ections?|[Cc]hapter|pages?|pp?\.|[Pp]anel|[Tt]rial|[Ss]tudy"
    r"|[Vv]ersions?|[Ee]quations?|[Aa]ged?|[Aa]ges|[Ww]eeks?|[Mm]onths?|[Dd]ays?|[Yy]ears?|vol\."
    r"|[Vv]olume|[Ii]ssue|package version|data version) ?$"
)
TO_UNIT = re.compile(
    r"^ ?(?:to|–|-|and|or|,) ?[0-9.]{1,6} ?-?(?:weeks?|months?|days?|years?|hours?|minutes?"
    r"|sessions?|items?|wks?|mos?|yrs?)\b"
)
CITATION = re.compile(r"\[ ?[0-9]{1,3}(?: ?[,–-] ?[0-9]{1,3}){0,20} ?\]")
NEEDED_BEFORE = re.compile(r"(?:\bNNTs?|\bnumbers? needed to treat)\b[ =:a-z]{0,24}$")
SHARES_BESIDE = re.compile(
    r"^ (?:against|versus|vs?\.?|and|compared (?:with|to)) [0-9.]{1,6} ?%"
    r"|[0-9] ?% (?:against|versus|vs?\.?|and|compared (?:with|to)) $"
)
"""Beside one of two shares, "87% against 51.7%"."""
FORM_BEFORE = re.compile(r"(?:[=<>≤≥≈]|\b[A-Za-z]{1,4}[._][a-z]{1,5}) ?[(\[]? ?$")
"""Before a number that stands as the value of something."""
WORD_NUMBER = re.compile(rf"\b(?P<word>{'|'.join(WORDS)})\b(?!-)", re.IGNORECASE)


NOISE = 1e-9
"""What arithmetic in doubles may add to half a unit, absolute or relative, the larger."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A number in a text.

    Attributes
    ----------
    text : str
        As it stands there, sign, percent sign and relation included.
    value : Decimal
        Its value; of a percentage the number before the sign.
    unit : Decimal
        One unit of its last printed digit.
    percent : bool or None
        Whether it is printed as a percentage; None where the text does not say, as in the limits
        of "35.4% (13.7 to 57.1)".
    relation : str
        ``=``, ``<`` or ``>``: "P < .001" bounds a value.
    """

    text: str
    value: Decimal
    unit: Decimal
    percent: bool | None = False
    relation: str = "="

    def agrees(self, expected: float, *, share: bool = False) -> bool:
        """Return whether the value rounds to what is printed, by either rule of rounding.

        Parameters
        ----------
        expected : float
            The value at full precision.
        share : bool
            Whether it is a share of a whole, which may be printed as a percentage.

        Examples
        --------
        >>> printed("0.52").agrees(0.5205273829)
        True
        >>> printed("35.4", percent=True).agrees(0.3537, share=True)
        True
        >>> printed("52", percent=True).agrees(0.5205273829)
        False
        """
        if self.percent and not share:
            return False
        scales = {True: (100.0,), False: (1.0,), None: (1.0, 100.0) if share else (1.0,)}
        return any(self._meets(scale * expected) for scale in scales[self.percent])

    @property
    def span(self) -> tuple[float, float]:
        """The least and the greatest value, or hundredth of a value, that it may stand for."""
        value, unit = float(self.value), float(self.unit) + NOISE
        infinite = float("inf")
        return (
            -infinite if self.relation == "<" else value - unit,
            infinite if self.relation == ">" else value + unit,
        )

    def _meets(self, expected: float) -> bool:
        slack = NOISE * max(1.0, abs(expected))
        value = float(self.value)
        if self.relation == "<":
            return expected < value + slack
        if self.relation == ">":
            return expected > value - slack
        return abs(value - expected) <= float(self.unit) / 2 + slack


def printed(
    digits: str, *, text: str = "", percent: bool | None = False, relation: str = "="
) -> Printed:
    """Return a number from its digits with a plain minus and a decimal point.

    Parameters
    ----------
    digits : str
        As ``-0.29``, ``.04``, ``1,234`` or ``4.8e-05``.
    text : str
        As it stands in the manuscript; `digits` where nothing is given.
    percent : bool or None
        See `Printed`.
    relation : str
        See `Printed`.

    Raises
    ------
    ValueError
        If it is no number.
    """
    try:
        value = Decimal(digits.replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"no number: {digits!r}") from None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"no finite number: {digits!r}")
    return Printed(text or digits, value, Decimal(1).scaleb(exponent), percent, relation)
