"""A few hundred damaged files for each parser; more by ``-m tests.fuzz``."""
from pathlib import Path
from typing import Dict

import pytest

from tests.conftest import ROOT
from .harness import Target, fuzz
from .targets import all_targets

COUNT = 200
# A decoder starts for each of these.
SLOW = ('film', 'film preparation')


@pytest.fixture(scope='module')
def targets(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Target]:
    """Parsers by name."""
    shared = ROOT.parent / 'shared'
    found = all_targets(
        tmp_path_factory.mktemp('whole'), shared if shared.is_dir() else None)
    return {target.name: target for target in found}


@pytest.mark.parametrize('name', [
    'id list', 'id list csv', 'negatives csv', 'avsbench csv', 'vggsound csv',
    'vggss json', 'sslalign json', 'avsbench json', 'published list',
    'flickr xml', 'sound', 'picture', 'picture cv2', 'mask', 'film',
    'film preparation', 'still preparation', 'uploaded film', 'uploaded sound',
    'uploaded picture', 'verified sound', 'verified picture', 'verified mask',
    'checkpoint', 'old checkpoint', 'forged checkpoint', 'checkpoint config',
    'pack manifest', 'forged record', 'result file', 'forged result file',
    'threshold json', 'training log', 'scores', 'preparation manifest'
])
def test_damaged_files_are_refused_or_harmless(targets: Dict[str, Target],
                                               name: str,
                                               tmp_path: Path) -> None:
    count = COUNT // 2 if name in SLOW else COUNT
    report = fuzz(targets.pop(name), count, tmp_path, seed=1)
    assert not report.findings
    assert report.accepted + report.refused == count


def test_no_parser_is_left_out(targets: Dict[str, Target]) -> None:
    """Each test above has taken its own."""
    assert not targets
