"""Follow faces through the frames of a video."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from mmpose.structures.bbox import bbox_overlaps
from scipy.optimize import linear_sum_assignment

from mmwing.arguments import check_count, is_number
from mmwing.images import ImageLike, read_image
from mmwing.runtime.boxes import box_problem, check_boxes, landmark_box
from mmwing.runtime.face import Face
from mmwing.runtime.landmarker import NO_DETECTOR, Landmarker

from .one_euro_filter import OneEuroFilter

# Intersection over union of the landmarks' box and a detection: below the first they
# are two faces; an unmatched detection above the second lies on a face that is followed
# already; below the third the landmarks have drifted: a box that is too small gives
# landmarks that are too close together, and these a smaller box.
_SAME_FACE, _ON_THE_FACE, _IN_PLACE = 0.3, 0.5, 0.65
# From one frame to the next a face neither moves by more than this share of its side
# nor grows or shrinks by more than this factor.
_LARGEST_MOVE, _LARGEST_GROWTH = 0.5, 2.0
# A face is found again where it was lost or within so many sides, and further off by so
# many sides for each second that it was away.
_NEAR, _RUNS = 1.0, 2.0
# Two tracks whose landmarks differ by less than this share of the side for so many
# frames follow one face.
_ONE_PLACE, _FRAMES_AT_ONE_PLACE = 0.1, 3
# Weight of the newest frame in the mean of the velocity, and of the surprise.
_NEWEST_VELOCITY, _NEWEST_SURPRISE = 0.5, 0.3


@dataclasses.dataclass(eq=False)
class _Track:
    """A face that is followed or was lost.

    Attributes:
        number: Its identity.
        box: Of its landmarks, (4,); before the first landmarks that of the detector.
        score: Latest score of the detector.
        smooth: Its filter, if any.
        time: When it was seen last, in seconds.
        keypoints: Its landmarks then, not smoothed, (K, 2).
        velocity: Of the centre, (2,) in pixels a second.
        missed: Detections in succession that have not found it.
        surprise: How far it lay from where its motion led, in sides; a mean over
            frames. A new track has yet to earn trust.
        at_one_place: Frames in succession that it shared its place with another track.
    """

    number: int
    box: np.ndarray
    score: float
    smooth: OneEuroFilter | None
    time: float
    keypoints: np.ndarray | None = None
    velocity: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(2))
    missed: int = 0
    surprise: float = 0.5
    at_one_place: int = 0

    @property
    def centre(self) -> np.ndarray:
        return (self.box[:2] + self.box[2:]) / 2

    @property
    def side(self) -> float:
        return _side(self.box)

    def next_box(self, time: float) -> np.ndarray:
        """Where its motion leads."""
        step = self.velocity * (time - self.time)
        limit = _LARGEST_MOVE * self.side
        step *= limit / max(limit, float(np.linalg.norm(step)))
        return (self.box + np.tile(step, 2)).astype(np.float32)

    def update(self, face: Face, time: float) -> None:
        """Take the landmarks of a frame."""
        box = landmark_box(face.keypoints)
        if self.keypoints is not None:
            moved = _centre(box) - self.centre
            missed_by = np.linalg.norm(_centre(box) - _centre(self.next_box(time)))
            self.surprise += _NEWEST_SURPRISE * (
                float(missed_by) / _side(box) - self.surprise)
            self.velocity = self.velocity + _NEWEST_VELOCITY * (
                moved / (time - self.time) - self.velocity)
        self.box, self.time, self.keypoints = box, time, face.keypoints

    def shown(self, face: Face) -> Face:
        """The face of the newest frame as the user sees it."""
        keypoints = face.keypoints if self.smooth is None else self.smooth(
            face.keypoints, self.time, self.side)
        return dataclasses.replace(face, keypoints=keypoints, score=self.score,
                                   track=self.number)


class FaceTracker:
    """Follows faces from frame to frame, with a number for each and smooth landmarks.

    A face is looked for in the box around its landmarks in the frame before, moved on
    as it moved. The detector looks for faces in the first frame, in every
    ``detect_every``-th, and in each frame while there is no face or one is lost. A face
    is lost when its landmarks jump, grow or shrink suddenly, or leave the picture; when
    the detector misses it ``misses`` times in succession; or when two tracks have come
    to follow one face: then the one is lost whose motion is broken. It keeps its number
    if a detection near its last place finds it again within ``keep_lost`` seconds.

    One tracker is for one video.

    Args:
        landmarker: The model and its detector, with PyTorch
            (:class:`mmwing.FaceLandmarker`) or as ONNX. Its boxes have to be those
            around the landmarks, as with mmwing's configs.
        detect_every: Frames from one detection to the next, at least 1.
        misses: See above.
        keep_lost: Seconds for which the number of a lost face is kept.
        new_filter: Makes the filter of a face's landmarks when it is called without
            arguments; None leaves them as the model gives them. By default
            :class:`mmwing.inference.OneEuroFilter`.

    Raises:
        TypeError: If ``landmarker`` is none, or ``new_filter`` makes no filter.
        ValueError: If another argument is out of range.

    Example::

        tracker = mmwing.FaceTracker(mmwing.FaceLandmarker('work_dirs/my_model'))
        for index, frame in enumerate(frames):
            for face in tracker(frame, time=index / 25):
                print(face.track, face.keypoints)
    """

    def __init__(self, landmarker: Landmarker, *, detect_every: int = 10,
                 misses: int = 2, keep_lost: float = 1.0,
                 new_filter: Callable[[], OneEuroFilter] | None = OneEuroFilter
                 ) -> None:
        if not (callable(landmarker) and hasattr(landmarker, 'detector')):
            raise TypeError('landmarker must be a FaceLandmarker, or as it, got '
                            f'{landmarker!r}')
        if not (is_number(keep_lost) and keep_lost >= 0):
            raise ValueError('keep_lost must be a number of seconds of at least 0, got '
                             f'{keep_lost!r}')
        if new_filter is not None:
            _check_makes_filter(new_filter)
        self.landmarker = landmarker
        self.detect_every = check_count('detect_every', detect_every)
        self.misses = check_count('misses', misses)
        self.keep_lost = keep_lost
        self.new_filter = new_filter
        self._followed: list[_Track] = []
        self._lost: list[_Track] = []
        self._count = 0
        self._time = -np.inf
        self._since_detection = 0

    def __call__(self, frame: ImageLike, time: float, boxes: object = None,
                 channel_order: str = 'bgr') -> list[Face]:
        """Find the faces of the next frame.

        When the detector or the model raises, the tracker is as it was: the frame may
        be given again.

        Args:
            frame: The frame, as :class:`mmwing.FaceLandmarker` takes images.
            time: Of the frame, in seconds; later than that of the frame before.
            boxes: Where faces are in this frame for certain, as the landmarker takes
                them: the detector is not asked, and other faces that are followed go
                on. Without a detector they are needed in the first frame. ``'whole'``
                says that the frame is the one face.
            channel_order: Of arrays, ``'bgr'`` (OpenCV) or ``'rgb'``.

        Returns:
            The faces, in the order of their numbers, ``face.track``. ``box`` is where
            the landmarks were looked for, ``score`` what the detector last gave.

        Raises:
            ValueError: If the time is no number or does not go on; in the first frame,
                if there are neither boxes nor a detector; as the landmarker.
        """
        image = read_image(frame, channel_order)
        if not is_number(time):
            raise ValueError(f'time must be a number of seconds, got {time!r}')
        if not self._time < time < np.inf:
            raise ValueError(f'time must go on, got {time} after {self._time}')
        first = self._time == -np.inf
        given = None if boxes is None else _given_boxes(boxes, image)
        if given is None and self.landmarker.detector is None and first:
            raise ValueError(NO_DETECTOR)
        before = {**vars(self), '_lost': self._lost.copy(),
                  '_followed': [dataclasses.replace(each) for each in self._followed]}
        try:
            faces = self._find(image, time, given, only=isinstance(boxes, str))
        except BaseException:
            vars(self).update(before)
            raise
        # Last, because filters cannot go back.
        return [track.shown(faces[track]) for track in self._followed if track in faces]

    def _find(self, image: np.ndarray, time: float, given: np.ndarray | None,
              only: bool) -> dict[_Track, Face]:
        """Take the tracks to the next frame; gives the faces, not smoothed.

        Args:
            image: (H, W, 3), BGR.
            time: Of the frame, in seconds.
            given: Boxes of the user (N, 4), if any.
            only: Whether the one box is the one face.
        """
        self._time = time
        self._lost = [track for track in self._lost
                      if time - track.time <= self.keep_lost]
        places: dict[_Track, np.ndarray] = {}
        for track in list(self._followed):
            box = track.next_box(time)
            if box_problem(box, image.shape[1], image.shape[0]):
                self._lose(track)
            else:
                places[track] = box
        may_detect = given is None and self.landmarker.detector is not None
        certain: set[_Track] = set()
        self._since_detection += 1
        if given is not None:
            certain = self._take_given(given, places, only)
        elif may_detect and (not places or self._lost
                             or self._since_detection >= self.detect_every):
            self._detect(image, places)
            may_detect = False
        faces = self._look(image, places, certain)
        if may_detect and self._lost:
            found: dict[_Track, np.ndarray] = {
                track: track.box for track in self._followed}
            known = set(found)
            self._detect(image, found)
            faces.update(self._look(image, {track: box for track, box in found.items()
                                            if track not in known}, set()))
        self._part()
        return faces

    def _take_given(self, boxes: np.ndarray, places: dict[_Track, np.ndarray],
                    only: bool) -> set[_Track]:
        """Seat tracks on boxes of the user; gives these tracks.

        Args:
            boxes: (N, 4).
            places: Where each track is looked for.
            only: Whether the one box is the one face, whatever was found so far.
        """
        if only and self._followed:
            del self._followed[1:]
            places.clear()
            places[self._followed[0]] = boxes[0]
            return set(places)
        pairs, others = _match(boxes, places)
        places.update((track, boxes[index]) for index, track in pairs.items())
        certain = set(pairs.values())
        for index in others:
            track = (self._find_lost(boxes[index])
                     or self._follow(boxes[index], float('nan')))
            places[track] = boxes[index]
            certain.add(track)
        return certain

    def _detect(self, image: np.ndarray, places: dict[_Track, np.ndarray]) -> None:
        """Compare the tracks with what the detector finds; find lost and new faces."""
        self._since_detection = 0
        boxes, scores = self.landmarker.detect(image)
        pairs, others = _match(boxes, places)
        for index, track in pairs.items():
            track.missed, track.score = 0, float(scores[index])
            if _overlaps(boxes[index:index + 1], [places[track]])[0, 0] < _IN_PLACE:
                places[track] = boxes[index]
        for track in set(places) - set(pairs.values()):
            track.missed += 1
            if track.missed >= self.misses:
                self._lose(track)
                del places[track]
        followed = list(places.values())
        for index in others:
            box, score = boxes[index], float(scores[index])
            if followed and _overlaps(boxes[index:index + 1],
                                      followed).max() > _ON_THE_FACE:
                continue
            track = self._find_lost(box) or self._follow(box, score)
            track.score = score
            places[track] = box
            followed.append(box)

    def _look(self, image: np.ndarray, places: dict[_Track, np.ndarray],
              certain: set[_Track]) -> dict[_Track, Face]:
        """Landmarks of the tracks; those that are not a face's are lost."""
        if not places:
            return {}
        found: dict[_Track, Face] = {}
        # A box around the landmarks of the frame before is as good as a second look.
        for looks, group in ((1, [track for track in places
                                  if track.keypoints is not None]),
                             (None, [track for track in places
                                     if track.keypoints is None])):
            if group:
                found.update(zip(group, cast(list[Face], self.landmarker(
                    image, np.stack([places[track] for track in group]), looks=looks)),
                    strict=True))
        faces = {}
        for track in places:
            face = found[track]
            if _has_area(face) and (track in certain or _plausible(face, image)):
                faces[track] = face
                track.update(face, self._time)
            else:
                self._lose(track)
        return faces

    def _part(self) -> None:
        """Lose tracks that have come to follow the face of another."""
        centres = np.array([track.centre for track in self._followed]).reshape(-1, 2)
        distances = np.linalg.norm(centres[:, None] - centres[None], axis=2)
        sides = np.array([track.side for track in self._followed])
        near = np.triu(distances < _ONE_PLACE * sides[:, None], 1)
        together: set[_Track] = set()
        losers: set[_Track] = set()
        for first, second in np.argwhere(near):
            pair = self._followed[first], self._followed[second]
            if not _at_one_place(*pair):
                continue
            together.update(pair)
            if all(track.at_one_place >= _FRAMES_AT_ONE_PLACE - 1 for track in pair):
                losers.add(max(pair, key=lambda track: (track.surprise, track.number)))
        for track in self._followed:
            track.at_one_place = track.at_one_place + 1 if track in together else 0
        for track in losers:
            self._lose(track)

    def _follow(self, box: np.ndarray, score: float) -> _Track:
        self._count += 1
        track = _Track(self._count, box, score, self._make_filter(), self._time)
        self._followed.append(track)
        return track

    def _lose(self, track: _Track) -> None:
        self._followed.remove(track)
        # Nothing to find again where the model has never found a face.
        if track.keypoints is not None:
            self._lost.append(track)

    def _find_lost(self, box: np.ndarray) -> _Track | None:
        """The lost face that a box may be, the nearest; it is followed again."""
        near = {}
        for track in self._lost:
            distance = float(np.linalg.norm(_centre(box) - track.centre)) / track.side
            growth = _side(box) / track.side
            reach = _NEAR + _RUNS * (self._time - track.time)
            if (distance <= reach
                    and 1 / _LARGEST_GROWTH <= growth <= _LARGEST_GROWTH):
                near[track] = distance
        if not near:
            return None
        track = min(near, key=lambda each: near[each])
        self._lost.remove(track)
        fresh = _Track(track.number, box, track.score, self._make_filter(), self._time)
        self._followed.append(fresh)
        self._followed.sort(key=lambda each: each.number)
        return fresh

    def _make_filter(self) -> OneEuroFilter | None:
        return None if self.new_filter is None else self.new_filter()


