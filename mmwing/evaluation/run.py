"""The record of a run: errors of each face, and where they come from.

The metric computes it once; reports, comparisons, studies and their pictures read it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .faces import EvaluatedFaces, digest_names
from .functional import face_errors, mean_of_usable, point_errors
from .normalizers import lengths_of_faces
from .protocol import Protocol
from .provenance import Provenance


@dataclass(frozen=True)
class Training:
    """How a training went.

    Attributes:
        curve: The figures of each validation, with the ``epoch`` and ``iter`` after
            which they were taken; NaN where a figure was undefined.
        batches: Checksum of the pictures of each epoch's batches in their order; None
            for an epoch that was resumed half-way, or whose batches held no pictures.
            Where a device augments them it is of what came before, and says so.
        lr: Learning rate.
        epochs: Length in epochs; 0 where iterations are counted.
        iters: Length in iterations; 0 where epochs are counted.
        cpu_seconds: CPU time of all processes.
        finished: Whether it reached its end.
    """

    curve: Sequence[Mapping[str, float]] = ()
    batches: Sequence[str | None] = ()
    lr: float = math.nan
    epochs: int = 0
    iters: int = 0
    cpu_seconds: float = 0.
    finished: bool = False


@dataclass(frozen=True, eq=False)
class RunRecord:
    """N faces that one model was evaluated on.

    Attributes:
        names: A name for each face that is the same in every run on the data.
        errors: Normaliser to the faces' errors (N,), fractions; NaN for an unusable
            face, infinite for a prediction that was not finite.
        thresholds: Thresholds of FR and AUC, fractions.
        provenance: Where it comes from.
        subsets: Name of a subset to its membership (N,), bool.
        figures: The figures that the metric gave, by its keys.
        point_errors: Errors of the landmarks (N, K), pixels of the image, NaN where one
            is not annotated; None where only the faces' errors were kept.
        lengths: Normaliser to the length (N,) that ``errors`` were divided by, pixels.
        landmark_names: Names of the K landmarks, where the data set has them.
        training: How the model was trained, where the record was kept by the training.
    """

    names: Sequence[str]
    errors: Mapping[str, np.ndarray] = field(repr=False)
    thresholds: Sequence[float]
    provenance: Provenance = Provenance()
    subsets: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    figures: Mapping[str, float] = field(default_factory=dict)
    point_errors: np.ndarray | None = field(default=None, repr=False)
    lengths: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    landmark_names: Sequence[str] = field(default=(), repr=False)
    training: Training | None = None

    @classmethod
    def of_faces(cls, faces: EvaluatedFaces, protocol: Protocol,
                 landmark_names: Sequence[str] = (), **more: Any) -> RunRecord:
        """Compute the errors of faces.

        Args:
            faces: The faces.
            protocol: Its normalisers and thresholds count.
            landmark_names: Names of the landmarks.
            more: Further attributes.

        Raises:
            ValueError: If there is no face, or a normaliser means nothing for them.
        """
        if not len(faces):
            raise ValueError('there is no face to evaluate')
        points = point_errors(faces.pred, faces.gt, faces.visible)
        lengths = {name: lengths_of_faces(name, faces, protocol.keypoint_indices)
                   for name in protocol.normalizers}
        return cls(
            tuple(faces.names),
            {name: face_errors(points, length) for name, length in lengths.items()},
            tuple(protocol.thresholds), subsets=faces.subsets, point_errors=points,
            lengths=lengths, landmark_names=landmark_names, **more)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def normalizers(self) -> list[str]:
        """Names of the normalisers; the first is that of pictures and comparisons."""
        return list(self.errors)

    @property
    def digest(self) -> str:
        """Of the names, in any order: equal digests, the same faces."""
        return digest_names(self.names)

    @property
    def nme(self) -> float:
        """Mean error of the usable faces by the first normaliser."""
        return mean_of_usable(self.errors_by())

    def errors_by(self, normalizer: str | None = None) -> np.ndarray:
        """Errors of the faces (N,) by a normaliser, by default the first.

        Raises:
            ValueError: If the run was not evaluated by it.
        """
        name = self.normalizers[0] if normalizer is None else normalizer
        if name not in self.errors:
            raise ValueError(f'{self.label} has no normalizer {name!r}, only '
                             f'{self.normalizers}: evaluate it with the same one')
        return self.errors[name]

    @property
    def label(self) -> str:
        """What to call the run where it stands alone."""
        return self.provenance.config or 'the run'

    @property
    def landmarks(self) -> np.ndarray:
        """Errors of the landmarks (N, K), pixels.

        Raises:
            ValueError: If the record has none.
        """
        if self.point_errors is None:
            raise ValueError(f'the record of {self.label} holds errors of faces alone, '
                             'none of landmarks')
        return self.point_errors

    def learning_curve(self, key: str = 'NME') -> list[tuple[float, float]]:
        """A figure after each validation, by epoch, or by iteration without epochs.

        Args:
            key: The figure; a normaliser's name may stand in front of it in the record.

        Raises:
            ValueError: If the training kept no such figure.
        """
        training = self.training or Training()
        counted = 'epoch' if training.epochs or not training.iters else 'iter'
        found = []
        for point in training.curve:
            name = next((name for name in point
                         if name == key or name.endswith(f'/{key}')), None)
            if name is not None:
                found.append((point[counted], point[name]))
        if not found:
            keys = sorted({name for point in training.curve for name in point})
            raise ValueError(f'{self.label}: no validation has {key!r}; its figures '
                             f'are {keys}')
        return found

    def of_subset(self, members: np.ndarray) -> RunRecord:
        """The same of some of the faces, by index or as a mask (N,)."""
        chosen = np.arange(len(self))[members]
        points = None if self.point_errors is None else self.point_errors[chosen]
        return replace(
            self, names=[self.names[index] for index in chosen], figures={},
            errors={name: values[chosen] for name, values in self.errors.items()},
            lengths={name: values[chosen] for name, values in self.lengths.items()},
            subsets={name: values[chosen] for name, values in self.subsets.items()},
            point_errors=points)

    def without_landmarks(self) -> RunRecord:
        """The same without errors of landmarks: what a study keeps of a run."""
        return replace(self, point_errors=None, lengths={}, landmark_names=())


def label_runs(records: Sequence[RunRecord], names: Sequence[str] = ()) -> list[str]:
    """What to call runs that stand beside each other; each is called otherwise.

    They are called by what they differ in: the config, the loss, the seed, what was
    changed in the config, the checkpoint, the data; only as much of it as tells them
    apart. Runs that are told apart by none of these are numbered.

    Args:
        records: The runs.
        names: Names for them, one for each; by default as above.

    Raises:
        ValueError: If there are not as many names, or two are equal.
    """
    if names:
        if len(names) != len(records) or len(set(names)) < len(names):
            raise ValueError(f'names must be {len(records)} different names, one for '
                             f'each run, got {list(names)}')
        return list(names)
    sources = [record.provenance for record in records]
    labels: list[list[str]] = [[] for _ in records]
    for texts in (
            [source.config for source in sources],
            [source.loss for source in sources],
            ['' if source.seed is None else f'seed {source.seed}'
             for source in sources],
            [' '.join(f'{key}={value}' for key, value in source.options.items())
             for source in sources],
            [source.checkpoint for source in sources],
            [source.split for source in sources]):
        if len(set(texts)) > 1:
            for label, text in zip(labels, texts, strict=True):
                label.append(text)
        joined = [', '.join(filter(None, label)) for label in labels]
        if len(set(joined)) == len(joined) and all(joined):
            return joined
    joined = [text or record.label
              for text, record in zip(joined, records, strict=True)]
    count: Counter[str] = Counter()
    for index, text in enumerate(joined):
        count[text] += 1
        if count[text] > 1:
            joined[index] = f'{text} ({count[text]})'
    return joined
