_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_20e_finetune.py',
    '../../../_base_/models/cnn6-7-local_cascade.py',
    '../../../_base_/datasets/300w_varied_cascade.py',
]

# Both stages start from their own trainings, by the configs of these names.
model = dict(
    stage1=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/td-reg_cnn6-bn_wing_1xb32-300e_300w-64x64/'
            'epoch_300.pth'),
        head=dict(loss=dict(type='mmwing.WingLoss'))),
    stage2=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/td-reg_cnn7-local_wing_1xb32-300e_300w-128x128/'
            'epoch_300.pth'),
        # The paper's shape at twice its input size.
        head=dict(loss=dict(type='mmwing.WingLoss', omega=20, epsilon=4))))
