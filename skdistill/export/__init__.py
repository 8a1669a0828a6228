"""Export: a fitted student as an ONNX model; what skops may load."""

from skdistill.export._onnx import register_converters, to_onnx
from skdistill.export._trusted import TRUSTED_TYPES

__all__ = ["TRUSTED_TYPES", "register_converters", "to_onnx"]
