_base_ = './td-reg_cnn6-7-cascade_wing_1xb16-60e_aflw-128x128.py'

# Rare head poses are seen more often.
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmwing.PoseBalancedDataset',
        dataset={{_base_.train_dataloader.dataset}}))