def _check_makes_filter(new_filter: Callable) -> None:
    try:
        made, reason = new_filter(), 'it gives no filter'
    except TypeError as error:
        made, reason = None, str(error)
    if not callable(made):
        raise TypeError('new_filter must be None or make a filter when it is called '
                        'without arguments, as OneEuroFilter does; got '
                        f'{new_filter!r}: {reason}')


def _given_boxes(boxes: object, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    if isinstance(boxes, str):
        if boxes != 'whole':
            raise ValueError(f"boxes must be an array (N, 4) or 'whole', got {boxes!r}")
        boxes = [[0, 0, width, height]]
    return check_boxes(boxes, width, height)


def _has_area(face: Face) -> bool:
    """Whether there is a box around the landmarks to follow."""
    return bool(np.isfinite(face.keypoints).all()
                and (np.ptp(face.keypoints, axis=0) > 0).all())


def _plausible(face: Face, image: np.ndarray) -> bool:
    """Whether landmarks may be those of the face that was in the box."""
    found = landmark_box(face.keypoints)
    if box_problem(found, image.shape[1], image.shape[0]):
        return False
    side = _side(face.box)
    move = np.linalg.norm(_centre(found) - _centre(face.box))
    return (bool(move <= _LARGEST_MOVE * side)
            and 1 / _LARGEST_GROWTH <= _side(found) / side <= _LARGEST_GROWTH)


def _at_one_place(track: _Track, other: _Track) -> bool:
    if track.keypoints is None or other.keypoints is None:
        return False
    apart = np.linalg.norm(track.keypoints - other.keypoints, axis=1).mean()
    return bool(apart < _ONE_PLACE * track.side)


def _match(boxes: np.ndarray, places: dict[_Track, np.ndarray]
           ) -> tuple[dict[int, _Track], list[int]]:
    """Boxes by index with their tracks, and the indices of those that have none."""
    if not len(boxes) or not places:
        return {}, list(range(len(boxes)))
    overlaps = _overlaps(boxes, list(places.values()))
    tracks = list(places)
    rows, columns = linear_sum_assignment(overlaps, maximize=True)
    pairs = {int(row): tracks[column]
             for row, column in zip(rows, columns, strict=True)
             if overlaps[row, column] >= _SAME_FACE}
    return pairs, [index for index in range(len(boxes)) if index not in pairs]


def _overlaps(boxes: np.ndarray, others: list[np.ndarray]) -> np.ndarray:
    """Intersection over union of each box with each other, (N, M)."""
    return bbox_overlaps(torch.as_tensor(boxes, dtype=torch.float32),
                         torch.as_tensor(np.stack(others))).numpy()


def _centre(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2


def _side(box: np.ndarray) -> float:
    """The longer side, by which faces are cropped."""
    return float((box[2:] - box[:2]).max())
