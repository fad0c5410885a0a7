"""What stands beside a number in prose and says what the number is.

Patterns that end in ``$`` are held against the text before a number, those that start with ``^``
against the text after it. Each is tried on a window of `WINDOW` characters, and none repeats a
repetition of the same characters, so that no text makes them slow.
"""

import re

from evidence.writing.tokens import WORDS

WINDOW = 90
"""How many characters beside a number are looked at."""


def _before(label: str, connectors: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{label})(?:{connectors})*$")


_INTERVAL_NAME = (
    r"(?:CIs?|C\.I\.|CrIs?|HDI|(?:confidence|credible|credibility|compatibility|uncertainty)"
    r"[ -](?:intervals?|limits|range)|intervals?|limits)(?![A-Za-z])"
)
_INTERVAL_LABEL = (
    rf"(?:[0-9]{{2}}(?:\.[0-9]+)? ?%? ?-?(?:[^0-9;()\[\]]{{0,30}} )?|(?<![A-Za-z]))"
    rf"{_INTERVAL_NAME}"
)
_INTERVAL_LINK = (
    r"[ ,:;=(\[)\]]|\b(?:was|were|is|of|from|between|rang(?:ed|ing|es)|runn?(?:ing|s)?|ran"
    r"|spann?(?:ing|s|ed)?|extend(?:ing|s|ed)?|lies|lay|about|approximately|both|the)\b"
)
INTERVAL_BEFORE = _before(_INTERVAL_LABEL, _INTERVAL_LINK)
"""A label of an interval: "95% CI, ", "confidence interval from "."""

INTERVAL_AFTER = re.compile(
    rf"^ ?[)\]]? ?[,;(\[]? ?\(?(?:[0-9]{{2}}(?:\.[0-9]+)? ?% ?)?{_INTERVAL_NAME}"
)
"""A label that follows its interval: "(-0.29 to 1.33, 95% CI)"."""

OTHER_INTERVAL = re.compile(r"\b(?:predicti(?:on|ve)|range[ds]?|IQR|interquartile|Q-profile)\b")
"""Words of intervals that are not those of the estimate."""

_LEVEL_OF = r"(?:CI|CrI|PI|HDI|interval|limits|confidence|credible)"
LEVEL_AFTER = re.compile(rf"^ ?-?(?:[^0-9.,;()\[\]]{{0,40}}[ -])?{_LEVEL_OF}")
LEVEL_RIGHT_AFTER = re.compile(rf"^ ?-?{_LEVEL_OF}")
"""After the level of an interval: " CI", " confidence interval"."""

TO = re.compile(r"^(?: ?points?)?(?: ?(?:to|through|–|-|\.{2,3}|…) ?)$")
AND = re.compile(r"^(?: ?points?)?,? and $")
COMMA = re.compile(r"^ ?[,;/] ?$")
"""Between the limits of an interval."""

LIMIT_BEFORE = re.compile(
    r"(?:\b(?P<side>lower|upper) (?:[a-z%0-9]{1,12} ){0,3}?(?:limit|bound|end)\b"
    r"(?: of (?:the|its) [A-Za-z0-9% ]{2,30}?)?|(?<![A-Za-z])(?P<short>[LU])(?:C?L|B))"
    r"(?:[ =:,(]|\b(?:was|is|of|at)\b)*$"
)
"""A limit named by itself: "lower limit of the CI was "."""

