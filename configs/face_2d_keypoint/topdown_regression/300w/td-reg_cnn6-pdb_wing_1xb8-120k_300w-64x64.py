_base_ = './td-reg_cnn6_wing_1xb8-120k_300w-64x64.py'

# Faces in rare head poses are repeated, by the first mode as in the paper.
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmwing.PoseBalancedDataset',
        mode=0,
        dataset={{_base_.train_dataloader.dataset}}))
