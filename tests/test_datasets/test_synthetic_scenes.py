"""The synthetic benchmark: what makes it honest and learnable."""
import numpy as np
import pytest
import torch
from scipy.signal import spectrogram
from scipy.stats import chi2_contingency

from fnac_mm.datasets.synthetic_scenes import CLASSES, SAMPLE_RATE, make_scene
from fnac_mm.functional import baseline_cious, boxes_to_target, success_rate

NUM_SCENES = 400


@pytest.fixture(scope='module')
def scenes():
    """Scenes of one test split."""
    return [make_scene(0, 'test', index) for index in range(NUM_SCENES)]


def same(first, second):
    """Whether two scenes agree in every pixel, sample and label."""
    return (np.array_equal(first.image, second.image)
            and np.array_equal(first.waveform, second.waveform)
            and first.boxes == second.boxes
            and first.class_name == second.class_name
            and first.distractor == second.distractor)


def test_scene_has_documented_types_and_shapes():
    scene = make_scene(3, 'train', 7, height=96, width=120, duration=1.25)
    assert scene.image.shape == (96, 120, 3)
    assert scene.image.dtype == np.uint8
    assert scene.waveform.shape == (20000, )
    assert scene.waveform.dtype == np.float32
    assert np.abs(scene.waveform).max() <= 1
    assert scene.sample_rate == SAMPLE_RATE == 16000
    assert scene.class_name in CLASSES and len(set(CLASSES)) == 12
    assert scene.mask.shape == (96, 120) and scene.mask.dtype == bool


def test_scene_depends_on_seed_split_and_index_alone():
    reference = make_scene(1, 'val', 5)
    np.random.seed(0)
    make_scene(9, 'train', 0)
    assert same(reference, make_scene(1, 'val', 5))
    for other in ((2, 'val', 5), (1, 'test', 5), (1, 'val', 6)):
        different = make_scene(*other)
        assert not np.array_equal(reference.image, different.image)
        assert not np.array_equal(reference.waveform, different.waveform)


def test_unknown_split_is_named():
    with pytest.raises(ValueError, match="split must be one of.*'dev'"):
        make_scene(0, 'dev', 0)


def test_boxes_are_tight(scenes):
    for scene in scenes:
        (x0, y0, x1, y1), = scene.boxes
        height, width = scene.mask.shape
        rows, cols = np.nonzero(scene.mask)
        assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1
        assert x0 * width == pytest.approx(cols.min())
        assert y0 * height == pytest.approx(rows.min())
        assert x1 * width == pytest.approx(cols.max() + 1)
        assert y1 * height == pytest.approx(rows.max() + 1)


def test_sounding_object_is_seen():
    """Its pixels are drawn: another background does not show through."""
    for index in range(40):
        scene = make_scene(0, 'test', index)
        inside = scene.image[scene.mask].astype(int)
        saturation = inside.max(1) - inside.min(1)
        assert np.median(saturation) > 60
        assert scene.mask.mean() > 0.15


def test_half_of_the_frames_have_a_silent_object(scenes):
    crowded = [s for s in scenes if s.distractor is not None]
    assert 0.42 <= len(crowded) / NUM_SCENES <= 0.58
    assert all(s.distractor in CLASSES for s in crowded)
    assert all(s.distractor != s.class_name for s in crowded)
    assert all(
        (s.distractor is None) == (s.distractor_box is None) for s in scenes)


def test_masks_of_the_two_objects(scenes):
    for scene in scenes:
        if scene.distractor is None:
            assert scene.distractor_mask is None
            continue
        assert not (scene.mask & scene.distractor_mask).any()
        height, width = scene.distractor_mask.shape
        rows, cols = scene.distractor_mask.nonzero()
        assert scene.distractor_box == pytest.approx([
            cols.min() / width,
            rows.min() / height, (cols.max() + 1) / width,
            (rows.max() + 1) / height
        ])


@pytest.mark.parametrize('rate', [0, 1])
def test_distractor_rate_limits(rate):
    made = [make_scene(0, 'train', i, distractor_rate=rate) for i in range(9)]
    assert [s.distractor is not None for s in made] == [bool(rate)] * 9


def test_classes_are_balanced(scenes):
    count = [sum(s.class_name == name for s in scenes) for name in CLASSES]
    assert min(count) > NUM_SCENES / 12 / 2


def test_position_and_size_do_not_tell_the_role():
    """Sounding and silent objects stand in the same places."""
    pairs = [make_scene(4, 'train', i, distractor_rate=1) for i in range(300)]
    sounding = np.array([s.boxes[0] for s in pairs])
    silent = np.array([s.distractor_box for s in pairs])
    tables = [[quadrants(sounding), quadrants(silent)]]
    areas = [(b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
             for b in (sounding, silent)]
    cuts = np.quantile(np.concatenate(areas), [0.25, 0.5, 0.75])
    tables.append(
        [np.bincount(np.digitize(a, cuts), minlength=4) for a in areas])
    for table in tables:
        assert chi2_contingency(np.array(table)).pvalue > 0.01
    wins = np.mean(areas[0] > areas[1])
    assert 0.42 < wins < 0.58


def quadrants(boxes):
    """Number of box centres in each quarter of the frame."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    return np.bincount(2 * (y > 0.5) + (x > 0.5), minlength=4)


def test_position_does_not_tell_the_class(scenes):
    table = np.array([
        quadrants(
            np.array([s.boxes[0] for s in scenes if s.class_name == name]))
        for name in CLASSES
    ])
    assert chi2_contingency(table).pvalue > 0.01


def test_trivial_predictions_score_low(scenes):
    targets = torch.stack([boxes_to_target(scene.boxes) for scene in scenes])
    rates = {k: success_rate(v) for k, v in baseline_cious(targets).items()}
    assert rates['whole_image'] <= 0.25 and rates['centre'] <= 0.30
    assert rates['oracle_cap'] >= 0.99


def mean_spectrum(waveform):
    """Level-free mean log spectrum of the middle 0.8 s, shape (257,)."""
    start = (len(waveform) - 12800) // 2
    _, _, power = spectrogram(
        waveform[start:start + 12800], SAMPLE_RATE, nperseg=512, noverlap=274)
    spectrum = np.log(power + 1e-7).mean(1)
    return spectrum - spectrum.mean()


def test_timbres_can_be_told_apart(scenes):
    """A nearest-centroid classifier names most of the sounds."""
    spectra = np.array([mean_spectrum(s.waveform) for s in scenes])
    labels = np.array([CLASSES.index(s.class_name) for s in scenes])
    half = NUM_SCENES // 2
    centroids = np.array([
        spectra[:half][labels[:half] == k].mean(0)
        for k in range(len(CLASSES))
    ])
    distance = np.square(spectra[half:, None] - centroids).sum(-1)
    assert np.mean(distance.argmin(1) == labels[half:]) > 0.8


def test_looks_can_be_told_apart_but_vary(scenes):
    """Mean colours of a class scatter, and still gather by class."""
    alone = [s for s in scenes if s.distractor is None]
    colours = np.array([s.image[s.mask].mean(0) for s in alone])
    labels = np.array([CLASSES.index(s.class_name) for s in alone])
    centroids = np.array([colours[labels == k].mean(0) for k in range(12)])
    distance = np.square(colours[:, None] - centroids).sum(-1)
    assert np.mean(distance.argmin(1) == labels) > 0.6
    assert all(colours[labels == k].std(0).max() > 3 for k in range(12))
