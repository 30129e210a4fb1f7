"""The written config: small, complete or not there; bad input named."""

import copy
from pathlib import Path

import pytest
from mmengine.config import Config
from mmpose.models.heads import RegressionHead

from mmwing.config import load_config, swap_loss

WFLW = ('mmpose::face_2d_keypoint/topdown_regression/wflw/'
        'td-reg_res50_8xb64-210e_wflw-256x256.py')
HEATMAP = ('mmpose::face_2d_keypoint/topdown_heatmap/300w/'
           'td-hm_hrnetv2-w18_8xb64-60e_300w-256x256.py')


@pytest.fixture(scope='module')
def cfg() -> Config:
    return load_config(WFLW)


def derived(folder: Path, name: str, head: str) -> Config:
    path = folder / name
    path.write_text(f'_base_ = [{WFLW!r}]\nmodel = dict(head=dict({head}))\n')
    return load_config(str(path))


def test_the_written_config_is_a_small_difference(cfg, tmp_path):
    swap = swap_loss(cfg, 'WingLoss', omega=40, epsilon=8)
    path = tmp_path / 'new' / 'wing.py'
    swap.write(path)
    text = path.read_text()
    assert WFLW in text and len(text.splitlines()) < 15
    loss = Config.fromfile(path).model.head.loss
    assert loss.to_dict() == dict(type='mmwing.WingLoss', use_target_weight=True,
                                  omega=40, epsilon=8)
    assert [each.name for each in path.parent.iterdir()] == ['wing.py']


def test_a_config_far_away_is_inherited_by_a_long_relative_path(tmp_path):
    """The line of _base_ is then broken in two."""
    near, far = tmp_path / 'a' / 'mine.py', tmp_path / 'b'.ljust(90, 'b') / 'new.py'
    near.parent.mkdir()
    near.write_text(f'_base_ = [{WFLW!r}]\n')
    far.parent.mkdir()
    swap_loss(load_config(str(near)), 'WingLoss').write(far)
    swap_loss(load_config(str(far)), 'L1Loss').write(near.parent / 'l1.py')
    loss = Config.fromfile(near.parent / 'l1.py').model.head.loss
    assert loss.type == 'mmwing.L1Loss'


@pytest.mark.parametrize('folder', [
    'a folder with blanks', 'Köpfe/顔', "it's \"quoted\"", 'back\\slash', 'x' * 200],
    ids=['blanks', 'not ASCII', 'quotes', 'backslash', 'long'])
def test_the_config_may_lie_anywhere(folder, tmp_path):
    place = tmp_path / folder
    place.mkdir(parents=True)
    cfg = derived(place, 'mine.py', '')
    for out in (place / 'wing.py', tmp_path / 'elsewhere' / 'wing.py'):
        swap = swap_loss(cfg, 'WingLoss')
        swap.write(out)
        assert Config.fromfile(out).model.head.loss.type == 'mmwing.WingLoss'
        assert len(out.read_text().splitlines()) < 15


def test_the_folder_of_the_config_may_be_a_link(tmp_path):
    (tmp_path / 'deep' / 'below').mkdir(parents=True)
    (tmp_path / 'link').symlink_to(tmp_path / 'deep' / 'below')
    swap = swap_loss(derived(tmp_path, 'mine.py', ''), 'WingLoss')
    swap.write(tmp_path / 'link' / 'wing.py')
    for folder in (tmp_path / 'link', tmp_path / 'deep' / 'below'):
        assert Config.fromfile(folder / 'wing.py').model.head.type == 'RegressionHead'


def test_the_codec_of_an_edited_config_goes_too(tmp_path):
    """The variable has the scope of MMPose's file, the head's edited decoder none."""
    path = tmp_path / 'mine.py'
    path.write_text(f'_base_ = [{HEATMAP!r}]\ncodec = dict(sigma=2)\n'
                    'model = dict(head=dict(decoder=dict(sigma=2)))\n')
    swap = swap_loss(load_config(str(path)), 'WingLoss', 'direct')
    assert swap.cfg.codec.type == 'mmwing.DirectRegressionLabel'
    assert 'MSRAHeatmap' not in str(swap.cfg.to_dict())


def test_what_an_old_loss_had_is_named_and_dropped(cfg, tmp_path):
    swap_loss(cfg, 'WingLoss', omega=40, epsilon=8).write(tmp_path / 'wing.py')
    swap = swap_loss(load_config(str(tmp_path / 'wing.py')), 'L1Loss')
    assert 'omega' not in swap.cfg.model.head.loss
    assert 'without omega=40, epsilon=8' in str(swap)
    swap.write(tmp_path / 'l1.py')
    assert 'omega=40, epsilon=8 belonged to mmwing.WingLoss' in (
        tmp_path / 'l1.py').read_text().replace('\n#  ', '')
    assert 'omega' not in Config.fromfile(tmp_path / 'l1.py').model.head.loss


def test_the_original_is_left_as_it_is(cfg):
    before = cfg.to_dict()
    swap_loss(cfg, 'WingLoss', head='direct')
    assert cfg.to_dict() == before


@pytest.mark.parametrize(('arguments', 'error', 'message'), [
    (dict(loss='WingLos'), ValueError, 'nearest: WingLoss'),
    (dict(loss='L1Loss', omega=3), TypeError, 'L1Loss has no argument omega'),
    (dict(loss='WingLoss', omega=-3), ValueError, 'omega must be a positive'),
    (dict(loss='WingLoss', omega='a'), ValueError, 'omega must be a positive'),
    (dict(loss='WingLoss', head='other'), ValueError, 'head must be one of'),
])
def test_bad_arguments(cfg, arguments, error, message):
    with pytest.raises(error, match=message):
        swap_loss(cfg, **arguments)


