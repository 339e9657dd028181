"""What a wheel and an editable install hold."""
import shutil
import subprocess
import sys
import zipfile

from fnac_mm.apis.find_checkpoint import shipped_checkpoint
from tests.conftest import ROOT


def test_wheel_holds_configs_and_tools(tmp_path) -> None:
    source = tmp_path / 'source'
    shutil.copytree(
        ROOT,
        source,
        ignore=shutil.ignore_patterns('.venv', '.git', '.mim', 'data', 'build',
                                      'work_dirs', '*.egg-info'))
    subprocess.run([
        sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps',
        '--no-build-isolation', '-w', tmp_path, source
    ],
                   check=True)
    wheel, = tmp_path.glob('fnac_mm-*.whl')
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        'fnac_mm/.mim/configs/fnac_vggsound.py',
        'fnac_mm/.mim/configs/_base_/default_runtime.py',
        'fnac_mm/.mim/tools/train.py', 'fnac_mm/.mim/tools/dist_train.sh',
        'fnac_mm/.mim/model-index.yml', 'fnac_mm/functional/losses.py',
        'fnac_mm/__init__.pyi', 'fnac_mm/functional/__init__.pyi',
        'fnac_mm/utils/__init__.pyi', 'fnac_mm/py.typed',
        'fnac_mm/verification/published_lists.csv'
    } <= names
    starter = shipped_checkpoint().relative_to(ROOT)
    assert starter.as_posix() in names
    assert not any(name.startswith('tests/') for name in names)


def test_every_model_index_entry_names_a_config() -> None:
    import yaml
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    for path in index['Import']:
        meta = yaml.safe_load((ROOT / path).read_text())
        configs = {model['Config'] for model in meta['Models']}
        assert all((ROOT / config).is_file() for config in configs)
        assert configs == {
            f'configs/{path.name}'
            for path in (ROOT / 'configs').glob('*.py')
            # These train no model.
            if not path.stem.endswith('all_benchmarks')
        }
