"""Read 300-VW: videos, or their frames, with one ``.pts`` file a frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.problems import Kind, Problem
from mmwing.images import IMAGE_SUFFIXES

from .face import Face
from .pts_folder import PtsConverter
from .sources import ImageFile, ImageSource, VideoFrame

_VIDEO_SUFFIXES = ('.avi', '.mp4')

# The categories of the test set: well lit, unconstrained, arbitrary conditions.
_TEST = {
    'category_1': ('114 124 125 126 150 158 401 402 505 506 507 508 509 510 511 514 '
                   '515 518 519 520 521 522 524 525 537 538 540 541 546 547 548'),
    'category_2': ('203 208 211 212 213 214 218 224 403 404 405 406 407 408 409 412 '
                   '550 551 553'),
    'category_3': '410 411 516 517 526 528 529 530 531 533 557 558 559 562',
}
_TRAIN = ('001 002 003 004 007 009 010 011 013 015 016 017 018 019 020 022 025 027 '
          '028 029 031 033 034 035 037 039 041 043 044 046 047 048 049 053 057 059 '
          '112 113 115 119 120 123 138 143 144 160 204 205 223 225')

#: Video -> (split, subsets).
VIDEOS = dict.fromkeys(_TRAIN.split(), ('train', ())) | {
    video: ('test', ('full', category))
    for category, videos in _TEST.items() for video in videos.split()}


class VW300Converter(PtsConverter):
    """``114/annot/000001.pts`` with ``114/vid.avi`` or extracted frames.

    Frames are taken from any folder of the video with ``000001.png`` or
    ``.jpg``, and otherwise decoded from the video. Test faces are in the
    subsets 'full' and 'category_1', 'category_2' or 'category_3'.
    """

    name = '300vw'
    title = '300-VW'
    dataset_type = 'Face300VWDataset'
    num_keypoints = 68
    points_file = '300w.py'
    files = {'train': 'face_landmarks_300vw_train.json',
             'test': 'face_landmarks_300vw_test.json'}

    @classmethod
    def evidence(cls, archive: RawArchive) -> str | None:
        """See :meth:`Converter.evidence`."""
        videos = [folder.parent.name for folder, names in archive.folders.items()
                  if folder.name == 'annot' and any(n.endswith('.pts') for n in names)]
        return f'annot folders of {len(videos)} videos' if videos else None

    def faces(self) -> Iterator[Face]:
        """See :meth:`Converter.faces`."""
        for folder in list(self.archive.folders):
            if folder.name == 'annot':
                yield from self._video(folder.parent)

    def _video(self, video: Path) -> Iterator[Face]:
        if video.name not in VIDEOS:
            self.log.add(Problem(Kind.FOREIGN, self.archive.relative(video),
                                 'is none of the 114 videos of 300-VW'))
            return
        split, subsets = VIDEOS[video.name]
        images = self._images(video)
        for name in self.archive.folders[video / 'annot']:
            path = video / 'annot' / name
            if path.suffix.lower() != '.pts':
                continue
            image = images.get(path.stem) or self._decoded(video, path)
            suffix = image.path.suffix if isinstance(image, ImageFile) else '.jpg'
            yield from self.read(path, split, subsets=subsets, image=image,
                                 file_name=f'{video.name}/{path.stem}{suffix}')

    def _images(self, video: Path) -> dict[str, ImageFile]:
        """Extracted frames by stem, from whatever folder they were put in."""
        return {Path(name).stem: ImageFile(folder / name)
                for folder, names in self.archive.folders.items()
                if video in (folder, folder.parent)
                for name in names if Path(name).suffix.lower() in IMAGE_SUFFIXES}

    def _decoded(self, video: Path, annotation: Path) -> ImageSource:
        """The frame that the annotation's number names, 1-based."""
        for name in self.archive.folders[video]:
            if Path(name).suffix.lower() in _VIDEO_SUFFIXES and (
                    annotation.stem.isdecimal()):
                return VideoFrame(video / name, int(annotation.stem) - 1)
        return ImageFile(video / f'{annotation.stem}.jpg')

    def report_missing(self, found: dict[str, int]) -> None:
        """See :meth:`Converter.report_missing`."""
        super().report_missing(found)
        here = {folder.parent.name for folder in self.archive.folders
                if folder.name == 'annot'}
        for split in self.files:
            missing = [video for video, (where, _) in VIDEOS.items()
                       if where == split and video not in here]
            if missing:
                self.log.add(Problem(Kind.PARTIAL, f'300vw {split}',
                                     f'videos missing: {" ".join(missing)}'))