@pytest.mark.parametrize('cfg', [WFLW, None, dict(model=dict(type='Foo'))])
def test_what_is_no_config_is_named(cfg):
    with pytest.raises(TypeError, match=r'cfg must be a config as mmwing\.load_config'):
        swap_loss(cfg, 'L1Loss')


@pytest.mark.parametrize(('content', 'message'), [
    (dict(a=1), 'it has no model'),
    (dict(model='abc'), 'it has no model'),
    (dict(model=dict(type='Foo')), 'its model has no head'),
    (dict(model=dict(type='Foo', head=dict(type='NoHead'))), 'is not registered'),
])
def test_what_is_no_pose_config(content, message):
    with pytest.raises(ValueError, match=message):
        swap_loss(Config(content), 'WingLoss')


@pytest.mark.parametrize('head', ['keep', 'direct'])
def test_landmarks_of_head_and_data_differ(head, tmp_path):
    cfg = derived(tmp_path, 'k.py', 'num_joints=68')
    with pytest.raises(ValueError, match='68 landmarks, but the train data set '
                                         'WFLWDataset has 98'):
        swap_loss(cfg, 'WingLoss', head)


@pytest.mark.parametrize('head', ['keep', 'direct'])
def test_a_swap_that_changes_nothing(cfg, head, tmp_path):
    swap_loss(cfg, 'WingLoss', head).write(tmp_path / 'wing.py')
    with pytest.raises(ValueError, match='nothing to change'):
        swap_loss(load_config(str(tmp_path / 'wing.py')), 'WingLoss', head)


@pytest.mark.parametrize(('name', 'message'), [
    ('wing', 'must end in .py'), ('mine.py', 'was not written by a swap'),
    ('mine.py/wing.py', 'is not a folder'), ('folder.py', 'is a folder')])
def test_an_output_that_cannot_be(cfg, name, message, tmp_path):
    (tmp_path / 'mine.py').write_text('x = 1\n')
    (tmp_path / 'folder.py').mkdir()
    with pytest.raises(ValueError, match=message):
        swap_loss(cfg, 'WingLoss').write(tmp_path / name)
    assert (tmp_path / 'mine.py').read_text() == 'x = 1\n'
    assert sorted(each.name for each in tmp_path.iterdir()) == ['folder.py', 'mine.py']


def test_the_config_itself_is_not_overwritten(tmp_path):
    cfg = derived(tmp_path, 'mine.py', '')
    before = (tmp_path / 'mine.py').read_text()
    with pytest.raises(ValueError, match='is the config itself'):
        swap_loss(cfg, 'WingLoss').write(tmp_path / 'mine.py')
    assert (tmp_path / 'mine.py').read_text() == before


def test_a_base_of_the_config_is_not_overwritten(cfg, tmp_path):
    """It would inherit from itself."""
    swap_loss(cfg, 'WingLoss').write(tmp_path / 'wing.py')
    swap_loss(load_config(str(tmp_path / 'wing.py')), 'L1Loss').write(
        tmp_path / 'l1.py')
    before = (tmp_path / 'wing.py').read_text()
    with pytest.raises(ValueError, match='one that it inherits from'):
        swap_loss(load_config(str(tmp_path / 'l1.py')), 'L2Loss').write(
            tmp_path / 'wing.py')
    assert (tmp_path / 'wing.py').read_text() == before


def test_the_pure_python_style_is_refused(cfg):
    lazy = copy.deepcopy(cfg)
    lazy.model.head.type = RegressionHead
    with pytest.raises(ValueError, match='pure Python style.*edit model.head.loss'):
        swap_loss(lazy, 'WingLoss')


def test_an_interrupted_write_leaves_what_was_there(cfg, tmp_path, monkeypatch):
    path = tmp_path / 'wing.py'
    swap_loss(cfg, 'WingLoss').write(path)
    before = path.read_text()

    def fail(*_):
        raise OSError('no space left')

    monkeypatch.setattr('os.replace', fail)
    with pytest.raises(OSError, match='no space left'):
        swap_loss(cfg, 'L1Loss').write(path)
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ['wing.py']


def test_where_the_weights_start_from_is_said(cfg):
    note = 'resnet50; without it: --cfg-options model.backbone.init_cfg=None'
    assert any(note in each for each in swap_loss(cfg, 'WingLoss').notes)
    whole = copy.deepcopy(cfg)
    whole.model.init_cfg = whole.model.backbone.pop('init_cfg')
    notes = '\n'.join(swap_loss(whole, 'WingLoss').notes)
    assert 'options model.init_cfg=None' in notes and 'backbone.init_cfg' not in notes


@pytest.mark.filterwarnings('ignore:The metainfo config file')
def test_a_metric_without_eyes_is_pointed_out(cfg):
    folder = 'mmpose::face_2d_keypoint/topdown_heatmap/300wlp/'
    of_300wlp = load_config(f'{folder}td-hm_hrnetv2-w18_8xb64-60e_300wlp-256x256.py')
    notes = '\n'.join(swap_loss(of_300wlp, 'AdaptiveWingLoss').notes)
    assert 'val_evaluator.keypoint_indices=[36,45]' in notes
    of_300wlp.val_evaluator.keypoint_indices = [36, 45]
    of_300wlp.test_evaluator.keypoint_indices = [36, 45]
    for right in (of_300wlp, cfg):
        loss = 'AdaptiveWingLoss' if right is of_300wlp else 'WingLoss'
        assert not any('eyes' in note for note in swap_loss(right, loss).notes)
