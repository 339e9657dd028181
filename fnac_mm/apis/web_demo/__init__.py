"""A web page on which anyone can look at heat maps; needs Gradio."""
# What may be uploaded, unless told otherwise: MiB and seconds.
MAX_MB, MAX_SECONDS = 100.0, 60.0
