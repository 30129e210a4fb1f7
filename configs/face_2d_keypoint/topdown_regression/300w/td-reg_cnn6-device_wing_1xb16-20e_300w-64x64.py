_base_ = [
    './td-reg_cnn6_wing_1xb16-20e_300w-64x64.py',
    '../../../_base_/augment_on_device.py',
]
