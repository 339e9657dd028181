"""Every tool tells what it takes, and what is missing, at once."""
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_import_order import imported_modules

TOOLS = [
    str(path.relative_to(ROOT))
    for path in sorted((ROOT / 'tools').rglob('*.py'))
    if "__name__ == '__main__'" in path.read_text()
]
HEAVY = ('torch', 'numpy', 'mmengine', 'mmpretrain', 'scipy', 'cv2',
         'matplotlib', 'gradio')
# Runs a script as python would, then says what it has imported.
RUN = f'''
import runpy, sys
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition('/')[0])
try:
    runpy.run_path(sys.argv[0], run_name='__main__')
except SystemExit as error:
    code = error.code
print('imported:', [m for m in {HEAVY} if m in sys.modules])
print('code:', code)
'''


def run(*args: str) -> str:
    """What a tool prints, its imports and its exit code."""
    done = subprocess.run([sys.executable, '-c', RUN, *args],
                          cwd=ROOT,
                          capture_output=True,
                          text=True)
    assert 'imported: []' in done.stdout, done.stdout[-500:] + done.stderr
    return done.stdout


@pytest.mark.parametrize('tool', TOOLS)
def test_help(tool: str) -> None:
    text = run(tool, '--help')
    assert text.startswith('usage: ') and text.endswith('code: 0\n')


CONVERTERS, MODELS = 'tools/dataset_converters/', 'tools/model_converters/'


@pytest.mark.parametrize(
    'args', [
        (f'{CONVERTERS}prepare_vggsound.py', 'nowhere', 'out'),
        (f'{CONVERTERS}prepare_videos.py', 'tools', 'out', '--window', 'x'),
        (f'{CONVERTERS}prepare_flickr_soundnet.py', 'tools', 'out', '--list',
         'no.txt'),
        (f'{CONVERTERS}prepare_is3.py', 'tools', 'out', '--list', 'no.json'),
        (f'{CONVERTERS}prepare_avsbench.py', 'nowhere', 'out', '--subset',
         's4'),
        (f'{CONVERTERS}verify_dataset.py', 'no.py'),
        (f'{CONVERTERS}make_synthetic.py', 'out', '--workers', '0'),
        ('tools/train.py', 'no.py'),
        ('tools/test.py', 'no.py', 'a.pth'),
        ('tools/infer.py', 'no.pth', '--video', 'setup.py', '--out-dir', 'x'),
        ('tools/infer.py', '--video', 'no.mp4', '--out-dir', 'x'),
        ('tools/infer.py', '--folder', 'nowhere', '--out-dir', 'x'),
        (f'{MODELS}convert_official.py', 'no.pth', 'out.pth'),
        (f'{MODELS}publish_model.py', 'no.pth', 'out.pth'),
    ],
    ids=lambda args: Path(args[0]).stem)
def test_what_is_wrong_is_told_at_once(args: tuple) -> None:
    assert not run(*args).endswith('code: 0\n')


@pytest.mark.parametrize('tool', TOOLS)
def test_no_script_imports_another(tool: str) -> None:
    others = {'tools', *(Path(path).stem for path in TOOLS)}
    assert not others & {
        name.split('.')[0]
        for name in imported_modules(ROOT / tool)
    }
