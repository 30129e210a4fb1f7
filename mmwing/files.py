"""Write files so that each is complete or not there; read them or say what is wrong."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import json
import os
import platform
import shutil
import stat
import time
import unicodedata
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

PathLike = str | os.PathLike

# .draft-NAME-HOST-PID-NUMBER.suffix: name and host are checksums (names may be as long
# as the file system allows). They tell whose draft it is, and whether its writer lives.
_PREFIX = '.draft'
_STALE_SECONDS = 24 * 3600
_numbers = itertools.count()

#: Writing to an open file fails with these, and then the error names no file.
WRITE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)

# Version of a JSON file -> its content, once for each reader that is to come.
_handed_on: dict[tuple, list] = {}


@contextmanager
def replace_file(path: PathLike, *, scratch: PathLike | None = None,
                 sync: bool = True) -> Iterator[Path]:
    """Write a file under another name and rename it when it is complete.

    Missing folders are made. When the block raises, whatever it is, the old file is
    as it was and the draft is gone::

        with replace_file('table.csv') as draft, draft.open('w') as file:
            file.write('a,b\\n')

    Args:
        path: The file. A link is followed. A device or pipe, such as ``/dev/stdout``,
            is written to directly.
        scratch: Folder for the draft, on the file system of ``path``. By default it
            is the folder of ``path``, where drafts of killed processes are removed.
        sync: Wait until the content is on the disk, so that no power failure leaves
            an empty file. This takes some milliseconds.

    Yields:
        Path: Where to write. It ends in the suffix of ``path`` and does not exist.

    Raises:
        OSError: The file cannot be written; the message names ``path``.
    """
    with replace_files(path, scratch=scratch, sync=sync) as (draft, ):
        yield draft


@contextmanager
def replace_files(*paths: PathLike, scratch: PathLike | None = None,
                  sync: bool = True) -> Iterator[tuple[Path, ...]]:
    """Write several files; all are complete before the first is renamed.

    Arguments and errors are those of :func:`replace_file`.

    Yields:
        tuple[Path, ...]: Where to write, in the order of ``paths``.
    """
    drafts: dict[Path, Path] = {}
    try:
        with _errors_name(drafts, paths):
            for path in paths:
                target = _target(path)
                drafts[target] = _new_draft(target, scratch)
            yield tuple(drafts.values())
            for target, draft in drafts.items():
                if draft != target and not draft.is_symlink():
                    if target.exists():
                        shutil.copymode(target, draft)
                    if sync:
                        _sync(draft)
            for target, draft in drafts.items():
                if draft != target:
                    os.replace(draft, target)
            if sync:
                for folder in {target.parent for target in drafts}:
                    _sync_folder(folder)
    finally:
        for target, draft in drafts.items():
            if draft != target:
                with contextlib.suppress(OSError):
                    draft.unlink(missing_ok=True)


@contextmanager
def replace_folder(path: PathLike, known: Collection[str]) -> Iterator[Path]:
    """Write a folder beside the old one and exchange the two when it is complete.

    Nothing of the old folder remains. When the block raises, the old folder is as it
    was and the draft is gone.

    Args:
        path: The folder. A link to a folder is followed.
        known: What the folder may hold: file names, or patterns as in a shell. A
            folder with anything else in it is not replaced, so that no other work is
            lost.

    Yields:
        Path: An empty folder to write into.

    Raises:
        ValueError: The folder holds something that is not in ``known``.
        OSError: The folder cannot be written; the message names ``path``.
    """
    target = Path(os.path.realpath(path))
    drafts: dict[Path, Path] = {}
    old = None
    try:
        with _errors_name(drafts, (path, )):
            _check_folder(target, known)
            drafts[target] = draft = _new_draft(target, None)
            draft.mkdir()
            yield draft
            for file in draft.rglob('*'):
                if file.is_file():
                    _sync(file)
            _check_folder(target, known)  # files may have come since
            if target.exists() and _exchange(draft, target):
                _sync_folder(target.parent)
                return
            if target.exists():
                old = _new_draft(target, None)
                os.rename(target, old)
            try:
                os.rename(draft, target)
            except BaseException:
                if old is not None:
                    os.rename(old, target)
                raise
            _sync_folder(target.parent)
    finally:
        for folder in (*drafts.values(), old):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)


def remove_drafts(folder: PathLike) -> None:
    """Remove what killed processes were writing into a folder, whatever its name.

    What living ones write stays. :func:`replace_file` removes the drafts of its own
    file.
    """
    _remove_stale(Path(folder), '')


def check_file(path: PathLike, suffixes: Collection[str] = ()) -> None:
    """See that a file can be written, before the work whose result goes there.

    Args:
        path: The file.
        suffixes: Where the suffix names the format: those that there are, such as
            ``.png``, in lower case. By default any name will do.

    Raises:
        ValueError: The suffix is none of ``suffixes``.
        OSError: It cannot be written; the message names ``path``.
    """
    if suffixes and Path(path).suffix.lower() not in suffixes:
        raise ValueError(f'the suffix of {printable(path)!r} must name one of the '
                         f'formats {", ".join(suffixes)}')
    drafts: dict[Path, Path] = {}
    with _errors_name(drafts, (path, )):
        target = _target(path)
        _try(target, drafts)


def check_folder(path: PathLike, known: Collection[str]) -> None:
    """See that a folder can be replaced, before the work whose result goes there.

    Args:
        path: The folder; it need not exist.
        known: See :func:`replace_folder`.

    Raises:
        ValueError: The folder holds something that is not in ``known``.
        OSError: It cannot be written; the message names ``path``.
    """
    target = Path(os.path.realpath(path))
    drafts: dict[Path, Path] = {}
    with _errors_name(drafts, (path, )):
        _check_folder(target, known)
        _try(target, drafts)


def write_text(path: PathLike, text: str) -> None:
    """Write a UTF-8 text file, complete or not at all; see :func:`replace_file`.

    Bytes of file names that are no UTF-8 are written as ``\\udcff``, which JSON reads
    back as they were: no name makes a program fail when its work is done.
    """
    write_bytes(path, text.encode(errors='backslashreplace'))


def write_bytes(path: PathLike, data: bytes) -> None:
    """Write a binary file, complete or not at all; see :func:`replace_file`."""
    with replace_file(path) as draft:
        draft.write_bytes(data)


def write_json(path: PathLike, content: object, indent: int | None = None) -> None:
    """Write a JSON file, complete or not at all; see :func:`replace_file`."""
    write_text(path, json.dumps(content, indent=indent))


def read_bytes(path: PathLike) -> bytes:
    """Read a file that is one: a pipe would wait, and a device may have no end.

    Raises:
        OSError: It cannot be read.
        ValueError: It is a pipe, a device or a socket.
    """
    check_regular_file(path)
    return Path(path).read_bytes()


def check_regular_file(path: PathLike) -> None:
    """See that what is to be read is no pipe, device or socket.

    For code that opens files by itself: a pipe would wait, and a device may have no
    end. Folders pass, because opening one fails at once.

    Raises:
        OSError: There is no such file.
        ValueError: It is a pipe, a device or a socket.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ValueError(f'{printable(path)} is a pipe, device or socket, not a file')


