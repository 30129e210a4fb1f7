# adam_20e.py for batches of 64, at twice the learning rate.
_base_ = './adam_20e.py'

max_epochs = 24
train_cfg = dict(max_epochs=max_epochs, val_interval=4)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)
custom_hooks = _base_.custom_hooks
custom_hooks[1].update(momentum=0.002, gamma=200)
auto_scale_lr = dict(base_batch_size=64)
