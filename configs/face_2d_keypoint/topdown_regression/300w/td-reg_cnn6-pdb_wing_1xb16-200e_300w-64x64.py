_base_ = './td-reg_cnn6_wing_1xb16-200e_300w-64x64.py'

# Faces in rare head poses are repeated.
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmwing.PoseBalancedDataset',
        dataset={{_base_.train_dataloader.dataset}}))
