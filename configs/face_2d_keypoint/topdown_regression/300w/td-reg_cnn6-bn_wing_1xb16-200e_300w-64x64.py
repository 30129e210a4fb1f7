_base_ = './td-reg_cnn6_wing_1xb16-200e_300w-64x64.py'

# Not in the paper: batch normalisation after each convolution.
model = dict(backbone=dict(norm_cfg=dict(type='BN')))
