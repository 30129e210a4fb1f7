_base_ = './td-reg_cnn6_wing_1xb8-120k_aflw-64x64.py'

model = dict(head=dict(loss=dict(type='mmwing.SmoothL1Loss')))
