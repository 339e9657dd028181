"""Curves of health, from lines as MMEngine writes them."""
import json
from pathlib import Path

import cv2
import pytest

from fnac_mm.visualization import plot_health_curves
from tools.analysis_tools import analyze_logs


def write(folder: Path, **figures: float) -> Path:
    """Log of four steps, two an epoch."""
    path = folder / '20260101_000000' / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    lines = []
    for step in range(1, 5):
        record = dict(loss=1., step=step, epoch=(step + 1) // 2)
        record.update({f'health/{k}': v * step for k, v in figures.items()})
        lines.append(json.dumps(record))
    path.write_text('\n'.join(lines))
    return path


def test_figures_over_epochs(tmp_path: Path) -> None:
    path = write(tmp_path, audio_rank=2., loader_share=0.1)
    figure = plot_health_curves([path], tmp_path / 'a.png')
    rank, share = figure.axes
    assert rank.get_ylabel() == 'effective rank'
    line, = rank.get_lines()
    assert line.get_xdata().tolist() == [0.5, 1, 1.5, 2]
    assert line.get_ydata().tolist() == [2, 4, 6, 8]
    line, = share.get_lines()
    assert line.get_label() == 'waiting for data'
    assert cv2.imread(str(tmp_path / 'a.png')) is not None


def test_the_tool(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write(tmp_path, gradient_norm=100.)
    out = tmp_path / 'b.png'
    analyze_logs.main([str(tmp_path), '--health', '--out', str(out)])
    assert 'health of 1 run(s), 1 start(s)' in capsys.readouterr().out
    assert out.is_file()


def test_a_log_without_health(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='without TrainingHealthHook'):
        plot_health_curves([write(tmp_path)], tmp_path / 'a.png')
