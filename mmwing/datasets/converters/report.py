"""Summary of a preparation: counts, files and problems."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from mmwing.datasets.formats.problems import (
    Kind,
    Problem,
    findings_text,
    is_broken,
)

#: Examples of each kind of problem in the printed summary.
_EXAMPLES = 3


@dataclass
class Split:
    """One annotation file that was written.

    Attributes:
        file: Its path below ``OUT``.
        faces: Number of faces in it.
        images: Number of images that they are in.
        subsets: Subset -> number of faces.
    """

    file: str
    faces: int
    images: int
    subsets: dict[str, int]


@dataclass
class Report:
    """The outcome of :func:`mmwing.datasets.converters.prepare`.

    Attributes:
        dataset: Name of the data set.
        dataset_type: MMPose class that reads it.
        out: The directory.
        splits: Split -> what was written.
        problems: Everything that was found. Broken faces are left out, and so are
            those without an annotated landmark, with NaN or infinity, and repeated
            ones.
    """

    dataset: str
    dataset_type: str
    out: Path
    splits: dict[str, Split] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        """Whether something must be corrected, as by ``mmwing check``."""
        return is_broken(self.problems)

    def counts(self) -> dict[Kind, int]:
        """Number of problems of each kind that occurred."""
        return dict(Counter(problem.kind for problem in self.problems))

    def to_dict(self) -> dict:
        """The report for JSON."""
        return {
            'dataset': self.dataset,
            'dataset_type': self.dataset_type,
            'splits': {name: vars(split) for name, split in self.splits.items()},
            'problem_counts': {kind.value: n for kind, n in self.counts().items()},
            'problems': [{'kind': kind.value, 'where': where, 'detail': detail}
                         for kind, where, detail in self.problems]}

    def __str__(self) -> str:
        lines = []
        for split in self.splits.values():
            lines.append(f'{split.file}: {split.faces} faces in {split.images} images')
            if split.subsets:
                lines.append('  subsets: ' + ', '.join(
                    f'{name} {n}' for name, n in split.subsets.items()))
        return '\n'.join([*lines, *findings_text(self.problems, _EXAMPLES)])
