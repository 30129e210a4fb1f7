"""The small network of the comparisons, with pose-based data balancing."""
_base_ = './td-reg_cnn6-half_300w-64x64.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmwing.PoseBalancedDataset',
        dataset={{_base_.train_dataloader.dataset}}))
