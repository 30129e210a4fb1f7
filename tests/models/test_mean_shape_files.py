"""Mean shapes in files come back as they were written."""

import numpy as np
import pytest

from mmwing.models.mean_shape import load_mean_shape, save_mean_shape


@pytest.mark.parametrize('suffix', ['.json', '.npy'])
def test_files(tmp_path, suffix):
    shape = np.random.default_rng(0).uniform(0, 1, (68, 2)).astype(np.float32)
    path = tmp_path / 'new' / f'mean{suffix}'
    save_mean_shape(shape, path)
    np.testing.assert_allclose(load_mean_shape(path, 68), shape, atol=1e-6)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    with pytest.raises(ValueError, match=r'mean\S*: mean_shape must have the shape'):
        load_mean_shape(path, 98)


def test_bad_files(tmp_path):
    with pytest.raises(ValueError, match='ends in .json or .npy'):
        save_mean_shape(np.zeros((3, 2)), tmp_path / 'mean.txt')
    for name in ('broken.json', 'broken.npy'):
        (tmp_path / name).write_text('[[1, 2')
        with pytest.raises(ValueError, match=name):
            load_mean_shape(tmp_path / name, 3)


def test_a_file_with_pickled_objects_is_refused(tmp_path):
    class Intruder:
        def __reduce__(self):
            return open, (str(tmp_path / 'executed'), 'w')

    np.save(tmp_path / 'shape.npy', np.array([Intruder()]), allow_pickle=True)
    with pytest.raises(ValueError, match=r'shape\.npy'):
        load_mean_shape(tmp_path / 'shape.npy', 1)
    assert not (tmp_path / 'executed').exists()
