"""Child registries: complete, importable, quiet."""
import logging
from importlib import import_module
from pathlib import Path

import pytest
import torch
from mmengine import registry as root
from mmengine.registry import Registry
from mmengine.runner import Runner
from torch import nn

from fnac_mm import registry

ROOTS = {
    name: node
    for name, node in vars(root).items() if isinstance(node, Registry)
}


@pytest.mark.parametrize('name', ROOTS)
def test_every_root_has_a_child(name: str) -> None:
    child = getattr(registry, name)
    assert child.parent is ROOTS[name]
    assert child.scope == 'fnac_mm'
    assert name in registry.__all__


@pytest.mark.parametrize('name', registry.__all__)
def test_locations_import(name: str) -> None:
    locations = getattr(registry, name)._locations
    assert locations
    for location in locations:
        import_module(location)


@pytest.mark.parametrize(
    'name, types',
    [('DATASETS',
      ('AVLocalizationDataset', 'FlickrSoundNet', 'VGGSound', 'VGGSS')),
     ('TRANSFORMS', ('LoadAudio', 'LoadImage', 'PackAVInputs')),
     ('FUNCTIONS', ('collate_av', )),
     ('MODELS', ('AVDataPreprocessor', 'DualEncoderLocalizer', 'FNACLoss')),
     ('METRICS', ('LocalizationMetric', )), ('HOOKS', ('LossWarmupHook', )),
     ('VISUALIZERS', ('LocalizationVisualizer', )),
     ('INFERENCERS', ('LocalizationInferencer', ))])
def test_public_types_are_registered(name: str, types: tuple) -> None:
    found = getattr(registry, name)
    found.import_from_location()
    for type_ in types:
        assert type_ in found.module_dict


@registry.MODELS.register_module(force=True)
class ToyModel(nn.Module):
    """Learns one number."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def train_step(self, data: object, optim_wrapper: object) -> dict:
        """One step."""
        loss = (self.weight - 1).square().sum()
        optim_wrapper.update_params(loss)
        return dict(loss=loss.detach())


@registry.DATASETS.register_module(force=True)
class ToyDataset(torch.utils.data.Dataset):
    """Four numbers."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        return index


def test_a_run_in_our_scope_warns_of_nothing(
        tmp_path: Path, caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture) -> None:
    """A missing child registry logs a warning at every build."""
    caplog.set_level(logging.WARNING)
    runner = Runner(
        model=dict(type='ToyModel'),
        work_dir=str(tmp_path),
        train_dataloader=dict(
            dataset=dict(type='ToyDataset'),
            sampler=dict(type='DefaultSampler'),
            collate_fn=dict(type='default_collate'),
            batch_size=2),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        param_scheduler=[dict(type='ConstantLR')],
        visualizer=dict(
            type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]),
        default_scope='fnac_mm',
        experiment_name='toy_of_test_registry')
    runner.train()
    out, error = capfd.readouterr()
    assert runner.model.weight > 0
    assert 'fnac_mm' in root.DefaultScope.get_current_instance().scope_name
    text = caplog.text + out + error
    assert 'registry tree' not in text and 'Failed to search' not in text
