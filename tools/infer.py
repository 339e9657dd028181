"""Find where in a picture, or in a video, a sound comes from.

    python tools/infer.py CHECKPOINT --image F --audio F --out-dir D
    python tools/infer.py CHECKPOINT --video F --out-dir D
    python tools/infer.py CONFIG CHECKPOINT --folder D --out-dir D
    python tools/infer.py --video F --out-dir D     # the shipped checkpoint

A picture gives <name>.npy, the heat map at its size (float32), and
<name>.png, the picture with the map over it. A video gives <name>.mp4, with
the map and the sound, and <name>.json, what was found in each frame. A folder
(frames/ and audio/, or videos) gives all that and predictions.json.
"""
import argparse
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from fnac_mm.apis import VideoOptions
from fnac_mm.apis.find_checkpoint import find_checkpoint
from fnac_mm.utils.command_line import (add_confidence_arguments, make_parser,
                                        parse_dashed, tidy_exit)

if TYPE_CHECKING:
    from fnac_mm.apis import LocalizationInferencer

DEFAULTS = VideoOptions()
OPTIONS: Dict[str, Tuple[type, str]] = dict(
    start=(float, 'second of the video to begin at'),
    duration=(float, 'seconds of it (default: to the end)'),
    every=(int, 'look at one in so many frames of a video'),
    fps=(float, 'at most so many frames per second in the output'),
    batch_size=(int, 'frames at once'),
    alpha=(float, 'opacity of the heat map'),
    threshold=(float, 'level of the map, from 0 to 1, that bounds boxes'),
    smoothing=(str, 'of the maps of a video over time: none, exponential '
               '(causal) or gaussian (does not lag)'),
    smoothing_seconds=(float, 'its time'),
    gain=(str, 'auto brings the sound to -20 LUFS before the model, which '
          'reads absolute levels, hears it'),
    audio_track=(int, 'which audio track of a video, from 0'),
    threads=(int, 'threads of the video decoder and encoder'),
    protocol=(str, 'how the map is enlarged, see docs/evaluation.md'))
UNKNOWN = ('no calibrated threshold is known: maps are drawn whatever is '
           'heard (see --threshold-from)')


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    """What is inferred, and with what."""
    add = parser.add_argument
    add('model',
        nargs='?',
        help='checkpoint of a training, or its config (default: the shipped '
        'checkpoint, which knows only a synthetic world)')
    add('checkpoint', nargs='?', help='checkpoint, after a config')
    add('--image', metavar='F', help='picture')
    add('--audio', metavar='F', help='recording, or a video')
    add('--video', metavar='F', help='video with sound, instead of both')
    add('--folder', metavar='D', help='frames/ and audio/, or videos')
    add('--still', action='store_true', help='only one frame of the video')
    add('--time',
        type=float,
        metavar='S',
        help='second to look and listen at, of a picture or with --still '
        '(default: the middle)')
    add('--out-dir', metavar='D', required=True, help='folder for the results')
    add('--device', help='cpu, cuda, ... (default: a GPU)')


def _add_options(parser: argparse.ArgumentParser) -> None:
    """How it is inferred: the fields of VideoOptions."""

    for name, (kind, text) in OPTIONS.items():
        default = getattr(DEFAULTS, name)
        shown = '' if default is None else f' (default: {default})'
        parser.add_argument(
            f'--{name.replace("_", "-")}',
            type=kind,
            default=default,
            help=text + shown)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    _add_inputs(parser)
    _add_options(parser)
    add_confidence_arguments(parser)
    args = parse_dashed(parser)
    given = {k for k in ('image', 'audio', 'video', 'folder') if vars(args)[k]}
    if given not in ({'image', 'audio'}, {'video'}, {'folder'}):
        parser.error('give --image and --audio, or --video, or --folder')
    if args.still and not args.video:
        parser.error('--still is for --video')
    if args.time is not None and not (args.still or args.image):
        parser.error('--time is for --still, or --image and --audio; of a '
                     'video, --start and --duration choose a part')
    return args


def _check_files(args: argparse.Namespace) -> None:
    """Look for the files before anything slow is imported."""
    for path in (args.image, args.audio, args.video, args.threshold_from):
        if path and not os.path.isfile(path):
            raise FileNotFoundError(f'{path}: no such file')
    if args.folder and not os.path.isdir(args.folder):
        raise NotADirectoryError(f'{args.folder}: no such folder')
    if args.model or args.checkpoint:
        find_checkpoint(args.model, args.checkpoint)


