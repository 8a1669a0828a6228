"""Export: a fitted student as ONNX, C or SQL; what skops may load."""

from skdistill.export._c import to_c
from skdistill.export._c_file import CModel
from skdistill.export._onnx import register_converters, to_onnx
from skdistill.export._sql import to_sql
from skdistill.export._trusted import TRUSTED_TYPES

__all__ = [
    "TRUSTED_TYPES",
    "CModel",
    "register_converters",
    "to_c",
    "to_onnx",
    "to_sql",
]
