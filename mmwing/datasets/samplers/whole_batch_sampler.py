"""Share an evaluation among processes without changing any of its batches."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmwing.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class WholeBatchSampler(Sampler):
    """Give each process whole batches, the same as those of a single process.

    What a network computes for a face depends, in the last bits, on the size of the
    batch around it. MMEngine's ``DefaultSampler`` deals out single faces, so that the
    batches, and with them the figures, differ with the number of processes. Here
    process r of W takes batches r, r + W, r + 2W, ...: the figures are the same numbers
    on any number of processes. No face is there twice. A process may have one batch
    more than another, or none.

    Args:
        dataset: The data set, of which only the length counts.
        batch_size: That of the data loader.
        seed: Not used; MMEngine gives it to every sampler.

    Raises:
        ValueError: If the batch size is not positive.

    Example:
        >>> import mmwing
        >>> list(mmwing.WholeBatchSampler(range(5), batch_size=2))
        [0, 1, 2, 3, 4]
    """

    def __init__(self, dataset: Sized, batch_size: int,
                 seed: int | None = None) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size must be positive, got {batch_size}')
        rank, world_size = get_dist_info()
        length = len(dataset)
        self.indices = [
            index for start in range(rank * batch_size, length, world_size * batch_size)
            for index in range(start, min(start + batch_size, length))]

    def __iter__(self) -> Iterator[int]:
        """Indices of this process's faces, in the order of the data set."""
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)

    def set_epoch(self, epoch: int) -> None:
        """Nothing is shuffled: each epoch is the same."""
