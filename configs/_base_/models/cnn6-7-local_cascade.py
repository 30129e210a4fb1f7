# The two stages, each with batch normalisation, trained by itself before and correcting
# its landmarks from its own maps. Not in the paper.
_base_ = './cnn6-7_cascade.py'

model = dict(
    freeze_stage1=True,
    stage1=dict(
        backbone=dict(norm_cfg=dict(type='BN'), out_indices=(0, 1, 4)),
        head=dict(type='mmwing.LocalRefinementHead', local_channels=(32, 64))),
    stage2=dict(
        backbone=dict(
            widen_factor=0.5,
            norm_cfg=dict(type='BN'),
            out_indices=(0, 1, 2, 5)),
        head=dict(
            type='mmwing.LocalRefinementHead',
            in_channels=1024,
            local_channels=(32, 32, 64),
            dropout=0.2,
            local_dropout=0.2)))
