"""Compare what stands in two places of a config and must agree."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from mmwing.evaluation.layouts import as_landmark_pair, find_layout
from mmwing.walk import (
    SPLITS,
    datasets,
    find,
    lookup,
    split_datasets,
    type_name,
    uses,
    walk,
)

from .checkpoint import landmarks_of_checkpoint
from .heads import pose_heads
from .points import (
    check_trained_landmarks,
    has_pairs,
    metainfo_of,
    points_differ,
    points_of_head,
)

#: Transforms that cut the network's input out of the image.
CROPS = ('TopdownAffine', 'mmwing.FaceAffine')
#: Codecs of coordinates, of which one decodes what the other has encoded.
COORDINATE_CODECS = ('RegressionLabel', 'mmwing.DirectRegressionLabel')
CASCADE = 'mmwing.CascadeEstimator'
#: Transforms that may mirror a face.
MIRRORS = ('RandomFlip', 'mmwing.RandomFaceBox')

# Arguments of data sets that say how boxes and coordinates are taken.
_DATASET_ARGUMENTS = ('origin', 'landmark_box', 'bbox_scale')
# Fewer landmarks may all lie on the midline.
_FEWEST_OF_A_FACE = 5


def check_agreement(cfg: Config) -> None:
    """See that pipelines, model and metric of a config are for the same input.

    Compared are the size that the pipelines crop to and that of the codecs, the codec
    that encodes labels and the one that decodes predictions, what a cascade and its
    pipelines call the face box, the padding of the box and the label offset in training
    and test of the same data, the landmarks of data sets that have as many (names, and
    which of them a mirror exchanges), and the landmarks of the metric's normaliser with
    those that there are. What a config does not say is not compared. A face that is
    mirrored without any pairs is logged.

    Args:
        cfg: The config of a run.

    Raises:
        ValueError: Two places differ; names both, with what they say.
    """
    _check_leftovers(cfg)
    model = cfg.get('model') or {}
    if type_name(model) == CASCADE:
        _check_sizes(cfg, 'model.input_size', model.get('input_size'))
        _check_context(cfg, model)
    elif type_name(model) == 'TopdownPoseEstimator':
        for key, head in pose_heads(cfg):
            decoder = head.get('decoder') or {}
            _check_sizes(cfg, f'{key}.decoder.input_size', decoder.get('input_size'))
            _check_codecs(cfg, f'{key}.decoder', decoder)
    _check_splits(cfg, 'GetBBoxCenterScale', 'padding', 1.25)
    _check_splits(cfg, 'mmwing.RemoveLabelOffset', 'offset', 0., absent=0.)
    _check_dataset_arguments(cfg)
    _check_landmarks(cfg)
    _check_mirrors(cfg)
    _check_normalizers(cfg)


def check_start(cfg: Config) -> None:
    """See that the weights that a training begins with are for its landmarks.

    Of weights of another number of landmarks the last layer is left out by MMEngine,
    which is what fine-tuning wants. Only a file on this machine is looked at.

    Args:
        cfg: The config of a training.

    Raises:
        ValueError: The training goes on from a checkpoint of other landmarks. Where it
            begins anew, that is logged.
    """
    init = lookup(cfg, 'model.init_cfg')
    starts = [('resume' if cfg.get('resume') else 'load_from', cfg.get('load_from'))]
    if isinstance(init, dict) and init.get('type') == 'Pretrained' and (
            not init.get('prefix')):
        starts.append(('model.init_cfg.checkpoint', init.get('checkpoint')))
    for place, path in starts:
        metainfo = next((meta for _, _, meta in _metainfos(cfg)), None)
        if metainfo is None or not path or not os.path.isfile(path):
            continue
        trained = landmarks_of_checkpoint(path)
        try:
            check_trained_landmarks(trained, metainfo, path)
        except ValueError as error:
            if place == 'resume':
                raise
            if trained['num_keypoints'] == metainfo['num_keypoints']:
                print_log(f'{place}: {error}', 'current', logging.WARNING)


def _check_leftovers(cfg: Config) -> None:
    """Refuse the settings that RemoveLabelOffset has taken the place of."""
    if lookup(cfg, 'model.test_cfg.label_offset'):
        raise ValueError(
            'model.test_cfg.label_offset is no longer read: remove it, and mend the '
            "labels where they are read, by dict(type='mmwing.RemoveLabelOffset', "
            'offset=…) behind the image loader of every pipeline')


def _pipelines(cfg: Config) -> Iterator[tuple[str, object]]:
    """What a run reads samples with. Variables that bases leave over do not count."""
    for name in (*(f'{split}_dataloader' for split in SPLITS), 'custom_hooks'):
        yield name, cfg.get(name) or {}
    yield 'model.data_preprocessor', (cfg.get('model') or {}).get(
        'data_preprocessor') or {}


def _differ(first: str, a: object, second: str, b: object, why: str) -> ValueError:
    return ValueError(f'{first}={a!r} and {second}={b!r} differ: {why}')


def _pair(size: Any) -> tuple | None:
    return tuple(size) if isinstance(size, (list, tuple)) else None


def _check_sizes(cfg: Config, place: str, size: Any) -> None:
    size = _pair(size)
    if size is None:
        return
    for root, config in _pipelines(cfg):
        for key, step in walk(config, root):
            if type_name(step) in CROPS:
                found, where = _pair(step.get('input_size')), f'{key}.input_size'
            elif type_name(step) == 'GenerateTarget' and isinstance(
                    step.get('encoder'), dict):
                found = _pair(step['encoder'].get('input_size'))
                where = f'{key}.encoder.input_size'
            else:
                continue
            if found is not None and found != size:
                raise _differ(where, found, place, size,
                              'the pipeline gives the model an input of another size '
                              'than it is for')


def _check_codecs(cfg: Config, place: str, decoder: dict) -> None:
    for root, config in _pipelines(cfg):
        for key, step in find(config, 'GenerateTarget', root):
            encoder = step.get('encoder')
            if not isinstance(encoder, dict) or not decoder:
                continue
            kinds = type_name(encoder), type_name(decoder)
            if kinds[0] != kinds[1] and not set(kinds) <= set(COORDINATE_CODECS):
                raise _differ(f'{key}.encoder.type', kinds[0], f'{place}.type',
                              kinds[1], 'the head decodes other labels than it learns')
            for name in sorted(set(encoder) & set(decoder) - {'type', '_scope_'}):
                a, b = encoder[name], decoder[name]
                if (_pair(a) or a) != (_pair(b) or b):
                    raise _differ(f'{key}.encoder.{name}', a, f'{place}.{name}', b,
                                  'the head decodes other labels than it learns')


def _check_context(cfg: Config, model: dict) -> None:
    context = model.get('context', 1.5)
    for root, config in _pipelines(cfg):
        for key, step in find(config, 'mmwing.FaceContext', root):
            if step.get('factor') != context:
                raise _differ(f'{key}.factor', step.get('factor'), 'model.context',
                              context, 'the cascade looks for the face box elsewhere '
                              'than the pipeline puts it')


def _check_splits(cfg: Config, name: str, argument: str, default: float,
                  absent: float | None = None) -> None:
    """Compare an argument of a transform among the splits that read the same data.

    Args:
        cfg: The config.
        name: Type of the transform.
        argument: The argument.
        default: Its default.
        absent: What a pipeline without the transform counts as; ``None`` for nothing.
    """
    seen: dict[tuple, tuple[str, Any]] = {}
    for split in SPLITS:
        root = f'{split}_dataloader.dataset'
        loader = cfg.get(f'{split}_dataloader') or {}
        for key, dataset in datasets(loader.get('dataset') or {}, root):
            if not dataset.get('pipeline'):
                continue
            steps = [(f'{place}.{argument}', step.get(argument, default))
                     for place, step in find(dataset['pipeline'], name,
                                             f'{key}.pipeline')]
            if not steps and absent is not None:
                steps = [(f'{key}.pipeline (without {name}) {argument}', absent)]
            source = type_name(dataset), dataset.get('data_root')
            for place, value in steps:
                first, other = seen.setdefault(source, (place, value))
                if value != other:
                    raise _differ(first, other, place, value,
                                  'the splits read the same data in different ways')


def _check_dataset_arguments(cfg: Config) -> None:
    """Compare how the splits that read the same data take boxes and coordinates."""
    seen: dict[tuple, tuple[str, Any]] = {}
    for key, dataset in _leaves(cfg):
        for name in _DATASET_ARGUMENTS:
            value = dataset.get(name)
            source = type_name(dataset), dataset.get('data_root'), name
            place = f'{key}.{name}'
            first, other = seen.setdefault(source, (place, value))
            if value != other:
                raise _differ(first, other, place, value,
                              'the splits read the same data in different ways')


def _leaves(cfg: Config) -> Iterator[tuple[str, dict]]:
    """The data sets inside of all wrappers, of all splits."""
    for split, dataset in split_datasets(cfg):
        yield from datasets(dataset, f'{split}_dataloader.dataset')


def _metainfos(cfg: Config) -> Iterator[tuple[str, dict, dict]]:
    """Data sets whose samples have the landmarks that their metainfo describes."""
    known: dict[str, dict | None] = {}
    for key, dataset in _leaves(cfg):
        if uses(cfg.get(key.split('.')[0]), 'KeypointConverter'):
            continue
        # Splits share their scheme; its file is read once.
        scheme = repr([dataset.get(name) for name in ('type', 'metainfo', 'data_root')])
        if scheme not in known:
            known[scheme] = metainfo_of(dataset)
        metainfo = known[scheme]
        if metainfo is not None:
            yield key, dataset, metainfo


def _check_landmarks(cfg: Config) -> None:
    """Compare data sets of as many landmarks: names, and mirrored pairs."""
    seen: dict[int, tuple[str, dict]] = {}
    for key, _, metainfo in _metainfos(cfg):
        first, other = seen.setdefault(metainfo['num_keypoints'], (key, metainfo))
        difference = points_differ(other, metainfo)
        if difference:
            raise ValueError(f'{first}.metainfo and {key}.metainfo differ: '
                             f'{difference}; give both the same points file')


def _check_mirrors(cfg: Config) -> None:
    """See that who mirrors faces knows which landmarks change places."""
    flip_test = bool(lookup(cfg, 'model.test_cfg.flip_test'))
    for key, _, metainfo in _metainfos(cfg):
        loader = key.split('.')[0]
        mirrors = [f'{place} ({type_name(step)})' for kind in MIRRORS
                   for place, step in find(cfg.get(loader), kind, loader)]
        if flip_test and loader != 'train_dataloader':
            mirrors.append('model.test_cfg.flip_test')
        points = metainfo['num_keypoints']
        if mirrors and points >= _FEWEST_OF_A_FACE and not has_pairs(
                metainfo['flip_indices']):
            print_log(
                f'{mirrors[0]} mirrors faces, but the {points} landmarks of '
                f'{key}.metainfo have no pairs that change places: a left eye stays a '
                'left eye. Give the data set a points file with flip_pairs, or do not '
                'mirror', 'current', logging.WARNING)
    for split in SPLITS[1:] if flip_test else ():
        loader = f'{split}_dataloader'
        for place, step in find(cfg.get(loader) or {}, 'PackPoseInputs', loader):
            kept = step.get('meta_keys')
            if kept is not None and 'flip_indices' not in kept:
                raise ValueError(
                    f"model.test_cfg.flip_test=True needs 'flip_indices' among "
                    f'{place}.meta_keys={list(kept)!r}: add it, or set flip_test=False')


def _check_normalizers(cfg: Config) -> None:
    points = next((count for _, head in pose_heads(cfg)
                   if (count := points_of_head(head)) is not None), None)
    if points is None:
        return
    for split in SPLITS[1:]:
        root = f'{split}_evaluator'
        for key, metric in find(cfg.get(root) or {}, 'mmwing.FaceAlignmentMetric',
                                root):
            names = metric.get('normalizer', 'inter_ocular')
            for name in [names] if isinstance(names, str) else names:
                used = _landmarks_of(key, metric, name, points)
                _check_kept(cfg, split, f'{key}.normalizer={name!r}', used)


def _landmarks_of(key: str, metric: dict, name: str, points: int) -> Sequence[int]:
    """Landmarks that a normaliser needs; none for boxes and items."""
    own = metric.get('keypoint_indices')
    pair = own.get(name) if isinstance(own, dict) else own
    if pair is not None:
        try:
            first, second = as_landmark_pair(pair, points)
        except ValueError as error:
            raise ValueError(f'{key}.keypoint_indices={pair!r} and the head, which has '
                             f'{points} landmarks: {error}') from None
        return *first, *second
    if name not in ('inter_ocular', 'inter_pupil'):
        return ()
    layout = find_layout(points)
    if layout is None or name not in layout.distances:
        raise ValueError(
            f'{key}.normalizer={name!r} and the head, which has {points} landmarks: '
            f'which of them are meant is not known; set {key}.keypoint_indices to the '
            "two landmarks, or the normalizer to 'landmark_box_sqrt_area'")
    first, second = layout.distances[name]
    return *first, *second


def _check_kept(cfg: Config, split: str, normalizer: str,
                used: Sequence[int]) -> None:
    for key, step in find(cfg.get(f'{split}_dataloader') or {}, 'mmwing.KeepLandmarks',
                          f'{split}_dataloader'):
        kept = step.get('indices')
        if kept is None:
            continue
        missing = sorted(set(used) - set(kept))
        if missing:
            raise ValueError(
                f'{normalizer} needs the landmarks {missing}, which {key}.indices='
                f'{list(kept)} leaves out: keep them, or choose another normalizer')
