"""List the files of a folder with raw data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from .problems import ArchiveError

#: Suffixes that an image beside an annotation may have, in order of preference.
IMAGE_SUFFIXES = ('.jpg', '.png', '.jpeg', '.bmp', '.tif', '.tiff', '.ppm', '.pgm')

_PACKED = ('.zip', '.tar', '.gz', '.tgz', '.rar', '.7z', '.bz2')


class RawArchive:
    """All files below a directory, listed once.

    Hidden files are left out: archives packed on a Mac are full of ``._x.pts``.

    Args:
        root: The directory.

    Raises:
        ArchiveError: If it is no directory.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        if self.root.is_file():
            raise ArchiveError(f'{root} is a file; unpack it and give the directory')
        if not self.root.is_dir():
            raise ArchiveError(f'{root} does not exist')
        self.folders: dict[Path, list[str]] = dict(self._walk())

    def _walk(self) -> Iterator[tuple[Path, list[str]]]:
        seen = set()
        for folder, children, names in os.walk(self.root, followlinks=True):
            real = os.path.realpath(folder)
            if real in seen:
                children.clear()  # a symbolic link that leads back up
                continue
            seen.add(real)
            children[:] = sorted(c for c in children
                                 if not c.startswith('.') and c != '__MACOSX')
            yield Path(folder), sorted(n for n in names if not n.startswith('.'))

    def find(self, pattern: str) -> list[Path]:
        """Files whose name matches the pattern, upper or lower case alike."""
        return [folder / name for folder, names in self.folders.items()
                for name in names if fnmatch(name.lower(), pattern.lower())]

    def packed(self) -> list[Path]:
        """Archives that have not been unpacked."""
        return [path for suffix in _PACKED for path in self.find('*' + suffix)]

    def relative(self, path: Path) -> str:
        """The path below the root, for reports and file names."""
        return path.relative_to(self.root).as_posix()

    def folder_with(self, names: list[str], preferred: str) -> Path | None:
        """The folder that relative file names, like ``0/x.jpg``, start from.

        Args:
            names: What the annotations call the images. Some may be missing, so
                the first 50 are tried.
            preferred: Name of the folder to look at first.
        """
        folders = sorted(self.folders, key=lambda path: path.name != preferred)
        for name in names[:50]:
            for folder in folders:
                path = folder / name
                if path.name in self.folders.get(path.parent, ()):
                    return folder
        return None

    def image_beside(self, annotation: Path) -> Path:
        """The image with the same stem in the same folder.

        Without one, the path of the ``.jpg`` that should be there.
        """
        names = {name.lower(): name for name in self.folders[annotation.parent]}
        for suffix in IMAGE_SUFFIXES:
            name = names.get((annotation.stem + suffix).lower())
            if name is not None:
                return annotation.with_name(name)
        return annotation.with_suffix('.jpg')
