# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A writer of ONNX graphs: one call per node, values by name, and state that goes in and comes out.

What a graph carries from call to call is an input and an output: an input named `past.X` is fed
with the output `next.X` of the call before, and with zeros at the start (`OnnxRunner`). Shapes
are static.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from motion_avatar_ros.estimation.onnx_runner import NEXT, PAST

_OPSET = 20     # the first that has Gelu
_IR_VERSION = 9


class OnnxGraph:
    """A graph that grows."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._names: dict[Hashable, str] = {}   # of the constants
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._names_out: dict[str, str] = {}    # of values that are outputs

    def input(self, name: str, shape: tuple[int, ...]) -> str:
        """Declare an input of float32."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def past(self, name: str, shape: tuple[int, ...], is_count: bool = False) -> str:
        """Declare state of (S, ...), float32 or, for a count, int64; return its past value."""
        kind = TensorProto.INT64 if is_count else TensorProto.FLOAT
        self._inputs.append(helper.make_tensor_value_info(PAST + name, kind, shape))
        self._outputs.append(helper.make_tensor_value_info(NEXT + name, kind, shape))
        return PAST + name

    def set_next(self, name: str, value: str) -> None:
        """Say what a declared state is for the next call: a node's output, of one state only."""
        self._names_out[value] = NEXT + name

    def output(self, name: str, value: str, shape: tuple[int, ...]) -> None:
        """Declare an output of float32: what a node gives."""
        self._names_out[value] = name
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def constant(self, array: Any) -> str:
        """Store an array, float32 unless it is of integers or booleans."""
        array = np.asarray(array)
        if array.dtype.kind == 'f':
            array = array.astype(np.float32)
        # What a sampler's steps share is stored once.
        key = array.dtype.str, array.shape, sha256(array.tobytes()).digest()
        if key not in self._names:
            self._names[key] = f'c{len(self._constants)}'
            self._constants.append(
                numpy_helper.from_array(np.ascontiguousarray(array), self._names[key]))
        return self._names[key]

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Append a node of the default operator set; return its output."""
        return self.add_many(1, operator, *inputs, **attributes)[0]

    def add_many(self, count: int, operator: str, *inputs: str, **attributes: Any) -> list[str]:
        """Append a node with several outputs; return them."""
        outputs = [f'v{len(self._nodes)}_{number}' for number in range(count)]
        self._nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs

    def reshape(self, value: str, *shape: int) -> str:
        """Give a value another shape of as many numbers."""
        return self.add('Reshape', value, self.constant(np.array(shape, dtype=np.int64)))

    def split(self, value: str, count: int, axis: int) -> list[str]:
        """Cut a value into equal parts."""
        return self.add_many(count, 'Split', value, axis=axis, num_outputs=count)

    def rows(self, value: str, start: int, end: int, axis: int) -> str:
        """Take start .. end - 1 along an axis."""
        start_, end_, axis_ = (
            self.constant(np.array([number], dtype=np.int64)) for number in (start, end, axis))
        return self.add('Slice', value, start_, end_, axis_)

    def model(self, description: str, metadata: Mapping[str, str]) -> bytes:
        """Return the ONNX file of what was written."""
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [self._names_out.get(name, name) for name in names]
        graph = helper.make_graph(
            self._nodes, 'estimator', self._inputs, self._outputs, self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid('', _OPSET)], ir_version=_IR_VERSION,
            producer_name='motion_avatar_ros', doc_string=description)
        helper.set_model_props(model, dict(metadata))
        return model.SerializeToString()
