"""MMPose's face configs, small enough to run, and data sets of their schemes."""

import copy
import json
from pathlib import Path

import cv2
import mmpose
import numpy as np
from mmengine.config import Config
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS

from mmwing.config.names import mmpose_config_name
from mmwing.walk import walk

FOLDER = Path(mmpose.__file__).parent / '.mim/configs/face_2d_keypoint'
#: mmpose::face_2d_keypoint/... of every config for faces that MMPose ships.
FACE_CONFIGS = sorted(mmpose_config_name(path) for path in FOLDER.rglob('*.py'))

IMAGES = 4

#: Files of the real fixtures: type of data set -> folder and annotations.
REAL = {
    'Face300WDataset': ('300w', 'test_300w.json'),
    'Face300WLPDataset': ('300wlp', 'test_300wlp.json'),
    'WFLWDataset': ('wflw', 'test_wflw.json'),
    'AFLWDataset': ('aflw', 'test_aflw.json'),
    'COFWDataset': ('cofw', 'test_cofw.json'),
    'LapaDataset': ('lapa', 'test_lapa.json'),
    'CocoWholeBodyFaceDataset': ('coco', 'test_coco_wholebody.json'),
}


def short(name: str) -> str:
    """The name of a config, for the id of a test."""
    return f'{Path(name).parent.name}/{Path(name).stem}'


# ------------------------------------------------------------------- the data


def metainfo_of(dataset_type: str) -> dict:
    return parse_pose_metainfo(DATASETS.get(dataset_type).METAINFO)


def symmetric_points(metainfo: dict, rng: np.random.Generator) -> np.ndarray:
    """K points in [0, 1], mirrored where the scheme pairs them."""
    count = metainfo['num_keypoints']
    # MMPose's 300wlp pairs none.
    x = np.full(count, 0.5) if metainfo['flip_pairs'] else rng.uniform(0.1, 0.9, count)
    points = np.stack([x, rng.uniform(0.2, 0.8, count)], axis=1)
    for first, second in metainfo['flip_pairs']:
        points[first, 0] = rng.uniform(0.1, 0.45)
        points[second] = 1 - points[first, 0], points[first, 1]
    return points


def annotation(dataset_type: str, points: np.ndarray, index: int) -> dict:
    """What the authors of MMPose's data set classes put into one annotation."""
    visible = np.full((len(points), 1), 2 if 'WLP' in dataset_type else 1)
    if dataset_type in ('AFLWDataset', 'COFWDataset'):
        visible[-1] = 0  # a landmark that nobody annotated
    flat = np.hstack([points, visible]).ravel().tolist()
    low, high = points.min(0), points.max(0)
    box = [*low.tolist(), *(high - low).tolist()]
    made = dict(id=index, image_id=index, category_id=1, iscrowd=0, bbox=box,
                area=float(np.prod(high - low)), keypoints=flat,
                num_keypoints=len(points))
    if dataset_type in ('Face300WDataset', 'AFLWDataset', 'WFLWDataset'):
        # MMPose's scale is in units of 200 pixels.
        side = float(max(high - low))
        made.update(center=((low + high) / 2).tolist(), scale=1.25 * side / 200)
        if dataset_type == 'AFLWDataset':
            made['box_size'] = side
    if dataset_type == 'CocoWholeBodyFaceDataset':
        # The body is annotated besides; the face has fields of its own.
        made.update(face_box=box, face_kpts=flat, face_valid=True,
                    keypoints=[0.0] * 51, num_keypoints=17)
    return made


def write_dataset(root: Path, dataset_type: str) -> None:
    """A data set of a scheme: right K, pairs, box convention and fields."""
    metainfo = metainfo_of(dataset_type)
    rng = np.random.default_rng(len(dataset_type))
    (root / 'images').mkdir(parents=True)
    images, annotations = [], []
    for index in range(IMAGES):
        points = 20 + 60 * symmetric_points(metainfo, rng)
        picture = rng.integers(0, 255, (100, 110, 3), dtype=np.uint8)
        for x, y in points:
            cv2.circle(picture, (int(x), int(y)), 2, (255, 255, 255), -1)
        cv2.imwrite(str(root / f'images/{index}.png'), picture)
        images.append(dict(id=index, file_name=f'{index}.png', height=100, width=110))
        annotations.append(annotation(dataset_type, points, index))
    if dataset_type == 'CocoWholeBodyFaceDataset':
        # A person whose face cannot be seen is in the file, too.
        annotations.append({**annotations[0], 'id': IMAGES, 'face_valid': False})
    (root / 'ann.json').write_text(json.dumps(dict(
        images=images, annotations=annotations,
        categories=[dict(id=1, name='face')])))


