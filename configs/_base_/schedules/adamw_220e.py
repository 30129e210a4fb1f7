# AdamW on batches of 32, one warm-up epoch, cosine to zero. The hooks stand with the
# data: the last tenth sees another pipeline.
max_epochs = 220
mild_epoch = 200
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=10)
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01, fused=True))
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
auto_scale_lr = dict(base_batch_size=32)
