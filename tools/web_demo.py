"""A page on which anyone can look at the heat map of a video or a picture.

    python tools/web_demo.py [CHECKPOINT] [--port 7860]

It listens on this machine only unless --host says otherwise, and asks nothing
of the network. Without a checkpoint the shipped one is used, which knows only
a synthetic world. Needs: pip install -e '.[demo]'
"""
import argparse
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fnac_mm.apis.find_checkpoint import find_checkpoint
from fnac_mm.apis.web_demo import MAX_MB, MAX_SECONDS
from fnac_mm.utils.command_line import (add_confidence_arguments, make_parser,
                                        tidy_exit)

if TYPE_CHECKING:
    from fnac_mm.apis.web_demo.service import DemoService


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('checkpoint', nargs='?', help='checkpoint (default: the shipped one)')
    add('--config', help='config, for a checkpoint that carries none')
    add('--host',
        default='127.0.0.1',
        help='address to listen on; 0.0.0.0 '
        'lets everyone in the network in (default: %(default)s)')
    add('--port', type=int, default=7860, help='default: %(default)s')
    add('--max-upload-mb',
        type=float,
        default=MAX_MB,
        help='largest file (default: %(default)g)')
    add('--max-seconds',
        type=float,
        default=MAX_SECONDS,
        help='longest video or sound (default: %(default)g)')
    add('--every',
        type=int,
        default=2,
        help='look at one in so many frames '
        'of a video (default: %(default)s)')
    add('--device', help='cpu, cuda, ... (default: a GPU)')
    add_confidence_arguments(parser)
    return parser.parse_args()


def _build_service(args: argparse.Namespace, folder: Path) -> 'DemoService':
    """Load the model."""
    from fnac_mm.apis import LocalizationInferencer, read_min_confidence
    from fnac_mm.apis.web_demo.service import DemoService
    from fnac_mm.apis.web_demo.upload_limits import UploadLimits
    if args.every < 1:
        raise ValueError(f'--every must be at least 1, got {args.every}')
    limits = UploadLimits(args.max_upload_mb, args.max_seconds)
    confidence = args.min_confidence
    if args.threshold_from:
        confidence = read_min_confidence(args.threshold_from)
    inferencer = LocalizationInferencer(
        args.config,
        args.checkpoint,
        device=args.device,
        show_progress=False,
        min_confidence=confidence)
    return DemoService(inferencer, folder, limits, args.every)


def _serve(args: argparse.Namespace) -> None:
    """Check the files, load the model, serve until stopped."""
    if args.checkpoint:
        find_checkpoint(args.config, args.checkpoint)
    with tempfile.TemporaryDirectory(prefix='fnac_mm_web_') as name:
        folder = Path(name)
        (folder / 'results').mkdir()
        service = _build_service(args, folder / 'results')
        from fnac_mm.apis.web_demo import server
        server.serve(service, folder, args.host, args.port, args.checkpoint
                     is None)


def main() -> None:
    """Serve; bad input ends with a message."""
    args = parse_args()
    if find_spec('gradio') is None:
        sys.exit("error: the page needs Gradio: pip install -e '.[demo]' "
                 '-c requirements/constraints.txt, in an environment of its '
                 'own (docs/web_demo.md)')
    try:
        with tidy_exit('stopped; all files of the page are deleted'):
            _serve(args)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()
