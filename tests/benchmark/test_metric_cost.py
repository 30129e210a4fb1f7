import pytest

from mmwing.benchmark.metric_cost import measure_metric
from mmwing.datasets.converters.wflw import ATTRIBUTES


def test_everything_is_switched_on_and_counted():
    cost = measure_metric(num_faces=130, num_bootstrap=20)
    assert cost.figures['random/num_faces'] == 130
    for subset in ('full', *ATTRIBUTES):
        for name in ('NME_low', 'FR@0.08', 'AUC@0.1_high', 'NME_p90', 'NME_mouth',
                     'NME_landmark_97'):
            assert f'random/{subset}/{name}' in cost.figures
    assert 0 < cost.seconds < 60 and cost.processor_seconds > 0
    assert cost.megabytes > 50


@pytest.mark.slow
def test_ten_thousand_faces_take_seconds_and_little_memory():
    """The peak is that of the whole process: meaningful when the test runs alone."""
    cost = measure_metric()
    assert cost.processor_seconds < 10
