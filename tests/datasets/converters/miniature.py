"""Miniature archives in each author's format.

Each image is black but for a white pixel under every landmark, so that a
landmark that is off by one is seen in the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import h5py
import numpy as np
import scipy.io

SIZE = (120, 90)  # width, height


def landmarks(count: int, seed: int) -> np.ndarray:
    """Distinct whole-pixel positions, 0-based, shape (count, 2)."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(60 * 50, count, replace=False)
    return np.stack([30 + cells % 60, 20 + cells // 60], axis=1).astype(float)


def picture(*faces: np.ndarray) -> np.ndarray:
    """A black image (H, W, 3), uint8, with a white pixel at each landmark."""
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for points in faces:
        x, y = points.astype(int).T
        pixels[y, x] = 255
    return pixels


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


def write_pts(path: Path, points: np.ndarray, origin: int = 1) -> None:
    """A .pts file as 300-W has them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = '\n'.join(f'{x:.6f} {y:.6f}' for x, y in points + origin)
    path.write_text(f'version: 1\nn_points:  {len(points)}\n{{\n{rows}\n}}\n')


@dataclass
class Archive:
    """A miniature archive and what is in it.

    ``truth`` maps a split to its faces' landmarks, 0-based, in order.
    """

    root: Path
    truth: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, split: str, points: np.ndarray) -> None:
        self.truth.setdefault(split, []).append(points)


def make_300w(root: Path) -> Archive:
    archive = Archive(root)
    for seed, folder in enumerate([
            'afw', 'helen/trainset', 'lfpw/trainset', '300W/01_Indoor',
            '300W/02_Outdoor', 'helen/testset', 'ibug', 'lfpw/testset']):
        points = landmarks(68, seed)
        save(root / folder / f'image {seed}.png', picture(points))
        write_pts(root / folder / f'image {seed}.pts', points)
    # The tree is read in order of the folders' names.
    for split, seeds in {'train': [0, 1, 2], 'valid': [5, 6, 7],
                         'test': [3, 4]}.items():
        archive.truth[split] = [landmarks(68, seed) for seed in seeds]
    cells = np.empty((1, 1), object)
    cells[0, 0] = {'imgName': 'image6.png', 'bb_detector': [[11., 21., 61., 91.]],
                   'bb_ground_truth': [[1., 1., 2., 2.]]}
    (root / 'Bounding Boxes').mkdir()
    scipy.io.savemat(root / 'Bounding Boxes' / 'bounding_boxes_ibug.mat',
                     {'bounding_boxes': cells})
    return archive


def wflw_line(points: np.ndarray, rect, flags, name: str) -> str:
    numbers = ' '.join(f'{value:.6f}' for value in points.ravel())
    return ' '.join([numbers, *map(str, rect), *map(str, flags), name])


def make_wflw(root: Path) -> Archive:
    archive = Archive(root)
    lines = {'train': [], 'test': []}
    for seed, (split, flags) in enumerate([
            ('train', (0, 0, 0, 0, 0, 0)), ('test', (1, 0, 0, 0, 0, 1)),
            ('test', (0, 1, 0, 1, 0, 0)), ('test', (0, 0, 1, 0, 1, 0))]):
        points = landmarks(98, seed)
        archive.add(split, points)
        # The second and the third face share an image, as many of WFLW's do.
        name = ('0--Parade/0_Parade_0.png', '0--Parade/0_Parade_1.png',
                '0--Parade/0_Parade_1.png', '1--Handshaking/1_Hand_3.png')[seed]
        lines[split].append(wflw_line(points, (30, 20, 90, 70), flags, name))
    images = root / 'WFLW' / 'WFLW_images'
    save(images / '0--Parade/0_Parade_0.png', picture(landmarks(98, 0)))
    save(images / '0--Parade/0_Parade_1.png',
         picture(landmarks(98, 1), landmarks(98, 2)))
    save(images / '1--Handshaking/1_Hand_3.png', picture(landmarks(98, 3)))
    lists = root / 'WFLW' / 'WFLW_annotations' / 'list_98pt_rect_attr_train_test'
    lists.mkdir(parents=True)
    for split, rows in lines.items():
        (lists / f'list_98pt_rect_attr_{split}.txt').write_text('\n'.join(rows) + '\n')
    return archive


def make_cofw(root: Path) -> Archive:
    archive = Archive(root)
    root.mkdir(parents=True)
    for split, names in {'train': ('IsTr', 'phisTr', 'bboxesTr'),
                         'test': ('IsT', 'phisT', 'bboxesT')}.items():
        faces = [landmarks(29, seed + 10 * (split == 'test')) for seed in range(2)]
        archive.truth[split] = faces
        occluded = np.arange(29) % 3 == 0
        phis = [np.concatenate([*(points + 1).T, occluded]) for points in faces]
        with h5py.File(root / f'COFW_{split}_color.mat', 'w',
                       userblock_size=512) as mat:
            cells = mat.create_dataset(names[0], (1, 2), dtype=h5py.ref_dtype)
            for index, points in enumerate(faces):
                pixels = picture(points)
                # One colour and one grey image, columns first as MATLAB stores.
                stored = pixels.T if index == 0 else pixels[..., 0].T
                cells[0, index] = mat.create_dataset(f'#refs#/{index}',
                                                     data=stored).ref
            mat[names[1]] = np.stack(phis).T
            mat[names[2]] = np.array([[31., 21., 60., 50.]] * 2).T
    return archive


def make_aflw(root: Path) -> Archive:
    """Five faces, of which the tests make the last two the test set."""
    archive = Archive(root)
    order = [3, 1, 5, 2, 4]
    faces = [landmarks(19, seed) for seed in range(5)]
    names = np.empty((5, 1), object)
    for index, points in enumerate(faces):
        names[index, 0] = f'{index % 2 * 2}/image{index:05d}.png'
        save(root / 'aflw/data/flickr' / names[index, 0], picture(points))
    archive.truth = {'train': [faces[i - 1] for i in order[:3]],
                     'test': [faces[i - 1] for i in order[3:]]}
    mask = np.ones((5, 19))
    mask[1, :4] = 0  # the first face of the test set is not frontal
    scipy.io.savemat(root / 'AFLWinfo_release.mat', {
        'nameList': names, 'mask_new': mask, 'ra': np.array([order]),
        'data': np.stack([points.T.ravel() for points in faces]),
        'bbox': np.array([[30., 94., 15., 79.]] * 5)})
    return archive


def make_300vw(root: Path) -> Archive:
    archive = Archive(root)
    # 001 as frames, 114 (test, category 1) as a video.
    for frame in (1, 2):
        points = landmarks(68, frame)
        archive.add('train', points)
        save(root / '001/imgs' / f'{frame:06d}.png', picture(points))
        write_pts(root / '001/annot' / f'{frame:06d}.pts', points)
    (root / '114/annot').mkdir(parents=True)
    video = cv2.VideoWriter(str(root / '114/vid.avi'),
                            cv2.VideoWriter_fourcc(*'MJPG'), 25, SIZE)
    for frame in range(1, 6):
        # A frame is as bright as its number says, but for a corner.
        pixels = np.full((SIZE[1], SIZE[0], 3), 40 * frame, np.uint8)
        pixels[:16, :16] = 0
        video.write(pixels)
        if frame % 2 == 0:
            points = landmarks(68, 100 + frame)
            archive.add('test', points)
            write_pts(root / '114/annot' / f'{frame:06d}.pts', points)
    video.release()
    return archive


def make_pts(root: Path) -> Archive:
    archive = Archive(root)
    for seed, folder in enumerate(['', 'night', 'night']):
        points = landmarks(5, seed)
        archive.add('all', points)
        save(root / folder / f'{seed}.png', picture(points))
        write_pts(root / folder / f'{seed}.pts', points)
    return archive


MAKERS = {'300w': make_300w, 'wflw': make_wflw, 'cofw': make_cofw,
          'aflw': make_aflw, '300vw': make_300vw, 'pts': make_pts}
