"""A json that grows, and appears when it is whole."""
import json
from pathlib import Path

import pytest

from fnac_mm.apis.frame_log import FrameLog


@pytest.mark.parametrize('count', [0, 1, 3])
def test_is_json(tmp_path: Path, count: int) -> None:
    path = tmp_path / 'a.json'
    with FrameLog(path, dict(source='a "film".mp4', start=1.5)) as log:
        for index in range(count):
            log.write(dict(time=index, box=None))
        log.summary['n'] = count
        assert not path.exists()
    assert json.loads(path.read_text()) == dict(
        source='a "film".mp4',
        start=1.5,
        frames=[dict(time=i, box=None) for i in range(count)],
        n=count)


def test_nothing_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='not JSON compliant'):
        with FrameLog(tmp_path / 'a.json', dict(a=1)) as log:
            log.write(dict(confidence=float('nan')))
    assert not list(tmp_path.iterdir())
