"""Keep the decoded images of a small data set in memory."""

import numpy as np
from mmpose.datasets.transforms import LoadImage

from mmwing.arguments import check_flags
from mmwing.datasets.formats.photo import read_photo
from mmwing.images import ImageError
from mmwing.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadCachedImage(LoadImage):
    """MMPose's ``LoadImage`` that keeps what it decoded, and names what it cannot.

    Decoding takes about a third of the time that a 64-pixel sample needs, and a few
    thousand face crops of 320 pixels fit into memory. Every worker process fills a
    cache of its own: use ``num_workers=0`` or ``persistent_workers=True``, otherwise
    the workers forget it after each epoch. Once ``max_gigabytes`` is reached, further
    images are decoded each time.

    Cached images are read-only, so that a transform which writes into its input
    fails instead of spoiling the next epoch. Every transform of ``mmwing`` makes a
    new image.

    Images are those of :func:`mmwing.images.read_image`, which ``mmwing check`` and
    prediction read, too: pipes, devices, damaged files and more pixels than
    :data:`mmwing.images.MAX_PIXELS` are refused.

    Required Keys: img_path, img (optional; used as it is and not cached).

    Added Keys: img, img_shape, ori_shape.

    Args:
        max_gigabytes (float): Memory limit of one process. Defaults to 2.
        to_float32 (bool): Whether the image becomes float32. Defaults to False.
        ignore_empty (bool): Whether a sample whose image cannot be read is left out.
            Defaults to False.
        backend_args (dict, optional): Which file backend of MMEngine reads.
    """

    def __init__(self, max_gigabytes: float = 2., to_float32: bool = False,
                 ignore_empty: bool = False, backend_args: dict | None = None) -> None:
        if not max_gigabytes > 0:
            raise ValueError(f'max_gigabytes must be positive, got {max_gigabytes!r}')
        check_flags(to_float32=to_float32, ignore_empty=ignore_empty)
        super().__init__(to_float32=to_float32, ignore_empty=ignore_empty,
                         backend_args=backend_args)
        self.max_gigabytes = max_gigabytes
        self._images: dict = {}
        self._bytes_left = int(max_gigabytes * 1e9)

    def transform(self, results: dict) -> dict | None:
        """See the class.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is not an image, or a damaged one.
        """
        if 'canvas_matrix' in results:
            # The picture is a canvas: what is asked for is the photo's shape.
            results['img_shape'] = results['ori_shape']
            return results
        if 'img' not in results:
            try:
                results['img'] = self._read(results['img_path'])
            except ImageError:
                if self.ignore_empty:
                    return None
                raise
        return super().transform(results)

    def _read(self, path: str) -> np.ndarray:
        image = self._images.get(path)
        if image is not None:
            return image
        image, _, _ = read_photo(path, self.backend_args)
        if self.to_float32:
            image = image.astype(np.float32)
        if image.nbytes <= self._bytes_left:
            image.flags.writeable = False
            self._images[path] = image
            self._bytes_left -= image.nbytes
        return image

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(max_gigabytes={self.max_gigabytes})'
