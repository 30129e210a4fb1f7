"""The end of a job of several processes."""

import torch.distributed as dist

from mmwing.config.distributed import end_distributed


def test_the_empty_folder_of_results_goes_and_gloo_ends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for left, kept in ((None, False), ('results of another job', True)):
        dist.init_process_group('gloo', rank=0, world_size=1,
                                init_method=f'file://{tmp_path}/{kept}')
        folder = tmp_path / '.dist_test'
        folder.mkdir()
        if left:
            (folder / left).touch()
        end_distributed()
        assert folder.exists() == kept
        assert not dist.is_initialized()
