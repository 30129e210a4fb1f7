import json
import pickle
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmpose.structures import PoseDataSample

import mmwing  # noqa: F401  (registers SubsetDataset)
from mmwing import files
from mmwing.datasets.wrappers import subset_dataset
from mmwing.registry import DATASETS, METRICS

# Six faces: subsets and attributes as tools/prepare_dataset.py writes them.
FACES = [(['full', 'common'], {'pose': 0, 'blur': 0}),
         (['full', 'common'], {'pose': 1, 'blur': 0}),
         (['full', 'challenging'], {'pose': 1, 'blur': 1}),
         (['full', 'common'], {'pose': 0, 'blur': 1}),
         (['full', 'challenging'], {'pose': 0, 'blur': 0}),
         (['full', 'common'], {'pose': 1, 'blur': 0})]
PIPELINE = [{'type': 'LoadImage'}, {'type': 'PackPoseInputs'}]


@pytest.fixture(autouse=True)
def scope(tmp_path, monkeypatch):
    init_default_scope('mmpose')
    # MMPose's classes look for `configs/_base_/datasets/*.py` here first.
    monkeypatch.chdir(tmp_path)


def annotation(index, subsets, attributes):
    points = np.random.default_rng(index).uniform(20, 80, (68, 2))
    return {
        'id': 100 + index, 'image_id': index + 1, 'category_id': 1, 'iscrowd': 0,
        'keypoints': np.insert(points, 2, 1, axis=1).ravel().tolist(),
        'num_keypoints': 68, 'bbox': [10, 10, 80, 80], 'center': [50, 50],
        'scale': 0.4, 'subsets': subsets, 'attributes': attributes}


@pytest.fixture
def config(tmp_path):
    """Config of a stock MMPose data set on disk."""
    for index in range(len(FACES)):
        cv2.imwrite(str(tmp_path / f'{index}.png'), np.zeros((100, 100, 3), np.uint8))
    content = {
        'images': [{'id': index + 1, 'file_name': f'{index}.png', 'width': 100,
                    'height': 100} for index in range(len(FACES))],
        'annotations': [annotation(index, *face) for index, face in enumerate(FACES)],
        'categories': [{'id': 1, 'name': 'face'}]}
    (tmp_path / 'ann.json').write_text(json.dumps(content))
    return {'type': 'Face300WDataset', 'data_root': str(tmp_path),
            'ann_file': 'ann.json', 'data_prefix': {'img': ''}, 'test_mode': True,
            'pipeline': PIPELINE}


def build(config, **kwargs):
    return DATASETS.build(dict(type='mmwing.SubsetDataset', dataset=config, **kwargs))


def drop_subsets(path):
    content = json.loads(path.read_text())
    for record in content['annotations']:
        del record['subsets']
    path.write_text(json.dumps(content))


def test_without_a_filter_every_sample_names_its_subsets(config):
    dataset = build(config)
    assert len(dataset) == 6
    assert dataset.metainfo['dataset_name'] == '300w'
    for index, (subsets, attributes) in enumerate(FACES):
        sample = dataset[index]['data_samples']
        assert sample.metainfo['id'] == 100 + index
        assert sample.metainfo['subsets'] == subsets
        assert sample.metainfo['attributes'] == attributes
        info = dataset.get_data_info(index)
        assert (info['subsets'], info['attributes']) == (subsets, attributes)


def test_subsets_named_by_their_files_join_those_of_the_annotations(config):
    dataset = build(config, named={'early': ['0.*', '1.*'], 'last': '[45].png'})
    found = [dataset.get_data_info(index)['subsets'] for index in range(6)]
    own = [face[0] for face in FACES]
    assert found == [own[0] + ['early'], own[1] + ['early'], own[2], own[3],
                     own[4] + ['last'], own[5] + ['last']]


def test_names_of_files_are_enough(config, tmp_path):
    drop_subsets(tmp_path / 'ann.json')
    dataset = build(config, named={'early': ['0.*', '1.*']}, subsets='early')
    assert [dataset[i]['data_samples'].metainfo['id'] for i in (0, 1)] == [100, 101]
    assert len(dataset) == 2


def test_a_pattern_without_a_file_shows_what_files_are_called(config):
    with pytest.raises(ValueError, match=r"common='helen/\*' matches none.*'0.png'"):
        build(config, named={'common': ['*.png', 'helen/*']})


@pytest.mark.parametrize('kwargs, expected', [
    ({'subsets': 'challenging'}, [2, 4]),
    ({'subsets': ['challenging', 'common']}, [0, 1, 2, 3, 4, 5]),
    ({'attributes': {'pose': 1}}, [1, 2, 5]),
    ({'attributes': {'pose': 1, 'blur': 0}}, [1, 5]),
    ({'subsets': ['common'], 'attributes': {'blur': 1}}, [3]),
])
def test_filters_keep_what_matches(config, kwargs, expected):
    dataset = build(config, **kwargs)
    ids = [dataset[index]['data_samples'].metainfo['id']
           for index in range(len(dataset))]
    assert ids == [100 + index for index in expected]


def test_one_pass_gives_the_figures_of_every_subset(config):
    """The metric's per-subset NME is that of the faces picked by hand."""
    dataset = build(config)
    evaluator = Evaluator(METRICS.build({'type': 'mmwing.FaceAlignmentMetric',
                                             'subsets': 'all'}))
    evaluator.dataset_meta = dataset.metainfo
    errors = []
    for index in range(len(dataset)):
        batch = pseudo_collate([dataset[index]])
        sample: PoseDataSample = batch['data_samples'][0]
        truth = sample.gt_instances.keypoints
        predicted = sample.gt_instances.clone()
        predicted.keypoints = truth + index + 1
        predicted.keypoint_scores = np.ones(truth.shape[:2], np.float32)
        sample.pred_instances = predicted
        evaluator.process([sample], batch)
        distance = np.linalg.norm(truth[0, 36] - truth[0, 45])
        errors.append(np.sqrt(2) * (index + 1) / distance)
    figures = evaluator.evaluate(len(dataset))
    for name in ('full', 'common', 'challenging'):
        members = [index for index, face in enumerate(FACES) if name in face[0]]
        expected = np.mean([errors[index] for index in members])
        assert figures[f'{name}/NME'] == pytest.approx(expected, rel=1e-5)


