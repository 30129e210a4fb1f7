"""Read ``.pts`` files, the landmark format of 300-W, 300-VW and Menpo."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmwing.files import printable, read_bytes

from .numbers import parse_number
from .problems import Kind, Problem, ProblemLog

_HEADER_LINE = re.compile(r'(?P<key>\w[\w ]*?)\s*:\s*(?P<value>.*)')
_COUNT_KEYS = ('n_points', 'npoints')

# MERL-RAV: a point at (-1, -1) is not annotated, one with both signs is hidden.
_MISSING = (-1., -1.)
# A point this far outside the others' box, in sides of that box, is no point outside
# the image but one with signs.
_FAR = 1.


class PointCountError(ValueError):
    """A ``.pts`` file holds another number of points than its header says."""


@dataclass(frozen=True, eq=False)
class PtsFile:
    """What a ``.pts`` file holds.

    Attributes:
        values: The numbers as they stand in the file, (K, 2) float64.
        has_header: Whether the points stand in braces, behind a header.
    """

    values: np.ndarray
    has_header: bool


def parse_pts(path: str | Path) -> PtsFile:
    """Read the numbers of one ``.pts`` file, two a line.

    The format is ``version: 1``, ``n_points: K`` (some write ``npoints``), then K
    lines ``x y`` between braces. Files with the lines alone are read, too.

    Args:
        path: The file.

    Raises:
        PointCountError: If the header promises another number of points.
        ValueError: If the file is not in the format; the message names the line.
        OSError: If it cannot be read.
    """
    # latin-1 decodes any byte, so that junk fails below with a message.
    text = read_bytes(path).decode('latin-1').removeprefix('\xef\xbb\xbf')
    body = text = text.replace('\r\n', '\n').replace('\r', '\n')
    head, opened, rest = text.partition('{')
    first, count = 1, None
    if opened:
        body, closed, tail = rest.partition('}')
        if not closed:
            raise ValueError("not a .pts file: no '}' behind the points (a cut-off "
                             'file?)')
        if tail.strip():
            raise ValueError(f"{tail.strip()[:40]!r} stands behind the '}}' of the "
                             'points')
        first, count = head.count('\n') + 1, _count(head)
    values = [_point(number, line, bool(opened))
              for number, line in enumerate(body.split('\n'), first) if line.strip()]
    if not values:
        raise ValueError('not a .pts file: it has no points (an empty or cut-off '
                         'file?)')
    if count is not None and count != len(values):
        raise PointCountError(f'n_points says {count}, found {len(values)}')
    return PtsFile(np.array(values), bool(opened))


def _count(head: str) -> int | None:
    """K as the header says; None if it does not."""
    count = None
    for number, line in enumerate(head.split('\n'), 1):
        match = _HEADER_LINE.fullmatch(line.strip())
        if not match and line.strip():
            raise ValueError(f'not a .pts file: line {number} is '
                             f"{line.strip()[:40]!r}, not like 'n_points: 68'")
        if match and match['key'].lower().replace(' ', '_') in _COUNT_KEYS:
            if not match['value'].isdecimal():
                raise ValueError(f'line {number}: n_points must be a whole number, got '
                                 f'{match["value"][:40]!r}')
            count = int(match['value'])
    return count


def _point(number: int, line: str, has_header: bool) -> tuple[float, float]:
    try:
        values = [parse_number(word) for word in line.split()]
    except ValueError as error:
        kind = '' if has_header else 'not a .pts file: '
        raise ValueError(f'{kind}line {number}: {error}') from error
    if len(values) != 2:
        raise ValueError(f'line {number} has {len(values)} numbers, expected 2, the x '
                         'and y of a point')
    return values[0], values[1]


def read_pts(path: str | Path, origin: int = 1) -> np.ndarray:
    """Read the landmarks of one ``.pts`` file as 0-based pixel centres.

    The coordinates come from MATLAB, where the centre of the top left pixel is (1, 1);
    MMPose, OpenCV and this package count from (0, 0). (The 300-W files that MMPose
    offers for download keep the 1-based values.)

    Args:
        path: The file; see :func:`parse_pts` for its form.
        origin: Coordinate of the first pixel's centre in the file: 1 as in
            300-W and 300-VW, 0 for files written by 0-based tools.

    Returns:
        Array of shape (K, 2), float64, x and y in pixels.

    Raises:
        PointCountError: If the header promises another number of points.
        ValueError: If the file is not in the format.
        OSError: If it cannot be read.
    """
    return parse_pts(path).values - origin


def parse_pts_or_log(path: Path, where: str, log: ProblemLog) -> PtsFile | None:
    """The numbers of a file; None, and a line in the log, if it is broken.

    Args:
        path: The file.
        where: What the log calls the file.
        log: Takes what is wrong.
    """
    try:
        return parse_pts(path)
    except PointCountError as error:
        log.add(Problem(Kind.POINT_COUNT, where, str(error)))
    except (OSError, ValueError) as error:
        log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, str(error)))
    return None


def signs_mark_hidden_points(files: Sequence[np.ndarray]) -> bool:
    """Whether the signs of a folder's files say which points are hidden.

    MERL-RAV (Kumar et al., CVPR 2020) writes (-1, -1) for a point that is not
    annotated and (-x, -y) for one that is hidden. In 300-W a negative coordinate is
    one outside the image. Both are told apart by the points that are (-1, -1), and by
    those that lie far away from their face until the signs are changed.

    Args:
        files: The numbers of each file, (K, 2).
    """
    for values in files:
        if (values == _MISSING).all(1).any():
            return True
        negative = (values < 0).all(1)
        others = values[~negative & np.isfinite(values).all(1)]
        if not negative.any() or len(others) < 2:
            continue
        low, high = others.min(0), others.max(0)
        side = (high - low).max()
        far = np.maximum(low - values[negative], 0).max(1)
        turned = -values[negative]
        off = np.maximum(np.maximum(low - turned, turned - high), 0).max(1)
        if ((far > _FAR * side) & (off < far / 2)).any():
            return True
    return False


def split_signs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and visibility of a file whose signs mark hidden points.

    Args:
        values: The numbers of the file, (K, 2).

    Returns:
        Points (K, 2), NaN where not annotated, and COCO flags (K,): 0 not annotated,
        1 hidden, 2 visible.
    """
    missing = (values == _MISSING).all(1)
    hidden = (values < 0).all(1) & ~missing
    points = np.where(hidden[:, None], -values, values)
    points[missing] = np.nan
    return points, np.where(missing, 0, np.where(hidden, 1, 2))

def note_form_of_pts(where: str, files: Mapping[Path, PtsFile], signs: bool,
                     log: ProblemLog) -> None:
    """Note which files were read in another form than 300-W's."""
    plain = [path for path, file in files.items() if not file.has_header]
    if plain:
        log.add(Problem(Kind.FORMAT, where,
                        f'{len(plain)} .pts files have no header, the first of them '
                        f'{printable(plain[0].name)}: read as lines of x and y'))
    if signs:
        log.add(Problem(Kind.FORMAT, where,
                        'the signs of the .pts files mark hidden points (-x, -y) and '
                        'points that are not annotated (-1, -1), as in MERL-RAV: read '
                        'as visibility'))
