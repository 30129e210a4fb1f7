# cnn6_64x64.py, whose last layer starts as one of pixels (see sgd_120k_64x64.py).
_base_ = './cnn6_64x64.py'

model = dict(
    head=dict(
        init_cfg=dict(
            type='Kaiming',
            layer='Linear',
            mode='fan_in',
            override=dict(
                type='Normal', name='fc', std=(2 / 1024)**0.5 / 64, bias=0))))
