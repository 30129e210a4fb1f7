"""Prepare a data set: read it, check it, bring the images over, write annotations."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmwing.arguments import check_count
from mmwing.datasets.checks.corner_boxes import corner_box_problems
from mmwing.datasets.checks.face import face_findings
from mmwing.datasets.checks.geometry import check_geometry
from mmwing.datasets.checks.mirror import FACES_FOR_PAIRS
from mmwing.datasets.checks.repeats import repeated_faces, repeated_images
from mmwing.datasets.formats.archive import RawArchive
from mmwing.datasets.formats.boxes import landmark_box
from mmwing.datasets.formats.points_file import read_points_file
from mmwing.datasets.formats.problems import (
    BROKEN,
    ArchiveError,
    Kind,
    Problem,
    ProblemLog,
)
from mmwing.datasets.formats.records import LandmarkRecord
from mmwing.files import path_below, read_json, replace_files, write_json
from mmwing.progress import progress_bar
from mmwing.version import __version__

from .coco import annotation_file
from .converter import Converter
from .face import Face
from .images import SCRATCH_FOLDER, ImagePlacer, ImagePlan, Placed
from .recognise import CONVERTERS, check
from .report import Report, Split

#: What OUT was prepared with; a run that resumes must ask for the same.
SETTINGS_FILE = 'prepare_settings.json'
REPORT_FILE = 'prepare_report.json'
ANNOTATIONS_FOLDER = 'annotations'

#: Of what these say a face is left out; other findings are to be looked at.
_LEFT_OUT = BROKEN | {Kind.NOT_FINITE, Kind.NO_POINTS, Kind.DUPLICATE}


def prepare(dataset: str, raw: str | Path, out: str | Path, *,
            images: str = 'copy', crop: float | None = None, size: int | None = None,
            origin: int | None = None, strict: bool = False, jobs: int | None = None,
            progress: bool = False) -> Report:
    """Turn a raw data set into what MMPose's data set classes read.

    ``OUT/annotations`` and ``OUT/images`` get the names that MMPose's configs
    expect. A run that was interrupted is resumed by running it again. Images
    appear one by one, each complete; annotation files at the end, all
    together; nothing at all if the raw data is of no use.

    The faces go through the checks of :mod:`mmwing.datasets.checks`. Broken ones are
    left out, what is to be looked at is kept.

    Args:
        dataset: '300w', 'wflw', 'cofw', 'aflw', '300vw' or 'pts'.
        raw: Directory with the unpacked archives of the authors.
        out: Directory to write to.
        images: 'copy', 'link' (symbolic) or 'crop'.
        crop: With 'crop', side of the crop over that of the landmark box.
        size: With 'crop', larger crops are reduced to this many pixels.
        origin: Coordinate of the first pixel's centre in the raw annotations, 0
            or 1; None is what the authors use.
        strict: Stop at the first broken thing instead of leaving it out.
        jobs: Images to work on at a time; None is one for each processor.
        progress: Show a progress bar on stderr.

    Returns:
        What was written and what was found; also in ``OUT/prepare_report.json``.
        Its ``broken`` says whether something must be corrected.

    Raises:
        ArchiveError: If ``raw`` is another data set, lacks a part, or holds no
            face that can be used.
        BrokenDataError: At the first broken thing, if strict.
        ValueError: If arguments do not fit each other or what is in ``out``, or
            ``out`` is a file.
        ImportError: If reading the format takes a package that is missing.
    """
    if dataset not in CONVERTERS:
        raise ValueError(f'dataset must be one of {", ".join(CONVERTERS)}, got '
                         f'{dataset!r}')
    if origin not in (None, 0, 1):
        raise ValueError(f'origin must be 0 or 1, got {origin!r}')
    if jobs is not None:
        check_count('jobs', jobs)
    plan = ImagePlan(images, crop, size)
    out = Path(out)
    for folder in (out, *out.parents):
        if folder.exists() and not folder.is_dir():
            raise ValueError(f'out must be a directory to write to, got {out}: '
                             f'{folder} is a file')
    if Path(raw).resolve().is_relative_to((out / 'images').resolve()):
        raise ValueError(f'raw ({raw}) must not lie in the images folder of out '
                         f'({out})')

    archive = RawArchive(raw)
    check(dataset, archive)
    log = ProblemLog(strict)
    converter = CONVERTERS[dataset](archive, log, origin)
    settings = {'dataset': dataset, 'images': images, 'crop': crop, 'size': size,
                'origin': converter.origin}
    _check_links(out, converter)
    _check_settings(out, settings)

    placer = ImagePlacer(out, plan)
    faces = _usable(converter, placer, log)
    if not faces:
        raise ArchiveError(_useless(archive, log))
    shutil.rmtree(placer.scratch, ignore_errors=True)
    placer.scratch.mkdir(parents=True)
    try:
        write_json(out / SETTINGS_FILE, settings)
        placed = _place(placer, faces, log, jobs, progress)
    finally:
        shutil.rmtree(placer.scratch, ignore_errors=True)
    _check_together(converter, placed, log)
    return _write(converter, out, placed, log, settings)


def _check_links(out: Path, converter: Converter) -> None:
    """Refuse links that would lead what is written out of the directory."""
    for name in (SETTINGS_FILE, REPORT_FILE, SCRATCH_FOLDER, 'images', *(
            f'{ANNOTATIONS_FOLDER}/{file}' for file in converter.files.values())):
        path = path_below(out, name, follow_links=False)
        if path.is_symlink():
            raise ValueError(f'{path} is a link: what is written must lie in {out}, so '
                             'remove the link')


def _check_settings(out: Path, settings: dict) -> None:
    """Refuse to mix two preparations in one directory."""
    path = out / SETTINGS_FILE
    if not path.exists():
        return
    before = read_json(path)
    differences = [f'{key}={before.get(key)!r} then, {value!r} now'
                   for key, value in settings.items() if before.get(key) != value]
    if differences:
        raise ValueError(f'{out} was prepared with other settings '
                         f'({"; ".join(differences)}): use another directory, or '
                         f'remove it first')


def _usable(converter: Converter, placer: ImagePlacer,
            log: ProblemLog) -> list[Face]:
    """The faces whose annotations are sound."""
    faces = list(converter.faces())
    converter.report_missing(Counter(face.split for face in faces))
    count = converter.num_keypoints
    if count is None and faces:
        count = Counter(len(face.keypoints) for face in faces).most_common(1)[0][0]
    seen: dict[tuple, Face] = {}
    owners: dict[str, Face] = {}
    usable = []
    for face in faces:
        key = face.file_name, face.keypoints.tobytes()
        first = seen.setdefault(key, face)
        problem = _fault_of_name(face, placer) or _fault_of_numbers(face)
        findings = [problem] if problem else list(
            face_findings(face.record, count or 0, None))
        if not _leave_out(findings) and first is not face:
            findings.append((Kind.DUPLICATE,
                             f'same image and landmarks as {first.where}'))
        if not _leave_out(findings):
            owner = owners.setdefault(face.file_name, face)
            if owner.image != face.image:
                findings.append((Kind.DUPLICATE,
                                 f'its image would take the place of that of '
                                 f'{owner.where}: {face.file_name}'))
        if not _leave_out(findings):
            usable.append(face)
        for kind, detail in findings:
            add = log.add if kind in _LEFT_OUT else log.note
            add(Problem(kind, face.where, detail))
    return usable


def _leave_out(findings: list[tuple[Kind, str]]) -> bool:
    return any(kind in _LEFT_OUT for kind, _ in findings)


def _fault_of_numbers(face: Face) -> tuple[Kind, str] | None:
    """What MMPose's data sets cannot hold, and ``mmwing check`` accepts."""
    flagged = True if face.visibility is None else face.visibility > 0
    if (flagged & ~face.visible).any() or not np.isfinite(face.box or 0).all():
        return Kind.NOT_FINITE, 'in the landmarks or the box'
    if face.visible.any():
        _, _, width, height = landmark_box(face.keypoints)
        if min(width, height) <= 0:
            return (Kind.EMPTY_BOX,
                    f'the landmark box is {width:g} x {height:g} pixels')
    return None


