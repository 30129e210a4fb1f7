"""Let MMEngine refuse what is no file, where a program would wait or run out of memory.

MMPose's data sets and transforms, and MMEngine's readers of JSON and YAML, open files
through MMEngine's local backend. A pipe that nobody writes to, or ``/dev/zero``, is
opened like any file.
"""

from __future__ import annotations

import functools
import os

from mmwing.files import PathLike, check_regular_file


@functools.cache
def refuse_pipes_and_devices() -> None:
    """Make MMEngine's local file backend read regular files only."""
    from mmengine.fileio import LocalBackend

    for name in ('get', 'get_text', 'get_local_path'):
        setattr(LocalBackend, name, _checked(getattr(LocalBackend, name)))


def _checked(read):
    @functools.wraps(read)
    def checked(self, filepath: PathLike, *args, **kwargs):
        if os.path.exists(filepath):  # what is missing is the reader's to say
            check_regular_file(filepath)
        return read(self, filepath, *args, **kwargs)
    return checked
