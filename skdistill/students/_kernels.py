"""Kernel machines and Gaussian processes keep training samples to predict with."""

from skdistill.students._adapter import StudentAdapter
from skdistill.students._registry import register

__all__ = ["KernelAdapter"]


class KernelAdapter(StudentAdapter):
    """Support vector machines, Gaussian processes and neighbours within a radius."""

    grows_with_samples = True


for _name in (
    "svm._classes.SVR",
    "svm._classes.NuSVR",
    "svm._classes.SVC",
    "svm._classes.NuSVC",
    "gaussian_process._gpr.GaussianProcessRegressor",
    "gaussian_process._gpc.GaussianProcessClassifier",
    "neighbors._regression.RadiusNeighborsRegressor",
    "neighbors._classification.RadiusNeighborsClassifier",
):
    register(f"sklearn.{_name}", KernelAdapter())
