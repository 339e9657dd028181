"""From raw media to the layout of a data set."""
