"""Checking the data of configs, finding checkpoints."""

import json
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import nn
from torch.utils.data import DataLoader, Dataset

import mmwing
from mmwing.config import (
    check_data,
    check_weights,
    exit_with_message,
)

NAME = 'td-reg_cnn6_wing_1xb16-20e_300w-64x64'
FACES = json.dumps(dict(images=[dict(id=0)], annotations=[dict(id=0)]))


def loader(root, **dataset) -> dict:
    return dict(dataset=dict(type='Face300WDataset', data_root=str(root),
                             ann_file='a.json', data_prefix=dict(img='img'), **dataset))


def test_missing_data_is_named(tmp_path):
    cfg = Config(dict(train_dataloader=loader(tmp_path)))
    with pytest.raises(FileNotFoundError, match=r'train.*a\.json.*MMWING_300W'):
        check_data(cfg, ('train', ))
    (tmp_path / 'a.json').write_text(FACES)
    with pytest.raises(FileNotFoundError, match='img'):
        check_data(cfg, ('train', ))
    (tmp_path / 'img').mkdir()
    check_data(cfg, ('train', 'val'))


@pytest.mark.parametrize(('content', 'message'), [
    (FACES[:20], 'is not valid JSON .*cut off'),
    ('', 'is not valid JSON'),
    ('[1, 2]', 'no list of images and of annotations.*COCO-style'),
    ('{"images": [1], "annotations": {}}', 'no list of annotations'),
    ('{"images": [], "annotations": []}', 'no images and no annotations.*no face'),
    ('{"images": [1], "annotations": []}', 'has no annotations'),
])
def test_annotations_without_faces_are_named(content, message, tmp_path):
    (tmp_path / 'img').mkdir()
    (tmp_path / 'a.json').write_text(content)
    with pytest.raises(ValueError, match=rf'a\.json.*{message}'):
        check_data(Config(dict(val_dataloader=loader(tmp_path))), ('val', ))


def faces_with(**change):
    content = json.loads(FACES)
    content['images'] = [{'id': 1, 'file_name': 'b.png'}]
    content['annotations'] = [
        {'id': 7, 'image_id': 1, 'keypoints': [1, 2, 1, 3, 4, 1], **change}]
    return json.dumps(content)


@pytest.mark.parametrize('value', ['1e20', 'NaN', '-Infinity', '-1e20'])
def test_labels_in_no_image_are_named(value, tmp_path):
    (tmp_path / 'img').mkdir()
    (tmp_path / 'a.json').write_text(faces_with().replace('3, 4', f'3, {value}'))
    with pytest.raises(ValueError, match=r"a\.json, annotations\[0\] \(id 7, b\.png\): "
                                         r'point 1 has .*lies in no image'):
        check_data(Config(dict(train_dataloader=loader(tmp_path))), ('train', ))


def test_crowds_are_counted_before_mmpose_leaves_them_out(tmp_path, monkeypatch):
    (tmp_path / 'img').mkdir()
    (tmp_path / 'a.json').write_text(faces_with(iscrowd=1))
    said = []
    monkeypatch.setattr('mmengine.logging.MMLogger.warning',
                        lambda self, text, *args: said.append(text))
    cfg = Config(dict(train_dataloader=loader(tmp_path)))
    check_data(cfg, ('train', ))
    assert len(said) == 1
    assert '1 annotations have iscrowd set' in said[0]
    assert 'annotations[0] (id 7)' in said[0]
    (tmp_path / 'a.json').write_text(faces_with(iscrowd=0))
    check_data(cfg, ('train', ))
    assert len(said) == 1


def test_other_formats_are_left_to_their_readers(tmp_path):
    (tmp_path / 'img').mkdir()
    (tmp_path / 'a.json').write_text('[1, 2]')
    dataset = dict(loader(tmp_path)['dataset'], type='mmwing.FaceLandmarkDataset')
    check_data(Config(dict(val_dataloader=dict(dataset=dataset))), ('val', ))


