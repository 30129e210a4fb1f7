"""Models as ONNX: what PyTorch computes, and everything a reader needs beside it."""

import json
import runpy
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.models import build_pose_estimator

import mmwing
from mmwing.config import load_config
from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.inference import FaceLandmarker, models
from mmwing.inference.publish import publish_model
from mmwing.runtime import OnnxLandmarker
from mmwing.runtime.licence import LicenceWarning

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')

from mmwing.inference.onnx import export_onnx  # noqa: E402
from mmwing.inference.onnx.export import crop_of, network_to_onnx  # noqa: E402
from mmwing.inference.onnx.network import LandmarkNetwork  # noqa: E402


@pytest.fixture(scope='module')
def exported(checkpoint, tmp_path_factory):
    """The small model as ONNX, for crops."""
    path = tmp_path_factory.mktemp('onnx') / 'small.onnx'
    export_onnx(checkpoint, path)
    return path


@pytest.fixture(scope='module')
def crops_itself(checkpoint, tmp_path_factory):
    """The small model as ONNX, for an image and boxes."""
    path = tmp_path_factory.mktemp('onnx') / 'itself.onnx'
    export_onnx(checkpoint, path, inputs='image')
    return path


def off(faces, expected):
    """Largest distance of landmarks, in pixels of the image."""
    return max(np.abs(face.keypoints - other.keypoints).max()
               for face, other in zip(faces, expected, strict=True))


def untrained(name, **options):
    """A model that knows the mean shape and besides computes what its noise says."""
    cfg = load_config(name, {key.replace('__', '.'): value
                             for key, value in options.items()})
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = build_pose_estimator(cfg.model).eval()
    painted = SyntheticFaceDataset(num_samples=1, bbox_scale=1.)
    face = painted.get_data_info(0)
    low, high = face['bbox'][0, :2], face['bbox'][0, 2:]
    shape = ((face['keypoints'][0] - low) / (high - low) - 0.5) / 2 + 0.5
    (model if hasattr(model, 'stage1') else model.head).set_mean_shape(shape)
    for key, value in model.named_parameters():
        if 'offset.weight' in key:
            torch.nn.init.normal_(value, std=0.01)
    model.dataset_meta, model.cfg = painted.metainfo, cfg
    return model


# ---------------------------------------------------------------- the same numbers


def test_a_hundred_faces_are_those_of_pytorch(exported, landmarker):
    painted = SyntheticFaceDataset(num_samples=100, seed=3, bbox_scale=1.)
    faces = [painted.get_data_info(index) for index in range(100)]
    images, boxes = [face['img'] for face in faces], [face['bbox'] for face in faces]
    runtime = OnnxLandmarker(exported, detector=None, threads=1)
    found, expected = (sum(each(images, boxes=boxes), [])
                       for each in (runtime, landmarker))
    assert len(found) == 100 and off(found, expected) < 1e-3
    for face, other in zip(found, expected, strict=True):
        assert face.keypoints.dtype == face.scores.dtype == np.float32
        np.testing.assert_array_equal(face.box, other.box)
        np.testing.assert_array_equal(face.scores, other.scores)


def test_an_image_is_cropped_in_the_file(crops_itself, landmarker, faces):
    session = onnxruntime.InferenceSession(str(crops_itself))
    assert [each.name for each in session.get_inputs()] == ['image', 'boxes']
    image = np.concatenate([faces[0]['img'], faces[1]['img']], 1)
    width = faces[0]['img'].shape[1]
    boxes = np.concatenate([faces[0]['bbox'], faces[1]['bbox'] + [width, 0, width, 0],
                            [[-20, -30, 200.3, 120.7]]]).astype(np.float32)
    expected = landmarker(image, boxes=boxes)
    # One grey level of some pixels in ten thousand differs from OpenCV's warp; OpenCV 4
    # rounds coordinates to 1/32 of a pixel.
    assert off(OnnxLandmarker(crops_itself, detector=None, batch_size=2)(
        image, boxes=boxes), expected) < 0.05


