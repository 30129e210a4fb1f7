"""Tell whether painted faces are still the same pictures."""

from __future__ import annotations

import hashlib
from functools import cache

from mmwing.resources import PACKAGE

#: What paints: folders and files of the package.
_SOURCES = ('datasets/face/face_model', 'datasets/face/painter', 'mean_head.py')


@cache
def painter_digest() -> str:
    """Digest of the sources that paint faces: other sources, other pictures."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        path = PACKAGE / source
        for file in sorted(path.rglob('*.py')) if path.is_dir() else [path]:
            digest.update(file.relative_to(PACKAGE).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
