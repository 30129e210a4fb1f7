"""Read the points file, which names the landmarks of a scheme and its flip pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import mmpose
import yaml
from mmengine.config import Config

from mmwing.files import check_regular_file, printable, read_json, read_text

from .numbers import short

_KEYS = ('name', 'num_points', 'names', 'flip_pairs', 'contours')
_MMPOSE_KEYS = ('dataset_name', 'keypoint_info', 'skeleton_info', 'joint_weights',
                'sigmas')
_MMPOSE_FILES = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets'

_NUMBERED = 'point-'
# More than any scheme has: a dense mesh of the face has 35,709.
_MOST_POINTS = 100_000

# RGB, as MMPose's visualizer takes them: a pair's first and second, the midline.
_FIRST, _SECOND, _MIDLINE, _LINK = [255, 128, 0], [0, 160, 255], [0, 200, 0], [
    160, 160, 160]


def read_points_file(path: str | Path, folder: str | Path | None = None) -> dict:
    """Read a points file as the meta information that MMPose's data sets take.

    ``.json``, ``.yaml``: see :func:`pose_metainfo`. ``.py``: MMPose's own form, a
    ``dataset_info`` dict; those that MMPose ships are found by name (``wflw.py``).

    Args:
        path: The file; a relative one is looked for below the working directory,
            then below ``folder``, then, if a ``.py``, among MMPose's.
        folder: The folder of the data.

    Returns:
        dict: ``dataset_name``, ``keypoint_info``, ``skeleton_info``,
        ``joint_weights``, ``sigmas``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a points file; the message names it.
    """
    found = _find(Path(path), None if folder is None else Path(folder))
    try:
        check_regular_file(found)
        if found.suffix == '.py':
            info = Config.fromfile(found).get('dataset_info')
            if info is None:
                raise ValueError('a .py file must define dataset_info, as MMPose\'s '
                                 'configs/_base_/datasets do')
            return pose_metainfo(info.to_dict())
        if found.suffix == '.json':
            content = read_json(found)
        elif found.suffix in ('.yaml', '.yml'):
            content = _from_yaml(read_text(found))
        else:
            raise ValueError('the name must end in .json, .yaml or .py')
        if isinstance(content, Mapping):
            content = {'name': found.stem, **content}
        return pose_metainfo(content)
    except RecursionError:
        raise ValueError(f'points file {found} is nested too deeply') from None
    except (ValueError, TypeError, SyntaxError) as error:
        raise ValueError(printable(f'points file {found}: {error}')) from error


def _from_yaml(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = '' if error.problem_mark is None else (
            f'line {error.problem_mark.line + 1}: ')
        raise ValueError(f'{line}{error.problem}') from error
    except yaml.YAMLError as error:
        raise ValueError(' '.join(str(error).split())) from error
    except (LookupError, AttributeError) as error:
        # What PyYAML raises for `!!bool x`, `!!int ""` and `!!timestamp x`.
        raise ValueError('a value does not fit the tag (!!) in front of it') from error


def _find(path: Path, folder: Path | None) -> Path:
    candidates = [path]
    if not path.is_absolute() and folder is not None:
        candidates.append(folder / path)
    if path.suffix == '.py':
        candidates.append(_MMPOSE_FILES / path.name)
    for candidate in candidates:
        if candidate.exists() and not candidate.is_dir():
            return candidate
    raise FileNotFoundError('points file not found; looked for '
                            + ', '.join(map(str, candidates)))


def pose_metainfo(points: Mapping) -> dict:
    """Turn the content of a points file into MMPose's meta information.

    What is in MMPose's form already is returned as it is.

    Args:
        points: ``num_points``, or ``names`` (K different strings), or both;
            ``flip_pairs``: the pairs that change places in a mirrored face, each of
            two indices (from 0) or names, without points on the midline;
            ``contours``, optional: points to join by lines in drawings, each a list
            of indices or names (closed if it ends where it starts), or a dict of
            name to such a list; ``name``, optional.

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If a key is unknown, or a pair or contour does not fit.
    """
    if not isinstance(points, Mapping):
        raise TypeError('the description of points must be a mapping with num_points '
                        f'or names, and flip_pairs; got {short(points)}')
    if 'keypoint_info' in points:
        missing = [key for key in _MMPOSE_KEYS if key not in points]
        if missing:
            raise ValueError(f"MMPose's form lacks {', '.join(missing)}")
        return dict(points)
    unknown = [key for key in points if key not in _KEYS]
    if unknown:
        raise ValueError(f'unknown key {short(unknown[0])}; known are '
                         f'{", ".join(_KEYS)}')
    names = _names(points)
    if points.get('flip_pairs') is None:
        raise ValueError(
            'flip_pairs is missing: the pairs of points that change places in a '
            'mirrored face. `mmwing check` proposes them; [] says that '
            'every point lies on the midline')
    partner = _partners(points['flip_pairs'], names)
    _check_name(points.get('name', ''))
    links = _links(points.get('contours') or [], names)
    return {
        'dataset_name': str(points.get('name', 'points')),
        'keypoint_info': {
            index: {'name': name, 'id': index, 'type': '',
                    'swap': names[partner[index]] if index in partner else '',
                    'color': (_MIDLINE if index not in partner else
                              _FIRST if index < partner[index] else _SECOND)}
            for index, name in enumerate(names)},
        'skeleton_info': {
            index: {'link': (names[start], names[end]), 'id': index, 'color': _LINK}
            for index, (start, end) in enumerate(links)},
        'joint_weights': [1.] * len(names),
        'sigmas': []}


def declared_names(names: Sequence[str]) -> list[str] | None:
    """The names of the points, in order; None if they were only numbered.

    Args:
        names: ``keypoint_id2name`` of a data set's metainfo, in order.
    """
    numbered = [f'{_NUMBERED}{index}' for index in range(len(names))]
    return None if list(names) == numbered else list(names)


def _check_name(name: object) -> None:
    if isinstance(name, bool) or not isinstance(name, (str, int, float)):
        raise TypeError(f'name must be a text, got {short(name)}')


def _names(points: Mapping) -> list[str]:
    names, count = points.get('names'), points.get('num_points')
    if count is not None and (isinstance(count, bool) or not isinstance(count, int)):
        raise TypeError(f'num_points must be an integer, got {short(count)}')
    if names is None:
        if count is None:
            raise ValueError('num_points or names is needed')
        if not 1 <= count <= _MOST_POINTS:
            raise ValueError(f'num_points must be at least 1 and at most {_MOST_POINTS}'
                             f', got {short(count)}')
        return [f'{_NUMBERED}{index}' for index in range(count)]
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f'names must be a list of strings, got {short(names)}')
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f'names must be a list of strings, got {short(names)}')
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ValueError(f'names must differ, {twice!r} occurs twice')
    if count is not None and count != len(names):
        raise ValueError(f'num_points is {short(count)}, but there are {len(names)} '
                         'names')
    return list(names)


def _index(point: int | str, names: list[str], where: str) -> int:
    if isinstance(point, str):
        if point not in names:
            raise ValueError(f'{where} names {point!r}, which is not among the names')
        return names.index(point)
    if isinstance(point, bool) or not isinstance(point, int):
        raise TypeError(f'{where} must hold indices or names, got {short(point)}')
    if not 0 <= point < len(names):
        raise ValueError(f'{where} has the index {short(point)}, but there are '
                         f'{len(names)} points: 0 to {len(names) - 1}')
    return point


def _partners(pairs: Sequence, names: list[str]) -> dict[int, int]:
    if isinstance(pairs, str) or not isinstance(pairs, Sequence):
        raise TypeError(f'flip_pairs must be a list of pairs, got {short(pairs)}')
    partner: dict[int, int] = {}
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise ValueError(f'flip_pairs must hold pairs of points, got {short(pair)}')
        first, second = (_index(point, names, 'flip_pairs') for point in pair)
        if first == second:
            raise ValueError(f'flip_pairs pairs {pair[0]!r} with itself; leave points '
                             'on the midline out')
        for point in (first, second):
            if point in partner:
                raise ValueError(f'flip_pairs has {names[point]!r} (index {point}) in '
                                 'two pairs')
        partner.update({first: second, second: first})
    return partner


def _links(contours: Sequence | Mapping, names: list[str]) -> list[tuple[int, int]]:
    if isinstance(contours, str) or not isinstance(contours, (Sequence, Mapping)):
        raise TypeError('contours must be a list of lists of points, or a mapping of '
                        f'name to list; got {short(contours)}')
    lists = contours.values() if isinstance(contours, Mapping) else contours
    links: list = []
    for contour in lists:
        if (isinstance(contour, str) or not isinstance(contour, Sequence)
                or len(contour) < 2):
            raise ValueError('a contour must be a list of at least two points, got '
                             f'{short(contour)}')
        indices = [_index(point, names, 'contours') for point in contour]
        links += zip(indices[:-1], indices[1:], strict=True)
    return links
