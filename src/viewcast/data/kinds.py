"""What a file is that has the name of a CSV file and is none, by how it begins."""

_SAVE = "open it in a spreadsheet and save it as 'CSV UTF-8'"
_AGAIN = "a download without signing in gives one; download the export again"
_BYTES = (
    (b"PK\x03\x04", "a workbook of Excel, or a zip", f"{_SAVE}; a zip needs the name .zip"),
    (b"\xd0\xcf\x11\xe0", "a workbook of Excel", _SAVE),
    (b"%PDF-", "a PDF", "download the table as CSV"),
    (b"\x1f\x8b", "packed by gzip", "give it the name .csv.gz"),
    (b"PAR1", "a table of Parquet", "save it as CSV"),
    (b"SQLite format 3", "a database of SQLite", "save its table as CSV"),
    (b"{\\rtf", "a text with a layout", "save it as plain text"),
    (b"\x89PNG", "a picture", "download the table as CSV"),
    (b"\xff\xd8\xff", "a picture", "download the table as CSV"),
    (b"version https://git-lfs", "a pointer of Git LFS, and not the file", "`git lfs pull`"),
)
_WORDS = (
    ((b"<!doctype", b"<html", b"<head", b"<?xml"), "a web page", _AGAIN),
    ((b"{", b"[{"), "JSON, the answer of a program", "download the table as CSV"),
)
LOOK = 2000  # bytes in which blank lines may stand above


def other_kind(content: bytes) -> str | None:
    """What the bytes of a file are, and what to do, in words; None where they may be a table."""
    for begin, what, todo in _BYTES:
        if content.startswith(begin):
            return f"is {what}, and no CSV file: {todo}"
    start = content[:LOOK].lstrip().lower()
    for begins, what, todo in _WORDS:
        if start.startswith(begins):
            return f"is {what}, and no CSV file: {todo}"
    return None
