# How far to the right of the true points the labels of MMPose's 300-W files lie, in
# pixels: they count from 1 (measured by tools/measure_label_offset.py on the reduced
# set). The one place for it; 0 for files that tools/prepare_dataset.py has written.
label_offset = 0.8
