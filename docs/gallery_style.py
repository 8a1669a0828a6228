"""How pictures of the gallery look; sphinx-gallery applies it before each example."""

__all__ = ["apply"]

COLOURS = ("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860")


def apply(gallery_conf: dict, path: str) -> None:
    """Set the style of matplotlib's pictures."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(
        {
            "axes.prop_cycle": plt.cycler(color=COLOURS),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "figure.constrained_layout.use": True,
            "figure.figsize": (7.0, 4.2),
            "grid.alpha": 0.3,
            "legend.frameon": False,
        }
    )
