"""Months by their names in languages that people see YouTube Studio in: read as English ones.

Names are those of Unicode's CLDR (https://cldr.unicode.org, dates/gregorian), in the form that
stands in a date. A name is known by its first letters, as far as no other month of any language
here begins so.
"""

import re
import unicodedata
from functools import lru_cache

ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NAMES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar mars april mai juni juli august september oktober november desember",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maret april mei juni juli agustus september oktober november desember",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada "
    "grudnia",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "januari februari mrt april mei juni juli augustus september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie "
    "decembrie",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "január február március április május június július augusztus szeptember október november "
    "december",
    "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου "
    "Οκτωβρίου Νοεμβρίου Δεκεμβρίου",
    "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
    "Januari Februari Mac April Mei Jun Julai Ogos September Oktober November Disember",
    "Enero Pebrero Marso Abril Mayo Hunyo Hulyo Agosto Setyembre Oktubre Nobyembre Disyembre",
)
_EAST = re.compile(r"(\d{4}) ?[年년.] ?(\d{1,2}) ?[月월.] ?(\d{1,2}) ?[日일.]")
_NUMBERS = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})(?:\.| г\.)?")  # of the east of Europe
_NAME = r"([^\d\s_.,/:;-]{2,})\.?"
_DAY_FIRST = re.compile(
    rf"(\d{{1,2}})(?:\.|er)?[ -](?:de )?{_NAME},?[ -](?:del? )?(\d{{4}})(?: [гр]\.)?"
)
_SHORT_YEAR = re.compile(rf"(\d{{1,2}})-{_NAME}-(\d\d)(?!\d)")  # as Excel writes it
_MONTH_FIRST = re.compile(rf"{_NAME} (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})")
_YEAR_FIRST = re.compile(rf"(\d{{4}})\.? {_NAME} (\d{{1,2}})\.?")
_FORMS = (
    (_DAY_FIRST, (1, 2, 3)),
    (_SHORT_YEAR, (1, 2, 3)),
    (_MONTH_FIRST, (2, 1, 3)),
    (_YEAR_FIRST, (3, 2, 1)),
)
ABBREVIATED = "॰׳'"  # ends a short name in Hindi and in Hebrew
LONGEST = 50  # characters of a date and a time of day; a longer cell is a title


def with_english_month(cell: str) -> str:
    """A date with the English short name of its month, or with numbers alone (China, Japan, Korea).

    A cell that is no date with a known month comes back as it is.
    """
    if len(cell) > LONGEST:
        return cell
    if spaced := _NUMBERS.fullmatch(cell):
        return ".".join(spaced.groups())
    east = _EAST.sub(r"\1-\2-\3", cell)
    if east != cell:
        return east
    for form, (day, month, year) in _FORMS:
        found = form.match(cell)
        number = _number(found[month]) if found else None
        if found and number:
            century = "20" if form is _SHORT_YEAR else ""
            date = f"{found[day]} {ENGLISH[number - 1]} {century}{found[year]}"
            return date + cell[found.end() :]
    return cell


@lru_cache(maxsize=256)
def _number(name: str) -> int | None:
    """The month, from 1, that a name or the beginning of one stands for, if it is one alone."""
    begins = _folded(name)
    every = [
        (_folded(whole), number)
        for names in NAMES
        for number, whole in enumerate(names.split(), start=1)
    ]
    exact = {number for whole, number in every if whole == begins}
    found = exact or {number for whole, number in every if whole.startswith(begins)}
    return found.pop() if len(found) == 1 else None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().rstrip(ABBREVIATED)
