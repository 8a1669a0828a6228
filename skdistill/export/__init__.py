"""Export: a fitted student, with its Pipeline, as an ONNX model."""

from skdistill.export._onnx import register_converters, to_onnx

__all__ = ["register_converters", "to_onnx"]
