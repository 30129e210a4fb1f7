# face_varied_64x64.py for inputs of 96x96 pixels.
_base_ = './face_varied_64x64.py'

codec = dict(input_size=(96, 96))
train_pipeline, val_pipeline = _base_.train_pipeline, _base_.val_pipeline
train_pipeline[4].input_size = val_pipeline[3].input_size = codec['input_size']
train_pipeline[8].encoder.input_size = codec['input_size']
mild_pipeline = _base_.mild_pipeline
mild_pipeline[4].input_size = mild_pipeline[6].encoder.input_size = codec['input_size']
