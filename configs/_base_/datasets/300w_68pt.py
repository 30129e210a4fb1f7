# 300-W, 68 points, in MMPose's layout: data_root has annotations/ and images/. (A file
# called 300w.py here would hide MMPose's meta information of that name.)
dataset_type = 'Face300WDataset'
data_root = '{{$MMWING_300W:data/300w/}}'

train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode='topdown',
        ann_file='annotations/face_landmarks_300w_train.json',
        data_prefix=dict(img='images/')))
val_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode='topdown',
        ann_file='annotations/face_landmarks_300w_valid.json',
        data_prefix=dict(img='images/'),
        test_mode=True))
test_dataloader = val_dataloader

val_evaluator = dict(
    type='mmwing.FaceAlignmentMetric', normalizer='inter_ocular', thr=0.1)
test_evaluator = val_evaluator
