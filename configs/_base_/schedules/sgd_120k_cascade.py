_base_ = './sgd_120k.py'

# The paper's learning rates are for outputs in pixels. Here outputs are fractions of the
# input: the same step of the last layer would move landmarks 64**2 times as far, in the
# second stage 128**2 times.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={
        'stage1.head.fc': dict(lr_mult=1 / 64**2, decay_mult=64**2),
        'stage2.head.fc': dict(lr_mult=1 / 128**2, decay_mult=128**2)
    }))
