"""Keep the decoded images of a small data set in memory."""

import cv2
from mmpose.datasets.transforms import LoadImage

from mmwing.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadCachedImage(LoadImage):
    """MMPose's ``LoadImage`` that keeps what it decoded.

    Decoding takes about a third of the time that a 64-pixel sample needs, and a few
    thousand face crops of 320 pixels fit into memory. Every worker process fills a
    cache of its own: use ``num_workers=0`` or ``persistent_workers=True``, otherwise
    the workers forget it after each epoch. Once ``max_gigabytes`` is reached, further
    images are decoded each time.

    Cached images are read-only, so that a transform which writes into its input
    fails instead of spoiling the next epoch. Every transform of ``mmwing`` makes a
    new image.

    Required Keys: img_path, img (optional; used as it is and not cached).

    Added Keys: img, img_shape, ori_shape.

    Args:
        max_gigabytes (float): Memory limit of one process. Defaults to 2.
        **kwargs: Those of ``LoadImage``.
    """

    def __init__(self, max_gigabytes: float = 2., **kwargs) -> None:
        if not max_gigabytes > 0:
            raise ValueError(f'max_gigabytes must be positive, got {max_gigabytes!r}')
        super().__init__(**kwargs)
        self.max_gigabytes = max_gigabytes
        self._images: dict = {}
        self._bytes_left = int(max_gigabytes * 1e9)

    def transform(self, results: dict) -> dict | None:
        """See the class.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is not an image, or a damaged one.
        """
        path = results.get('img_path')
        image = self._images.get(path)
        if image is not None and 'img' not in results:
            results['img'] = image
        given = 'img' in results
        try:
            results = super().transform(results)
        except FileNotFoundError:
            raise FileNotFoundError(
                f'the image {path!r} does not exist: put it there, point data_root and '
                'data_prefix at the folder of the images, or take it out of the '
                'annotation file') from None
        except (AssertionError, cv2.error) as error:
            # MMPose raises the first where OpenCV decodes nothing.
            raise ValueError(
                f'the image {path!r} cannot be decoded: it is damaged or no image; '
                'copy it again, or take it out of the annotation file') from error
        if results is None or given:
            return results
        image = results['img']
        if image.nbytes <= self._bytes_left:
            image.flags.writeable = False
            self._images[path] = image
            self._bytes_left -= image.nbytes
        return results

    def __repr__(self) -> str:
        return f'{self.__class__.__name__}(max_gigabytes={self.max_gigabytes})'
