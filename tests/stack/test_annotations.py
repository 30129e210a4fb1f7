"""MMPose reads annotation files by the package's reader."""

import json

import pytest
from mmengine.registry import init_default_scope
from mmpose.datasets.datasets import WFLWDataset
from mmpose.datasets.datasets.base import base_coco_style_dataset

from mmwing.benchmark.data_cost import write_faces
from mmwing.stack.annotations import read_annotations_by_name


@pytest.fixture
def file(tmp_path):
    init_default_scope('mmpose')
    write_faces(tmp_path / 'faces.json', 3)
    return tmp_path / 'faces.json'


def test_a_byte_order_mark_is_read(file, capsys):
    file.write_text('\ufeff' + file.read_text(), encoding='utf-8')
    assert len(WFLWDataset(ann_file=str(file))) == 3
    assert not capsys.readouterr().out


@pytest.mark.parametrize(('text', 'message'), [
    ('{"images": [', r'faces\.json is not valid JSON'),
    (json.dumps([1, 2]), r'faces\.json.*not COCO-style')])
def test_a_damaged_file_is_named(file, text, message):
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        WFLWDataset(ann_file=str(file))


def test_it_is_done_once():
    before = base_coco_style_dataset.COCO
    read_annotations_by_name()
    assert base_coco_style_dataset.COCO is before
    assert len([each for each in before.__mro__ if each.__name__ == 'COCO']) == 2