@pytest.mark.parametrize('factor', [1, 2, 3, 4])
def test_an_image_is_averaged_as_opencv_does(crops_itself, landmarker, factor):
    """Whose means of four pixels round halves up, and others to even numbers."""
    image = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    side = factor * 64 / 1.25
    boxes = [[x, x + 3, x + side, x + 3 + side] for x in range(20, 60, 5)]
    found = OnnxLandmarker(crops_itself, detector=None)(image, boxes=boxes)
    assert off(found, landmarker(image, boxes=boxes)) < 0.01 * factor


SMALL = dict(hidden_channels=32, in_channels=256)


@pytest.mark.parametrize('flip_test', [True, False])
@pytest.mark.parametrize(('name', 'options'), [
    ('td-reg_cnn6-local_wing_1xb32-200e_300w-64x64', {
        'model__backbone__widen_factor': 0.125, 'model__head__local_channels': (4, 8),
        **{f'model__head__{key}': value for key, value in SMALL.items()}}),
    ('td-reg_cnn6-7-local-cascade_l1_1xb32-10e_300w-128x128', {
        'model__stage1__backbone__widen_factor': 0.125,
        'model__stage1__head__local_channels': (4, 8),
        'model__stage2__backbone__widen_factor': 0.125,
        'model__stage2__head__local_channels': (8, 8, 16),
        **{f'model__stage{stage}__head__{key}': value for key, value in SMALL.items()
           for stage in (1, 2)}})])
def test_corrections_and_cascades(name, options, flip_test, faces, tmp_path):
    model = untrained(name, **options)
    done = export_onnx(model, tmp_path / 'model.onnx', flip_test=flip_test)
    expected = FaceLandmarker(model, detector=None, flip_test=flip_test)
    found = OnnxLandmarker(done.path, detector=None)
    assert found.metadata['flip_test'] is flip_test and done.difference < 1e-3
    for count in (1, 5):
        images, boxes = ([face[key] for face in faces[:count]]
                         for key in ('img', 'bbox'))
        assert off(sum(found(images, boxes=boxes), []),
                   sum(expected(images, boxes=boxes), [])) < 1e-3


def test_scores_of_a_model_that_has_them(checkpoint, faces, tmp_path):
    """RLE's head learns the spread of each landmark."""
    cfg = load_config('td-reg_cnn6_wing_1xb64-24e_synthetic-64x64', {
        'model.backbone.widen_factor': 0.125})
    cfg.model.head = dict(
        type='RLEHead', in_channels=64, num_joints=68,
        loss=dict(type='RLELoss', use_target_weight=True),
        decoder=dict(type='RegressionLabel', input_size=(64, 64)))
    cfg.model.neck = dict(type='GlobalAveragePooling')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = build_pose_estimator(cfg.model).eval()
    torch.nn.init.normal_(model.head.fc.weight, std=0.5)
    model.dataset_meta, model.cfg = SyntheticFaceDataset(num_samples=1).metainfo, cfg
    export_onnx(model, tmp_path / 'rle.onnx')
    image, box = faces[0]['img'], faces[0]['bbox']
    [found] = OnnxLandmarker(tmp_path / 'rle.onnx', detector=None)(image, boxes=box)
    [expected] = FaceLandmarker(model, detector=None)(image, boxes=box)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    assert np.ptp(found.scores) > 0.01 and off([found], [expected]) < 1e-3


@pytest.mark.parametrize('flip_test', [False, True])
def test_scores_of_a_confidence(confident, faces, tmp_path, flip_test):
    export_onnx(confident, tmp_path / 'm.onnx', flip_test=flip_test)
    images, boxes = [face['img'] for face in faces], [face['bbox'] for face in faces]
    found = OnnxLandmarker(tmp_path / 'm.onnx', detector=None)(images, boxes=boxes)
    expected = FaceLandmarker(confident, detector=None, flip_test=flip_test,
                              device='cpu')(images, boxes=boxes)
    scores = [np.stack([face.scores for [face] in each]) for each in (found, expected)]
    np.testing.assert_allclose(*scores, atol=1e-4)
    assert np.ptp(scores[0]) > 0.05
    assert off(sum(found, []), sum(expected, [])) < 1e-3