def leaf_datasets(cfg: Config) -> list[dict]:
    loaders = [cfg[f'{split}_dataloader'] for split in ('train', 'val', 'test')]
    return [each for _, each in walk(loaders)
            if 'ann_file' in each and 'data_prefix' in each]


def use_data(cfg: Config, root: Path, real: Path | None = None) -> None:
    """Let every data set of ``cfg`` read files made below ``root``, or real ones."""
    for dataset in leaf_datasets(cfg):
        kind = dataset['type']
        if real is not None and kind in REAL:
            folder, annotations = REAL[kind]
            dataset.update(data_root=str(real / folder), ann_file=annotations,
                           data_prefix=dict(img=''))
            continue
        if not (root / kind).exists():
            write_dataset(root / kind, kind)
        dataset.update(data_root=str(root / kind), ann_file='ann.json',
                       data_prefix=dict(img='images/'))


# ----------------------------------------------------------------- the models


def _replace(config: object, old: object, new: object) -> None:
    for _, each in walk(config):
        for key, value in each.items():
            if value == old:
                each[key] = new


def shrink(cfg: Config) -> Config:
    """A copy at 64 or 128 pixels with a shallow, narrow backbone: runs in a second."""
    cfg = copy.deepcopy(cfg)
    backbone, head = cfg.model.backbone, cfg.model.head
    # SCNet pools its last map, a 32nd of the input, by four.
    size = 128 if backbone.type == 'SCNet' else 64
    # The map is a quarter of the input: first the smaller one, or it is cut twice.
    _replace(cfg, (64, 64), (size // 4, size // 4))
    _replace(cfg, (256, 256), (size, size))
    _replace(cfg, (8, 8), (size // 32, size // 32))
    backbone.init_cfg = None
    if backbone.type == 'HRNet':
        for stage, widths in zip(('stage1', 'stage2', 'stage3', 'stage4'),
                                 ((8, ), (4, 8), (4, 8, 16), (4, 8, 16, 32)),
                                 strict=True):
            backbone.extra[stage].update(num_modules=1, num_channels=widths,
                                         num_blocks=(1, ) * len(widths))
        head.update(in_channels=60, conv_out_channels=(60, ))
    elif backbone.type == 'ResNet':
        backbone.depth = 18
        head.in_channels = 512
    elif backbone.type == 'HourglassNet':
        backbone.update(downsample_times=2, stage_channels=(256, 16, 16),
                        stage_blocks=(1, 1, 1), feat_channel=16)
        head.in_channels = 16
    elif backbone.type == 'CSPNeXt':
        backbone.update(deepen_factor=0.167, widen_factor=0.125)
        head.in_channels = 128
    if head.type == 'HeatmapHead' and 'deconv_out_channels' not in head:
        # Three layers of 256.
        head.deconv_out_channels = (16, 16, 16)
    for split in ('train', 'val', 'test'):
        cfg[f'{split}_dataloader'].update(batch_size=IMAGES, num_workers=0,
                                          persistent_workers=False)
    # albumentations is an extra, and its versions differ in their arguments.
    for _, each in list(walk(cfg)):
        for key, value in each.items():
            if isinstance(value, list):
                each[key] = [item for item in value if not (
                    isinstance(item, dict) and item.get('type') == 'Albumentation')]
    if leaf_datasets(cfg)[0]['type'] == 'Face300WLPDataset':
        # MMPose's NME knows no eyes of this data set: as shipped, its config stops
        # with a KeyError at the first evaluation.
        cfg.val_evaluator.keypoint_indices = [36, 45]
    cfg.train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
    cfg.default_hooks.checkpoint = None
    cfg.log_level = 'ERROR'
    return cfg
