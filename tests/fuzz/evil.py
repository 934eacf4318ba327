"""Cells, names and bytes that break readers."""

from collections.abc import Callable

from hypothesis import strategies as st

NUMBERS = (
    *("9" * 400, "1e-400", "1e400", "9007199254740993", "18446744073709551616", "-5", "-0"),
    *("NaN", "inf", "-Infinity", "0x10", "1_000", "١٢٣", "１２３", "1,234,567", "1.234,5", "12.5"),
    *("1e3", "1e308", "--", "+", "1-", "5%", "0:04:34", "=1+1", "٪", "00012", "1 2", "1’2"),
)
DATES = (
    *("1500-01-01", "9999-12-31", "0000-00-00", "2021-02-30", "2021-13-01", "20210101", "292277"),
    *("May 1, 2026", "2021-01-01T12:00:00", "2021-01-01T00:00:00+14:00", "12/31/1", "1/1/1"),
    *("2021-1-1", "1677-09-20", "2262-04-12", "99999-01-01", "-2021-01-01", "2021W011", "Jan 2021"),
)
WORDS = (
    *("", " ", "Date", "Views", "Total", "null", "None", "N/A", '"', "'", '""', "a\nb", "a\r\nb"),
    *(
        "\t",
        ";",
        ",",
        "\ufeff",
        "\u202e",
        "😀",
        "\u00ad",
        "x" * 10_000,
        "é" * 200,
        "\x00",
        "\x1b[2J",
    ),
    *("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "${oc.env:HOME}", "%s%n{0}", "\ud7ff"),
)
CELLS = (*NUMBERS, *DATES, *WORDS)
NAMES = (
    *("../../evil.csv", "/tmp/evil.csv", "a\\b.csv", "con.csv", ".hidden.csv", "__MACOSX/._x.csv"),
    *(
        "x" * 250 + ".csv",
        "a/b/c/d/e/f.csv",
        " .csv",
        ".csv",
        "数据.csv",
        "a.CSV",
        "a.csv.gz",
        "..csv",
    ),
    *(
        "a.csv/",
        "./a.csv",
        "a//b.csv",
        "a\nb.csv",
        "~/a.csv",
        "a.zip",
        "\u202evsc.a.csv",
        "-rf.csv",
    ),
)
MARKS = (b"\x00", b"\xff\xfe", b'"', b"\r", b"\n\n", b",", b"\xef\xbb\xbf")

cells = st.sampled_from(CELLS)
numbers = st.sampled_from(NUMBERS)
dates = st.sampled_from(DATES)
names = st.sampled_from(NAMES)
shares = st.integers(0, 999)  # thousandths of a length: where something happens


def place(share: int, length: int) -> int:
    """The position that so many thousandths of a length are."""
    return share * length // 1000


def _flipped(draw: st.DrawFn, content: bytes, at: int) -> bytes:
    bits = [1 << draw(st.integers(0, 7)) for _ in range(draw(st.integers(1, 4)))]
    flipped = bytearray(content)
    for place_, bit in zip(range(at, len(flipped)), bits, strict=False):
        flipped[place_] ^= bit
    return bytes(flipped)


def _inserted(draw: st.DrawFn, content: bytes, at: int) -> bytes:
    return content[:at] + draw(st.sampled_from(MARKS)) + content[at:]


def _zeros(draw: st.DrawFn, content: bytes, at: int) -> bytes:
    size = draw(st.integers(1, 600))
    return content[:at] + bytes(size) + content[at + size :]


def _moved(draw: st.DrawFn, content: bytes, at: int) -> bytes:
    size = draw(st.integers(1, 64))
    rest = content[:at] + content[at + size :]
    to = place(draw(shares), len(rest))
    return rest[:to] + content[at : at + size] + rest[to:]


BREAKS: dict[str, Callable[[st.DrawFn, bytes, int], bytes]] = {
    "cut": lambda draw, content, at: content[:at],
    "head cut": lambda draw, content, at: content[at:],
    "flipped": _flipped,
    "inserted": _inserted,
    "zeros": _zeros,
    "moved": _moved,
    "doubled": lambda draw, content, at: content + content,
}


@st.composite
def broken(draw: st.DrawFn, content: bytes) -> tuple[bytes, str]:
    """Bytes that differ from the given ones, and how."""
    how = draw(st.sampled_from(list(BREAKS)))
    at = place(draw(shares), len(content))
    return BREAKS[how](draw, content, at), f"{how} at {at}"
