"""What can be wrong with annotations and images, and the log that collects it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from mmwing.files import printable


class Kind(str, Enum):
    """The kinds of broken things; the value is what a report prints."""

    MISSING_IMAGE = 'missing image'
    UNREADABLE_IMAGE = 'unreadable image'
    UNREADABLE_ANNOTATION = 'unreadable annotation'
    POINT_COUNT = 'wrong point count'
    NOT_FINITE = 'NaN or infinity'
    EMPTY_BOX = 'box of zero area'
    OUTSIDE = 'face outside the image'
    DUPLICATE = 'duplicate'
    FOREIGN = 'not of this data set'
    PARTIAL = 'partial archive'
    EXIF = 'rotated by EXIF'
    POINTS_OUTSIDE = 'points outside the image'
    RANGE = 'value out of range'
    BOX = 'box does not fit the points'
    NO_POINTS = 'no annotated point'
    LEAK = 'same image in two files'
    FLIP_PAIRS = 'flip pairs against the geometry'
    MIRRORED = 'left and right changed places'
    SHAPE = 'unlike the other faces'
    FORMAT = 'read in another form'


#: Notes, which nothing has to be done about.
NOTES = frozenset({Kind.FORMAT})


class Problem(NamedTuple):
    """One broken thing.

    Attributes:
        kind: What is wrong.
        where: The file, and where it helps the line or the entry.
        detail: What was found, and what was expected.
    """

    kind: Kind
    where: str
    detail: str

    def __str__(self) -> str:
        return printable(f'{self.kind.value}: {self.where}: {self.detail}')


class ArchiveError(ValueError):
    """The raw data as a whole cannot be used: wrong, partial or not unpacked."""


class BrokenDataError(ValueError):
    """The first broken thing that was met with ``strict=True``."""


class ProblemLog:
    """Collects problems and notes; a strict log raises at the first problem.

    Args:
        strict: Raise :class:`BrokenDataError` instead of collecting.
    """

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.problems: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Add a problem or a note.

        Raises:
            BrokenDataError: If it is a problem and the log is strict.
        """
        self.problems.append(problem)
        if self.strict and problem.kind not in NOTES:
            raise BrokenDataError(f'stopped at the first problem: {problem}')
