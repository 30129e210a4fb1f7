"""Recognise which data set a folder holds."""

from __future__ import annotations

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.problems import ArchiveError

from .aflw import AFLWConverter
from .cofw import COFWConverter
from .converter import Converter
from .pts_folder import PtsConverter
from .vw300 import VW300Converter
from .w300 import W300Converter
from .wflw import WFLWConverter

#: Name -> converter. Any folder of ``.pts`` files is 'pts', so it comes last.
CONVERTERS: dict[str, type[Converter]] = {
    converter.name: converter
    for converter in (W300Converter, WFLWConverter, COFWConverter, AFLWConverter,
                      VW300Converter, PtsConverter)}

# Forms that people meet in the wild and that no converter reads.
_OTHERS = (
    ('aflw.sqlite', "AFLW's first release with 21 points; the 19-point file "
                    'AFLWinfo_release.mat is needed'),
    ('face_landmarks_*.json', 'annotations that MMPose reads already'),
    ('face_landmarks_*.csv', "HRNet's CSV lists; the authors' own files are needed"),
    ('list_98pt_test*.txt', 'lists of WFLW without attributes; '
                            'list_98pt_rect_attr_train_test is needed'),
    ('*_0.mat', '300W-LP'),
)


def recognise(archive: RawArchive) -> list[str]:
    """What the directory looks like, most specific first; empty if nothing known."""
    known = [f'{converter.title} ({found}): use {name!r}'
             for name, converter in CONVERTERS.items()
             if (found := converter.evidence(archive))]
    others = [f'{what} ({paths[0].name})' for pattern, what in _OTHERS
              if (paths := archive.find(pattern))]
    # Every tree of .pts files is also 'pts': that is worth a mention only alone.
    packed = [f'archives that are not unpacked ({path.name})'
              for path in archive.packed()[:1]]
    return known[:1] + others or packed


def check(name: str, archive: RawArchive) -> None:
    """Refuse a directory that does not hold the data set.

    A folder of ``.pts`` files of any origin is fine for 'pts'.

    Args:
        name: A key of :data:`CONVERTERS`.
        archive: The raw data.

    Raises:
        ArchiveError: Saying what the directory looks like instead.
    """
    converter = CONVERTERS[name]
    if converter.evidence(archive):
        return
    guesses = recognise(archive)
    looks = ('It looks like ' + '; or like '.join(guesses) if guesses
             else 'It holds nothing that looks like a face data set')
    raise ArchiveError(f'{archive.root} does not hold {converter.title}. {looks}.')
