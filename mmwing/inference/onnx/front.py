"""The crop of the pipelines as an ONNX graph: from an image and boxes to 8-bit crops.

PyTorch's exporters cannot say that each box needs another number of samples; this graph
is written by hand, a loop over the boxes. It does what
:class:`mmwing.runtime.crops.Crop` does with OpenCV: the same samples, averaged and
rounded at the same places.
"""

from __future__ import annotations

import onnx
import onnx.parser

from mmwing.runtime.crops import MAX_SUPERSAMPLING, Crop

# Names begin with an underscore, which no exporter gives.
_FRONT = '''
<ir_version: 8, opset_import: ["" : 17]>
front (uint8[H, W, 3] image, float[N, 4] boxes) => (uint8[N, {h}, {w}, 3] crops)
<float _one = {{1}}, float _two = {{2}}, float _half = {{0.5}}, float _zero = {{0}},
 float _widen = {{{widen}}}, float _aspect = {{{aspect}}}, float _most = {{{most}}},
 float _w = {{{w}}}, float _h = {{{h}}}, float _255 = {{255}}, bool _true = {{1}},
 int64[1] _axis0s = {{0}},
 int64[2] _halves = {{2, 2}}, int64[1] _row = {{1}}, int64 _first = {{0}},
 int64 _second = {{1}}>
{{
    _planes = Transpose <perm = [2, 0, 1]> (image)
    _planes0 = Unsqueeze (_planes, _axis0s)
    _pixels = Cast <to = 1> (_planes0)
    _image_shape = Shape (image)
    _image_h_int = Gather (_image_shape, _first)
    _image_w_int = Gather (_image_shape, _second)
    _image_h = Cast <to = 1> (_image_h_int)
    _image_w = Cast <to = 1> (_image_w_int)
    _low, _high = Split <axis = 1> (boxes, _halves)
    _sum = Add (_low, _high)
    _center = Mul (_sum, _half)
    _extent = Sub (_high, _low)
    _wide = Mul (_extent, _widen)
    _width = Gather <axis = 1> (_wide, _first)
    _height = Gather <axis = 1> (_wide, _second)
    _width_of_height = Mul (_height, _aspect)
    _scale_w = Max (_width, _width_of_height)
    _scale_h = Div (_scale_w, _aspect)
    _reduction = Div (_scale_w, _w)
    _rounded = Round (_reduction)
    _atleast = Max (_rounded, _one)
    _factors = Min (_atleast, _most)
    _boxes_shape = Shape (boxes)
    _count = Gather (_boxes_shape, _first)
    crops = Loop (_count, _true) <body = each (int64 _i, bool _go) =>
            (bool _next, uint8[{h}, {w}, 3] _crop) {{
        _next = Identity (_go)
        _factor = Gather (_factors, _i)
        _c = Gather (_center, _i)
        _cx = Gather (_c, _first)
        _cy = Gather (_c, _second)
        _sw = Gather (_scale_w, _i)
        _unit = Div (_sw, _w)
        _fine_w = Mul (_factor, _w)
        _fine_h = Mul (_factor, _h)
        _columns = Range (_zero, _fine_w, _one)
        _rows = Range (_zero, _fine_h, _one)
        _columns1 = Add (_columns, _half)
        _rows1 = Add (_rows, _half)
        _columns2 = Div (_columns1, _factor)
        _rows2 = Div (_rows1, _factor)
        _half_w = Mul (_w, _half)
        _half_h = Mul (_h, _half)
        _columns3 = Sub (_columns2, _half)
        _rows3 = Sub (_rows2, _half)
        _columns4 = Sub (_columns3, _half_w)
        _rows4 = Sub (_rows3, _half_h)
        _columns5 = Mul (_columns4, _unit)
        _rows5 = Mul (_rows4, _unit)
        _xs = Add (_columns5, _cx)
        _ys = Add (_rows5, _cy)
        _xs1 = Mul (_xs, _two)
        _ys1 = Mul (_ys, _two)
        _xs2 = Add (_xs1, _one)
        _ys2 = Add (_ys1, _one)
        _xs3 = Div (_xs2, _image_w)
        _ys3 = Div (_ys2, _image_h)
        _xs4 = Sub (_xs3, _one)
        _ys4 = Sub (_ys3, _one)
        _fine_w_int = Cast <to = 7> (_fine_w)
        _fine_h_int = Cast <to = 7> (_fine_h)
        _fine_w1 = Unsqueeze (_fine_w_int, _axis0s)
        _fine_h1 = Unsqueeze (_fine_h_int, _axis0s)
        _grid_shape = Concat <axis = 0> (_row, _fine_h1, _fine_w1, _row)
        _by_row = Constant <value_ints = [1, -1, 1, 1]> ()
        _by_column = Constant <value_ints = [1, 1, -1, 1]> ()
        _xs5 = Reshape (_xs4, _by_column)
        _ys5 = Reshape (_ys4, _by_row)
        _xs6 = Expand (_xs5, _grid_shape)
        _ys6 = Expand (_ys5, _grid_shape)
        _grid = Concat <axis = 3> (_xs6, _ys6)
        _samples = GridSample <mode = "bilinear", padding_mode = "zeros",
                               align_corners = 0> (_pixels, _grid)
        _samples8 = Round (_samples)
        _factor_int = Cast <to = 7> (_factor)
        _factor1 = Unsqueeze (_factor_int, _axis0s)
        _three = Constant <value_ints = [3]> ()
        _rows_of = Constant <value_ints = [{h}]> ()
        _columns_of = Constant <value_ints = [{w}]> ()
        _cells_shape = Concat <axis = 0> (_three, _rows_of, _factor1, _columns_of,
                                          _factor1)
        _cells = Reshape (_samples8, _cells_shape)
        _mean = ReduceMean <axes = [2, 4], keepdims = 0> (_cells)
        _to_even = Round (_mean)
        _mean_and_half = Add (_mean, _half)
        _half_up = Floor (_mean_and_half)
        _by_two = Equal (_factor, _two)
        _mean8 = Where (_by_two, _half_up, _to_even)
        _clipped = Clip (_mean8, _zero, _255)
        _bytes = Cast <to = 2> (_clipped)
        _crop = Transpose <perm = [1, 2, 0]> (_bytes)
    }}>
}}
'''

