_base_ = ['./300w_68pt.py', '../pipelines/face_varied_cascade.py']

train_dataloader = dict(
    batch_size=32, dataset=dict(pipeline={{_base_.train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.val_pipeline}}))
