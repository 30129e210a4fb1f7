"""Walking through configs: types, data sets inside wrappers, pipelines."""

from mmpose.models.heads import RegressionHead

from mmwing.config.points import points_of_dataset
from mmwing.models.losses import WingLoss
from mmwing.walk import (
    datasets,
    find,
    lookup,
    split_datasets,
    type_name,
    uses,
    walk,
    with_pipelines,
)

LEAF = dict(type='A', pipeline=[dict(type='Load'), dict(type='mmpose.Pack')])
WRAPPED = dict(type='CombinedDataset', datasets=[
    dict(type='RepeatDataset', times=2, dataset=LEAF), LEAF])


def test_a_type_is_named_without_mmposes_scope_and_also_as_a_class():
    assert type_name(dict(type='mmpose.RandomFlip')) == 'RandomFlip'
    assert type_name(dict(type='mmwing.WingLoss')) == 'mmwing.WingLoss'
    assert type_name(dict(type=RegressionHead)) == 'RegressionHead'
    assert type_name(dict(type=WingLoss)) == 'mmwing.WingLoss'
    assert type_name({}) == type_name([LEAF]) == type_name(None) == ''


def test_dotted_keys_lead_back_to_what_was_found():
    config = dict(train_dataloader=dict(dataset=WRAPPED))
    for key, each in walk(config):
        if key:
            assert lookup(config, key) is each
    keys = [key for key, _ in find(config, 'Pack')]
    assert keys == ['train_dataloader.dataset.datasets.0.dataset.pipeline.1',
                    'train_dataloader.dataset.datasets.1.pipeline.1']
    assert uses(config, 'Load') and not uses(config, 'Loa')
    assert lookup(config, 'train_dataloader.sampler.type') is None


def test_data_sets_are_found_inside_of_wrappers():
    assert [key for key, _ in datasets(WRAPPED)] == ['datasets.0.dataset', 'datasets.1']
    assert [each for _, each in datasets(LEAF)] == [LEAF]
    config = dict(train_dataloader=dict(dataset=LEAF), val_dataloader=None,
                  test_dataloader={})
    assert list(split_datasets(config)) == [('train', LEAF)]


def test_pipelines_change_once_each_in_a_copy():
    """The same data set stands in the wrapper twice, as one object."""
    changed = with_pipelines(WRAPPED, lambda steps: [*steps, dict(type='New')])
    for _, each in datasets(changed):
        assert [type_name(step) for step in each['pipeline']] == ['Load', 'Pack', 'New']
    assert len(LEAF['pipeline']) == 2


def test_a_converter_decides_how_many_points_a_wrapper_gives():
    face = dict(type='WFLWDataset', pipeline=[])
    converter = dict(type='KeypointConverter', num_keypoints=5, mapping=[])
    assert points_of_dataset(face) == [(face, 98)]
    repeated = dict(type='RepeatDataset', dataset=face)
    assert points_of_dataset(repeated) == [(face, 98)]
    combined = dict(type='CombinedDataset', datasets=[face], pipeline=[converter])
    assert points_of_dataset(combined) == [(combined, 5)]
