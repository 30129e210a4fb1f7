# Painted faces with 68 iBUG points; nothing is read from disk. The box is the tight
# landmark box, which GetBBoxCenterScale enlarges by 1.25, as for 300-W.
dataset_type = 'mmwing.SyntheticFaceDataset'

train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type, num_samples=2500, seed=0, bbox_scale=1.0, cache=True))
val_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        num_samples=500,
        seed=1,
        bbox_scale=1.0,
        cache=True,
        test_mode=True))
test_dataloader = val_dataloader

val_evaluator = dict(
    type='mmwing.FaceAlignmentMetric', normalizer='inter_ocular', thr=0.1)
test_evaluator = val_evaluator
