"""Writes the PyTorch checkpoints beside this file; runs on Debian 12's python3-torch (1.13): /usr/bin/python3 make_fixtures.py

Every element follows from a formula that the tests repeat, so that nothing but names, shapes and files is stored twice.
"""
import gzip
import io
import os
from collections import OrderedDict

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
# filters, depth, widths, stem, residual: as small as a SUNet can be
FILTERS, DEPTH, WIDTHS, STEM, RESIDUAL = 2, 1, (4, 4, 6, 6), 2, 4


def ramp(count, dtype):
    """Element i is (i - 2) / 2, or i - 2 for integers, or i odd."""
    i = torch.arange(count)
    if dtype is torch.bool:
        return i % 2 == 1
    return ((i - 2) / 2).to(dtype) if dtype.is_floating_point else (i - 2).abs().to(dtype)


def tensors():
    base = torch.arange(24.0).reshape(3, 8) / 8
    d = OrderedDict()
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
                  torch.uint8, torch.bool):
        d["module." + str(dtype).split(".")[1]] = ramp(6, dtype).reshape(2, 3)
    d["module.base"] = base
    d["module.part"] = base[1:, 2:6]
    d["module.transposed"] = base.t()
    d["module.expanded"] = base[1, 1].expand(4)
    d["module.scalar"] = torch.tensor(2.5)
    d["module.empty"] = torch.zeros(0, 4)
    d["module.parameter"] = torch.nn.Parameter(ramp(4, torch.float32))
    return d


def conv(d, name, *shape, transposed=False):
    d[name + ".weight"] = shape
    d[name + ".bias"] = (shape[1 if transposed else 0],)


def norm(d, name, channels):
    for part in ("weight", "bias", "running_mean", "running_var"):
        d[name + "." + part] = (channels,)
    d[name + ".num_batches_tracked"] = ()


def module(d, name, cin, cout, levels):
    n = FILTERS
    if cin != cout:
        norm(d, name + ".bn.bn0", cin)
        conv(d, name + ".upsample.conv0", cout, cin, 1, 1)
    for i in range(levels):
        down = "%s.down.%d" % (name, i)
        if i == 0:
            if cin == cout:
                norm(d, down + ".bn0", cin)
            conv(d, down + ".conv0", n, cin, 1, 1)
        for j in (1, 2):
            norm(d, "%s.bn%d" % (down, j), n)
            conv(d, "%s.conv%d" % (down, j), n, n, 3, 3)
    for i in range(levels):
        up, c = "%s.up.%d" % (name, i), n if i == levels - 1 else 2 * n
        norm(d, up + ".bn0", c)
        conv(d, up + ".deconv0", c, n, 3, 3, transposed=True)
        norm(d, up + ".bn1", n)
        conv(d, up + ".deconv1", n, n, 3, 3)
        if i == 0:
            norm(d, up + ".bn2", n)
            conv(d, up + ".conv2", cout, n, 1, 1)


def network(classifier, classes, prefix):
    d = OrderedDict()
    conv(d, "features.conv1", STEM, 3, 7, 7)
    norm(d, "features.residual1.bn.0", STEM)
    conv(d, "features.residual1.conv.0", RESIDUAL, STEM, 3, 3)
    norm(d, "features.residual1.conv.2", RESIDUAL)
    conv(d, "features.residual1.conv.4", RESIDUAL, RESIDUAL, 3, 3)
    conv(d, "features.residual1.shortcut.0", RESIDUAL, STEM, 1, 1)
    c = RESIDUAL
    for block, count in enumerate((2, DEPTH, DEPTH, 1)):
        for i in range(count):
            module(d, "features.unet%d_%d" % (block + 1, i), c, WIDTHS[block], 1 if block == 3 else 2)
            c = WIDTHS[block]
    norm(d, "features.bn2", c)
    if classifier:
        conv(d, "linear", classes, c)
    else:
        conv(d, "final.conv1", classes, c, 1, 1)
    return OrderedDict((prefix + name, fill(name, shape)) for name, shape in d.items())


def fill(name, shape):
    """Element i is ((7 i + length of the name) mod 31 - 15) / 64; one more for variances."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(100)
    count = 1
    for side in shape:
        count *= side
    values = ((7 * torch.arange(count) + len(name)) % 31 - 15) / 64.0
    return (values + 1 if name.endswith("running_var") else values).reshape(shape)


def beside(state_dict):
    """A state dict among what training scripts keep with it."""
    return {
        "epoch": 3, "arch": "sunet-größe", "state_dict": state_dict, "best_prec1": torch.tensor(70.5), "seed": 2 ** 70, "lr": 0.25,
        "optimizer": {"state": {0: {"momentum_buffer": torch.ones(2, 2)}},
                      "param_groups": [{"lr": 0.1, "nesterov": False, "params": [0, -1, 70000]}]},
    }


def write(name, value, legacy, pack=False):
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy)
    data = stream.getvalue()
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(gzip.compress(data, mtime=0) if pack else data)


if __name__ == "__main__":
    write("tensors-zip.pth", beside(tensors()), legacy=False)
    write("tensors-legacy.pth", beside(tensors()), legacy=True)
    write("classifier-zip.pth.gz", {"epoch": 1, "state_dict": network(True, 10, "module.")}, legacy=False, pack=True)
    write("segmenter-legacy.pth.gz", network(False, 6, ""), legacy=True, pack=True)
