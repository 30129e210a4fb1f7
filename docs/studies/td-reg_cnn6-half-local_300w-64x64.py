"""A small network whose errors become small: local corrections besides.

``mmwing.LocalRefinementHead`` on the network of ``td-reg_cnn6-half_300w-64x64.py``, for
30 epochs.
"""
_base_ = ['./td-reg_cnn6-half_300w-64x64.py']

model = dict(
    backbone=dict(out_indices=(0, 1, 4)),
    head=dict(type='mmwing.LocalRefinementHead', local_channels=(16, 32)))

max_epochs = 30
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)
