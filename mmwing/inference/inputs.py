"""Find what a command line names: images and videos, folders, patterns, cameras."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from mmwing.files import printable
from mmwing.images import IMAGE_SUFFIXES

from .video import VIDEO_SUFFIXES

_SUFFIXES = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
# What predictions write into their folder, at any depth below these.
_RESULTS = ('drawings/*', 'pts/*.pts', 'videos/*.csv', 'videos/*.json',
            'predictions.csv', 'predictions.json')


@dataclass(frozen=True)
class Input:
    """An image, video or camera to predict on.

    Attributes:
        path: The file, or its address; of a camera ``camera 0``.
        name: What its results are called: the path below the folder that was named,
            without suffix, with slashes; different for each input.
        camera: The number of a camera; None for files.
    """

    path: str
    name: str
    camera: int | None = None

    @property
    def moves(self) -> bool:
        """Whether it is a video or a camera."""
        return self.camera is not None or self.path.lower().endswith(VIDEO_SUFFIXES)


def find_inputs(arguments: Sequence[str],
                leave_out: str | os.PathLike | None = None) -> tuple[list[Input], list]:
    """Images and videos that files, folders and patterns mean, each once.

    Args:
        arguments: Paths of files; folders, of which all images and videos are taken,
            at any depth; patterns such as ``photos/*.jpg``; addresses with ``://``;
            numbers of cameras, where no file is called so.
        leave_out: The folder that results go to. Results in it are no inputs, unless
            one is named as a file; other files in it are.

    Returns:
        The inputs, in the order given and sorted within; and arguments that mean no
        image, or a folder that cannot be read, each with the reason.
    """
    found: dict[str, tuple[str, str]] = {}
    problems: list[tuple[str, str]] = []
    cameras: dict[str, int] = {}
    results = None if leave_out is None else Path(leave_out).resolve()
    for argument in arguments:
        if argument.isdecimal() and not os.path.exists(argument):
            cameras[f'camera {int(argument)}'] = int(argument)
            continue
        files, reason = _files(argument)
        if not reason and not files:
            reason = 'no images or videos in the folder'
        if results is not None and not os.path.isfile(argument):
            inputs = [(path, name) for path, name in files
                      if '://' in path or not _is_result(path, results)]
            if files and not inputs:
                reason = reason or ('nothing but results in the folder of --out; to '
                                    'predict on these, choose another with --out')
            files = inputs
        if reason:
            problems.append((argument, reason))
        for path, name in files:
            # The same file may be given as a.jpg, ./a.jpg and by its full path.
            key = path if '://' in path else os.path.abspath(path)
            found.setdefault(key, (path, name))
    names = distinct_names(str(PurePosixPath(name).with_suffix(''))
                           for _, name in found.values())
    return [*(Input(path, name)
              for (path, _), name in zip(found.values(), names, strict=True)),
            *(Input(path, f'camera{number}', number)
              for path, number in cameras.items())], problems


def _files(argument: str) -> tuple[list[tuple[str, str]], str]:
    if '://' in argument:
        return [(argument, PurePosixPath(argument).name)], ''
    if os.path.isdir(argument):
        folder = Path(argument)
        unreadable: list[str] = []
        paths = sorted(
            Path(parent, name)
            for parent, _, names in os.walk(folder, onerror=lambda error: (
                unreadable.append(f'the folder {printable(error.filename)} cannot be '
                                  f'read: {error.strerror}')))
            for name in names if Path(name).suffix.lower() in _SUFFIXES
            and os.path.isfile(os.path.join(parent, name)))
        return ([(str(path), path.relative_to(folder).as_posix()) for path in paths],
                '; '.join(unreadable))
    if os.path.exists(argument):
        return [(argument, Path(argument).name)], ''
    matches = sorted(path for path in glob.glob(argument, recursive=True)
                     if os.path.isfile(path))
    return [(path, Path(path).name) for path in matches], '' if matches else (
        'no such file, and no file matches it as a pattern')


def _is_result(path: str, results: Path) -> bool:
    """Whether a file is one of the results in a folder, of which links are resolved."""
    file = Path(path).resolve()
    return file.is_relative_to(results) and any(
        fnmatchcase(file.relative_to(results).as_posix(), each) for each in _RESULTS)


def distinct_names(names: Iterable[str]) -> list[str]:
    """Names of files, of which one that is taken gets a number: ``a``, ``a-2``.

    Upper and lower case are one, as on some file systems.
    """
    distinct: list[str] = []
    taken: dict[str, int] = {}  # with the last number that was tried behind it
    for name in names:
        free, number = name, taken.get(name.lower(), 1)
        while free.lower() in taken:
            number += 1
            free = f'{name}-{number}'
        taken[name.lower()] = number
        taken.setdefault(free.lower(), 1)
        distinct.append(free)
    return distinct
