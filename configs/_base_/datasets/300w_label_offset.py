# Labels of 300-W as MMPose offers it count from 1, in images that are read from 0;
# tools/measure_label_offset.py on reduced 300-W. Those of tools/prepare_dataset.py: 0.
label_offset = 0.8
