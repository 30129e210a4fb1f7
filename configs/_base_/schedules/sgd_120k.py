# Schedule of Feng et al. (CVPR 2018): SGD, batches of 8 (to be set for the data loader),
# 120k iterations, learning rate from 3e-5 to 3e-7. The exponential decay between the two
# is our reading. Includes the runtime, changed for a training that counts iterations.
_base_ = '../default_runtime.py'

max_iters = 120000
train_cfg = dict(by_epoch=False, max_iters=max_iters, val_interval=5000)
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=3e-5, momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='ExponentialLR', gamma=0.01**(1 / max_iters), by_epoch=False),
]
custom_hooks = [dict(type='mmwing.MeanShapeHook')]
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=5000))
log_processor = dict(by_epoch=False)
auto_scale_lr = dict(base_batch_size=8)
