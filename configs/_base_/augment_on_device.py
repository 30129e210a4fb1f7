# Beside the bases of a config, or as one more base of a whole config: the training
# reads canvases, cut once around the faces, and crops, augments and encodes batches on
# the device of the model. `mmwing train` divides the training pipeline, whichever it is
# (mmwing.config.augment_on_device, which also says what the dict may hold).
augment_on_device = dict()
