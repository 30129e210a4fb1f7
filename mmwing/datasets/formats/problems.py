"""What can be wrong with annotations and images, and the log that collects it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import islice
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
    BLANK = 'blank image'
    CORNER_BOX = 'boxes given by two corners'
    CROWD = 'marked as crowd'


#: Notes, which nothing has to be done about.
NOTES = frozenset({Kind.FORMAT})

#: With these, training stops or learns what is wrong; the others are to be looked at.
BROKEN = frozenset({
    Kind.MISSING_IMAGE, Kind.UNREADABLE_IMAGE, Kind.UNREADABLE_ANNOTATION,
    Kind.POINT_COUNT, Kind.EMPTY_BOX, Kind.OUTSIDE, Kind.RANGE, Kind.FLIP_PAIRS,
    Kind.CORNER_BOX})


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

    def note(self, problem: Problem) -> None:
        """Add what is to be looked at, and stops nothing."""
        self.problems.append(problem)


def findings_text(problems: Sequence[Problem], limit: int | None) -> Iterator[str]:
    """The lines of a report, what is broken first.

    Args:
        problems: What was found.
        limit: How many of each kind are named; None names all.
    """
    by_kind = defaultdict(list)
    for problem in problems:
        by_kind[problem.kind].append(problem)
    for title, broken in (('broken, to be corrected:', True),
                          ('to be looked at:', False)):
        kinds = [kind for kind in by_kind if (kind in BROKEN) is broken]
        if kinds:
            yield title
        for kind in kinds:
            found = by_kind[kind]
            yield f'  {kind.value}: {len(found)}'
            yield from (printable(f'    {problem.where}: {problem.detail}')
                        for problem in islice(found, limit))
            if limit is not None and len(found) > limit:
                yield f'    ... and {len(found) - limit} more'
    if not problems:
        yield 'nothing is broken'
    elif not is_broken(problems):
        yield 'nothing is broken; look at the above'


def is_broken(problems: Sequence[Problem]) -> bool:
    """Whether one of the problems must be corrected before training."""
    return any(problem.kind in BROKEN for problem in problems)
