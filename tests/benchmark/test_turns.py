"""Ways take turns; a table has medians, quartiles and ratios of one round."""

import numpy as np
import pytest

from mmwing.benchmark.turns import compared, machine, peak_megabytes, take_turns


def test_ways_take_turns_after_a_round_that_warms_up():
    calls = []
    ways = {name: lambda name=name: calls.append(name) or len(calls) for name in 'abc'}
    measured = take_turns(ways, 2)
    assert ''.join(calls) == 'cba' 'abc' 'cba'
    assert {name: values.tolist() for name, values in measured.items()} == {
        'a': [4, 9], 'b': [5, 8], 'c': [6, 7]}


@pytest.mark.parametrize(('ways', 'rounds'), [({}, 1), ({'a': lambda: 1.}, 0)])
def test_nothing_to_measure(ways, rounds):
    with pytest.raises(ValueError, match='ways must not be empty and rounds at least'):
        take_turns(ways, rounds)


def test_ratios_are_medians_over_rounds():
    table = compared('Loader', 'faces a second', {
        'first': np.array([1., 2, 4, 5, 1000]),
        'other': np.array([3., 2, 4, 10, 3000])},
        {'peak': {'first': 1.25, 'other': 2}})
    assert str(table).splitlines() == [
        '**Loader**', '',
        '|  | faces a second, median [quartiles] | ratio to first | peak |',
        '| --- | --- | --- | --- |',
        '| first | 4 [2, 5] | 1 | 1.25 |',
        '| other | 4 [3, 10] | 2 [1, 3] | 2 |']
    assert table.data['other'] == {'faces a second': [3, 4, 10], 'ratio': [1, 2, 3],
                                   'peak': 2}


def test_the_machine_and_what_is_installed():
    found = machine()
    assert found['processor'] and found['threads'] >= 1
    assert {'mmwing', 'torch', 'numpy', 'mmpose'} <= set(found)


def test_the_peak_grows_with_what_is_held():
    before = peak_megabytes()
    held = np.ones(int(before * 2**20) // 8 + 2**23)
    assert peak_megabytes() > before + 32 and held.all()
