"""Base class of the readers of the authors' formats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.problems import Kind, Problem, ProblemLog

from .face import Face


class Converter(ABC):
    """Reads one data set in the form in which its authors distribute it.

    Class attributes:
        name: What the user calls it, e.g. 'wflw'.
        title: What the literature calls it.
        dataset_type: The MMPose class that reads the result.
        num_keypoints: Landmarks in a face; None takes the most frequent count.
        origin: Coordinate of the first pixel's centre in the authors' files.
        points_file: MMPose's description of the landmarks; None if it varies.
        files: Split -> annotation file; the names are those in MMPose's docs.
        expected: Split -> number of faces in the complete data set.
        crop_to_authors_box: Whether MMPose crops to the authors' box instead
            of the landmark box.
        face_size: Whether MMPose normalises errors by the size of the box.

    Args:
        archive: The raw data.
        log: Takes what is broken.
        origin: Overrides the class attribute.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    dataset_type: ClassVar[str]
    num_keypoints: ClassVar[int | None]
    origin: int
    points_file: ClassVar[str | None] = None
    files: ClassVar[dict[str, str]]
    expected: ClassVar[dict[str, int]] = {}
    crop_to_authors_box: ClassVar[bool] = False
    face_size: ClassVar[bool] = False

    def __init__(self, archive: RawArchive, log: ProblemLog,
                 origin: int | None = None) -> None:
        self.archive = archive
        self.log = log
        if origin is not None:
            self.origin = origin

    @classmethod
    @abstractmethod
    def evidence(cls, archive: RawArchive) -> str | None:
        """What in the archive gives this data set away; None if nothing does."""

    @abstractmethod
    def faces(self) -> Iterator[Face]:
        """The annotated faces, in the authors' order.

        What cannot be read is noted in the log and left out. Images are not
        opened here.

        Raises:
            ArchiveError: If a part is missing without which nothing works.
        """

    def report_missing(self, found: dict[str, int]) -> None:
        """Note what is missing from the complete data set.

        Args:
            found: Split -> number of annotated faces.
        """
        for split, expected in self.expected.items():
            if found.get(split, 0) < expected:
                self.log.add(Problem(
                    Kind.PARTIAL, f'{self.name} {split}',
                    f'{found.get(split, 0)} of {expected} faces are annotated here'))
