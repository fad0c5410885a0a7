"""How a valid file becomes another: its bytes damaged, its cells or lines changed, or neither.

A change of its form (line ends, a byte order mark, quotation marks, packing) leaves what it means.
"""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable
from random import Random
from typing import Literal

Bytes = Callable[[bytes, Random], bytes]
Text = Callable[[str, Random], str]
Rows = list[list[str]]

FORM, DAMAGE = 0.08, 0.25
"""Shares of inputs of another form, and up to which the bytes are damaged; the rest is changed."""

NUMBERS = (
    *("0", "-0", "1", "2", "-1", "0.5", "-3.2", "7", "12", "100", "101", "1000", "99999999"),
    *("1e300", "1e-300", "1e400", "9" * 400, "0.0000000001", "007", "+5", "1.", ".5", "1e3"),
    *("1,5", "1.234,5", "1,234.5", "−2.5", "–2", "12%", "< .001", "nan", "inf", "-Infinity"),
    *("1_000", "٣", "½", "0x10", "1 000", "true", "TRUE", "1e", "--1", "3.0.1"),
)
WORDS = (
    *("", " ", "unknown_id", "x" * 300, "x" * 40_000, "NA", "null", "#REF!", "=1+1", "@x", "; "),
    *("a; b", "a,b", 'a"b', "a\nb", "a\tb", "Åkerström", "e\u0301", "\u202eabc", "\u200b", "\x07"),
    *("2999-12-31", "2020-02-30", "1.1.2020", "../x", "C:\\x", "<b>x</b>", "{ev:x}", "{{x}}", "😀"),
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORD = re.compile(r"[A-Za-z_][\w.-]*")
_PLAIN = re.compile(r">([^<>]+)<")
_TAG = re.compile(r"<[^<>?!]+/>")


def spoiled(name: str, content: bytes, chance: Random) -> tuple[bytes, bool]:
    """Return another content for a file, and whether it means the same."""
    packed = name.endswith((".docx", ".xlsx"))
    is_csv = name.endswith(".csv")
    drawn = chance.random()
    if drawn < FORM:
        return chance.choice(_forms(content, packed, is_csv)), True
    if drawn < DAMAGE:
        return chance.choice(DAMAGES)(content, chance), False
    change = _packed if packed else _csv if is_csv else _lines
    # One change is the most likely to get far; several meet where one alone would not.
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        content = change(content, chance)
    return content, False


def _forms(content: bytes, packed: bool, is_csv: bool) -> list[bytes]:
    if packed:
        return [zipped(members(content), how) for how in (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2)]
    forms = [content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")]
    if is_csv:
        forms += [codecs.BOM_UTF8 + content, _written(*_read(content), csv.QUOTE_ALL)]
    return forms


def _inserted(*pieces: bytes) -> Bytes:
    def change(content: bytes, chance: Random) -> bytes:
        at = chance.randrange(len(content) + 1)
        return content[:at] + chance.choice(pieces) + content[at:]

    return change


def _flipped(content: bytes, chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 8))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(content: bytes, chance: Random) -> bytes:
    one, two = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return chance.choice((content[:two], content[one:], content[:one] + content[two:]))


def _twice(content: bytes, chance: Random) -> bytes:
    one, two = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:two] + content[one:two] + content[two:]


def _recoded(content: bytes, chance: Random) -> bytes:
    encoding = chance.choice(("utf-16", "utf-16-be", "cp1252"))
    return content.decode("utf-8", "replace").encode(encoding, "replace")


DAMAGES: tuple[Bytes, ...] = (
    _flipped,
    _flipped,
    _cut,
    _twice,
    _recoded,
    _inserted(b"\0", b"\x1b[2J", b"\x1a", b"\r", b"\x0c", "\u2028".encode()),
    _inserted(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"),
    _inserted(b"x" * 200_000, b'"', b"'", b"[" * 3_000, b"\n" * 5_000, b"{" * 40, b"\\"),
    _inserted(b"\xef\xbb\xbf"),
    lambda content, chance: chance.choice((b"", b"\n", b" ", b"\0" * 64, b"PK\x03\x04" + content)),
)


def _read(content: bytes) -> tuple[Rows, str]:
    text = content.decode("utf-8-sig", "replace").replace("\0", "")
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), separator
    except csv.Error:
        return [line.split(separator) for line in text.splitlines()], separator


def _written(rows: Rows, separator: str, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\n", quoting=quoting)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")


def _csv(content: bytes, chance: Random) -> bytes:
    rows, separator = _read(content)
    if len(rows) > 1 and all(rows):
        chance.choice(ROWS)(rows, chance)
    return _written(rows, separator)


def _at(rows: Rows, chance: Random) -> tuple[list[str], int]:
    row = chance.choice(rows[1:])
    filled = [at for at, cell in enumerate(row) if cell]
    # Most cells of wide tables are empty, and most that is told in words.
    numbers = [at for at in filled if _NUMBER.fullmatch(row[at])]
    places = chance.choice((numbers, filled, range(len(row))))
    return row, chance.choice(places or range(len(row)))


def _cell(by: Callable[[str, Random, Rows, int], str]) -> Callable[[Rows, Random], None]:
    def change(rows: Rows, chance: Random) -> None:
        row, at = _at(rows, chance)
        row[at] = by(row[at], chance, rows, at)

    return change


def _near(text: str, chance: Random) -> str:
    """Return a number with a digit exchanged, a sign, or another place of its point."""
    at = chance.randrange(len(text))
    digit = f"{text[:at]}{chance.randrange(10)}{text[at + 1 :]}" if text[at].isdigit() else text
    return chance.choice((digit, digit, f"{text}0", f"-{text}", f"1{text}", text.strip("-")))


