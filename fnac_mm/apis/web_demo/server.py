"""The server of the page, which keeps to itself."""
import os
from pathlib import Path
from typing import Any, Callable

from fnac_mm.apis.web_demo.service import DemoService

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
    """ASGI middleware: headers that keep the page to itself."""

    def __init__(self, app: Callable) -> None:
        self.app = app

    async def __call__(self, scope: dict, receive: Callable,
                       send: Callable) -> None:

        async def send_more(message: dict) -> None:
            if message['type'] == 'http.response.start':
                message['headers'] = [*message.get('headers', []), *HEADERS]
            await send(message)

        await self.app(scope, receive, send_more)


def describe(service: DemoService, shipped: bool) -> str:
    """What a visitor should know of model and limits, as Markdown."""
    limits = service.limits
    lines = [
        'The model compares each part of the picture with the sound. Bright '
        'is where they agree.',
        f'At most {limits.max_mb:g} MB and {limits.max_seconds:g} s. Nothing '
        'leaves the machine that serves this page; it deletes the files '
        'after about an hour, and when it stops.'
    ]
    if shipped:
        lines.insert(
            1, '**Only a start:** this model knows twelve drawn objects and '
            'their sounds, nothing of the real world.')
    if service.inferencer.min_confidence is None:
        lines.append('It is not known from which confidence on it can be '
                     'trusted: a place is shown whatever is heard.')
    return '\n\n'.join(lines)


def serve(service: DemoService, folder: Path, host: str, port: int,
          shipped: bool) -> None:
    """Serve the page until the process is stopped.

    Args:
        service (DemoService): What the page calls.
        folder (Path): For uploads; its owner removes it.
        host (str): Address to listen on.
        port (int): And its port.
        shipped (bool): Whether the model is the shipped one.

    Raises:
        OSError: If the port is taken.
    """
    # Gradio reads these when it is imported.
    os.environ.update(
        GRADIO_ANALYTICS_ENABLED='False',
        GRADIO_TEMP_DIR=str(folder / 'uploads'),
        HF_HUB_OFFLINE='1')
    from starlette.middleware import Middleware

    from fnac_mm.apis.web_demo.page import CSS, THEME, Page

    page = Page(service, describe(service, shipped)).blocks
    launched: Any = page.queue(
        default_concurrency_limit=1, max_size=16).launch(
            server_name=host,
            server_port=port,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            ssr_mode=False,
            footer_links=[],
            theme=THEME,
            css=CSS,
            max_file_size=int(service.limits.max_mb * 2**20),
            app_kwargs=dict(middleware=[Middleware(SecurityHeaders)]))
    if host not in LOOPBACK:
        print('everyone in the network who can reach this machine can use '
              'the page; it has no password')
    print(f'open {launched[1]} in a browser; Ctrl-C stops it', flush=True)
    page.block_thread()