def _fault_of_name(face: Face, placer: ImagePlacer) -> tuple[Kind, str] | None:
    try:
        path_below(placer.images, face.file_name)
    except ValueError as error:
        return Kind.UNREADABLE_ANNOTATION, str(error)
    return None


def _useless(archive: RawArchive, log: ProblemLog) -> str:
    reasons = '; '.join(str(problem) for problem in log.problems[:3])
    return (f'{archive.root} has no face that can be used, so there is nothing to '
            f'prepare. {len(log.problems)} problems, the first: '
            f'{reasons or "no annotations"}')


def _work(faces: list[Face]) -> Iterator[list[list[Face]]]:
    """Pieces of work: lists of images, each the list of its faces.

    Faces of one image are taken together, as are frames of one video, which
    can only be decoded in order.
    """
    by_image: dict = defaultdict(list)
    for face in faces:
        by_image[face.image].append(face)
    by_container: dict = defaultdict(list)
    for image, group in by_image.items():
        by_container[image.container].append(group)
    yield from by_container.values()


def _place(placer: ImagePlacer, faces: list[Face], log: ProblemLog,
           jobs: int | None, progress: bool) -> list[Placed]:
    """Bring over all images, in threads: decoding and encoding release the GIL."""
    done: dict[int, Placed] = {}
    with progress_bar(progress) as bar, ThreadPoolExecutor(
            jobs or os.cpu_count()) as executor:
        task = bar.add_task('images', total=len({face.image for face in faces}))

        def work(groups: list[list[Face]]) -> list[Placed | Problem]:
            results = []
            for group in groups:
                results += placer.place(group)
                bar.advance(task)
            return results

        try:
            for results in executor.map(work, _work(faces)):
                for result in results:
                    if isinstance(result, Problem):
                        add = log.add if result.kind in _LEFT_OUT else log.note
                        add(result)
                    else:
                        done[id(result.face)] = result
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
    return [done[id(face)] for face in faces if id(face) in done]


