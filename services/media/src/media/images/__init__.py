"""Pictures as bytes: looked at, made smaller, described. No AWS in here.

What strangers upload is taken apart by `layouts`, which is Python and bounded; only what makes the
pixels goes on to Pillow, by `opening` alone. What they wrote about the picture stays outside.
"""
