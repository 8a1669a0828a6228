"""How the gallery's pictures look, and the order in which they are to be read."""

__all__ = ["ORDER", "ReadingOrder", "apply"]

COLOURS = ("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860")

ORDER = (
    "one_fit",
    "boundary",
    "out_of_fold",
    "alpha",
    "temperature",
    "samplers",
    "transfer_size",
    "refinement",
    "calibration",
    "several_teachers",
    "wrong_labels",
    "few_labels",
    "privileged",
    "quantiles",
    "bayesian",
    "stages",
    "generations",
    "budget",
    "speed",
    "certificate",
    "cascade",
)


class ReadingOrder:
    """Key by which sphinx-gallery sorts the examples of a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, name: str) -> int:
        """Return the place of an example, by the name of its file."""
        return ORDER.index(name.removeprefix("plot_").removesuffix(".py"))


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
