"""Arguments of transforms, heads and networks: what they ask for, or refused."""

import copy
import math

import cv2
import numpy as np
import torch
from fuzzing import Refused, attempt, fuzz
from hypothesis import strategies as st

from mmwing.registry import KEYPOINT_CODECS, MODELS, TRANSFORMS

NUMBERS = [0, 1, 0.5, 0.1, 2, 10, -1, 1e-3, 1e3, 1e6, 1e-30, 1e30, 1e300, math.nan,
           math.inf, -math.inf, True, None, '0.5', 'a', [1], {}, 10**400, 2**63]
PAIRS = [(0.1, 0.4), [1, 2], (2, 1), (0, 1), (1, 1), (1, ), (1, 2, 3), 'ab', ('1', '2'),
         (None, 1), (True, 2), (math.nan, 1), (1, math.inf), (10**400, 10**400)]
SIZES = [(64, 48), [32, 32], (0, 32), (32., 32.), (True, 32), 64, '64', ('64', '64'),
         None, (64, ), (64, 64, 3), (2**63, 1), (10**9, 10**9)]
FLAGS = [True, False, 'no', 1, 0, None]
INDICES = [[0], [0, 3], (2, 2), [], [-1], [9], ['0'], [0.], [True], 'ab', 3, None]


def is_real(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def between(low, high, *, above=False, below=False):
    def good(value):
        return is_real(value) and low <= value <= high and not (
            above and value == low or below and value == high)
    return good


def whole(low, high=2**31 - 1):
    return lambda value: type(value) is int and low <= value <= high


def many(good, *counts):
    return lambda values: (isinstance(values, (list, tuple)) and all(map(good, values))
                           and (len(values) in counts if counts else len(values) > 0))


def either(*choices):
    return lambda value: any(good(value) for good in choices)


def none(value):
    return value is None


def flag(value):
    return isinstance(value, bool)


def ordered(value):
    return is_real(value) or value[0] <= value[1]


probability, amount = between(0, 1), between(0, 10)
scale = between(1e-3, 1e3)
size = many(whole(1, 32767), 2)
share = between(0, 1, below=True)
fills = many(lambda fill: fill in ('noise', 'color', 'shuffle'))

#: What each argument is drawn from beside numbers, and what is right.
ARGUMENTS = {
    'RandomGaussianBlur': {
        'sigma': (PAIRS, lambda value: either(scale, many(scale, 2))(value)
                  and ordered(value)),
        'prob': ([], probability)},
    'BoxError': {'shift': ([], amount), 'scale': ([], amount), 'seed': ([], whole(0))},
    'RandomColor': dict.fromkeys(
        ('brightness', 'contrast', 'saturation', 'tint', 'grey_prob', 'prob'),
        ([], probability)),
    'FaceAffine': {'input_size': (SIZES, size), 'antialias': (FLAGS, flag)},
    'RandomFaceBox': {
        'rotation': ([], between(0, 180)), 'jitter': ([], between(0, .5, below=True)),
        'flip_prob': ([], probability),
        'distribution': (['uniform', 'truncnorm', 'normal'],
                         lambda value: value in ('uniform', 'truncnorm'))},
    'FaceContext': {'factor': ([], between(1, 100))},
    'KeepLandmarks': {'indices': (INDICES, either(none, many(whole(0))))},
    'LabelNoise': {'sigma': ([], amount), 'prob': ([], probability),
                   'seed': ([], whole(0))},
    'RandomOcclusion': {
        'prob': ([], probability), 'max_patches': ([], whole(1, 100)),
        'size': (PAIRS, lambda value: many(between(0, 1, above=True), 2)(value)
                 and ordered(value)),
        'fills': ([['noise'], ('color', 'shuffle'), 'noise', [], ['red'], [None]],
                  fills)},
    'RemoveLabelOffset': {
        'offset': (PAIRS, either(between(-1e6, 1e6), many(between(-1e6, 1e6), 2))),
        'move_boxes': (FLAGS, flag)},
}
NEEDED = {'FaceAffine': {'input_size': (32, 24)}, 'FaceContext': {'factor': 1.5}}


@st.composite
def arguments_of(draw, table, needed):
    """A class, its arguments, and what they are if they are right."""
    name = draw(st.sampled_from(list(table)))
    config = dict(needed.get(name, {}))
    for argument, (others, good) in table[name].items():
        values = [*others, *NUMBERS]
        right = [value for value in values if is_right(good, value)]
        if draw(st.booleans()):
            config[argument] = copy.deepcopy(draw(st.sampled_from(
                right if draw(st.integers(0, 2)) else values)))
    return name, config


def is_right(good, value):
    try:
        return bool(good(value))
    except TypeError:
        return False


def are_right(table, config):
    return all(is_right(table[argument][1], value)
               for argument, value in config.items() if argument in table)


def build(registry, name, config, table):
    """The object, or :class:`Refused`, which is what wrong arguments deserve."""
    found = attempt(lambda: registry.build({'type': f'mmwing.{name}', **config}),
                    '|'.join([*config, 'in_channels']))
    assert (found is not Refused) == are_right(table, config), (name, config)
    return found


def face():
    rng = np.random.default_rng(3)
    points = rng.uniform(20, 44, (1, 5, 2)).astype(np.float32)
    return {'img': rng.integers(0, 256, (48, 64, 3), np.uint8), 'id': 7,
            'bbox': np.array([[20, 20, 44, 44]], np.float32),
            'bbox_center': np.array([[32, 32]], np.float32),
            'bbox_scale': np.array([[24, 24]], np.float32),
            'keypoints': points, 'keypoints_visible': np.ones((1, 5), np.float32),
            'flip_indices': [1, 0, 2, 4, 3]}


@fuzz(arguments_of(ARGUMENTS, NEEDED))
def test_transforms(case, folder):
    """Each number of a transform is one in its range, and does what it says."""
    name, config = case
    transform = build(TRANSFORMS, name, config, ARGUMENTS[name])
    if transform is Refused:
        return False
    if max(config.get('input_size', (0, 0))) > 1000:
        return True
    np.random.seed(0)
    before = face()
    after = attempt(lambda: transform(face()), 'indices')
    if after is Refused:
        assert max(config['indices']) >= 5
        return False
    CHECKS[name](config, before, after)
    return True


def check_blur(config, before, after):
    sigma, prob = config.get('sigma', 1), config.get('prob', 0.5)
    same = np.array_equal(before['img'], after['img'])
    if prob == 0:
        assert same
    elif prob == 1 and is_real(sigma):
        np.testing.assert_array_equal(
            after['img'], cv2.GaussianBlur(before['img'], (0, 0), sigma))


def check_box_error(config, before, after):
    draws = np.random.default_rng([config.get('seed', 0), 7]).standard_normal(3)
    sides = before['bbox_scale'][0]
    np.testing.assert_allclose(
        after['bbox_center'][0], before['bbox_center'][0]
        + config.get('shift', 0) * draws[:2] * sides, rtol=1e-6)
    np.testing.assert_allclose(
        after['bbox_scale'][0], sides * math.exp(config.get('scale', 0) * draws[2]),
        rtol=1e-6)


def check_color(config, before, after):
    assert after['img'].shape == (48, 64, 3) and after['img'].dtype == np.uint8
    changes = [config.get(key, 1) for key in ('brightness', 'contrast', 'saturation',
                                              'tint', 'grey_prob')]
    if config.get('prob') == 0 or not any(changes):
        np.testing.assert_array_equal(before['img'], after['img'])


def check_affine(config, before, after):
    width, height = config['input_size']
    assert after['img'].shape == (height, width, 3)
    longer = max(24, 24 * width / height)
    points = (before['keypoints'] - 32) * width / longer + (width / 2, height / 2)
    np.testing.assert_allclose(after['transformed_keypoints'], points, atol=1e-3)


def check_face_box(config, before, after):
    jitter = config.get('jitter', 0.05)
    moved = np.abs(after['bbox_center'] - before['bbox_center']) / 24
    assert moved.max() <= jitter + 1e-6
    ratio = after['bbox_scale'] / before['bbox_scale']
    assert np.abs(ratio - 1).max() <= 2 * jitter + 1e-6
    assert abs(after['bbox_rotation'][0]) <= config.get('rotation', 30)
    if (prob := config.get('flip_prob')) in (0, 1):
        assert after['bbox_mirrored'] == bool(prob)


def check_context(config, before, after):
    np.testing.assert_allclose(after['bbox_scale'],
                               before['bbox_scale'] * config['factor'])


def check_keep(config, before, after):
    kept = config.get('indices')
    expected = [1. if kept is None or index in kept else 0. for index in range(5)]
    assert after['keypoints_visible'].tolist() == [expected]


def check_noise(config, before, after):
    moved = (after['keypoints'] - before['keypoints']).ravel()
    sigma, prob = config.get('sigma', 0), config.get('prob', 1)
    assert np.abs(moved).max() <= 6 * 24 * sigma
    assert np.any(moved) == (sigma > 1e-6 and prob > 0.3) or 0 < prob < 1


def check_occlusion(config, before, after):
    changed = (before['img'] != after['img']).any(2)
    largest = config.get('size', (0.1, 0.4))[1]
    patches = config.get('max_patches', 2)
    assert changed.sum() <= patches * math.prod(
        max(1, round(side * largest)) for side in (48, 64))
    assert not changed.any() or config.get('prob') != 0


def check_offset(config, before, after):
    offset = config.get('offset', 0)
    offset = np.float32((offset, 0) if is_real(offset) else offset)
    np.testing.assert_array_equal(after['keypoints'], before['keypoints'] - offset)
    moves = config.get('move_boxes', True)
    np.testing.assert_array_equal(
        after['bbox'], before['bbox'] - np.tile(offset, 2) * moves)


CHECKS = {
    'RandomGaussianBlur': check_blur, 'BoxError': check_box_error,
    'RandomColor': check_color, 'FaceAffine': check_affine,
    'RandomFaceBox': check_face_box, 'FaceContext': check_context,
    'KeepLandmarks': check_keep, 'LabelNoise': check_noise,
    'RandomOcclusion': check_occlusion, 'RemoveLabelOffset': check_offset}

channels = either(whole(1), many(whole(1)))
COUNTS = [(4, 8), [8], 8, 4, (), [0], ['8'], (8, None)]
HEAD = {'in_channels': (COUNTS, channels),
        'num_joints': ([5, 68], whole(1)),
        'hidden_channels': (COUNTS, lambda value: value in ((), None)
                            or channels(value)),
        'dropout': ([], share), 'pool': (['flatten', 'avg', 'max'],
                                         lambda value: value in ('flatten', 'avg')),
        'input_size': (SIZES, either(none, size))}
LOCAL = {'local_channels': (COUNTS, many(whole(1))), 'num_steps': ([1, 2], whole(1)),
         'patch_size': ([1, 3], whole(1)), 'embed_dims': ([8], whole(1)),
         'max_offset': ([0.02], between(0, 1e3, above=True)),
         'local_dropout': ([], share)}
PARTS = {
    'DirectRegressionHead': HEAD, 'LocalRefinementHead': {**HEAD, **LOCAL},
    'WingCNN': {
        'widen_factor': ([0.05], between(0, 100, above=True)),
        'in_channels': ([3], whole(1)), 'norm_eval': (FLAGS, flag),
        'frozen_stages': ([3, 4, 5], whole(-1, 4)),
        'out_indices': (INDICES, many(whole(-5, 4)))},
    'DirectRegressionLabel': {'input_size': (SIZES, size),
                              'supervise_outside': (FLAGS, flag)}}
HEADS = {'in_channels': 8, 'num_joints': 5}
PARTS_NEED = {'DirectRegressionHead': HEADS,
              'LocalRefinementHead': {**HEADS, 'local_channels': [4]},
              'WingCNN': {'widen_factor': 0.05},
              'DirectRegressionLabel': {'input_size': (64, 48)}}


def fits(config):
    """Whether it is built in little time and memory."""
    return all(not is_real(value) or value <= 100 for value in config.values())


@fuzz(arguments_of(PARTS, PARTS_NEED).filter(lambda case: fits(case[1])
                                             or not are_right(PARTS[case[0]], case[1])))
def test_models(case, folder):
    """Each number of a head or network is one in its range; what is built works."""
    name, config = case
    if name == 'DirectRegressionLabel':
        codec = build(KEYPOINT_CODECS, name, config, PARTS[name])
        if codec is Refused:
            return False
        points = face()['keypoints'].astype(np.float64)
        labels = codec.encode(points, None)['keypoint_labels']
        np.testing.assert_allclose(labels, points / config['input_size'], rtol=1e-6)
        np.testing.assert_allclose(codec.decode(labels)[0], points, rtol=1e-5)
        return True
    torch.manual_seed(0)
    model = build(MODELS, name, config, PARTS[name])
    if model is Refused:
        return False
    if name == 'WingCNN':
        maps = model.eval()(torch.rand(1, config.get('in_channels', 3), 64, 64))
        wanted = sorted({each % 5 for each in config.get('out_indices', [-1])})
        assert [each.shape[-1] for each in maps] == [2**(5 - each) for each in wanted]
        return True
    count = config['in_channels']
    features = torch.rand(2, count if isinstance(count, int) else count[-1], 1, 1)
    local = config.get('local_channels', [])
    maps = [torch.rand(2, each, 8, 8) for each in local]
    output = model.eval()((*maps, features))
    assert output.shape == (2, config['num_joints'], 2) and output.isfinite().all()
    return True
