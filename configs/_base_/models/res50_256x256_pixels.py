# res50_256x256.py, whose last layer starts as one of pixels (see sgd_120k_256x256.py).
_base_ = './res50_256x256.py'

model = dict(
    head=dict(
        init_cfg=dict(
            type='Kaiming',
            layer='Linear',
            mode='fan_in',
            override=dict(
                type='Normal', name='fc', std=(2 / 2048)**0.5 / 256, bias=0))))
