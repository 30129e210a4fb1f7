"""The metric of face alignment: collects faces, computes record and figures."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from mmwing.registry import METRICS

from .faces import EvaluatedFaces, face_name
from .layouts import find_layout, landmark_names
from .normalizers import ITEM_PREFIX, is_given
from .protocol import Protocol
from .provenance import Provenance
from .run import RunRecord
from .summary import summarize
from .units import landmark_doubt, length_doubt


@METRICS.register_module()
class FaceAlignmentMetric(BaseMetric):
    """NME, failure rate and area under the CED, as the literature defines them.

    A face's error is the mean distance of its annotated landmarks from the truth,
    divided by a normaliser. ``NME`` is the mean over faces, ``FR@t`` the share of
    faces above t, ``AUC@t`` the exact area under the CED up to t, divided by t. All
    are fractions: 0.04 is what papers print as 4.00.

    It differs from MMPose's ``NME``, which takes one mean over all landmarks of all
    faces and drops faces with a zero normaliser silently, and from its ``AUC``, which
    is not the face-alignment AUC. Here a face without a usable normaliser is counted
    in ``num_unusable`` and logged; a prediction that is not finite is a failure with
    infinite error. Predictions, labels and normalisers that look as if they were in
    different units, by the spread of all faces, are logged, too.

    Args:
        normalizer: Name of a normaliser, or several (the name then stands in front
            of each key: ``inter_pupil/NME``). ``inter_ocular`` (outer corners of the
            eyes), ``inter_pupil``, ``box_longer_side``, ``box_sqrt_area``,
            ``box_diagonal``, ``box_width``, ``box_height`` of the data set's box, the
            same with ``landmark_`` in front of the tight landmark box, or
            ``item:NAME``, a number of the annotation such as AFLW's
            ``item:box_size``.
        thr: Threshold, or several, of FR and AUC. The literature has 0.1 for WFLW
            and 0.08 or 0.1 for 300-W.
        keypoint_indices: For points of your own: the two landmarks (or two lists of
            landmarks, whose centroids count) whose distance the single normaliser
            is. With several normalisers, a dict of name to such a pair.
        statistics: Further figures: some of ``median``, ``p90``, and ``pooled``
            (the mean that MMPose's ``NME`` reports), as ``NME_median`` and so on.
        subsets: Subsets to report by ``SUBSET/NME`` etc., or ``'all'``. A face
            belongs to those that ``subset``, ``subsets`` and the flags of
            ``attributes`` name, in its sample or in the sample's ``raw_ann_info``
            (a field has to be among the ``meta_keys`` of ``PackPoseInputs``).
        groups: Whether to add ``NME_contour``, ``NME_brows``, ``NME_nose``,
            ``NME_eyes``, ``NME_mouth``.
        landmarks: Whether to add the NME of each landmark, ``NME_landmark_0`` etc.
        num_bootstrap: Number of resamples for 95 % intervals (``NME_low``,
            ``NME_high``, ...); 0 for none.
        seed: Seed of the bootstrap.
        collect_device: ``'cpu'`` or ``'gpu'``, as in MMEngine.
        prefix: Put in front of each key, as in MMEngine.
        collect_dir: Shared directory of the processes, as in MMEngine.

    Attributes:
        protocol: What is computed.
        record: The errors of the last evaluation, for comparisons and reports; None
            before the first, and on processes other than the main one.
        faces: Its faces, for the pictures of a report; None likewise.

    Raises:
        TypeError: On a flag that is neither ``True`` nor ``False``.
        ValueError: On an unknown normaliser or statistic, a threshold that is no
            fraction (8 for 8 %), or the name of a box for a distance of landmarks,
            and when evaluating: on no usable face, or a subset without faces.

    Example:
        >>> import mmwing, numpy as np
        >>> true = np.array([[[10., 20.], [50., 20.], [30., 60.]]])  # eyes and mouth
        >>> sample = dict(
        ...     img_path='face.jpg',
        ...     gt_instances=dict(keypoints=true, keypoints_visible=np.ones((1, 3))),
        ...     pred_instances=dict(keypoints=true + (0, 2)))
        >>> metric = mmwing.FaceAlignmentMetric('eyes', keypoint_indices=(0, 1))
        >>> metric.process(None, [sample])
        >>> figures = metric.evaluate(size=1)
        >>> figures['NME'], figures['FR@0.1'], figures['AUC@0.1']  # 2 pixels of 40
        (0.05, 0.0, 0.5)
    """

    def __init__(self,
                 normalizer: str | Sequence[str] = 'inter_ocular',
                 thr: float | Sequence[float] = 0.1,
                 keypoint_indices: Sequence | Mapping[str, Sequence] | None = None,
                 statistics: str | Sequence[str] = (),
                 subsets: Sequence[str] | str = (),
                 groups: bool = False,
                 landmarks: bool = False,
                 num_bootstrap: int = 0,
                 seed: int = 0,
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 collect_dir: str | None = None) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        names = _several(normalizer)
        self.protocol = Protocol(
            normalizers=names,
            thresholds=_several(thr),
            keypoint_indices=_own_distances(keypoint_indices, names),
            statistics=_several(statistics),
            subsets=subsets if isinstance(subsets, str) else tuple(subsets),
            groups=groups, landmarks=landmarks, num_bootstrap=num_bootstrap,
            seed=seed)
        self.faces: EvaluatedFaces | None = None
        self.record: RunRecord | None = None
        self._size: int | None = None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Collect faces as plain numpy arrays.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``pred_instances`` and ``gt_instances``, as
                MMPose's estimators return them.
        """
        items = [name[len(ITEM_PREFIX):] for name in self.protocol.normalizers
                 if name.startswith(ITEM_PREFIX)]
        for sample in data_samples:
            self.results.extend(_collect_faces(sample, items))

    def evaluate(self, size: int) -> dict:
        """Evaluate all processes' faces.

        Args:
            size: Number of samples in the data set. Faces beyond it are copies that
                the sampler added to give each process as many.
        """
        # The base class would cut the list at `size`, which drops the copies only
        # for one particular sampler. They are told apart by name instead.
        self._size = size
        return super().evaluate(sys.maxsize)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the figures; the order of the results does not matter.

        Args:
            results: What :meth:`process` collected, from all processes.

        Raises:
            ValueError: When there is no face or no usable one.
        """
        self.faces = faces = _stack(_drop_copies(results, self._size))
        # Stacked, each face is there twice, which is most of what an evaluation takes.
        results.clear()
        self.results.clear()
        logger = MMLogger.get_current_instance()
        self._log_layout(faces.num_keypoints, logger)
        meta = self.dataset_meta or {}
        self.record = RunRecord.of_faces(
            faces, self.protocol, landmark_names(meta, faces.num_keypoints),
            provenance=Provenance(dataset=meta.get('dataset_name') or ''))
        for doubt in _doubts(faces, self.record, self.protocol):
            logger.warning(doubt)
        figures = summarize(self.record, self.protocol)
        self.record = replace(self.record, figures=figures)
        for key, count in figures.items():
            if key.endswith('num_unusable') and count:
                total = figures[key.removesuffix('num_unusable') + 'num_faces']
                logger.warning(
                    f'{key}: {count} of {total} faces have no usable normaliser '
                    'or no annotated landmark; they are in no other figure')
        return figures

    def _log_layout(self, num_keypoints: int, logger: MMLogger) -> None:
        """Say so when a scheme is assumed by its number of landmarks alone."""
        data_set = (self.dataset_meta or {}).get('dataset_name')
        layout = find_layout(num_keypoints)
        if layout and data_set and data_set not in layout.data_sets:
            logger.info(
                f'data set {data_set!r}: {num_keypoints} landmarks are taken for '
                f'{layout.name}; give keypoint_indices where that is wrong')


def _doubts(faces: EvaluatedFaces, record: RunRecord,
            protocol: Protocol) -> Iterator[str]:
    """What looks as if it were in different units."""
    doubts = [landmark_doubt(faces.pred, faces.gt, faces.visible)]
    doubts += [length_doubt(record.lengths[name], faces.gt, faces.visible,
                            f'the normalizer {name}')
               for name in protocol.normalizers
               if name not in protocol.keypoint_indices and is_given(name)]
    return filter(None, doubts)


def _several(value: Any) -> tuple:
    """One or several as several; a text is one."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _own_distances(keypoint_indices: Sequence | Mapping[str, Sequence] | None,
                   normalizers: Sequence[str]) -> Mapping[str, Sequence]:
    if keypoint_indices is None:
        return {}
    if isinstance(keypoint_indices, Mapping):
        return keypoint_indices
    if len(normalizers) > 1:
        raise ValueError(
            'with several normalizers, keypoint_indices must be a dict of the '
            f'normaliser to its pair of landmarks, got {keypoint_indices!r}')
    return {normalizers[0]: keypoint_indices}


