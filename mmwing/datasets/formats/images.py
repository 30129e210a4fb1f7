"""Image files: decode them in full, or say what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError


class ImageError(ValueError):
    """An image exists and cannot be decoded."""


class MissingImageError(ImageError):
    """The file that holds an image is not there."""


@dataclass(frozen=True)
class ImageFile:
    """An image file, which can also be linked or copied as it is."""

    path: Path

    @property
    def container(self) -> Path:
        """What must be read in one go; images of one container stay together."""
        return self.path

    def open(self) -> Image.Image:
        """Decode the image in full, without turning it as EXIF asks.

        Raises:
            MissingImageError: If there is no such file.
            ImageError: If it is not an image, or cut off.
        """
        try:
            image = Image.open(self.path)
            image.load()
        except FileNotFoundError as error:
            raise MissingImageError(f'no file {self.path}') from error
        # Damaged files make Pillow raise all of these, by format.
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError,
                Image.DecompressionBombError) as error:
            raise ImageError(f'{self.path}: {error}') from error
        return image
