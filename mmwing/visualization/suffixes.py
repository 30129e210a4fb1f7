"""Suffixes of the formats that pictures can be written in."""

#: Of sheets of faces, which every OpenCV writes.
PICTURE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')

#: Of figures, which Matplotlib writes without further programs.
FIGURE_SUFFIXES = ('.png', '.svg', '.svgz', '.pdf', '.eps', '.ps', '.jpg', '.jpeg',
                   '.tif', '.tiff', '.webp')
