"""The page itself: what is where, and what calls what."""
from html import escape
from typing import Any, Dict, List, Optional, Tuple

import gradio as gr

from fnac_mm.apis.web_demo.redrawing import RedrawnOverlay
from fnac_mm.apis.web_demo.service import DemoService, Upload, explain

TITLE = 'Where does the sound come from?'
VIDEO, PICTURE = 'A video', 'A picture and a sound'
SIDES = ('With its own sound', 'With the other sound')
# As large as is useful; not mirrored, as the recording is not either.
CAMERA = gr.WebcamOptions(
    mirror=False,
    constraints=dict(
        video=dict(width=dict(ideal=1280), height=dict(ideal=720))))
# An upload and what became of it, kept for the sliders.
Kept = Optional[Tuple[Upload, List[RedrawnOverlay]]]

# Fonts of the system: Gradio's own themes fetch theirs from the network.
THEME = gr.themes.Default(
    primary_hue='blue',
    font=('system-ui', 'sans-serif'),
    font_mono=('ui-monospace', 'monospace'))
# Gradio trims a video with a program that it fetches from the network.
CSS = """
.gradio-container {max-width: 1100px !important; width: 100%;
    margin: auto}
.status, .status * {padding: 0 !important}
.status p {margin: 0.2em 0; font-size: 1.05em}
.status [role=alert] {border-left: 4px solid #b3261e;
    padding: 0.3em 0.8em !important}
.result .image-frame {width: 100%}
.result img {width: 100% !important; height: auto !important;
    max-height: 60vh; object-fit: contain !important}
.result video {max-height: 60vh}
.given video {max-height: 35vh}
.given button[aria-label^="Trim"], .given button[aria-label^="Reset video"]
    {display: none !important}
.gradio-container :focus-visible {outline: 3px solid #1d4ed8 !important;
    outline-offset: 2px}
@media (max-width: 600px) {.gradio-container {padding: 8px !important}}
"""


def say(text: str, role: str = 'status') -> str:
    """HTML of a line that screen readers announce."""
    return f'<p role="{role}">{escape(text)}</p>' if text else ''


