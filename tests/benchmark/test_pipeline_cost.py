"""Each way of the table gives the network its batches, and ratios are of one turn."""

from mmengine.registry import init_default_scope

from mmwing.benchmark import pipeline_cost
from mmwing.benchmark.photos import paint_photos


def test_every_way_reads_the_photos(tmp_path):
    init_default_scope('mmpose')
    dataset = paint_photos(tmp_path / 'photos', 2, side=64)
    assert paint_photos(tmp_path / 'photos', 2, side=64) == dataset
    ways = pipeline_cost.ways(dataset, tmp_path)
    assert all(rate(pipeline_cost.BATCH) > 0 for rate in ways.values())
    assert len(list((tmp_path / 'canvases').glob('*.npy'))) == 1


def test_ratios_are_medians_over_turns():
    rates = {'first': iter([7, 1, 2, 4]), 'other': iter([7, 3, 2, 16])}
    table = pipeline_cost.compare(
        {name: lambda count, name=name: next(rates[name]) for name in rates}, 3)
    assert table.splitlines()[2:] == ['| first | 2 | 1.00 | 1.00, 1.00 |',
                                      '| other | 3 | 3.00 | 1.00, 4.00 |']
