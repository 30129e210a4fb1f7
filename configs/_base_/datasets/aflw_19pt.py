# AFLW-Full, 19 points. Errors are divided by the size of the face box, as in the protocol
# of Zhu et al. (CVPR 2016), which Feng et al. (CVPR 2018) follow. AFLW's boxes are square:
# the root of the area is the side, the box_size of the annotation and MMPose's bbox_size.
_base_ = './300w_68pt.py'

dataset_type = 'AFLWDataset'
data_root = '{{$MMWING_AFLW:data/aflw/}}'

train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/face_landmarks_aflw_train.json'))
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/face_landmarks_aflw_test.json'))
test_dataloader = val_dataloader

val_evaluator = dict(normalizer='box_sqrt_area')
test_evaluator = val_evaluator
