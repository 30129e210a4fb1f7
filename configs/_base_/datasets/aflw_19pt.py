# AFLW-Full, 19 points; errors are divided by the size of the face.
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

val_evaluator = dict(normalizer='box_size')
test_evaluator = val_evaluator
