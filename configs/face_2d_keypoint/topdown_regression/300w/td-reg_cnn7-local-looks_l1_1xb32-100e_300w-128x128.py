_base_ = ['./td-reg_cnn7-local_l1_1xb32-220e_300w-128x128.py']

# On from the training with good boxes alone, run that config first: half of the boxes are
# as wrong as those of a detector, the others as good as those of a second look, which
# this model takes (`mmwing test --looks`).
load_from = 'work_dirs/td-reg_cnn7-local_l1_1xb32-220e_300w-128x128'
model = dict(test_cfg=dict(looks=2))

train_pipeline = _base_.train_pipeline
mild_pipeline = _base_.mild_pipeline
train_pipeline[3] = dict(
    type='RandomChoice',
    transforms=[[dict(train_pipeline[3], jitter=0.25)],
                [dict(train_pipeline[3], jitter=0.05)]])
mild_pipeline[3] = dict(
    type='RandomChoice',
    transforms=[[dict(mild_pipeline[3], jitter=0.25)],
                [dict(mild_pipeline[3], jitter=0.03)]])

max_epochs = 100
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=max_epochs, T_max=max_epochs - 1)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
custom_hooks = _base_.custom_hooks
custom_hooks[-1].update(switch_epoch=88, switch_pipeline=mild_pipeline)

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
