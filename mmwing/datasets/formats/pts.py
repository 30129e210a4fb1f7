"""Read ``.pts`` files, the landmark format of 300-W, 300-VW and Menpo."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from .problems import Kind, Problem, ProblemLog

_POINTS = re.compile(r'n_points\s*:\s*(\d+)', re.IGNORECASE)


class PointCountError(ValueError):
    """A ``.pts`` file holds another number of points than its header says."""


def read_pts(path: str | Path, origin: int = 1) -> np.ndarray:
    """Read the landmarks of one ``.pts`` file as 0-based pixel centres.

    The format is ``version: 1``, ``n_points: K``, then K lines ``x y`` between
    braces. Its coordinates come from MATLAB, where the centre of the top left
    pixel is (1, 1); MMPose, OpenCV and this package count from (0, 0). (The
    300-W files that MMPose offers for download keep the 1-based values.)

    Args:
        path: The file.
        origin: Coordinate of the first pixel's centre in the file: 1 as in
            300-W and 300-VW, 0 for files written by 0-based tools.

    Returns:
        Array of shape (K, 2), float64, x and y in pixels.

    Raises:
        PointCountError: If the header promises another number of points.
        ValueError: If the file is not in the format.
        OSError: If it cannot be read.
    """
    # latin-1 decodes any byte, so that junk fails below with a message.
    text = Path(path).read_text(encoding='latin-1')
    start, end = text.find('{'), text.rfind('}')
    if start < 0 or end < start:
        raise ValueError('not a .pts file: no {...} with points (an empty or cut-off '
                         'file?)')
    try:
        values = np.array(text[start + 1:end].split(), dtype=np.float64)
    except ValueError as error:
        raise ValueError(f'not a .pts file: {error}') from error
    if values.size % 2:
        raise ValueError(f'expected x y pairs, got {values.size} numbers')
    header = _POINTS.search(text[:start])
    if header and int(header[1]) != values.size // 2:
        raise PointCountError(f'n_points says {header[1]}, found {values.size // 2}')
    return values.reshape(-1, 2) - origin


def read_pts_or_log(path: Path, origin: int, where: str,
                    log: ProblemLog) -> np.ndarray | None:
    """Landmarks of a file, shape (K, 2); None, and a note in the log, if broken.

    Args:
        path: The file.
        origin: See :func:`read_pts`.
        where: What the log calls the file.
        log: Takes what is wrong.
    """
    try:
        return read_pts(path, origin)
    except PointCountError as error:
        log.add(Problem(Kind.POINT_COUNT, where, str(error)))
    except (OSError, ValueError) as error:
        log.add(Problem(Kind.UNREADABLE_ANNOTATION, where, str(error)))
    return None
