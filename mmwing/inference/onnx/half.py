"""Store the weights of an ONNX model in half precision."""

from __future__ import annotations

import onnx
from onnx import numpy_helper


def store_half(model: onnx.ModelProto, few: int) -> onnx.ModelProto:
    """Store weights as float16, each cast to float32 where it is used.

    Args:
        model: Changed in place.
        few: Tensors of fewer numbers stay as they are.
    """
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < few:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype('float16'),
                                                f'{name}.half'))
        casts.append(onnx.helper.make_node('Cast', [f'{name}.half'], [name],
                                           to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    model.graph.ClearField('node')
    model.graph.node.extend(nodes)
    return model