@pytest.mark.slow
def test_the_file_knows_how_often_to_look(checkpoint, config, faces, tmp_path):
    cfg = config.copy()
    cfg.model.test_cfg['looks'] = 2
    export_onnx(checkpoint, tmp_path / 'twice.onnx', config=cfg)
    found = OnnxLandmarker(tmp_path / 'twice.onnx', detector=None)
    images, boxes = [face['img'] for face in faces], [face['bbox'] for face in faces]
    expected = FaceLandmarker(checkpoint, detector=None, device='cpu', looks=2)
    assert found.looks == 2
    for [one], [other] in zip(found(images, boxes=boxes), expected(images, boxes=boxes),
                              strict=True):
        assert off([one], [other]) < 1e-3
    assert OnnxLandmarker(tmp_path / 'twice.onnx', detector=None, looks=1).looks == 1


@pytest.mark.skipif(torch.__version__.startswith('2.6.'),
                    reason='its exporter does not get on with onnxscript 0.7')
def test_the_newer_exporter_gives_the_same(checkpoint, exported, faces, tmp_path):
    pytest.importorskip('onnxscript')
    export_onnx(checkpoint, tmp_path / 'dynamo.onnx', dynamo=True)
    one, other = (OnnxLandmarker(path, detector=None)(
        [face['img'] for face in faces], boxes=[face['bbox'] for face in faces])
        for path in (exported, tmp_path / 'dynamo.onnx'))
    assert off(sum(one, []), sum(other, [])) < 1e-3


def test_an_exporter_that_cannot_write_a_model_says_so_in_a_line(
        checkpoint, tmp_path, monkeypatch):
    pytest.importorskip('onnxscript')

    def fails(*_, **options):
        assert options['dynamo']
        try:
            raise AttributeError('no attribute\nof a page')
        except AttributeError as error:
            raise torch.onnx.OnnxExporterError('a page\nand another') from error

    monkeypatch.setattr('torch.onnx.export', fails)
    with pytest.raises(ValueError, match=r'exporter of PyTorch \d.* with onnxscript '
                       r'\d.*\(AttributeError: no attribute\): .* without --dynamo'):
        export_onnx(checkpoint, tmp_path / 'dynamo.onnx', dynamo=True)
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------ the file


def test_half_precision_halves_the_file(checkpoint, exported, landmarker, faces,
                                        tmp_path):
    done = export_onnx(checkpoint, tmp_path / 'half.onnx', fp16=True)
    weights = sum(value.numel() * 4 for value in landmarker.model.state_dict().values())
    assert exported.stat().st_size - done.size > 0.45 * weights
    for face in faces:
        [found] = OnnxLandmarker(done.path, detector=None)(face['img'],
                                                           boxes=face['bbox'])
        assert off([found], landmarker(face['img'], boxes=face['bbox'])) < 0.05


def test_the_file_says_what_it_is(checkpoint, tmp_path):
    published = publish_model(checkpoint, tmp_path / 'mine.pth', boxes='drawn by hand',
                              licence='for non-commercial research only')
    with pytest.warns(LicenceWarning):
        done = export_onnx(published.path, tmp_path / 'mine-too.onnx')
    found = {each.key: each.value
             for each in onnx.load(done.path).metadata_props}
    assert json.loads(found['boxes']) == 'drawn by hand'
    assert json.loads(found['licence']) == 'for non-commercial research only'
    assert json.loads(found['input_size']) == [64, 64]
    assert json.loads(found['widen']) == 1.25
    meta = json.loads(found['dataset_meta'])
    assert len(meta['flip_indices']) == len(meta['keypoint_id2name']) == 68
    with pytest.warns(LicenceWarning, match='mine-too: for non-commercial'):
        OnnxLandmarker(done.path, detector=None)


