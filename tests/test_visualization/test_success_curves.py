"""Success curves: the points, and what may not stand in one plot."""
from pathlib import Path

import cv2
import numpy as np
import pytest

from fnac_mm.evaluation import read_results
from fnac_mm.visualization import plot_success_curves
from tools.analysis_tools import plot_success_curves as tool
from ..test_evaluation.samples import FLICKR, VGGSS, evaluate, random_samples


def write(path: Path, count: int = 12, meta: dict = VGGSS, **kwargs) -> Path:
    evaluate(random_samples(count), meta, out_file=str(path), **kwargs)
    return path


def test_points_are_the_rates(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.json')
    out = tmp_path / 'new' / 'curves.png'
    content = read_results(path)
    figure = plot_success_curves({'mine': content}, out, 'fused')
    cious = np.array([row['ciou']['fused'] for row in content['results']])
    line = next(line for line in figure.axes[0].lines
                if str(line.get_label()).startswith('mine'))
    expected = [100 * (cious >= 0.05 * k).mean() for k in range(21)]
    assert np.asarray(line.get_ydata()) == pytest.approx(expected)
    area = np.trapezoid(line.get_ydata(), line.get_xdata())
    assert area == pytest.approx(content['metrics']['fused/auc'])
    assert f'AUC {area:.2f}' in str(line.get_label())
    labels = ' '.join(str(line.get_label()) for line in figure.axes[0].lines)
    assert 'centre' in labels and 'oracle cap' in labels
    assert cv2.imread(str(out)).shape[:2] == (550, 770)


def test_several_files(tmp_path: Path) -> None:
    """Of two protocols: named, and without the guides of one of them."""
    files = [
        write(tmp_path / 'a.json', adaptive=True),
        write(tmp_path / 'b.json', adaptive=True, protocol='lvs')
    ]
    out = tmp_path / 'c.png'
    tool.main([*map(str, files), '--out', str(out)])
    results = dict(zip('ab', map(read_results, files)))
    figure = plot_success_curves(results, out)
    labels = [str(line.get_label()) for line in figure.axes[0].lines]
    assert labels[0].startswith('a (fnac_test)')
    assert labels[1].startswith('b (lvs)')
    assert not any('centre' in label for label in labels)
    adaptive = plot_success_curves({'a': results['a']}, out,
                                   'audio_visual_adaptive')
    assert 'adaptive' in adaptive.axes[0].get_title()


def test_what_may_not_stand_together(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.json')
    out = tmp_path / 'c.png'
    results = read_results(path)
    fewer = read_results(write(tmp_path / 'fewer.json', count=10))
    with pytest.raises(ValueError, match='b: 2 samples'):
        plot_success_curves(dict(a=results, b=fewer), out)
    flickr = write(tmp_path / 'flickr.json', meta=FLICKR)
    with pytest.raises(SystemExit, match='flickr: of data set'):
        tool.main([str(path), str(flickr), '--out', str(out)])
    with pytest.raises(ValueError, match='no fused_adaptive map'):
        plot_success_curves({'a': results}, out, 'fused_adaptive')
    with pytest.raises(ValueError, match='no results'):
        plot_success_curves({}, out)
    with pytest.raises(SystemExit, match='as many names'):
        tool.main([str(path), str(path), '--names', 'x', '--out', str(out)])
    assert not out.exists()
