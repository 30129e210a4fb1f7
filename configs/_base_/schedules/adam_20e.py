# Adam, one warm-up epoch, cosine decay to zero, exponential moving average of weights.
max_epochs = 20
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=5e-4, fused=True))
param_scheduler = [
    dict(
        type='LinearLR',
        begin=0,
        end=1,
        start_factor=0.01,
        by_epoch=True,
        convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        end=max_epochs,
        T_max=max_epochs - 1,
        eta_min=0,
        by_epoch=True,
        convert_to_iter_based=True),
]
custom_hooks = [
    dict(type='mmwing.MeanShapeHook'),
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0005, gamma=800),
]
auto_scale_lr = dict(base_batch_size=16)
