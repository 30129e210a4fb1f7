_base_ = [
    './td-reg_cnn6_wing_1xb64-24e_synthetic-64x64.py',
    '../../../_base_/augment_on_device.py',
]
