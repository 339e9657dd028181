"""A data set's media in one file: records, reading them, writing them."""
