"""ResNet-18 at half its width with a feature pyramid, in place of CNN-7 at half width.

The corrections read maps of the pyramid, of stride 4, 8 and 16, in which what lies
further away has a part.
"""
_base_ = [
    '../../configs/face_2d_keypoint/topdown_regression/300w/'
    'td-reg_cnn7-local_l1_1xb32-220e_300w-128x128.py',
]

model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNet',
        depth=18,
        base_channels=32,
        stem_channels=32,
        out_indices=(0, 1, 2, 3),
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d', mode='fan_in'),
            dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
        ]),
    neck=dict(
        type='FPN', in_channels=[32, 64, 128, 256], out_channels=64, num_outs=4),
    head=dict(
        in_channels=1024, hidden_channels=(512,), local_channels=(64, 64, 64)))
