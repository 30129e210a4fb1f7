"""Change the face boxes of a test: disturbed ones, or those of a file."""

from collections.abc import Callable
from os import PathLike

from mmwing.datasets.transforms import BoxFromFile
from mmwing.walk import type_name, with_pipelines

_CROP = 'GetBBoxCenterScale'


def with_box_error(dataloader: dict, shift: float, scale: float | None = None,
                   seed: int = 0) -> dict:
    """Copy a dataloader's config, with :class:`mmwing.BoxError` in its pipelines.

    Args:
        dataloader: Config of a dataloader.
        shift: See :class:`mmwing.BoxError`.
        scale: See there; by default as large as ``shift``.
        seed: See there.

    Raises:
        ValueError: When no pipeline has a ``GetBBoxCenterScale``.
    """
    step = {'type': 'mmwing.BoxError', 'shift': shift,
            'scale': shift if scale is None else scale, 'seed': seed}
    return _change(dataloader, lambda crop: [crop, dict(step)])


def with_box_file(dataloader: dict, bbox_file: str | PathLike,
                  missing: str = 'error') -> dict:
    """Copy a dataloader's config, with :class:`mmwing.BoxFromFile` in its pipelines.

    Args:
        dataloader: Config of a dataloader.
        bbox_file: See :class:`mmwing.BoxFromFile`.
        missing: See there.

    Raises:
        ValueError: When no pipeline has a ``GetBBoxCenterScale``.
    """
    step = {'type': 'mmwing.BoxFromFile', 'bbox_file': str(bbox_file),
            'missing': missing}
    return _change(dataloader, lambda crop: [dict(step), crop])


def with_background_boxes(dataloader: dict, seed: int = 0) -> dict:
    """Copy a dataloader's config, with :class:`mmwing.BackgroundBox` in its pipelines.

    Args:
        dataloader: Config of a dataloader.
        seed: See there.

    Raises:
        ValueError: When no pipeline has a ``GetBBoxCenterScale``.
    """
    step = {'type': 'mmwing.BackgroundBox', 'seed': seed}
    return _change(dataloader, lambda crop: [crop, dict(step)])


def count_without_box(dataset, bbox_file: str | PathLike, missing: str = 'error'
                      ) -> int:
    """Number of faces for which a file has no box.

    Args:
        dataset: The data set, with ``get_data_info`` as MMEngine's.
        bbox_file: See :class:`mmwing.BoxFromFile`.
        missing: ``'error'`` or ``'keep'``, see there.

    Raises:
        ValueError: When there is such a face and ``missing`` is ``'error'``, or the
            file holds no box.
    """
    boxes = BoxFromFile(bbox_file, missing)
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    without = [info['id'] for info in infos if boxes.find(info) is None]
    if without and missing == 'error':
        raise ValueError(
            f'{bbox_file} has no box for {len(without)} of {len(dataset)} faces, the '
            f"first with the id {without[0]}; missing='keep' (--bbox-missing keep) "
            'takes their annotated boxes')
    return len(without)


def _change(dataloader: dict, change: Callable[[dict], list[dict]]) -> dict:
    """Copy a dataloader's config with the crop of each pipeline exchanged."""
    crops = 0

    def change_crop(steps: list[dict]) -> list[dict]:
        nonlocal crops
        for index, step in enumerate(steps):
            if type_name(step) == _CROP:
                crops += 1
                return [*steps[:index], *change(step), *steps[index + 1:]]
        return steps

    changed = with_pipelines(dataloader, change_crop)
    if not crops:
        raise ValueError(f'no pipeline of the dataloader has a {_CROP}: there is no '
                         'box to change')
    return changed