def _collect_faces(sample: dict, items: Sequence[str]) -> list[dict]:
    """Plain arrays of the faces in one data sample (top-down: one face)."""
    gt = sample['gt_instances']
    pred = np.asarray(sample['pred_instances']['keypoints'], np.float32)[..., :2]
    true = np.asarray(gt['keypoints'], np.float32)[..., :2]
    if pred.shape != true.shape:
        raise ValueError(
            f'the prediction has the shape {pred.shape} and the ground truth '
            f'{true.shape} (faces, landmarks, 2) in {sample.get("img_path", "?")}: '
            'the model and the data set must have the same landmarks')
    visible = np.asarray(gt['keypoints_visible']) > 0
    if visible.ndim == 3:  # (N, K, 2): visible, and weight of the visibility
        visible = visible[..., 0]
    boxes = np.asarray(gt['bboxes'], np.float32) if 'bboxes' in gt else np.full(
        (len(true), 4), np.nan, np.float32)
    raw = sample.get('raw_ann_info')
    image_path = str(sample.get('img_path', ''))
    faces = []
    for index in range(len(true)):
        annotation = raw[index] if isinstance(raw, list) else raw or {}
        identity = annotation.get('id', sample.get('id', sample.get('img_id')))
        name = face_name(image_path, identity)
        sources = ({key: value[index] for key, value in gt.items() if key in items},
                   sample, annotation)
        faces.append({
            'pred': pred[index], 'gt': true[index], 'visible': visible[index],
            'box': boxes[index],
            'name': name, 'image_path': image_path,
            'items': {item: _first(sources, item, name) for item in items},
            'subsets': sorted(_subsets(sample) | _subsets(annotation))})
    return faces