def read_text(path: PathLike) -> str:
    """Read a UTF-8 text file, with or without a byte order mark.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not UTF-8 text, or no file.
    """
    try:
        return read_bytes(path).decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(f'{printable(path)} is not UTF-8 text: {error}') from error


def read_json(path: PathLike) -> Any:
    """Read a JSON file, with or without a byte order mark.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not JSON, or no file; the message names it.
    """
    handed_on = _handed_on.get(_version(path))
    if handed_on:
        return handed_on.pop()
    text = read_text(path)
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(f'{printable(path)} is nested too deeply for JSON') from None
    except ValueError as error:
        raise ValueError(f'{printable(path)} is not valid JSON ({error}): it is '
                         'damaged or cut off, write or copy it again') from error


def hand_on_json(path: PathLike, content: Any, times: int = 1) -> None:
    """Spare the next readers of a JSON file the parsing.

    :func:`read_json` gives them ``content``, unless the file has changed since; no
    copy, which would take as long as parsing.

    Args:
        path: A file that :func:`read_json` has read.
        content: What it has returned.
        times: How many readers are to come. Until then the memory is kept.
    """
    _handed_on[_version(path)] = [content] * times


def _version(path: PathLike) -> tuple:
    """What tells a file, and whether its content is another than before."""
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def file_name(name: object) -> str:
    """What an annotation names as a file.

    Raises:
        ValueError: It is empty, no string, or cannot be the name of a file.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f'a file name must be a text that is not empty, got {name!r}')
    try:
        valid = b'\0' not in os.fsencode(name)
    except UnicodeEncodeError:  # half a character, as JSON can hold it
        valid = False
    if not valid:
        raise ValueError(f'{name!r} cannot be the name of a file')
    return name


def path_below(root: PathLike, name: object, *, follow_links: bool = True) -> Path:
    """Path of what an annotation or archive names, which must lie below a folder.

    Args:
        root: The folder.
        name: The name: relative to ``root``, or an absolute path below it.
        follow_links: Whether a folder below ``root`` may be a link to one elsewhere.
            That is right for reading, where links are the user's own, and wrong for
            writing. The file itself may be a link.

    Returns:
        Path: Below ``root``; without ``..``.

    Raises:
        ValueError: The name is empty or not a string, or leads outside ``root``.
    """
    name = file_name(name)
    relative = os.path.normpath(name)
    if os.path.isabs(relative):
        relative = os.path.relpath(relative, os.path.abspath(root))
    path = Path(root) / relative
    if relative.split(os.sep)[0] in (os.pardir, os.curdir):
        raise ValueError(f'the name {name!r} leads outside the folder '
                         f'{printable(root)!r}')
    if follow_links:  # to look for links takes longer than all else
        return path
    real_folder = os.path.realpath(path.parent)
    if not Path(real_folder).is_relative_to(os.path.realpath(root)):
        raise ValueError(f'a link leads {name!r} outside the folder '
                         f'{printable(root)!r}, to {printable(real_folder)!r}')
    return path


def printable(path: PathLike) -> str:
    """Text of a path on one line, for messages, pages and pictures.

    Bytes that are no UTF-8 appear as ``\\udcff``, line breaks and other control
    characters as ``\\n`` and ``\\x1b``.
    """
    text = str(path)
    if text.isprintable():
        return text
    return ''.join(
        character.encode('unicode_escape').decode()
        if unicodedata.category(character) in ('Cc', 'Cs', 'Zl', 'Zp') else character
        for character in text)


def _target(path: PathLike) -> Path:
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if target.exists() and not os.access(
            target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return target


def _new_draft(target: Path, scratch: PathLike | None) -> Path:
    """A path that does not exist, where the new content of ``target`` is written."""
    if target.exists() and not target.is_file() and not target.is_dir():
        return target  # a device or pipe
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.parent if scratch is None else Path(scratch)
    stem = f'{_PREFIX}-{_checksum(target.name)}-'
    if scratch is None:
        _remove_stale(folder, stem)
    return folder / (f'{stem}{_checksum(platform.node())}-{os.getpid()}-'
                     f'{next(_numbers)}{target.suffix}')


def _try(target: Path, drafts: dict[Path, Path]) -> None:
    missing = [folder for folder in target.parents if not folder.exists()]
    try:
        drafts[target] = draft = _new_draft(target, None)
        if draft != target:
            draft.touch()
            draft.unlink()
    finally:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _check_folder(target: Path, known: Collection[str]) -> None:
    if not target.is_dir():
        if target.exists():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR),
                                     str(target))
        return
    for name in sorted(os.listdir(target)):
        if not any(fnmatchcase(name, pattern) for pattern in known):
            raise ValueError(
                f'the folder {str(target)!r} holds {name!r}, which would be lost: '
                'choose another folder, or remove it')


def _checksum(name: str) -> str:
    return f'{zlib.crc32(os.fsencode(name)):08x}'


def _remove_stale(folder: Path, stem: str) -> None:
    """Remove drafts whose writer was killed; with an empty stem those of any file."""
    for name in os.listdir(folder):
        path = folder / name
        if not name.startswith(stem or f'{_PREFIX}-') or not _is_stale(
                path, name.split('-', 2)[-1]):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def _is_stale(path: Path, writer: str) -> bool:
    """Whether the writer, ``HOST-PID-NUMBER``, of a draft is gone."""
    try:
        host, process, _ = writer.split('-')
        if host != _checksum(platform.node()) or os.name != 'posix':
            return time.time() - path.lstat().st_mtime > _STALE_SECONDS
        os.kill(int(process), 0)  # signal 0 only asks
    except ProcessLookupError:
        return True
    except (ValueError, OSError):
        return False
    return False


def _sync(path: Path) -> None:
    with path.open('rb') as file:
        os.fsync(file.fileno())


def _exchange(first: Path, second: Path) -> bool:
    """Give two folders each other's name in one step, where the system can do that."""
    libc = ctypes.CDLL(None) if os.name == 'posix' else None
    rename = getattr(libc, 'renameat2', None)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of Linux
    return rename is not None and rename(
        here, os.fsencode(first), here, os.fsencode(second), exchange) == 0


def _sync_folder(path: Path) -> None:
    """Put renames on the disk, where the file system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _errors_name(drafts: Mapping[Path, Path],
                 paths: Collection[PathLike]) -> Iterator[None]:
    """Let errors name the files that the user knows instead of their drafts."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in WRITE_ERRORS:
            name = ', '.join(map(str, paths))
        else:
            names = [target / Path(error.filename).relative_to(draft)
                     for target, draft in drafts.items()
                     if isinstance(error.filename, str)
                     and Path(error.filename).is_relative_to(draft)]
            if not names:
                raise
            name = str(names[0])
        raise OSError(error.errno, error.strerror, name) from error
