_base_ = './td-reg_cnn6-7-cascade_wing_1xb8-120k_aflw-128x128.py'

# Faces in rare head poses are repeated, by the second mode as in the authors' script.
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmwing.PoseBalancedDataset',
        mode=1,
        dataset={{_base_.train_dataloader.dataset}}))
