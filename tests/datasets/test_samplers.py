"""Processes share an evaluation in the batches of a single one."""

import pytest

import mmwing
from mmwing.config.distributed import share_whole_batches
from mmwing.datasets.samplers import whole_batch_sampler


def batches(length, size, rank=0, world_size=1):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole_batch_sampler, 'get_dist_info', lambda: (rank, world_size))
        sampler = mmwing.WholeBatchSampler(range(length), size)
    indices = list(sampler)
    assert len(indices) == len(sampler)
    return [tuple(indices[start:start + size])
            for start in range(0, len(indices), size)]


@pytest.mark.parametrize('world_size', [1, 2, 3])
@pytest.mark.parametrize(('length', 'size'), [(23, 4), (24, 4), (5, 64), (3, 1)])
def test_the_batches_are_those_of_one_process(length, size, world_size):
    shared = [batch for rank in range(world_size)
              for batch in batches(length, size, rank, world_size)]
    assert sorted(shared) == batches(length, size)


def test_a_batch_size_must_be_positive():
    with pytest.raises(ValueError, match='batch_size must be positive, got 0'):
        mmwing.WholeBatchSampler(range(3), 0)


def test_it_takes_the_place_of_mmengines_in_evaluations_of_several_processes():
    cfg = mmwing.load_config('td-reg_cnn6_wing_1xb64-24e_synthetic-64x64')
    before = cfg.to_dict()
    share_whole_batches(cfg)
    assert cfg.to_dict() == before
    cfg.launcher = 'pytorch'
    share_whole_batches(cfg)
    expected = {'type': 'mmwing.WholeBatchSampler',
                'batch_size': before['val_dataloader']['batch_size']}
    assert cfg.val_dataloader.sampler == cfg.test_dataloader.sampler == expected
    assert cfg.train_dataloader.sampler.type == 'DefaultSampler'
