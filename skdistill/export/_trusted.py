"""What skops may load of this package."""

__all__ = ["TRUSTED_TYPES"]

TRUSTED_TYPES = (
    "skdistill.distilled._classifier.DistilledClassifier",
    "skdistill.distilled._regressor.DistilledRegressor",
    "skdistill.refine._parameters.LeafRefinement",
    "skdistill.search._classifier.DistilledClassifierCV",
    "skdistill.search._regressor.DistilledRegressorCV",
    "skdistill.students._regressors.LogitStudent",
    "skdistill.students._regressors.ProbabilityStudent",
    "skdistill.teachers._cache.LazyTeacher",
    "skdistill.teachers._calibration.AffineCalibration",
    "skdistill.teachers._calibration.TemperatureScaling",
    "skdistill.teachers._fold_mean.FoldMeanClassifier",
    "skdistill.teachers._fold_mean.FoldMeanRegressor",
    "skdistill.teachers._presets.EmptyColumnFiller",
    "skdistill.teachers._presets.StandardTarget",
    "skdistill.transfer._columns.Categories",
    "skdistill.transfer._columns.Columns",
    "skdistill.transfer._columns.Numbers",
    "skdistill.transfer._conditional.ConditionalSampler",
    "skdistill.transfer._conditional._Leaves",
    "skdistill.transfer._grid.Grid",
    "skdistill.transfer._jitter.JitterSampler",
    "skdistill.transfer._mixup.MixupSampler",
    "skdistill.transfer._munge.MungeSampler",
    "skdistill.transfer._permutation.PermutationSampler",
    "skdistill.transfer._swap_noise.SwapNoiseSampler",
    "skdistill.transfer._transfer_set.TransferSet",
)