def test_a_graph_that_computes_something_else_is_not_written(checkpoint, tmp_path,
                                                             monkeypatch):
    def wrong(network, dynamo):
        network.mean += 1
        proto = network_to_onnx(network)
        network.mean -= 1
        return proto

    monkeypatch.setattr('mmwing.inference.onnx.export.network_to_onnx', wrong)
    with pytest.raises(RuntimeError, match=r'differs from PyTorch by .* pixels'):
        export_onnx(checkpoint, tmp_path / 'wrong.onnx')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(('weight', 'fp16'), [
    (float('nan'), False), (float('nan'), True), (1e5, True)])
def test_landmarks_that_are_no_numbers_are_not_written(tmp_path, weight, fp16):
    model = untrained('td-reg_cnn6_wing_1xb64-24e_synthetic-64x64')
    model.head.fc.weight.data[0, 0] = weight
    with pytest.raises(RuntimeError, match='are not finite'):
        export_onnx(model, tmp_path / 'a.onnx', fp16=fp16)
    assert not list(tmp_path.iterdir())


def test_bad_arguments(checkpoint, exported, tmp_path, monkeypatch):
    for arguments, message in (
            (dict(out='a.onnx', inputs='boxes'), r"one of \('crops', 'image'\)"),
            (dict(out='a.onnx', inputs='image', dynamo=True), 'leave dynamo out'),
            (dict(out='a.pth'), r'must end in \.onnx'),
            (dict(out=exported), r'small\.onnx exists: --overwrite')):
        with pytest.raises((ValueError, FileExistsError), match=message):
            export_onnx(checkpoint, **arguments)
    monkeypatch.setattr('mmwing.inference.onnx.export.find_spec', lambda name: None)
    with pytest.raises(ImportError, match=r'needs onnx, onnxruntime: pip install'):
        export_onnx(checkpoint, tmp_path / 'a.onnx')


@pytest.mark.parametrize(('pipeline', 'message'), [
    ([dict(type='mmwing.RandomColor')], 'has mmwing.RandomColor, which has no'),
    ([dict(type='TopdownAffine', input_size=(64, 64), use_udp=True)],
     'has TopdownAffine'),
    ([dict(type='LoadImage')], 'crops no faces')])
def test_pipelines_without_a_counterpart(pipeline, message):
    with pytest.raises(ValueError, match=message):
        crop_of(pipeline)


def test_heat_maps_are_refused():
    name = ('mmpose::face_2d_keypoint/topdown_heatmap/wflw/'
            'td-hm_hrnetv2-w18_awing-8xb64-60e_wflw-256x256.py')
    cfg = load_config(name)
    with DefaultScope.overwrite_default_scope('mmpose'), torch.device('meta'):
        model = build_pose_estimator(cfg.model)
    with pytest.raises(ValueError, match='regress coordinates.*has HeatmapHead'):
        LandmarkNetwork(model, False)


