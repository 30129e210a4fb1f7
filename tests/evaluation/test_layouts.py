import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation.metrics import NME

from mmwing.evaluation.layouts import LAYOUTS, as_landmark_pair, find_layout

DATA_SETS = [(name, count) for count, layout in LAYOUTS.items()
             for name in layout.data_sets
             if name != '300wlp']  # MMPose's 300wlp does not mirror the eyes


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """MMPose's table of mirrored landmarks, an independent source."""
    # MMPose prefers a file of that name below the current directory to its own.
    monkeypatch.chdir(tmp_path)

    def read(name):
        meta = parse_pose_metainfo(
            {'from_file': f'configs/_base_/datasets/{name}.py'})
        return meta['flip_indices']

    return read


@pytest.mark.parametrize(('name', 'count'), DATA_SETS)
def test_distances_join_mirror_images(name, count, mirror):
    swapped = mirror(name)
    assert len(swapped) == count
    for first, second in LAYOUTS[count].distances.values():
        assert sorted(swapped[index] for index in first) == sorted(second)


@pytest.mark.parametrize(('name', 'count'), DATA_SETS)
def test_groups_are_symmetric(name, count, mirror):
    swapped = mirror(name)
    for indices in LAYOUTS[count].groups.values():
        assert sorted(swapped[index] for index in indices) == sorted(indices)


@pytest.mark.parametrize('count', LAYOUTS)
def test_groups_share_out_all_landmarks(count):
    members = [index for group in LAYOUTS[count].groups.values() for index in group]
    assert sorted(members) == list(range(count))


@pytest.mark.parametrize('name', ['300w', 'cofw', 'wflw', 'lapa',
                                  'coco_wholebody_face'])
def test_inter_ocular_is_mmposes(name):
    layout = next(x for x in LAYOUTS.values() if name in x.data_sets)
    first, second = layout.distances['inter_ocular']
    assert [*first, *second] == NME.DEFAULT_KEYPOINT_INDICES[name]


def test_unknown_count_has_no_layout():
    assert find_layout(17) is None


@pytest.mark.parametrize(('pair', 'message'), [
    ((1,), 'two landmarks'), ('ab', 'two landmarks'), ((0, 9), 'names landmark 9'),
    ((-1, 2), 'names landmark -1'), (((), (1,)), 'empty group')])
def test_bad_pair(pair, message):
    with pytest.raises(ValueError, match=message):
        as_landmark_pair(pair, 5)
