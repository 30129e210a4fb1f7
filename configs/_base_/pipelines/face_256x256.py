# face_64x64.py for inputs of 256x256 pixels.
_base_ = './face_64x64.py'

codec = dict(input_size=(256, 256))
train_pipeline, val_pipeline = _base_.train_pipeline, _base_.val_pipeline
train_pipeline[3].input_size = val_pipeline[2].input_size = codec['input_size']
train_pipeline[5].encoder.input_size = codec['input_size']
