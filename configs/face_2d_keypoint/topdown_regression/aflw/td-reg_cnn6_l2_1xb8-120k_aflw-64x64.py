_base_ = './td-reg_cnn6_wing_1xb8-120k_aflw-64x64.py'

# The paper's learning rate for L2 is a tenth.
optim_wrapper = dict(optimizer=dict(lr=3e-6))
model = dict(head=dict(loss=dict(type='mmwing.L2Loss')))
