"""MMEngine writes files whole."""
import os

from mmengine.fileio import get_file_backend, join_path

import fnac_mm.engine  # noqa: F401  (registers the backend)


def test_it_is_a_backend_of_mmengine(tmp_path) -> None:
    arguments = dict(backend='atomic_local')
    backend = get_file_backend(str(tmp_path), backend_args=arguments)
    path = join_path(str(tmp_path), 'new', 'a.txt', backend_args=arguments)
    backend.put_text('grün', path)
    assert backend.get_text(path) == 'grün'
    backend.put(b'12', path)
    assert backend.get(path) == b'12'
    assert os.listdir(tmp_path / 'new') == ['a.txt']
