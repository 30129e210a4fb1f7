# For studies: fewer landmarks, wrong labels, hidden parts, all at 0 as it stands.
# train_dataloader.dataset.pipeline.2.indices  which landmarks (val_..., too)
# train_dataloader.dataset.pipeline.3.sigma    wrong labels (and .prob)
# train_dataloader.dataset.pipeline.6.prob     occlusion
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_20e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/datasets/300w_corrupted_64x64.py',
]

model = dict(
    head=dict(loss=dict(type='mmwing.WingLoss')),
    test_cfg=dict(label_offset={{_base_.label_offset}}))