_BACK = '''
<ir_version: 8, opset_import: ["" : 17]>
back (float[N, K, 2] _in_crop, float[N, 2] _center, float[N] _scale_w,
      float[N] _scale_h) => (float[N, K, 2] keypoints)
<float[2] _size = {{{w}, {h}}}, float _half_ = {{0.5}}, int64[1] _ones = {{1}}>
{{
    _of_crop = Div (_in_crop, _size)
    _sw1 = Unsqueeze (_scale_w, _ones)
    _sh1 = Unsqueeze (_scale_h, _ones)
    _scales = Concat <axis = 1> (_sw1, _sh1)
    _half_scales = Mul (_scales, _half_)
    _corner = Sub (_center, _half_scales)
    _scales1 = Unsqueeze (_scales, _ones)
    _corner1 = Unsqueeze (_corner, _ones)
    _spread = Mul (_of_crop, _scales1)
    keypoints = Add (_spread, _corner1)
}}
'''


def with_crops(network: onnx.ModelProto, crop: Crop) -> onnx.ModelProto:
    """Put the crop in front of a network, and the way back to the image behind it.

    Args:
        network: From ``crops`` (N, h, w, 3) uint8 to ``keypoints`` (N, K, 2) in pixels
            of the crops, and maybe ``scores``.
        crop: How the crops are cut.

    Returns:
        From ``image`` (H, W, 3) uint8 and ``boxes`` (N, 4) float to ``keypoints`` in
        pixels of the image, and maybe ``scores``.
    """
    width, height = crop.size
    values = {'w': width, 'h': height, 'widen': repr(float(crop.widen)),
              'aspect': repr(width / height),
              'most': MAX_SUPERSAMPLING if crop.antialias else 1}
    front, back = (onnx.parser.parse_model(text.format(**values)).graph
                   for text in (_FRONT, _BACK))
    graph = network.graph
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = ['_in_crop' if name == 'keypoints' else name for name in names]
    outputs = [*back.output, *(each for each in graph.output
                               if each.name != 'keypoints')]
    nodes = [*front.node, *graph.node, *back.node]
    for field, items in (('node', nodes), ('input', list(front.input)),
                         ('output', outputs)):
        graph.ClearField(field)
        getattr(graph, field).extend(items)
    graph.initializer.extend([*front.initializer, *back.initializer])
    graph.ClearField('value_info')
    return network
