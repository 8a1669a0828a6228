"""CatBoost: its losses, whose parameters stand in the name of the loss."""

from skdistill._typing import Estimator
from skdistill.students._adapter import StudentAdapter
from skdistill.students._registry import register
from skdistill.students._training_loss import LossWord, TrainingLoss

__all__ = ["CatBoostAdapter"]


class CatBoostAdapter(StudentAdapter):
    """CatBoostRegressor, as in ``loss_function="Quantile:alpha=0.9"``."""

    loss_params = ("loss_function", "objective")

    # By the part of the name before the colon.
    losses = {  # noqa: RUF012
        "Quantile": LossWord("quantile", 0.5, ("alpha",)),
        "MAE": LossWord("quantile", 0.5),
        "Expectile": LossWord("expectile", 0.5, ("alpha",)),
        "MultiQuantile": LossWord("several"),
        **dict.fromkeys(("Huber", "LogCosh"), LossWord("robust")),
        **dict.fromkeys(("MAPE", "Lq"), LossWord("other")),
    }

    def is_positive_only(self, student: Estimator) -> bool:
        value = str(student.get_params().get("loss_function"))
        return value.partition(":")[0] in ("Poisson", "Tweedie")

    def training_loss(self, student: Estimator) -> TrainingLoss:
        params = student.get_params()
        for name in self.loss_params:
            value = params.get(name)
            if not isinstance(value, str):
                continue
            word, _, settings = value.partition(":")
            pairs = dict(part.split("=") for part in settings.split(";") if part)
            if word in self.losses:
                return self.losses[word].of(pairs, f"{name}={value!r}")
        return super().training_loss(student)

    def set_level(self, student: Estimator, level: float) -> None:
        if self.training_loss(student).kind == "quantile":
            student.set_params(loss_function=f"Quantile:alpha={level}")


register("catboost.core.CatBoostRegressor", CatBoostAdapter())
