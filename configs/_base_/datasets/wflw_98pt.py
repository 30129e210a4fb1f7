# WFLW, 98 points.
_base_ = './300w_68pt.py'

dataset_type = 'WFLWDataset'
data_root = '{{$MMWING_WFLW:data/wflw/}}'

train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/face_landmarks_wflw_train.json'))
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/face_landmarks_wflw_test.json'))
test_dataloader = val_dataloader

val_evaluator = dict(normalizer='inter_ocular')
test_evaluator = val_evaluator
