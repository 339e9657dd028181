"""Parts of ``verify_dataset.py``."""
