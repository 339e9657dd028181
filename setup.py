"""Packaging."""
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


def version() -> str:
    """Read ``__version__`` without importing the package."""
    scope: dict = {}
    exec((ROOT / 'fnac_mm' / 'version.py').read_text(), scope)
    return scope['__version__']


def requirements(name: str) -> list:
    """Lines of ``requirements/<name>.txt``."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


class BuildWithMim(build_py):
    """Put configs and tools under ``fnac_mm/.mim``, as OpenMMLab does.

    A wheel gets copies. An editable install gets links beside the sources,
    or copies where links can't be made.
    """

    MIM = ('configs', 'tools', 'model-index.yml')

    def run(self) -> None:
        """Build the package, then add ``.mim``."""
        super().run()
        linked = self.editable_mode
        base = ROOT if linked else Path(self.build_lib)
        mim = base / 'fnac_mm' / '.mim'
        shutil.rmtree(mim, ignore_errors=True)
        mim.mkdir(parents=True)
        for name in self.MIM:
            self._place(ROOT / name, mim / name, linked)

    @staticmethod
    def _place(source: Path, target: Path, linked: bool) -> None:
        if linked:
            try:
                target.symlink_to(Path('..', '..', source.name))
                return
            except OSError:
                pass
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy2(source, target)


setup(
    name='fnac_mm',
    version=version(),
    description='FNAC audio-visual sound source localisation for MMEngine',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['fnac_mm', 'fnac_mm.*']),
    package_data={
        '': ['*.pyi'],
        'fnac_mm': ['py.typed', 'apis/checkpoints/*', 'verification/*.csv']
    },
    cmdclass={'build_py': BuildWithMim},
    python_requires='>=3.10',
    install_requires=requirements('runtime'),
    extras_require={
        name: requirements(name)
        for name in ('optional', 'tests', 'lint', 'demo')
    },
    zip_safe=False)