class Page:
    """The page and its events.

    Args:
        service (DemoService): What does the work.
        about (str): Markdown about the model and the limits.
    """

    def __init__(self, service: DemoService, about: str) -> None:
        self.service = service
        with gr.Blocks(
                title=TITLE, analytics_enabled=False,
                delete_cache=(600, 3600)) as self.blocks:
            gr.Markdown(f'# {TITLE}\n{about}')
            self.inputs = self._build_inputs()
            self.button = gr.Button('Find the sound', variant='primary')
            self.status = gr.HTML(elem_classes='status', padding=False)
            self.sliders = self._build_sliders()
            with gr.Row():
                self.results = [
                    part for side in SIDES for part in self._build_side(side)
                ]
            # A function: Gradio copies this, a method would copy the model.
            self.kept = gr.State(
                time_to_live=3600,
                delete_callback=lambda kept: self._forget(kept))
            self._connect()

    def _build_inputs(self) -> List[Any]:
        """What is asked about."""
        kind = gr.Radio([VIDEO, PICTURE], value=VIDEO, label='What is it?')
        with gr.Row(equal_height=True):
            video = gr.Video(
                label='Video with sound',
                sources=['upload', 'webcam'],
                webcam_options=CAMERA,
                elem_classes='given')
            image = gr.Image(
                label='Picture',
                type='filepath',
                image_mode=None,
                sources=['upload', 'webcam', 'clipboard'],
                webcam_options=CAMERA,
                buttons=['fullscreen'],
                visible=False,
                height=260)
            audio = self._build_sound('Its sound', visible=False)
        with gr.Accordion('Compare with another sound (optional)', open=False):
            other = self._build_sound('The other sound')
        kind.change(
            lambda chosen: [
                gr.update(visible=chosen == VIDEO),
                gr.update(visible=chosen == PICTURE),
                gr.update(visible=chosen == PICTURE)
            ],
            kind, [video, image, audio],
            api_visibility='private')  # yapf: disable
        return [kind, video, image, audio, other]

    @staticmethod
    def _build_sound(label: str, visible: bool = True) -> gr.Audio:
        return gr.Audio(
            label=label,
            type='filepath',
            sources=['upload', 'microphone'],
            buttons=[],
            editable=False,
            visible=visible)

    @staticmethod
    def _build_sliders() -> List[Any]:
        """What is drawn again from kept maps."""
        with gr.Row():
            return [
                gr.Slider(low, 1, 0.5, step=0.05, label=label, min_width=280)
                for low, label in ((0, 'Opacity of the heat map'),
                                   (0.05, 'Threshold that bounds the box'))
            ]

    @staticmethod
    def _build_side(name: str) -> List[Any]:
        """One overlay and its downloads."""
        with gr.Column(visible=False, min_width=300) as column:
            gr.Markdown(f'### {name}')
            text = gr.HTML(elem_classes='status', padding=False)
            # Its label would lie over the caption in the picture.
            look: Dict[str, Any] = dict(
                label=f'Overlay {name.lower()}',
                show_label=False,
                interactive=False,
                visible=False,
                elem_classes='result')
            image = gr.Image(
                format='png',
                buttons=['fullscreen'],
                alt_text=f'Overlay {name.lower()}',
                **look)
            video = gr.Video(buttons=[], **look)
            with gr.Row():
                files = [
                    gr.DownloadButton(
                        f'Download {what}', size='sm', min_width=120)
                    for what in ('overlay', 'json')
                ]
        return [column, text, image, video, *files]

    def _connect(self) -> None:
        """Button and sliders."""
        outputs = [self.kept, self.status, *self.results]
        self.button.click(
            self.run, [*self.inputs, *self.sliders, self.kept],
            outputs,
            show_progress_on=self.status,
            api_name='run')
        for slider in self.sliders:
            # Also by the keyboard; of fast changes only the last counts.
            slider.input(
                self.redraw, [*self.sliders, self.kept],
                outputs[1:],
                trigger_mode='always_last',
                show_progress_on=self.status,
                api_name='redraw')

    def run(self,
            kind: str,
            video: Optional[str],
            image: Optional[str],
            audio: Optional[str],
            other: Optional[str],
            alpha: float,
            threshold: float,
            kept: Kept,
            progress: gr.Progress = gr.Progress()  # noqa: B008
            ) -> List[Any]:  # yapf: disable
        """Analyse an upload of files, and forget the one before.

        Returns:
            list: Values of the outputs.
        """
        self._forget(kept)
        upload = Upload(
            video=video, other=other) if kind == VIDEO else Upload(
                image=image, audio=audio, other=other)
        try:
            runs = self.service.start(upload)
        except Exception as error:
            return [None, *self._fail(error, upload)]
        return [(upload, runs), *self._draw(upload, runs, alpha, threshold,
                                            progress)]  # yapf: disable

    def redraw(self,
               alpha: float,
               threshold: float,
               kept: Kept,
               progress: gr.Progress = gr.Progress()  # noqa: B008
               ) -> List[Any]:  # yapf: disable
        """Draw what was analysed again.

        Returns:
            list: Values of the outputs but the first.
        """
        if kept is None:
            return [gr.skip()] * (1 + len(self.results))
        return self._draw(*kept, alpha, threshold, progress)

    def _draw(self, upload: Upload, runs: List[RedrawnOverlay], alpha: float,
              threshold: float, progress: gr.Progress) -> List[Any]:

        def advance(done: float, total: Optional[float]) -> None:
            progress(min(done / total, 1.0) if total else None)

        try:
            found = [run.draw(alpha, threshold, advance) for run in runs]
        except Exception as error:
            return self._fail(error, upload)
        sides: List[Optional[dict]] = [*found, None]
        return [say('Done.'), *self._show(sides[0]), *self._show(sides[1])]

    def _fail(self, error: Exception, upload: Upload) -> List[Any]:
        """The message, and no results."""
        message = explain(error, upload)
        return [say(message, 'alert'), *self._show(None), *self._show(None)]

    @staticmethod
    def _show(result: Optional[Dict[str, Any]]) -> List[Any]:
        """Values of one side."""
        if result is None:
            empty = [gr.update(value=None) for _ in range(4)]
            return [gr.update(visible=False), '', *empty]
        file = result['overlay']
        is_video = file.endswith('.mp4')
        return [
            gr.update(visible=True),
            say(result['text']),
            gr.update(value=None if is_video else file, visible=not is_video),
            gr.update(value=file if is_video else None, visible=is_video),
            gr.update(value=file),
            gr.update(value=result['records'])
        ]

    def _forget(self, kept: Kept) -> None:
        if kept is not None:
            self.service.forget(kept[1])