P_BEFORE = _before(
    r"(?<![A-Za-z])[pP](?:[- ]?values?)?(?: ?\([^()0-9]{1,20}\))?",
    r"[ =:,<>≤≥≈]|\b(?:was|is|of|at|less|greater|larger|smaller|than|below|above|under|over|about"
    r"|approximately|equals?|to)\b",
)
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
    r"[ =:,;(\[≈~]|\b(?:was|were|is|are|of|at|be|to|equals?|equaled|about|approximately|around"
    r"|roughly|only|just|estimated|came|amounted|stood|reached|as|a|an|the|pooled|overall|in)\b"
    r"|\(?[0-9]{2} ?% ?CI\)?"
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
            r"|\bSMDs?|\bstandardi[sz]ed (?:mean )?(?:differences?|effects?)",
        ),
        ("odds_ratio", r"(?<![A-Za-z])a?ORs?(?![A-Za-z])|\bodds ratios?"),
        ("risk_ratio", r"(?<![A-Za-z])a?RRs?(?![A-Za-z])|\brisk ratios?|\brelative risks?"),
        (
            "risk_difference",
            r"(?<![A-Za-z])A?RDs?(?![A-Za-z])|\brisk differences?"
            r"|\babsolute (?:risk )?(?:differences?|reductions?)",
        ),
        (
            "mean_difference",
            r"(?<![A-Za-z])W?MDs?(?![A-Za-z])|\bmean differences?|(?<![A-Za-z])[Bb](?![A-Za-z'])"
            r"|\bcoefficients?|\bdifferences? in points",
        ),
        ("retained_fraction", r"\bretained fraction|\bfraction retained"),
        ("proportion", r"\bproportion|\bshare"),
        (
            "",
            r"\b(?:effect sizes?|effects?|estimates?|differences?|ratios?|changes?|median|benefit"
            r"|advantage)|(?<![A-Za-z])ES(?![A-Za-z])",
        ),
    )
)
"""Names of effects, the most telling first, each with the kind of metric it can only mean."""

UNIT = (
    r"(?: ?(?:SDs?|standard deviations?)\b| (?:[A-Za-z][\w-]* ){0,3}points?\b"
    r"[^0-9.;:()\[\]]{0,60})?"
)
POINTS_AFTER = re.compile(r"^ (?:[A-Za-z][\w-]* ){0,3}points?\b")
SD_AFTER = re.compile(r"^ ?(?:SDs?|standard deviations?)\b")
ATTACHED = re.compile(
    rf"^{UNIT}[ ,;:]*(?:(?:with|and) )?(?:(?:an?|the|its) )?[(\[]{{0,2}} ?"
    rf"(?:{_INTERVAL_LABEL}(?:{_INTERVAL_LINK})*)?$"
)
"""Between an effect and its interval."""
BRACKET = re.compile(rf"^{UNIT} ?[(\[] ?$")
OPEN_COMMA = re.compile(rf"^{UNIT} ?[,;:] $")
IN_PERCENT_AFTER = re.compile(r"^ ?[)\]]?,? ?(?:in )?(?:%|percent\b|percentage points?\b)")

HETEROGENEITY = re.compile(
    r"(?<![A-Za-z])(?:I|H|R|tau|Tau|τ|τ̂)(?:\^?[2x]|²|[ -]?squared?)?(?: statistic)?"
    r"(?:[ =:,<>(≈]|\b(?:was|is|of)\b)*$"
    r"|(?<![A-Za-z])(?:Cochran'?s? )?Q(?: ?\([^()]{0,12}\))?(?:[ =:,]|\b(?:was|is|of)\b)*$"
)
STATISTIC = re.compile(
    r"(?:(?<![A-Za-z])(?:t|F|z|Z|χ²?|χ2|X²|df|r|rho|ρ|alpha|α|kappa|κ|NNT|SEs?|SDs?|SEM|MSE|AUC)"
    r"|\bchi-?squared?|\bstandard (?:error|deviation)s?|\bcorrelations?(?: r)?"
    r"|\bscale|\bmeans?|(?<![A-Za-z])M|±)(?: ?\([^()]{0,20}\))?"
    r"(?:[ =:,<>≈]|\b(?:was|were|is|of)\b)*$"
)
IN_STATISTIC = re.compile(r"(?<![A-Za-z])(?:t|F|z|Q|χ²?|χ2|X²|chi-?squared?)\((?:[^()]{0,12}, ?)?$")
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
WORD_NUMBER = re.compile(rf"\b(?P<word>{'|'.join(WORDS)})\b(?!-)", re.IGNORECASE)
