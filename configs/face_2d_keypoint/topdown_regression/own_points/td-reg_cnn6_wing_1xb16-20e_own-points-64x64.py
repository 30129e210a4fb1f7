# Your own landmarks: copy this file within its folder and edit the settings between the
# lines. See docs/your_own_points.md; MMWING_OWN_POINTS names the folder of the data.
_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adam_20e.py',
    '../../../_base_/models/cnn6_64x64.py',
    '../../../_base_/pipelines/face_64x64.py',
]
# ---------------------------------------------------------------------------------
data_root = '{{$MMWING_OWN_POINTS:data/own_points/}}'
num_points = 7
points_file = 'points.yaml'  # below data_root
train_file = 'train.json'  # or train.csv, or a folder of images and .pts
val_file = 'val.json'
images = 'images/'  # folder of the images that .json and .csv name
outer_eye_corners = (0, 3)  # errors are divided by their distance
# ---------------------------------------------------------------------------------

model = dict(
    head=dict(num_joints=num_points, loss=dict(type='mmwing.WingLoss')))

dataset_type = 'mmwing.FaceLandmarkDataset'
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        metainfo=dict(from_file=points_file),
        data_root=data_root,
        ann_file=train_file,
        data_prefix=dict(img=images),
        pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        metainfo=dict(from_file=points_file),
        data_root=data_root,
        ann_file=val_file,
        data_prefix=dict(img=images),
        test_mode=True,
        pipeline={{_base_.val_pipeline}}))
test_dataloader = val_dataloader

val_evaluator = dict(
    type='mmwing.FaceAlignmentMetric',
    normalizer='inter_ocular',
    keypoint_indices=outer_eye_corners,
    thr=0.1)
test_evaluator = val_evaluator
