"""Write CSV whose cells no spreadsheet runs, and read the names in it back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

# What Excel and LibreOffice take for a formula, and what is written in front of it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_RAW_BYTE = re.compile(r'\\udc([89a-f][0-9a-f])')


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV, with lines that end in a line feed.

    A text that a spreadsheet would run, such as an image's name ``=1+1.png``, gets an
    apostrophe in front. Numbers stay. Bytes of names that are no UTF-8 are written as
    ``\\udcff``. :func:`name_in_cell` undoes both.
    """
    text = io.StringIO()
    plain = csv.writer(text, lineterminator='\n')
    # Where lines end otherwise, the writer does not quote a carriage return.
    quoted = csv.writer(text, lineterminator='\n', quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [_cell(value) for value in row]
        (quoted if any('\r' in str(cell) for cell in cells) else plain).writerow(cells)
    return text.getvalue()


def name_in_cell(cell: str) -> str:
    """The name that :func:`csv_text` has written into a cell."""
    if cell.startswith("'") and _FORMULA.match(cell):
        cell = cell[1:]
    return _RAW_BYTE.sub(lambda match: chr(0xdc00 + int(match[1], 16)), cell)


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.encode(errors='backslashreplace').decode()
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
