"""A model for tests of what surrounds it."""
import pytest

from fnac_mm.apis import LocalizationInferencer
from .toy_model import save_toy


@pytest.fixture(scope='module')
def inferencer(
        tmp_path_factory: pytest.TempPathFactory) -> LocalizationInferencer:
    """Of the toy model, which has not learnt anything."""
    return LocalizationInferencer(
        save_toy(tmp_path_factory.mktemp('toy')),
        device='cpu',
        show_progress=False)