def _first(sources: Sequence[Mapping], key: str, face: str) -> float:
    """The first source's number of that name; NaN when there is none, or null."""
    for source in sources:
        value = source.get(key)
        if value is None:
            continue
        try:
            return float(np.asarray(value).reshape(-1)[0])
        except (IndexError, TypeError, ValueError):
            raise ValueError(f'the annotation of {face} must hold a number as {key!r}, '
                             f'for the normalizer {ITEM_PREFIX}{key}; got '
                             f'{value!r}') from None
    return float('nan')


def _subsets(source: Mapping) -> set[str]:
    """Names of the subsets that a sample or an annotation claims membership of."""
    names = set()
    for key in ('subset', 'subsets', 'attributes'):
        value = source.get(key) or ()
        if isinstance(value, str):
            names.add(value)
        elif isinstance(value, Mapping):
            names.update(name for name, member in value.items() if member == 1)
        else:
            names.update(value)
    return names


def _drop_copies(results: Sequence[dict], size: int | None) -> list[dict]:
    """Sort faces by name and drop the surplus copies that a sampler has added."""
    def key(face: dict) -> tuple:
        return face['name'], face['gt'].tobytes()

    surplus = 0 if size is None else max(0, len(results) - size)
    kept: list[dict] = []
    # By the prediction, too: the order must not depend on which process came first.
    for face in sorted(results, key=lambda face: (
            *key(face), face['pred'].tobytes(), face['box'].tobytes())):
        if surplus and kept and key(face) == key(kept[-1]):
            surplus -= 1
        else:
            kept.append(face)
    return kept


def _stack(results: Sequence[dict]) -> EvaluatedFaces:
    """Arrays of all faces.

    Raises:
        ValueError: When there is no face, or they differ in their landmarks.
    """
    if not results:
        raise ValueError('there is no face to evaluate: no result was collected')
    counts = {len(face['gt']) for face in results}
    if len(counts) > 1:
        raise ValueError(f'the faces have different numbers of landmarks: '
                         f'{sorted(counts)}')
    names = sorted({name for face in results for name in face['subsets']})
    return EvaluatedFaces(
        pred=np.stack([face['pred'] for face in results]),
        gt=np.stack([face['gt'] for face in results]),
        visible=np.stack([face['visible'] for face in results]),
        boxes=np.stack([face['box'] for face in results]),
        names=[face['name'] for face in results],
        image_paths=[face['image_path'] for face in results],
        items={item: np.array([face['items'][item] for face in results])
               for item in results[0]['items']
               if any(np.isfinite(face['items'][item]) for face in results)},
        subsets={name: np.array([name in face['subsets'] for face in results])
                 for name in names})
