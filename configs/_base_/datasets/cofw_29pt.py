# COFW, 29 points; errors are divided by the distance between the pupils.
_base_ = './300w_68pt.py'

dataset_type = 'COFWDataset'
data_root = '{{$MMWING_COFW:data/cofw/}}'

train_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/cofw_train.json'))
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/cofw_test.json'))
test_dataloader = val_dataloader

val_evaluator = dict(normalizer='inter_pupil')
test_evaluator = val_evaluator
