"""Run a model that ``mmwing export`` wrote."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mmwing.arguments import check_count, is_list

from .crops import Crop
from .detectors import Detector
from .face import Face
from .landmarker import Landmarker, Located, batches
from .licence import tell_licence

#: The form of the metadata; raised when a reader of the former cannot read it.
FORMAT = '1'


class OnnxLandmarker(Landmarker):
    """A model of ``mmwing export`` that finds the landmarks of faces in images.

    It is called, and answers, as :class:`mmwing.FaceLandmarker`, with the same pixels:
    faces are cropped by OpenCV outside of the model. Only a model of
    ``mmwing export --inputs image`` crops for itself.

    Args:
        model: The file.
        detector: As for :class:`mmwing.FaceLandmarker`.
        batch_size: Faces that go through the model at once.
        looks: As for :class:`mmwing.FaceLandmarker`.
        threads: Of ONNX Runtime; by default one a core.
        providers: Where ONNX Runtime computes, names of its execution providers in the
            order of preference; by default on the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a model of ``mmwing export``, or an argument is out of
            range.
        ImportError: If ONNX Runtime, or the detector, is not installed.

    Example::

        landmarker = OnnxLandmarker('model.onnx')
        for face in landmarker('photo.jpg'):
            print(face.keypoints)
    """

    def __init__(self, model: str | os.PathLike, *,
                 detector: str | Detector | None = 'auto', batch_size: int = 32,
                 looks: int | None = None, threads: int | None = None,
                 providers: Sequence[str] = ('CPUExecutionProvider', )) -> None:
        super().__init__(detector, batch_size, 1 if looks is None else looks)
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError('OnnxLandmarker needs ONNX Runtime: pip install '
                              'onnxruntime') from error
        path = os.fspath(model)
        if os.path.isdir(path):
            raise ValueError(f'model {path!r} is a folder; a file that `mmwing export` '
                             'wrote is needed')
        if not os.path.isfile(path):
            raise FileNotFoundError(f'model {path!r} does not exist (working '
                                    f'directory: {os.getcwd()})')
        options = onnxruntime.SessionOptions()
        if threads is not None:
            options.intra_op_num_threads = check_count('threads', threads)
        known = onnxruntime.get_all_providers()
        # ONNX Runtime takes names, and pairs of a name and options.
        names = [each[0] if is_list(each, 2) else each for each in providers
                 ] if is_list(providers) else []
        if not names or not all(name in known for name in names):
            raise ValueError(f'providers must be a list of some of {known}, got '
                             f'{providers!r}')
        try:
            self.session = onnxruntime.InferenceSession(path, options, list(providers))
        # ONNX Runtime's errors have no class of their own in common.
        except Exception as error:
            raise ValueError(f'{path!r} is not a model that ONNX Runtime can load: '
                             f'{str(error).splitlines()[0]}') from error
        found = self.session.get_modelmeta().custom_metadata_map
        if found.get('mmwing_format') != FORMAT:
            raise ValueError(f'{path!r} was not written by `mmwing export` of this '
                             'version: it does not say what its landmarks are')
        #: What the file says of the model: see docs/use_a_model.md.
        self.metadata = {key: json.loads(value) for key, value in found.items()
                         if key != 'mmwing_format'}
        if looks is None:
            self.looks = check_count('looks', self.metadata.get('looks', 1))
        self._crop = Crop(tuple(self.metadata['input_size']), self.metadata['widen'],
                          self.metadata['antialias'])
        self._crops_itself = self.metadata['inputs'] == 'image'
        tell_licence(Path(path).stem, self.metadata['licence'])

    @property
    def dataset_meta(self) -> dict:
        """Names, mirror pairs and links of the landmarks, as MMPose keeps them."""
        return self.metadata['dataset_meta']

    @property
    def training_boxes(self) -> str | None:
        """Which boxes the model was trained with, in words; None if not known."""
        return self.metadata.get('boxes')

    def _predict(self, faces: Iterator[Located]) -> Iterator[tuple[int, Face]]:
        if self._crops_itself:
            for _, of_image in itertools.groupby(faces, lambda face: face.image_index):
                for batch in batches(of_image, self.batch_size):
                    boxes = np.stack([face.box for face in batch])
                    outputs = self.session.run(
                        None, {'image': batch[0].image, 'boxes': boxes})
                    for face, *found in zip(batch, *outputs, strict=True):
                        yield face.image_index, _face(*found, box=face.box,
                                                      score=face.score)
            return
        # Cut at once: a batch of images would fill the memory.
        cut = ((face.image_index, face.box, face.score,
                self._crop.cut(face.image, face.box)) for face in faces)
        for group in batches(cut, self.batch_size):
            outputs = self.session.run(None, {'crops': np.stack([
                crop for *_, crop in group])})
            for (index, box, score, _), points, *scores in zip(group, *outputs,
                                                               strict=True):
                yield index, _face(self._crop.to_image(points, box), *scores, box=box,
                                   score=score)


def _face(points: np.ndarray, scores: np.ndarray | None = None, *, box: np.ndarray,
          score: float) -> Face:
    if scores is None:
        scores = np.full(len(points), np.nan, np.float32)
    return Face(points.astype(np.float32), scores, box, score)
