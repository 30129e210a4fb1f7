# CNN-7 at half its width with batch normalisation, and corrections of the landmarks from
# its maps of stride 4 and 8. Not in the paper.
_base_ = './cnn7_128x128.py'

model = dict(
    backbone=dict(
        widen_factor=0.5, norm_cfg=dict(type='BN'), out_indices=(1, 2, 5)),
    head=dict(
        type='mmwing.LocalRefinementHead',
        in_channels=1024,
        local_channels=(32, 64)))
