"""Turn a model into one that regresses landmark coordinates directly."""

from __future__ import annotations

import copy

import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import Tensor

from mmwing.models.heads import DirectRegressionHead
from mmwing.walk import find, type_name, without_scope

from .codecs import codec_of, input_size_of, target_generators
from .heads import head_class

#: Fewer channels than this cannot hold where K landmarks are once they are averaged.
MIN_CHANNELS_TO_AVERAGE = 512
#: A larger map is reduced to this before it is flattened.
GRID = 8


def last_map_shape(backbone: dict, input_size: tuple[int, int]) -> tuple[int, ...]:
    """(C, H, W), or (C,), of the last features that a backbone gives.

    Found by running it, untrained, on one empty image.

    Raises:
        ValueError: If it gives something else than features of images.
    """
    config = copy.deepcopy(dict(backbone))
    config.pop('init_cfg', None)
    module = MODELS.build(config)
    module.eval()  # not chained: HRNet's returns nothing
    width, height = input_size
    with torch.no_grad():
        features = module(torch.zeros(1, 3, height, width))
    last = features[-1] if isinstance(features, (tuple, list)) else features
    if not isinstance(last, Tensor) or last.ndim not in (2, 4):
        raise ValueError(f'the backbone {backbone["type"]} gives {type(last).__name__} '
                         'of several stages: direct regression needs one with maps '
                         '(N, C, H, W)')
    return tuple(last.shape[1:])


def layout_of_features(model: dict,
                       input_size: tuple[int, int]) -> tuple[dict | None, dict, str]:
    """The neck, the head's arguments for its features, and why.

    Average pooling is MMPose's own choice for its regression on 2048 channels. Few
    channels do not hold the places of many landmarks, so there the map is flattened,
    as in the networks of Feng et al. (CVPR 2018).
    """
    neck = model.get('neck')
    shape = last_map_shape(model['backbone'], input_size)
    channels = shape[0]
    if len(shape) == 1 or type_name(neck) == 'GlobalAveragePooling':
        return neck, dict(in_channels=channels), f'{channels} features'
    _, height, width = shape
    if channels >= MIN_CHANNELS_TO_AVERAGE:
        return None, dict(in_channels=channels, pool='avg'), (
            f'the {channels} channels of the last map, averaged')
    if max(height, width) <= GRID:
        return None, dict(in_channels=channels * height * width), (
            f'the last map, {channels} x {height} x {width}, flattened: its '
            f'{channels} channels are too few to be averaged')
    scale = GRID / max(height, width)
    height, width = int(height * scale), int(width * scale)
    neck = dict(type='FeatureMapProcessor', scale_factor=scale)
    return neck, dict(in_channels=channels * height * width), (
        f'the last map, scaled to {channels} x {height} x {width} and flattened: its '
        f'{channels} channels are too few to be averaged')


def to_direct_regression(cfg: dict, key: str, head: dict, loss: dict,
                         points: int) -> dict[str, str]:
    """Make codec, neck, head and test settings those of direct regression, in place.

    Args:
        cfg: The config.
        key: Dotted key of the head.
        head: The head that goes.
        loss: Config of the loss of the new one.
        points: K.

    Returns:
        Dotted key -> why it was changed.

    Raises:
        ValueError: If the model is not one image, one face, one head.
    """
    model = cfg['model']
    if type_name(model) != 'TopdownPoseEstimator' or key != 'model.head':
        raise ValueError(
            f'--head direct turns a TopdownPoseEstimator with one head into direct '
            f'regression; this is a {model.get("type")} with {key}={head["type"]}')
    init_default_scope('mmpose')  # backbones build layers by bare names
    if issubclass(head_class(head), DirectRegressionHead):
        head['loss'] = loss
        return {'model.head.loss': 'the loss'}
    size = input_size_of(cfg, head)
    reasons = _to_direct_codec(cfg, head, size)
    neck, arguments, features = layout_of_features(model, size)
    if neck != model.get('neck'):
        model['neck'] = neck
        reasons['model.neck'] = f'the head takes {features}'
    model['head'] = dict(type='mmwing.DirectRegressionHead', **arguments,
                         num_joints=points, loss=loss, decoder=codec_of(cfg, {}))
    reasons['model.head'] = (f'coordinates of {points} landmarks from {features}; it '
                             'gives the loss its input size')
    old = model.get('test_cfg') or {}
    test_cfg = dict(flip_test=old.get('flip_test', False), shift_coords=True)
    if test_cfg != old:
        model['test_cfg'] = test_cfg
        reasons['model.test_cfg'] = 'a mirrored image gives mirrored coordinates'
    return reasons


def _to_direct_codec(cfg: dict, head: dict, size: tuple[int, int]) -> dict[str, str]:
    old = codec_of(cfg, head) or {}
    reasons = {}
    if type_name(old) not in ('RegressionLabel', 'mmwing.DirectRegressionLabel'):
        new = dict(type='mmwing.DirectRegressionLabel', input_size=size)
        why = 'labels are coordinates, also of landmarks outside the crop'
        # An edited one may lack the scope that the base's has.
        of_head = without_scope(old)
        for name in [name for name in cfg if without_scope(cfg[name]) == of_head]:
            cfg[name] = dict(new)
            reasons[name] = why
    else:
        new = dict(old)
        why = 'the codec of the head'
    for key, transform in target_generators(cfg):
        if transform.get('encoder') != new:
            transform['encoder'] = dict(new)
            reasons[f'{key}.encoder'] = why
        for name in ('multilevel', 'target_type'):
            if transform.pop(name, None) is not None:
                reasons[f'{key}.{name}'] = 'there is one level of labels'
    for key, transform in find(cfg, 'TopdownAffine'):
        if transform.pop('use_udp', False):
            reasons[f'{key}.use_udp'] = 'UDP belongs to heat maps'
    return reasons
