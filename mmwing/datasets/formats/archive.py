"""List the files of a folder with raw data."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from mmwing.images import IMAGE_SUFFIXES

from .problems import ArchiveError

_PACKED = ('.zip', '.tar', '.gz', '.tgz', '.rar', '.7z', '.bz2')


class RawArchive:
    """All files below a directory, listed once.

    Hidden files are left out: archives packed on a Mac are full of ``._x.pts``.

    Args:
        root: The directory.

    Raises:
        ArchiveError: If it is not a directory.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        if self.root.is_file():
            raise ArchiveError(f'{root} is a file; unpack it and give the directory')
        if not self.root.is_dir():
            raise ArchiveError(f'{root} does not exist')
        self.folders: dict[Path, list[str]] = dict(self._walk())
        self._images: dict[Path, dict[str, list[str]]] = {}

    def _walk(self) -> Iterator[tuple[Path, list[str]]]:
        seen = set()
        for folder, children, names in os.walk(self.root, onerror=_refuse,
                                               followlinks=True):
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

    def only(self, pattern: str) -> Path | None:
        """The file whose name matches the pattern; None without one.

        Raises:
            ArchiveError: There are several, and they differ.
        """
        found = self.find(pattern)
        for other in found[1:]:
            if not filecmp.cmp(found[0], other, shallow=False):
                raise ArchiveError(f'{found[0]} and {other} differ: which of them is '
                                   'meant? Move the other away')
        return found[0] if found else None

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
            preferred: Name of the folder that is meant if several hold the images.

        Raises:
            ArchiveError: Several hold them, and not just one has that name.
        """
        for name in names[:50]:
            if os.path.isabs(name):
                continue  # would be found from any folder
            found = [folder for folder in self.folders if (folder / name).name
                     in self.folders.get((folder / name).parent, ())]
            meant = [folder for folder in found if folder.name == preferred] or found
            if len(meant) > 1:
                raise ArchiveError(f'{meant[0]} and {meant[1]} both hold {name}: which '
                                   'of them is meant? Move the other away')
            if meant:
                return meant[0]
        return None

    def image_beside(self, annotation: Path) -> Path:
        """The image with the same stem in the same folder.

        A stem that differs in case will do where it is nobody else's. Without an
        image, the path of the ``.jpg`` that should be there.

        Raises:
            ValueError: Several images have that stem.
        """
        names = self._images_by_stem(annotation.parent).get(annotation.stem.lower(), ())
        here = self.folders[annotation.parent]
        found = [name for name in names if Path(name).stem == annotation.stem] or [
            name for name in names
            if f'{Path(name).stem}{annotation.suffix}' not in here]
        if len(found) > 1:
            raise ValueError(f'{" and ".join(found)} lie beside it: which of them is '
                             'its image? Move the others away')
        return annotation.with_name(found[0]) if found else (
            annotation.with_suffix('.jpg'))

    def _images_by_stem(self, folder: Path) -> dict[str, list[str]]:
        """Lower-case stem to the images of a folder, listed once."""
        if folder not in self._images:
            by_stem: dict[str, list[str]] = {}
            for name in self.folders[folder]:
                if Path(name).suffix.lower() in IMAGE_SUFFIXES:
                    by_stem.setdefault(Path(name).stem.lower(), []).append(name)
            self._images[folder] = by_stem
        return self._images[folder]


def _refuse(error: OSError) -> None:
    """A folder that cannot be read must not look empty."""
    raise ArchiveError(f'the folder {error.filename} cannot be read: {error.strerror}'
                       ) from error
