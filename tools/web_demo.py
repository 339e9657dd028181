"""A page on which anyone can look at the heat map of a video or a picture.

    python tools/web_demo.py [CHECKPOINT] [--port 7860]

It listens on this machine only unless --host says otherwise, and asks nothing
of the network. Without a checkpoint the shipped one is used, which knows only
a synthetic world. Needs: pip install -e '.[demo]'
"""
import argparse
import os
import signal
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable

from fnac_mm.apis import LocalizationInferencer, read_min_confidence
from fnac_mm.apis.demo_service import DemoService
from fnac_mm.apis.upload_limits import UploadLimits

LIMITS = UploadLimits()
LOOPBACK = ('127.0.0.1', 'localhost', '::1')
# The page loads nothing from elsewhere, whatever its libraries ask for.
POLICY = ("default-src 'self'; script-src 'self' 'unsafe-inline' "
          "'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
          "img-src 'self' data: blob:; media-src 'self' data: blob:; "
          "font-src 'self' data:; connect-src 'self' data: blob:; "
          "worker-src 'self' blob:; frame-ancestors 'none'")
HEADERS = [(b'content-security-policy', POLICY.encode()),
           (b'referrer-policy', b'no-referrer'),
           (b'x-content-type-options', b'nosniff')]


class SecurityHeaders:
    """ASGI middleware: headers that keep the page to itself.

    Args:
        app (Callable): ASGI application.
    """

    def __init__(self, app: Callable) -> None:
        self.app = app

    async def __call__(self, scope: dict, receive: Callable,
                       send: Callable) -> None:

        async def send_more(message: dict) -> None:
            if message['type'] == 'http.response.start':
                message['headers'] = [*message.get('headers', []), *HEADERS]
            await send(message)

        await self.app(scope, receive, send_more)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
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
        default=LIMITS.max_mb,
        help='largest file (default: %(default)g)')
    add('--max-seconds',
        type=float,
        default=LIMITS.max_seconds,
        help='longest video or sound (default: %(default)g)')
    add('--every',
        type=int,
        default=2,
        help='look at every so manyth frame '
        'of a video (default: %(default)s)')
    add('--device', help='cpu, cuda, ... (default: a GPU)')
    confidence = parser.add_mutually_exclusive_group()
    confidence.add_argument(
        '--min-confidence',
        type=float,
        metavar='COS',
        help='place no source where no cosine exceeds this one')
    confidence.add_argument(
        '--threshold-from',
        metavar='JSON',
        help='the same, as calibrated by NegativeAudioMetric')
    return parser.parse_args()


def build_service(args: argparse.Namespace, folder: Path) -> DemoService:
    """Load the model.

    Args:
        args (Namespace): Command line.
        folder (Path): For results.

    Returns:
        DemoService: What the page calls.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the checkpoint can't be used, or an option is wrong.
    """
    if args.every < 1:
        raise ValueError(f'--every must be at least 1, got {args.every}')
    limits = UploadLimits(args.max_upload_mb, args.max_seconds)
    confidence = args.min_confidence
    if args.threshold_from:
        confidence = read_min_confidence(args.threshold_from)
    model = [args.config, args.checkpoint
             ] if args.config else [args.checkpoint]
    inferencer = LocalizationInferencer(
        *model,
        device=args.device,
        show_progress=False,
        min_confidence=confidence)
    return DemoService(inferencer, folder, limits, args.every)


def describe(args: argparse.Namespace, service: DemoService) -> str:
    """What a visitor should know.

    Args:
        args (Namespace): Command line.
        service (DemoService): With model and limits.

    Returns:
        str: Markdown.
    """
    limits = service.limits
    lines = [
        'The model compares each part of the picture with the sound. Bright '
        'is where they agree.',
        f'At most {limits.max_mb:g} MB and {limits.max_seconds:g} s. Nothing '
        'leaves the machine that serves this page; it deletes the files '
        'after about an hour, and when it stops.'
    ]
    if args.checkpoint is None:
        lines.insert(
            1, '**Only a start:** this model knows twelve drawn objects and '
            'their sounds, nothing of the real world.')
    if service.inferencer.min_confidence is None:
        lines.append('It is not known from which confidence on it can be '
                     'trusted: a place is shown whatever is heard.')
    return '\n\n'.join(lines)


def serve(args: argparse.Namespace, folder: Path) -> None:
    """Serve the page until it is stopped.

    Args:
        args (Namespace): Command line.
        folder (Path): For all files; its owner removes it.

    Raises:
        OSError: If the port is taken.
    """
    # Gradio reads these when it is imported.
    os.environ.update(
        GRADIO_ANALYTICS_ENABLED='False',
        GRADIO_TEMP_DIR=str(folder / 'uploads'),
        HF_HUB_OFFLINE='1')
    results = folder / 'results'
    results.mkdir()
    service = build_service(args, results)
    from starlette.middleware import Middleware
    from web_demo_page import CSS, THEME, Page

    page = Page(service, describe(args, service)).blocks
    launched: Any = page.queue(
        default_concurrency_limit=1, max_size=16).launch(
            server_name=args.host,
            server_port=args.port,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            ssr_mode=False,
            footer_links=[],
            theme=THEME,
            css=CSS,
            max_file_size=int(args.max_upload_mb * 2**20),
            app_kwargs=dict(middleware=[Middleware(SecurityHeaders)]))
    if args.host not in LOOPBACK:
        print('everyone in the network who can reach this machine can use '
              'the page; it has no password')
    print(f'open {launched[1]} in a browser; Ctrl-C stops it', flush=True)
    page.block_thread()


def main() -> None:
    """Serve; bad input ends with a message."""
    args = parse_args()
    if find_spec('gradio') is None:
        sys.exit("error: the page needs Gradio: pip install -e '.[demo]' "
                 '-c requirements/constraints.txt, in an environment of its '
                 'own (docs/web_demo.md)')
    # So that a service manager's stop removes the files, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with tempfile.TemporaryDirectory(prefix='fnac_mm_web_') as folder:
            serve(args, Path(folder))
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()
