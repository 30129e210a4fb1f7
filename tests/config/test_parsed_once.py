"""An annotation file is parsed once, however many look into it."""

import json

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmwing.benchmark.data_cost import write_faces
from mmwing.config import build_runner, check_data, load_config
from mmwing.config.browsing import browse_dataset
from mmwing.config.face_metric import name_subsets
from mmwing.registry import DATASETS

REAL = 'td-reg_cnn6_wing_1xb16-200e_300w-64x64'


@pytest.fixture
def parsed(monkeypatch):
    """What has been parsed as JSON: the number of faces of each annotation file."""
    found = []

    def spy(name):
        parse = getattr(json, name)

        def counted(*args, **kwargs):
            content = parse(*args, **kwargs)
            if isinstance(content, dict) and 'annotations' in content:
                found.append(len(content['annotations']))
            return content

        monkeypatch.setattr(json, name, counted)

    spy('loads')
    monkeypatch.setattr(json, 'load', lambda file: json.loads(file.read()))
    return found


@pytest.fixture
def cfg(tmp_path) -> Config:
    """A config of real data whose files exist: 5 faces to train on, 3 and 4 others."""
    cfg = load_config(REAL, {'model.head.num_joints': 98,
                             'work_dir': str(tmp_path / 'run')})
    (tmp_path / 'images').mkdir()
    for split, number in (('train', 5), ('val', 3), ('test', 4)):
        write_faces(tmp_path / f'{split}.json', number)
        cfg[f'{split}_dataloader'].dataset.update(
            type='WFLWDataset', data_root=str(tmp_path), ann_file=f'{split}.json',
            data_prefix=dict(img='images'))
        cfg[f'{split}_dataloader'].update(num_workers=0, persistent_workers=False)
    return cfg


def test_a_training_parses_each_file_once(cfg, parsed):
    check_data(cfg, ('train', 'val'))
    runner = build_runner(cfg)
    assert len(runner.build_dataloader(cfg.train_dataloader).dataset) == 5
    assert len(runner.build_dataloader(cfg.val_dataloader).dataset) == 3
    assert sorted(parsed) == [3, 5]


def test_a_file_of_both_splits_is_parsed_once(cfg, parsed):
    cfg.val_dataloader.dataset.ann_file = 'train.json'
    check_data(cfg, ('train', 'val'))
    init_default_scope('mmpose')
    for split in ('train', 'val'):
        assert len(DATASETS.build(cfg[f'{split}_dataloader'].dataset)) == 5
    assert parsed == [5]


def test_a_test_with_subsets_parses_its_file_once(cfg, parsed):
    check_data(cfg, ('test', ))
    name_subsets(cfg)
    init_default_scope('mmpose')
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    assert 'full' in dataset.get_data_info(0)['subsets']
    assert parsed == [4]


def test_a_file_that_changes_in_between_is_parsed_again(cfg, parsed, tmp_path):
    check_data(cfg, ('test', ))
    write_faces(tmp_path / 'test.json', 6)
    init_default_scope('mmpose')
    assert len(DATASETS.build(cfg.test_dataloader.dataset)) == 6


def test_browsing_parses_the_file_once(cfg, parsed):
    with pytest.raises(FileNotFoundError, match='images'):  # there are no pictures
        browse_dataset(cfg, 'val', 1)
    assert parsed == [3]
