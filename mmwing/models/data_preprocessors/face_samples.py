"""The data samples of a batch of faces, made only where somebody looks at one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmpose.structures import PoseDataSample
from torch import Tensor


class FaceSamples(Sequence[PoseDataSample]):
    """A sequence of data samples that keeps the labels of the batch in one piece.

    To make 32 data samples takes longer than a step of a small network on a GPU.
    mmwing's heads take the labels of the batch; other code gets its samples one by one,
    as from a list.

    Args:
        count: Number of samples.
        make: Makes the sample of an index.
        keypoint_labels: (N, K, 2).
        keypoint_weights: (N, K).
    """

    def __init__(self, count: int, make: Callable[[int], PoseDataSample],
                 keypoint_labels: Tensor, keypoint_weights: Tensor) -> None:
        self._make = make
        self._samples: list[PoseDataSample | None] = [None] * count
        self.keypoint_labels = keypoint_labels
        self.keypoint_weights = keypoint_weights

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index):  # type: ignore[override]
        if isinstance(index, slice):
            return [self[each] for each in range(len(self))[index]]
        sample = self._samples[index]
        if sample is None:
            sample = self._samples[index] = self._make(range(len(self))[index])
        return sample


def labels_of(data_samples: Sequence[PoseDataSample]
              ) -> tuple[list[Tensor], list[Tensor]]:
    """Labels (n, K, 2) and weights (n, K) of a batch, in as many pieces as it has."""
    if isinstance(data_samples, FaceSamples):
        return [data_samples.keypoint_labels], [data_samples.keypoint_weights]
    labels = [sample.gt_instance_labels for sample in data_samples]
    return ([label.keypoint_labels for label in labels],
            [label.keypoint_weights for label in labels])