def test_raw_samples_of_a_pipeline_that_does_not_pack(config):
    dataset = build({**config, 'pipeline': []})
    assert dataset[2]['subsets'] == ['full', 'challenging']


def test_a_replaced_sample_keeps_its_own_subsets(config):
    # In training MMEngine draws another face for one whose pipeline gives None.
    class Refuse:
        def __call__(self, results):
            return results if results['id'] == 104 else None

    init_default_scope('mmpose')
    torch.manual_seed(0)
    dataset = build({**config, 'test_mode': False,
                     'pipeline': [Refuse(), *PIPELINE]})
    sample = dataset[0]['data_samples']
    assert sample.metainfo['id'] == 104
    assert sample.metainfo['subsets'] == ['full', 'challenging']


def test_a_dataloader_with_workers(config):
    loader = torch.utils.data.DataLoader(build(config, subsets='common'), batch_size=3,
                                         num_workers=1, collate_fn=pseudo_collate)
    subsets = [sample.metainfo['subsets'] for batch in loader
               for sample in batch['data_samples']]
    assert subsets == [['full', 'common']] * 4


def test_lazy_init_reads_nothing_yet(config):
    dataset = build({**config, 'lazy_init': True}, lazy_init=True)
    assert not dataset.dataset._fully_initialized
    assert len(dataset) == 6


def test_the_annotation_file_is_read_once(config, monkeypatch):
    read = []
    load = subset_dataset.read_json
    monkeypatch.setattr(subset_dataset, 'read_json',
                        lambda path: read.append(path) or load(path))
    assert len(build(config, subsets='common')) == 4
    assert not read
    # One that was loaded before cannot be looked into.
    loaded = DATASETS.build(config)
    assert len(build(loaded, subsets='common')) == 4
    assert read == [loaded.ann_file]
    assert '_load_annotations' not in vars(loaded)


def test_an_empty_subset_says_which_there_are(config):
    with pytest.raises(ValueError, match="no face matches subsets=.'makeup'.*"
                       "'full': 6, 'common': 4.*'blur', 'pose'"):
        build(config, subsets='makeup')


def test_annotations_without_subsets(config, tmp_path):
    drop_subsets(tmp_path / 'ann.json')
    with pytest.raises(ValueError, match='carries no subsets; write it with .mmwing'):
        build(config)


@pytest.mark.parametrize('change, message', [
    ({'data_mode': 'bottomup'}, "must have data_mode='topdown'"),
    ({'bbox_file': 'boxes.json', 'lazy_init': True}, 'must not have a bbox_file'),
])
def test_data_sets_that_do_not_fit(config, change, message):
    with pytest.raises(ValueError, match=message):
        build({**config, **change})


def test_something_that_is_no_data_set():
    with pytest.raises(TypeError, match='must be a config or a data set'):
        build([1, 2])


def test_pipelines_must_pack_the_id(config):
    dataset = build({**config, 'pipeline': [
        {'type': 'LoadImage'}, {'type': 'PackPoseInputs', 'meta_keys': ('img_id',)}]})
    with pytest.raises(ValueError, match="must pack 'id'"):
        dataset[0]


def test_the_former_name_is_refused_with_the_present_one(config):
    with pytest.raises(KeyError, match="write mmwing.SubsetDataset"):
        DATASETS.build(dict(type='mmwing.PoseSubset', dataset=config))


class Unread(SimpleNamespace):
    """A data set without samples."""

    def __len__(self) -> int:
        return 0


def test_a_data_set_that_keeps_annotations_is_not_read_again(config, monkeypatch):
    own = {'type': 'mmwing.FaceLandmarkDataset', 'pipeline': PIPELINE,
           'metainfo': {'num_points': 68, 'flip_pairs': []},
           **{key: config[key] for key in ('data_root', 'ann_file', 'data_prefix')}}
    expected = build(config, subsets='common', named={'odd': '[135].png'})
    read = []
    load = files.read_text
    monkeypatch.setattr(files, 'read_text',
                        lambda path: read.append(path) or load(path))
    dataset = build(own, subsets='common', named={'odd': '[135].png'})
    assert len(read) == 1
    assert len(dataset) == len(expected) == 4
    for index in range(4):
        for key in ('id', 'subsets', 'attributes'):
            assert dataset.get_data_info(index)[key] == (
                expected.get_data_info(index)[key])


def test_annotations_are_read_as_data(tmp_path):
    """MMEngine's reader unpickles a .pkl and builds what a YAML file names."""
    class Intruder:
        def __reduce__(self):
            return open, (str(tmp_path / 'executed'), 'w')

    (tmp_path / 'ann.pkl').write_bytes(pickle.dumps(Intruder()))
    (tmp_path / 'ann.yaml').write_text(
        f'!!python/object/apply:open [{tmp_path / "executed"}, w]')
    for name in ('ann.pkl', 'ann.yaml'):
        dataset = object.__new__(subset_dataset.SubsetDataset)
        dataset.named = {}
        dataset.dataset = Unread(ann_file=str(tmp_path / name), full_init=lambda: None)
        with pytest.raises(ValueError, match=f'{name}.* is not'):
            dataset._load()
    assert not (tmp_path / 'executed').exists()
