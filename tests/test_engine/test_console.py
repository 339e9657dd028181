"""What a person sees of a run."""
import io
import logging
from pathlib import Path

import pytest
from rich.console import Console

from fnac_mm.engine import console
from tests.faults.toy_run import toy_config


def _said(work: Path, monkeypatch, terminal: bool, **options) -> str:
    """Of two epochs on a terminal, or in a file."""
    out = io.StringIO()
    monkeypatch.setattr(console, 'CONSOLE',
                        Console(file=out, force_terminal=terminal, width=70))
    cfg = toy_config(work, 2, **options)
    cfg.experiment_name = f'{work}_{terminal}_{len(options)}'.replace('/', '_')
    console.ConsoleRunner.from_cfg(cfg).train()
    return out.getvalue()


def test_a_line_an_epoch_and_bars_on_a_terminal_only(tmp_path,
                                                     monkeypatch) -> None:
    plain = _said(tmp_path / 'a', monkeypatch, False)
    epochs = [x for x in plain.splitlines() if x.startswith('epoch ')]
    assert len(epochs) == 2 and all('toy/score' in x for x in epochs)
    assert len(plain.splitlines()) < 12 and '\x1b' not in plain
    drawn = _said(tmp_path / 'b', monkeypatch, True)
    assert 'epoch 1/2 ' in drawn and '%' in drawn and '\x1b[2K' in drawn


def test_warnings_are_shown_once_and_all_is_in_the_log(tmp_path,
                                                       monkeypatch) -> None:
    counts = dict(optim_wrapper__accumulative_counts=2)
    plain = _said(tmp_path, monkeypatch, False, **counts)
    assert plain.count('WARNING: a checkpoint every 7 steps splits') == 1
    log, = tmp_path.glob('*/*.log')
    text = log.read_text()
    assert 'splits' in text and 'Epoch(val) [2]' in text and 'Config' in text


def test_only_what_mmengine_says_of_itself_is_left_out(capsys) -> None:
    logger = logging.Logger('run')
    logger.addHandler(console._ConsoleHandler(logging.WARNING))
    logger.warning('"FileClient" will be deprecated in future.')
    logger.warning('my_loss is deprecated')
    assert capsys.readouterr().out == 'WARNING: my_loss is deprecated\n'


def test_an_unknown_level_is_named(tmp_path) -> None:
    with pytest.raises(ValueError, match="console_level = 'verbose'.*INFO"):
        console.ConsoleRunner.from_cfg(
            toy_config(tmp_path, 1, console_level='verbose'))
