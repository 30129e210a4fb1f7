"""Let MMPose's visualizers draw points on numpy >= 2.4.

MMPose 1.3.2 hands the radius of a point over as an array of one element, which its
Matplotlib backend needs. Its OpenCV backend, the default, calls ``int`` of it, which
numpy refuses since 2.4. Every drawing passes there: ``--show-dir`` and ``--badcase`` of
``tools/test.py``, and ``MMPoseInferencer``.
"""

from __future__ import annotations

import functools


@functools.cache
def mend_drawing() -> None:
    """Make the OpenCV backend of MMPose's visualizers take its own radii.

    Does nothing on a numpy that allows what MMPose does.
    """
    import numpy as np

    if np.lib.NumpyVersion(np.__version__) < '2.4.0':
        return
    from mmpose.visualization.opencv_backend_visualizer import OpencvBackendVisualizer

    draw_circles = OpencvBackendVisualizer.draw_circles

    @functools.wraps(draw_circles)
    def draw_circles_of_scalar_radius(self, center, radius, *args, **kwargs):
        if self.backend == 'opencv':
            radius = np.asarray(radius).item()
        return draw_circles(self, center, radius, *args, **kwargs)

    OpencvBackendVisualizer.draw_circles = draw_circles_of_scalar_radius