def test_the_program(checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(models, 'MODELS_FOLDER', tmp_path)
    publish_model(checkpoint, tmp_path / 'by-name.pth')
    out = tmp_path / 'by-name.onnx'
    monkeypatch.setattr(sys, 'argv', ['export', 'by-name', '--out', str(out),
                                      '--no-flip-test'])
    runpy.run_path(mmwing.tool_path('export_model.py'), run_name='__main__')
    assert f'wrote {out}: ' in capsys.readouterr().out
    assert not OnnxLandmarker(out, detector=None).metadata['flip_test']


# ------------------------------------------------------------------- without torch

PREDICT = '''
import sys
for name in ('torch', 'mmengine', 'mmcv', 'mmpose'):
    sys.modules[name] = None  # not installed
import numpy as np
from mmwing.runtime import OnnxLandmarker
landmarker = OnnxLandmarker(sys.argv[1], detector=None)
[face] = landmarker(sys.argv[2], boxes=[[25, 20, 105, 100]])
np.save(sys.argv[3], face.keypoints)
'''


def run(code, *arguments):
    return subprocess.run([sys.executable, '-c', code, *map(str, arguments)],
                          capture_output=True, text=True, check=True,
                          timeout=300).stdout


def test_no_torch_is_needed(exported, landmarker, faces, tmp_path):
    import cv2

    photo = tmp_path / 'photo.png'
    cv2.imwrite(str(photo), faces[0]['img'])
    run(PREDICT, exported, photo, tmp_path / 'found.npy')
    [expected] = landmarker(photo, boxes=[[25, 20, 105, 100]])
    assert np.abs(np.load(tmp_path / 'found.npy') - expected.keypoints).max() < 1e-3


def test_no_torch_is_loaded_where_it_is_installed():
    printed = run('import sys, mmwing.runtime\n'
                  'print({"torch", "mmengine", "mmpose"} & {*sys.modules})\n'
                  'import mmwing; print(mmwing.FaceLandmarker.__name__)')
    assert printed == 'set()\nFaceLandmarker\n'


def test_files_that_are_no_model(exported, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"'no\.onnx' does not exist"):
        OnnxLandmarker('no.onnx')
    with pytest.raises(ValueError, match='is a folder; a file that `mmwing export`'):
        OnnxLandmarker(tmp_path)
    (tmp_path / 'text.onnx').write_text('hello')
    with pytest.raises(ValueError, match=r'text\.onnx.*ONNX Runtime can load'):
        OnnxLandmarker(tmp_path / 'text.onnx')
    other = onnx.load(exported)
    del other.metadata_props[:]
    onnx.save(other, tmp_path / 'other.onnx')
    with pytest.raises(ValueError, match=r'other\.onnx.*not written by `mmwing ex'):
        OnnxLandmarker(tmp_path / 'other.onnx')
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match='pip install onnxruntime'):
        OnnxLandmarker(exported)


@pytest.mark.parametrize(('argument', 'message'), [
    (dict(threads=0), 'threads must be a whole number of at least 1, got 0'),
    (dict(threads='x'), "threads must be a whole number .* got 'x'"),
    (dict(threads=1.5), 'threads must be a whole number .* got 1.5'),
    (dict(providers='CPUExecutionProvider'), "providers must be a list .* got 'CPU"),
    (dict(providers=['CPU']), r"some of .*'CPUExecutionProvider'.* got \['CPU'\]"),
    (dict(providers=[3]), 'providers'), (dict(providers=[]), 'providers'),
    (dict(providers=None), 'providers')])
def test_where_it_runs_is_checked(exported, argument, message):
    with pytest.raises(ValueError, match=message):
        OnnxLandmarker(exported, detector=None, **argument)


def test_a_provider_may_have_options(exported):
    landmarker = OnnxLandmarker(exported, detector=None, threads=1, providers=[
        ('CPUExecutionProvider', {})])
    assert landmarker.session.get_providers() == ['CPUExecutionProvider']


def test_a_detector_finds_the_faces(exported, faces):
    # The detector's box map leaves a square of whole numbers as it is, to the last bit.
    low = faces[0]['bbox'][:, :2].round()
    box = np.concatenate([low, low + 68], 1)

    class Mine:
        def detect(self, rgb):
            assert rgb[0, 0].tolist() == faces[0]['img'][0, 0, ::-1].tolist()
            return box.repeat(2, 0), np.array([0.9, 0.8])

    runtime = OnnxLandmarker(exported, detector=Mine(), batch_size=1)
    found = runtime(faces[0]['img'])
    assert [face.score for face in found] == [0.9, 0.8]
    given = runtime([faces[0]['img'], faces[1]['img']],
                    boxes=[box.repeat(3, 0), []])
    assert [len(each) for each in given] == [3, 0]
    assert off(found, given[0][:2]) < 1e-4
    with pytest.raises(ValueError, match=r"boxes=\[\[x1.*boxes='whole'"):
        OnnxLandmarker(exported, detector=None)(faces[0]['img'])
