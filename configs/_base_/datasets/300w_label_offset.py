# How far the labels of 300-W lie to the right of the points that they name, in pixels,
# measured by tools/measure_label_offset.py on the reduced set. It depends on where the
# files come from. Set it here only.
label_offset = 0.8
