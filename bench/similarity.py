"""How alike two pictures look: SSIM (Wang et al., IEEE Trans. Image Processing 13, 2004)."""

from PIL import Image, ImageMath

WINDOW = 7
"""Pixels of a window's side, as scikit-image has it; windows lie at every pixel."""

_RANGE = 255
_C1, _C2 = (0.01 * _RANGE) ** 2, (0.03 * _RANGE) ** 2  # the paper's constants


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Return the mean structural similarity of two pictures' luminance: 1 if they are the same.

    Raises
    ------
    ValueError
        They are not of one size, or smaller than a window.
    """
    if one.size != other.size or min(one.size) < WINDOW:
        raise ValueError(f"{one.size} and {other.size} cannot be compared")
    x, y = one.convert("L").convert("F"), other.convert("L").convert("F")
    layers = {"x": x, "y": y, "xx": _times(x, x), "yy": _times(y, y), "xy": _times(x, y)}
    total, count = 0.0, 0
    for left in range(WINDOW):
        for top in range(WINDOW):
            # The means in windows that lie side by side, from here on.
            across, down = (one.width - left) // WINDOW, (one.height - top) // WINDOW
            if across and down:
                box = (left, top, left + across * WINDOW, top + down * WINDOW)
                means = {name: layer.reduce(WINDOW, box) for name, layer in layers.items()}
                scores = memoryview(_score(means).tobytes()).cast("f")
                total, count = total + sum(scores), count + len(scores)
    return total / count


def _times(one: Image.Image, other: Image.Image) -> Image.Image:
    return ImageMath.lambda_eval(lambda the: the["one"] * the["other"], one=one, other=other)


def _score(means: dict[str, Image.Image]) -> Image.Image:
    return ImageMath.lambda_eval(
        lambda of: (
            (2 * of["x"] * of["y"] + _C1)
            * (2 * (of["xy"] - of["x"] * of["y"]) + _C2)
            / (
                (of["x"] * of["x"] + of["y"] * of["y"] + _C1)
                * (of["xx"] - of["x"] * of["x"] + of["yy"] - of["y"] * of["y"] + _C2)
            )
        ),
        **means,
    )
