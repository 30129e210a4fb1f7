"""Select faces by named subsets, and pass the subsets on to the metric."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from mmengine.dataset import BaseDataset

from mmwing.files import read_json
from mmwing.registry import DATASETS

from .annotation import annotation_of
from .face_fields import FaceFields


@DATASETS.register_module()
class SubsetDataset:
    """A data set whose samples name the subsets that they belong to.

    Wraps any top-down, COCO-style data set of MMPose's, whose type and arguments
    stay as they are. Each sample's meta information gets ``subsets`` (a list of
    names) and ``attributes`` (flags by name) of its face, as
    ``mmwing prepare`` writes them into the annotation file. The metric then
    reports WFLW's pose, expression, illumination, make-up, occlusion and blur, or
    300-W's common, challenging and full, from one pass over the test set::

        test_dataloader = dict(dataset=dict(
            type='mmwing.SubsetDataset', dataset=dict(type='WFLWDataset', ...)))

    Annotation files from elsewhere name no subsets, but the names of their images
    often tell them: for 300-W, ``named=dict(common=['helen/testset/*',
    'lfpw/testset/*'], challenging='ibug/*')``.

    With ``subsets`` or ``attributes``, only the faces that match are kept.

    Args:
        dataset: Config of the data set, or the data set.
        subsets: Keep faces in any of these subsets. None keeps all.
        attributes: Keep faces with all of these attribute values, e.g.
            ``dict(pose=1, blur=0)``. None keeps all.
        named: Further subsets by name: a pattern, or several, of ``file_name`` in the
            annotation file, with ``*``, ``?`` and ``[...]`` as in a shell.
        lazy_init: Do not load annotations yet.

    Raises:
        TypeError: If ``dataset`` is neither a config nor a data set of MMPose's.
        ValueError: If there are no subsets, or the filter or a pattern of ``named``
            matches no face, when the annotations are loaded.
    """

    def __init__(self, dataset: dict | BaseDataset,
                 subsets: str | Sequence[str] | None = None,
                 attributes: Mapping[str, object] | None = None,
                 named: Mapping[str, str | Sequence[str]] | None = None,
                 lazy_init: bool = False) -> None:
        if isinstance(dataset, Mapping):
            # Loaded by full_init, which looks into the annotations on the way.
            dataset = DATASETS.build(dict(dataset, lazy_init=True))
        if not isinstance(dataset, BaseDataset):
            raise TypeError(f'dataset must be a config or a data set of MMPose\'s, got '
                            f'{type(dataset).__name__}')
        if getattr(dataset, 'data_mode', 'topdown') != 'topdown':
            raise ValueError("dataset must have data_mode='topdown', got "
                             f'{dataset.data_mode!r}: a sample is one face')
        if getattr(dataset, 'bbox_file', None):
            raise ValueError('dataset must not have a bbox_file: MMPose then drops the '
                             'annotations, and with them landmarks and subsets')
        self.dataset = dataset
        self.subsets = [subsets] if isinstance(subsets, str) else subsets
        self.attributes = dict(attributes or {})
        self.named = {name: [patterns] if isinstance(patterns, str) else list(patterns)
                      for name, patterns in (named or {}).items()}
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict:
        """The wrapped data set's meta information."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Load the annotations and apply the filter, once."""
        if self._fully_initialized:
            return
        self._load()
        indices = range(len(self.dataset))
        self._indices = indices if self.subsets is None and not self.attributes else [
            index for index in indices
            if self._matches(self._fields.of(annotation_of(self.dataset, index)['id']))]
        if not self._indices:
            raise ValueError(self._nothing_left())
        self._fully_initialized = True

    def _load(self) -> None:
        """Load the data set, and the subsets from the same reading of the file."""
        dataset = self.dataset
        read: Any = getattr(dataset, '_load_annotations', None)
        content = None

        def read_and_look() -> object:
            nonlocal content
            found = read()
            content = dataset.coco.dataset
            return found

        if read:
            dataset._load_annotations = read_and_look
        try:
            dataset.full_init()
        finally:
            vars(dataset).pop('_load_annotations', None)
        if content is None:
            content = _annotations_in(dataset)
        # Loaded before, by a data set that keeps no annotations.
        self._fields = self._read_fields(content or read_json(dataset.ann_file))

    def _read_fields(self, content: Mapping) -> FaceFields:
        """``subsets`` and ``attributes`` of each face, by the id of its annotation."""
        annotations = content['annotations']
        if not self.named and not any('subsets' in face for face in annotations):
            raise ValueError(f'{self.dataset.ann_file} carries no subsets; write it '
                             f'with `mmwing prepare`, or give named=')
        by_name = self._images_by_subset(content['images'])
        return FaceFields([face['id'] for face in annotations], [
            {'subsets': [*face.get('subsets', []),
                         *(name for name, images in by_name.items()
                           if face['image_id'] in images)],
             'attributes': face.get('attributes', {})} for face in annotations])

    def _images_by_subset(self, images: Sequence[Mapping]) -> dict[str, set]:
        """Subset of ``named`` to the ids of its images."""
        found: dict[str, set] = {}
        for name, patterns in self.named.items():
            found[name] = set()
            for pattern in patterns:
                ids = {image['id'] for image in images
                       if fnmatchcase(image['file_name'], pattern)}
                if not ids:
                    raise ValueError(
                        f'named: {name}={pattern!r} matches none of the '
                        f'{len(images)} images of {self.dataset.ann_file}, such as '
                        f'{[image["file_name"] for image in images[:1]]}')
                found[name] |= ids
        return found

    def _matches(self, fields: dict) -> bool:
        return (self.subsets is None
                or any(name in fields['subsets'] for name in self.subsets)) and all(
            fields['attributes'].get(key) == value
            for key, value in self.attributes.items())

    def _nothing_left(self) -> str:
        counts: Counter[str] = Counter()
        for fields, number in self._fields.counts():
            counts.update(dict.fromkeys(fields['subsets'], number))
        flags = sorted({key for fields, _ in self._fields.counts()
                        for key in fields['attributes']})
        return (f'no face matches subsets={self.subsets}, '
                f'attributes={self.attributes} in {self.dataset.ann_file}; it has the '
                f'subsets {dict(counts)} and the attributes {flags}')

    def get_data_info(self, idx: int) -> dict:
        """Annotation of a face, with ``subsets`` and ``attributes``."""
        self.full_init()
        info = self.dataset.get_data_info(self._indices[idx])
        return {**info, **self._fields.of(info['id'])}

    def get_annotation(self, idx: int) -> dict:
        """The same without the meta information that MMPose copies into each face."""
        self.full_init()
        info = annotation_of(self.dataset, self._indices[idx])
        return {**info, **self._fields.of(info['id'])}

    def __len__(self) -> int:
        self.full_init()
        return len(self._indices)

    def __getitem__(self, idx: int):
        self.full_init()
        sample = self.dataset[self._indices[idx]]
        if 'data_samples' not in sample:  # a pipeline without PackPoseInputs
            return {**sample, **self._fields.of(sample['id'])}
        # By id, for MMEngine may put another face in the place of a broken one.
        packed = sample['data_samples']
        if 'id' not in packed.metainfo:
            raise ValueError("PackPoseInputs must pack 'id': it is not in its "
                             'meta_keys')
        packed.set_metainfo(self._fields.of(packed.metainfo['id']))
        return sample


def _annotations_in(dataset: BaseDataset) -> dict | None:
    """What a file says, as far as the samples of a data set keep it; None if not."""
    if not len(dataset) or not isinstance(
            annotation_of(dataset, 0).get('raw_ann_info'), dict):
        return None
    infos = (annotation_of(dataset, index) for index in range(len(dataset)))
    folder = (dataset.data_prefix or {}).get('img') or os.path.dirname(dataset.ann_file)
    annotations, images = [], {}
    for info in infos:
        said = {key: value for key, value in info['raw_ann_info'].items()
                if key in ('subsets', 'attributes')}
        annotations.append({'id': info['id'], 'image_id': info['img_id'], **said})
        images[info['img_id']] = {
            'id': info['img_id'],
            'file_name': os.path.relpath(info['img_path'], folder)}
    return {'annotations': annotations, 'images': list(images.values())}
