"""How a page, a file of audits and a table of an audit are known again by their beginnings."""

from pathlib import Path

from viewcast.base.former_file import FileKind

HEAD = 4096  # bytes of a file that tell what it is
PAGE_BEGINS = b"<!doctype html>"
STYLE = b":root { color-scheme: light; --ink: #20262d;"  # of every page (report/page_style.html)
TABLE_BEGINS = b"### What the validation scores are worth"  # report/audit_markdown.py


def _is_page(path: Path) -> bool:
    head = _head(path)
    return head.startswith(PAGE_BEGINS) and STYLE in head


def _is_table(path: Path) -> bool:
    return _head(path).startswith(TABLE_BEGINS)


def _is_audit(path: Path) -> bool:
    # It takes a moment to import, and where no file is in the way it is not needed.
    from viewcast.assessment.result_file import is_audit  # noqa: PLC0415

    return is_audit(path)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


PAGE = FileKind("page of viewcast", _is_page)
AUDIT = FileKind("audit of viewcast", _is_audit)
TABLE = FileKind("table of an audit of viewcast", _is_table)
