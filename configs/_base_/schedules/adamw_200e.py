# adam_20e.py with AdamW and 200 epochs.
_base_ = './adam_20e.py'

max_epochs = 200
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
optim_wrapper = dict(optimizer=dict(type='AdamW', weight_decay=0.01))
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)