def main() -> None:
    """Infer, write, print; bad input ends with a message."""
    args = parse_args()
    # Of our own modules, whatever the environment hides.
    warnings.filterwarnings('once', category=UserWarning, module='fnac_mm')
    warnings.showwarning = _show_warning
    try:
        with tidy_exit('interrupted; no unfinished file is left'):
            _check_files(args)
            failed = _infer(args)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    if failed:
        sys.exit('\n'.join(f'error: {text}' for text in failed.values()))


def _infer(args: argparse.Namespace) -> Dict[str, str]:
    """Infer what was asked for; return what failed of a folder, and why."""
    options = {name: getattr(args, name) for name in OPTIONS}
    VideoOptions(**options)
    from fnac_mm.apis import LocalizationInferencer, read_min_confidence
    limit = args.min_confidence
    if args.threshold_from is not None:
        limit = read_min_confidence(args.threshold_from)
    inferencer = LocalizationInferencer(
        args.model, args.checkpoint, args.device, min_confidence=limit)
    if inferencer.min_confidence is None:
        print(UNKNOWN, file=sys.stderr)
    if args.folder:
        results = inferencer.infer_folder(args.folder, args.out_dir, **options)
        print('\n'.join(_describe_folder(results, args.out_dir)))
        return results['failed']
    if args.video and not args.still:
        out_file = Path(args.out_dir) / f'{Path(args.video).stem}.mp4'
        summary = inferencer.infer_video(args.video, out_file, **options)
        print('\n'.join(_describe_video(summary)))
        return {}
    print('\n'.join(_describe_picture(_infer_picture(inferencer, args))))
    return {}


def _infer_picture(inferencer: 'LocalizationInferencer',
                   args: argparse.Namespace) -> Dict[str, Any]:
    """Infer a picture and a sound, or a frame of a video."""
    inferencer.show_progress = False
    inputs = dict(
        image=args.image, audio=args.audio, video=args.video, time=args.time)
    prediction, = inferencer(
        inputs,
        protocol=args.protocol,
        threshold=args.threshold,
        alpha=args.alpha,
        gain=args.gain,
        out_dir=args.out_dir)['predictions']
    return prediction


def _describe_gain(results: List[Dict[str, Any]]) -> Iterator[str]:
    """A line, if a sound was made louder or softer."""
    gains = [result['gain_db'] for result in results]
    if any(gains):
        yield (f'gain of the sound: {min(gains):+.1f} dB' +
               (f' to {max(gains):+.1f} dB' if len(gains) > 1 else ''))


def _show_warning(message: Any, *args: Any) -> None:
    """Where the results are, before them."""
    print(f'note: {message}', flush=True)


def _describe_picture(prediction: Dict[str, Any]) -> Iterator[str]:
    """Lines about a picture."""
    x, y = prediction['peak']
    place = ('no source placed' if prediction['placed'] is False else
             f'box (x0, y0, x1, y1) in pixels: {prediction["box_pixels"]}')
    yield place
    yield (f'peak: x={x:.3f} y={y:.3f} (fractions of the picture), '
           f'confidence {prediction["confidence"]:.3f} (cosine)')
    yield from _describe_gain([prediction])
    yield from prediction['files'].values()


def _describe_video(summary: Dict[str, Any]) -> Iterator[str]:
    """Lines about a video."""
    placed = summary['n_placed']
    yield (f'{summary["n_frames"]:,} frames, {summary["n_analyzed"]:,} '
           'analysed, ' +
           ('' if placed is None else f'a source placed in {placed:,}, ') +
           f'sound {summary["audio"]}')
    yield from _describe_gain([summary])
    if summary['missing_seconds']:
        yield (f'the pictures end {summary["missing_seconds"]} s before the '
               'end that the file announces; is it cut off?')
    yield from summary['files'].values()


def _describe_folder(results: Dict[str, Any], out_dir: str) -> Iterator[str]:
    """Lines about a folder."""
    for path, reason in results['left_out'].items():
        yield f'left out: {path}: {reason}'
    yield (f'{len(results["predictions"]):,} pictures, '
           f'{len(results["videos"]):,} videos, {len(results["failed"]):,} '
           'failed')
    yield from _describe_gain(results['predictions'] + results['videos'])
    yield str(Path(out_dir) / 'predictions.json')


if __name__ == '__main__':
    main()