def test_data_inside_of_wrappers_is_checked(tmp_path):
    inner = loader(tmp_path)['dataset']
    for wrapped in (dict(type='RepeatDataset', dataset=inner),
                    dict(type='CombinedDataset', datasets=[inner, inner])):
        cfg = Config(dict(val_dataloader=dict(dataset=wrapped)))
        with pytest.raises(FileNotFoundError, match=r'a\.json'):
            check_data(cfg, ('val', ))


def test_a_missing_albumentations_is_named(monkeypatch):
    monkeypatch.setattr('mmwing.config.data.find_spec', lambda name: None)
    inner = dict(ann_file='', data_prefix={}, pipeline=[
        dict(type='LoadImage'), dict(type='Albumentation', transforms=[])])
    cfg = Config(dict(train_dataloader=dict(dataset=dict(type='CombinedDataset',
                                                         datasets=[inner]))))
    with pytest.raises(ImportError, match=r'train pipeline.*mmwing\[albumentations\]'):
        check_data(cfg, ('train', ))
    check_data(cfg, ('test', ))


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    path = str(tmp_path / 'epoch_1.pth')
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    weights = {f'module.{key}': value for key, value in model.state_dict().items()}
    torch.save(dict(state_dict=weights), path)
    again = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    check_weights(again, path)
    torch.testing.assert_close(again[1].weight, model[1].weight)
    with pytest.raises(ValueError, match=r'epoch_1\.pth.*2 weights.*2\.weight'):
        check_weights(nn.Sequential(*again, nn.Linear(1, 1)), path)
    with pytest.raises(ValueError, match=r'1 weights.*size mismatch for 1\.weight'):
        check_weights(nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)), path)


@pytest.mark.parametrize('error', [
    ValueError('what to do'), TypeError('what to do'), KeyError('what to do'),
    FileNotFoundError('what to do'), ImportError('what to do'),
    PermissionError('what to do'), SyntaxError('what to do'),
    pickle.UnpicklingError('what to do')])
def test_a_tool_ends_with_the_message(error, monkeypatch):
    monkeypatch.delenv('MMWING_DEBUG', raising=False)

    @exit_with_message
    def main():
        raise error

    with pytest.raises(SystemExit, match='error: what to do'):
        main()
    monkeypatch.setenv('MMWING_DEBUG', '1')
    with pytest.raises(type(error)):
        main()


class Broken(Dataset):
    """Fails in the worker, for a reason."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        try:
            raise AssertionError('inside')
        except AssertionError as error:
            raise FileNotFoundError('a.png does not exist:\nput it there') from error


def test_a_worker_of_a_loader_ends_with_its_message(monkeypatch):
    monkeypatch.delenv('MMWING_DEBUG', raising=False)

    @exit_with_message
    def main():
        next(iter(DataLoader(Broken(), num_workers=1)))

    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code.startswith(
        'error: a.png does not exist:\nput it there\n(MMWING_DEBUG')


def test_warnings_of_ours_are_a_line_and_others_say_where_they_come_from():
    """Until the program ends; the source line that warns is of no use to a user."""
    ours, others = f'{Path(mmwing.__file__).parent}/api.py', '/elsewhere/api.py'
    texts = []

    @exit_with_message
    def main():
        texts.extend(warnings.formatwarning('what to know', UserWarning, file, 7)
                     for file in (ours, others))
        warnings.warn('of another package', stacklevel=1)
        warnings.warn('The metainfo config file "a" does not exist', stacklevel=1)

    before = warnings.formatwarning
    with pytest.warns(UserWarning) as caught:
        main()
    assert texts == ['warning: what to know\n',
                     f'{others}:7: UserWarning: what to know\n']
    assert [str(each.message) for each in caught] == ['of another package']
    assert warnings.formatwarning is before


def test_a_defect_keeps_its_traceback():

    @exit_with_message
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main()
