"""Which faces each process of a job takes."""

from .whole_batch_sampler import WholeBatchSampler

__all__ = ['WholeBatchSampler']
