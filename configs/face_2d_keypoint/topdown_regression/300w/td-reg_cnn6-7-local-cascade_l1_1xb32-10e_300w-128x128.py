_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/schedules/adamw_10e_finetune.py',
    '../../../_base_/models/cnn6-7-local_cascade.py',
    '../../../_base_/datasets/300w_varied_cascade.py',
]

# Both stages start from their own trainings, by the configs of these names.
model = dict(
    stage1=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/td-reg_cnn6-local_wing_1xb32-200e_300w-64x64/'
            'epoch_200.pth'),
        head=dict(loss=dict(type='mmwing.WingLoss'))),
    stage2=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/td-reg_cnn7-local_l1_1xb32-220e_300w-128x128/'
            'epoch_220.pth'),
        head=dict(loss=dict(type='mmwing.L1Loss'))),
    test_cfg=dict(label_offset={{_base_.label_offset}}))
