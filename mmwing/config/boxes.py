"""Other boxes for a test: disturbed ones, or those of a file."""

from collections.abc import Callable, Mapping
from os import PathLike

from mmwing.datasets.transforms import BoxFromFile

_CROP = 'GetBBoxCenterScale'

Pipeline = list[dict]


def with_box_error(dataloader: Mapping, shift: float, scale: float | None = None,
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


def with_box_file(dataloader: Mapping, bbox_file: str | PathLike,
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


def _change(dataloader: Mapping, change: Callable[[dict], Pipeline]) -> dict:
    dataset, count = _change_dataset(dataloader['dataset'], change)
    if not count:
        raise ValueError(f'no pipeline of the dataloader has a {_CROP}: there is no '
                         'box to change')
    return {**dataloader, 'dataset': dataset}


def _change_dataset(dataset: Mapping, change: Callable[[dict], Pipeline]
                    ) -> tuple[dict, int]:
    """Copy a data set's config with its crop changed, and those it wraps.

    Pipelines are copied, not extended in place: data sets may share one.
    """
    changed, count = dict(dataset), 0
    pipeline = list(dataset.get('pipeline') or [])
    for index, step in enumerate(pipeline):
        if str(step['type']).endswith(_CROP):
            changed['pipeline'] = [*pipeline[:index], *change(step),
                                   *pipeline[index + 1:]]
            count = 1
            break
    if dataset.get('dataset'):
        changed['dataset'], inner = _change_dataset(dataset['dataset'], change)
        count += inner
    if dataset.get('datasets'):
        children = [_change_dataset(child, change) for child in dataset['datasets']]
        changed['datasets'] = [child for child, _ in children]
        count += sum(inner for _, inner in children)
    return changed, count
