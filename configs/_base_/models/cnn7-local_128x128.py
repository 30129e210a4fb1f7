# CNN-7 at half its width with batch normalisation, and corrections of the landmarks from
# its maps of stride 2, 4 and 8; dropout, as few faces are all it sees. Not in the paper.
_base_ = './cnn7_128x128.py'

model = dict(
    backbone=dict(
        widen_factor=0.5, norm_cfg=dict(type='BN'), out_indices=(0, 1, 2, 5)),
    head=dict(
        type='mmwing.LocalRefinementHead',
        in_channels=1024,
        local_channels=(32, 32, 64),
        dropout=0.2,
        local_dropout=0.2))
