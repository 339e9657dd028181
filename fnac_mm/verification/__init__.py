"""Is a folder what a config needs?"""
