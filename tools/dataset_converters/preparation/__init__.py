"""What the ``prepare_*.py`` tools share: from raw media to a data set."""
