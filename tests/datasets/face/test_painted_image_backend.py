"""Painted faces are read by their address, as files are by their path."""

import mmcv
import numpy as np
import pytest
from mmengine.fileio import get, get_text

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.evaluation.faces import face_name


def test_the_address_of_a_sample_gives_its_picture():
    faces = SyntheticFaceDataset(num_samples=3, seed=5, image_size=64)
    info = faces.get_data_info(2)
    np.testing.assert_array_equal(mmcv.imread(info['img_path']), info['img'])


def test_faces_keep_the_names_that_results_know_them_by():
    info = SyntheticFaceDataset(num_samples=3, seed=1).get_data_info(2)
    assert face_name(info['img_path'], info['id']) == 'seed1/000002.png#2'


@pytest.mark.parametrize('address', [
    'painted://128/000002.png', 'painted://128/seed1/2.jpg', 'painted://a/seed1/2.png'])
def test_an_address_of_no_face(address):
    with pytest.raises(FileNotFoundError, match='painted://128/seed0/000012.png'):
        get(address)


def test_a_picture_is_no_text():
    with pytest.raises(ValueError, match='no text'):
        get_text('painted://64/seed1/000002.png')