def _check_together(converter: Converter, placed: list[Placed],
                    log: ProblemLog) -> None:
    """What the faces show beside each other. Nothing is left out for it."""
    by_file: dict[str, list[LandmarkRecord]] = defaultdict(list)
    for item in placed:
        by_file[converter.files[item.face.split]].append(
            replace(item.face.record, image_path=item.file_name))
    for file, records in by_file.items():
        log.problems += corner_box_problems(file, records)
    log.problems += repeated_faces(
        [item.face.record for item in placed],
        {item.face.file_name: item.digest for item in placed})
    log.problems += repeated_images(
        by_file, {item.file_name: item.digest for item in placed})
    # The order of the landmarks is the authors': a few faces do not speak against it.
    if len(placed) >= FACES_FOR_PAIRS:
        flips = None
        if converter.points_file is not None:
            flips = np.array(parse_pose_metainfo(
                read_points_file(converter.points_file))['flip_indices'])
        log.problems += check_geometry(
            [item.face.record for item in placed], len(placed[0].face.keypoints), flips,
            f'landmarks of {converter.title}').problems


def _write(converter: Converter, out: Path, placed: list[Placed], log: ProblemLog,
           settings: dict) -> Report:
    report = Report(converter.name, converter.dataset_type, out, problems=log.problems)
    files: dict[Path, Callable[[], object]] = {}
    info = {'description': converter.title, 'prepared_by': f'mmwing {__version__}',
            **settings}
    by_split = {split: list(group) for split, group in groupby(
        sorted(placed, key=lambda item: list(converter.files).index(item.face.split)),
        key=lambda item: item.face.split)}
    for split, items in by_split.items():
        path = out / ANNOTATIONS_FOLDER / converter.files[split]
        files[path] = partial(annotation_file, type(converter), items, info)
        subsets = Counter(name for item in items for name in item.face.subsets)
        report.splits[split] = Split(
            path.relative_to(out).as_posix(), len(items),
            len({item.file_name for item in items}), dict(subsets))
    write_json(out / REPORT_FILE, report.to_dict())
    if not files:
        (out / SETTINGS_FILE).unlink()  # no image is there to resume from
        raise ArchiveError(_useless(converter.archive, log))
    with replace_files(*files) as drafts:
        # One at a time: annotations of videos take gigabytes.
        for draft, content in zip(drafts, files.values(), strict=True):
            draft.write_text(json.dumps(content()), encoding='utf-8')
    return report
