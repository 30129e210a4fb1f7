_base_ = './td-reg_cnn6-7-local-cascade_l1_1xb32-10e_300w-128x128.py'

# Faces in rare head poses are repeated.
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmwing.PoseBalancedDataset',
        dataset={{_base_.train_dataloader.dataset}}))