def _of_column(_: str, chance: Random, rows: Rows, at: int) -> str:
    other = chance.choice(rows)
    return other[at % len(other)]


def _exchanged(rows: Rows, chance: Random) -> None:
    row, at = _at(rows, chance)
    to = chance.randrange(len(row))
    row[at], row[to] = row[to], row[at]


def _reordered(rows: Rows, chance: Random) -> None:
    body = rows[1:]
    chance.shuffle(body)
    rows[1:] = body


def _of_columns(rows: Rows, chance: Random) -> None:
    """Drop a column, name it otherwise, set it twice, or exchange two."""
    width = len(rows[0])
    at, to, what = chance.randrange(width), chance.randrange(width), chance.randrange(4)
    for number, row in enumerate(rows):
        if len(row) != width:
            continue
        if what == 0:
            del row[at]
        elif what == 1:
            row[at] = row[at] if number else chance.choice((*WORDS, row[at].upper()))
        elif what == 2:
            row.append(row[at])
        else:
            row[at], row[to] = row[to], row[at]


_near_number = _cell(lambda old, chance, *_: _NUMBER.sub(lambda n: _near(n[0], chance), old, 1))
_other_number = _cell(lambda _, chance, *__: chance.choice(NUMBERS))
_emptied = _cell(lambda *_: "")
ROWS: tuple[Callable[[Rows, Random], object], ...] = (
    *(_other_number, _other_number, _near_number, _near_number, _near_number),
    *(_cell(lambda _, chance, *__: chance.choice(WORDS)), _cell(_of_column), _cell(_of_column)),
    *(_emptied, _emptied, _exchanged, lambda rows, by: rows.append([*by.choice(rows[1:])])),
    *[lambda rows, by: rows.pop(by.randrange(1, len(rows)))] * 2,
    *(_reordered, _reordered, _of_columns),
    lambda rows, by: by.choice(rows[1:]).append(by.choice(("", "x"))),
    lambda rows, by: by.choice(rows[1:]).pop(),
)


def _lines(content: bytes, chance: Random) -> bytes:
    text = content.decode("utf-8-sig", "replace")
    return chance.choice(LINES)(text, chance).encode("utf-8", "replace")


def _of_lines(text: str, chance: Random) -> str:
    """Drop a line, set it twice, exchange two, or move one."""
    lines = text.split("\n")
    at, to, what = chance.randrange(len(lines)), chance.randrange(len(lines)), chance.randrange(4)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(to, lines[at])
    elif what == 2:
        lines[at], lines[to] = lines[to], lines[at]
    else:
        lines.insert(to, lines.pop(at))
    return "\n".join(lines)


def _replaced(pattern: re.Pattern[str], by: Callable[[str, Random, list[str]], str]) -> Text:
    def change(text: str, chance: Random) -> str:
        found = list(pattern.finditer(text))
        if not found:
            return text
        one = chance.choice(found)
        new = by(one[0], chance, [other[0] for other in found])
        return text[: one.start()] + new + text[one.end() :]

    return change


_number_near = _replaced(_NUMBER, lambda text, chance, _: _near(text, chance))
_number_other = _replaced(_NUMBER, lambda _, chance, __: chance.choice(NUMBERS))
_word_of_the_text = _replaced(_WORD, lambda _, chance, words: chance.choice(words))
_word_other = _replaced(_WORD, lambda _, chance, __: chance.choice(WORDS))
_value_other = _replaced(
    re.compile(r"(?<== )[^\n]+"),
    lambda old, chance, values: chance.choice(
        (
            *("[]", "{}", "[[]]", "[{}]", '""', "true", "1", "-1.5", "nan", "2999-12-31"),
            *(f"{old[:-1]}, [1]]", f"{old[:-1]}, {{ x = 1 }}]", "[" * 2_000, f"{old}{old}"),
            *(f"[{old}]", f"[{old}, [1]]", f"{{ x = {old} }}", '"""\nx\n"""', "12:00:00", "1e999"),
            *(chance.choice(values), chance.choice(values), old.strip('"'), f'"{old}"'),
        )
    ),
)
_sign_gone = _replaced(re.compile(r"[\[\]{}\"'=|,:*_`()<>%]"), lambda *_: "")

LINES: tuple[Text, ...] = (
    *(_of_lines, _of_lines, _number_near, _number_near, _number_other, _word_of_the_text),
    *(_word_other, _value_other, _value_other, _sign_gone),
)


def members(content: bytes) -> dict[str, bytes]:
    """Return the parts of an archive by their names."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive of some parts, the same for the same ones."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part, compression)
    return buffer.getvalue()


def _packed(content: bytes, chance: Random) -> bytes:
    """Change what stands in an archive: mostly words and numbers of its largest part."""
    parts = members(content)
    names = sorted(parts, key=lambda one: (not one.endswith(("document.xml", "sheet1.xml")), one))
    name = names[0] if chance.random() < 0.8 else chance.choice(names)
    text = parts[name].decode("utf-8", "replace")
    drawn = chance.random()
    if drawn < 0.7:
        text = _replaced(_PLAIN, lambda old, one, _: f">{_within(old[1:-1], one)}<")(text, chance)
    elif drawn < 0.85:
        text = _replaced(_TAG, lambda old, one, tags: one.choice(("", one.choice(tags), old * 2)))(
            text, chance
        )
    elif drawn < 0.9:
        del parts[name]
        return zipped(parts)
    else:
        text = chance.choice(LINES)(text, chance)
    return zipped(parts | {name: text.encode("utf-8", "replace")})


def _within(text: str, chance: Random) -> str:
    new = chance.choice((_number_near, _number_other, _word_of_the_text, _word_other))(text, chance)
    return re.sub(r"[<>&\x00-\x08\x0b-\x1f]", "", new)
