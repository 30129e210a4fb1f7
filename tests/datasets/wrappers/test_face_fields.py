"""What faces say is kept once, and found by the face's id."""

import pytest

from mmwing.datasets.wrappers.face_fields import FaceFields


def test_a_face_is_found_by_its_id():
    fields = FaceFields([7, 3, 5], [{'subsets': ['a']}, {'subsets': ['b']},
                                    {'subsets': ['a']}])
    assert [fields.of(each)['subsets'] for each in (3, 5, 7)] == [['b'], ['a'], ['a']]
    assert list(fields.counts()) == [({'subsets': ['a']}, 2), ({'subsets': ['b']}, 1)]
    for missing in (4, 8, 2):
        with pytest.raises(KeyError):
            fields.of(missing)


def test_a_number_and_a_text_of_the_same_digits_are_two_faces():
    fields = FaceFields([1, '1'], [{'subsets': ['number']}, {'subsets': ['text']}])
    assert fields.of(1)['subsets'] == ['number']
    assert fields.of('1')['subsets'] == ['text']


def test_of_two_faces_with_one_id_the_last_counts():
    fields = FaceFields([1, 1], [{'subsets': ['a']}, {'subsets': ['b']}])
    assert fields.of(1) == {'subsets': ['b']}


def test_what_a_sample_changes_stays_with_it():
    fields = FaceFields([1], [{'subsets': ['a']}])
    fields.of(1)['subsets'].append('b')
    assert fields.of(1) == {'subsets': ['a']}
