"""Each way of the table gives the network its batches."""

import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmwing.benchmark import pipeline_cost
from mmwing.benchmark.photos import paint_photos
from mmwing.registry import DATASETS


def test_every_way_reads_the_photos(tmp_path):
    init_default_scope('mmpose')
    dataset = paint_photos(tmp_path / '64px', 2, side=64)
    assert paint_photos(tmp_path / '64px', 2, side=64) == dataset
    table = pipeline_cost.loader_table(tmp_path, 64, 2, rounds=1, workers=0, count=4)
    assert list(table.data) == list(pipeline_cost.loaders(dataset, tmp_path))
    assert all(cells['faces a second of the processor'][1] > 0
               for cells in table.data.values())
    assert len(list((tmp_path / 'canvases').glob('*.npy'))) == 1


@pytest.mark.parametrize('again', [False, True])
def test_a_step_trains_on_the_batch_or_on_the_first(tmp_path, again):
    init_default_scope('mmpose')
    made = pipeline_cost.Pipelines(64)
    data = DATASETS.build({**paint_photos(tmp_path, 4, side=64),
                           'pipeline': made.ours(True)})
    step = pipeline_cost.Step('cnn6', {'type': 'PoseDataPreprocessor'}, again=again)
    seen = []
    step.model.backbone.register_forward_pre_hook(
        lambda module, args: seen.append(args[0].clone()))
    before = step.model.head.fc.bias.clone()
    for first in (0, 2):
        step(pseudo_collate([data[first], data[first + 1]]))
    assert torch.equal(*seen) == again
    assert not torch.equal(step.model.head.fc.bias, before)


def test_networks_that_are_not_known(tmp_path):
    with pytest.raises(ValueError, match="network must be one of .*'cnn6'.*, got 'x'"):
        pipeline_cost.training_table(tmp_path, 'x', 1, 1)
