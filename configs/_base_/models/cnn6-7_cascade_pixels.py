# cnn6-7_cascade.py, whose last layers start as those of pixels (see sgd_120k_cascade.py).
_base_ = './cnn6-7_cascade.py'

model = dict(
    stage1=dict(head=dict(
        init_cfg=dict(
            type='Kaiming',
            layer='Linear',
            mode='fan_in',
            override=dict(
                type='Normal', name='fc', std=(2 / 1024)**0.5 / 64, bias=0)))),
    stage2=dict(head=dict(
        init_cfg=dict(
            type='Kaiming',
            layer='Linear',
            mode='fan_in',
            override=dict(
                type='Normal', name='fc', std=(2 / 1024)**0.5 / 128, bias=0)))))
