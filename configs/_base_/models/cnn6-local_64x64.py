# CNN-6 with batch normalisation, and corrections of the landmarks from its maps of
# stride 2 and 4. Not in the paper.
_base_ = './cnn6_64x64.py'

model = dict(
    backbone=dict(norm_cfg=dict(type='BN'), out_indices=(0, 1, 4)),
    head=dict(type='mmwing.LocalRefinementHead', local_channels=(32, 64)))
