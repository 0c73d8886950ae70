#!/usr/bin/env python3
"""A training of Sunet.Native's segmenter in PyTorch, to see whether `sunet train` ends where it does. Needs PyTorch from 1.13, NumPy and Pillow.

    python3 pytorch_training.py train --data camvid --seeds 0,1,2,3 --out peer.json        # the same settings as the options of sunet train
    python3 pytorch_training.py evaluate --data camvid --out ours.json runs/train/*/weights/last.safetensors
    python3 pytorch_training.py compare ours.json peer.json

Nothing here is taken from Sunet.Native but the names of the weights: the network follows the paper (arXiv 1804.10343), and augmentation,
initialisation, optimiser, schedule and measures are PyTorch's own or written from what the options say they do.

A sample: the image is resized by a factor drawn uniformly from the range of scales, a crop is put at a random whole pixel of it (inside it,
  or, along a side where the crop is larger, anywhere around it), turned about the crop's centre by an angle drawn uniformly, and mirrored in half
  of the samples. Images are read bilinearly and labels from the nearest pixel. Outside an image there is the mean colour, with the label 255.
An epoch: every image once, in an order of its own; what does not fill a batch at the end is left out.
Initialisation: He's, from the fan-in, for every convolution; biases 0, batch norm the identity.
Optimiser: torch.optim.SGD with weight decay on every parameter. Rate of update t of T: half a cosine, times a line from 0.01 to 1 while warming up.
Measures: over whole images at their own size with the running statistics; mIoU of one confusion matrix over the split without classes that
  neither labels nor predictions have, and the mean cross-entropy of all counted pixels. `calibrated` is the same with statistics that are
  averaged over batches of four whole training images instead. `train` is the mean loss of the last tenth of the updates; of a run folder
  of Sunet.Native, that of the last tenth of the epochs in its results.csv.
"""
import argparse
import copy
import csv
import json
import math
import pathlib
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

IGNORED = 255
MEAN, DEVIATION = (torch.tensor(v).view(3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
TINY = {"filters": 16, "depth": 2, "widths": [32, 64, 96, 128], "stem_width": 16, "residual_width": 32}


class Deconvolution(nn.ConvTranspose2d):
    """A transposed convolution that is told the size of what it must line up with."""
    size = None

    def forward(self, x):
        return super().forward(x, output_size=self.size)


def named(*layers):
    """A sequence of (name, layer); a ReLU follows every batch norm."""
    net = nn.Sequential()
    for name, layer in layers:
        net.add_module(name, layer)
        if isinstance(layer, nn.BatchNorm2d):
            net.add_module("relu_" + name, nn.ReLU())
    return net


def conv3(inputs, outputs, stride=1, rate=1):
    return nn.Conv2d(inputs, outputs, 3, stride, padding=rate, dilation=rate)


class UNet(nn.Module):
    """A u-net module of one or two levels. At rate 0 it strides (Figure 1); above, it dilates with multigrid (Figure 2)."""

    def __init__(self, inputs, outputs, filters, levels, rate):
        super().__init__()
        self.bn = self.upsample = None
        entry = [("bn0", nn.BatchNorm2d(inputs))]
        if inputs != outputs:
            self.bn, self.upsample, entry = named(*entry), named(("conv0", nn.Conv2d(inputs, outputs, 1))), []
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level in range(levels):
            stride, first, second = (1, rate << level, rate << level + 1) if rate else (2, 1, 1)
            lower, last = filters if level == levels - 1 else 2 * filters, []
            if level == 0:
                entry = [*entry, ("conv0", nn.Conv2d(inputs, filters, 1))]
                last = [("bn2", nn.BatchNorm2d(filters)), ("conv2", nn.Conv2d(filters, outputs, 1))]
            self.down.append(named(*entry, ("bn1", nn.BatchNorm2d(filters)), ("conv1", conv3(filters, filters, stride, first)),
                                   ("bn2", nn.BatchNorm2d(filters)), ("conv2", conv3(filters, filters, 1, second))))
            self.up.append(named(("bn0", nn.BatchNorm2d(lower)), ("deconv0", Deconvolution(lower, filters, 3, stride, second, dilation=second)),
                                 ("bn1", nn.BatchNorm2d(filters)), ("deconv1", conv3(filters, filters, 1, first)), *last))
            entry = []

    def forward(self, x):
        x = x if self.bn is None else self.bn(x)
        outer = self.down[0](x)
        if len(self.down) == 2:
            inner = self.down[1](outer)
            self.up[1].deconv0.size = outer.shape[2:]
            outer = torch.cat((self.up[1](inner), outer), 1)
        self.up[0].deconv0.size = x.shape[2:]
        return self.up[0](outer) + (x if self.upsample is None else self.upsample(x))


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.bn = named(("0", nn.BatchNorm2d(inputs)))
        self.conv = named(("0", conv3(inputs, outputs, 2)), ("2", nn.BatchNorm2d(outputs)), ("4", conv3(outputs, outputs)))
        self.shortcut = named(("0", nn.Conv2d(inputs, outputs, 1, 2)))

    def forward(self, x):
        x = self.bn(x)
        return self.conv(x) + self.shortcut(x)


class Segmenter(nn.Module):
    """Section 5 of the paper: images to logits at the images' size. Its state dict has the names of the published checkpoints."""

    def __init__(self, config):
        super().__init__()
        stem, channels, stride = config["stem_width"], config["residual_width"], config["output_stride"]
        layers = [("conv1", nn.Conv2d(3, stem, 7, 2, 3)), ("residual1", Residual(stem, channels))]
        here, rate = 4, 0  # the stride so far, and the dilation once it is not to grow
        for block, (count, width) in enumerate(zip((2, config["depth"], config["depth"], 1), config["widths"]), 1):
            for i in range(count):
                layers.append((f"unet{block}_{i}", UNet(channels, width, config["filters"], 1 if block == 4 else 2, rate)))
                channels = width
            if block < 4 and here < stride:
                layers.append((f"avgpool{block}", nn.AvgPool2d(2)))
                here *= 2
            else:
                rate += 2
        self.features = named(*layers, ("bn2", nn.BatchNorm2d(channels)))
        self.final = named(("conv1", nn.Conv2d(channels, config["classes"], 1)))

    def forward(self, x):
        return F.interpolate(self.final(self.features(x)), x.shape[2:], mode="bilinear", align_corners=False)


def fresh(config):
    """A network with He's initialisation, drawn from torch's generator."""
    net = Segmenter(config)
    for layer in net.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            # What comes into a transposed convolution stands first in its weights, which PyTorch takes for what goes out.
            nn.init.kaiming_normal_(layer.weight, mode="fan_out" if isinstance(layer, nn.ConvTranspose2d) else "fan_in", nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return net


def load(path):
    """The network and the configuration of a safetensors file that Sunet.Native or this program saved."""
    data = pathlib.Path(path).read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    config = json.loads(header.pop("__metadata__")["sunet.config"])
    state = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: '{name}' is {entry['dtype']} and not F32")
        first, end = entry["data_offsets"]
        state[name] = torch.from_numpy(np.frombuffer(data, "<f4", (end - first) // 4, begin + first).reshape(entry["shape"]).copy())
    net = Segmenter(config)
    missing, unexpected = net.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"{path}: missing {missing}, unexpected {unexpected}")
    return net, config


def save(net, config, path):
    """A safetensors file that Sunet.Native reads."""
    header, blobs, at = {"__metadata__": {"sunet.config": json.dumps(config)}}, [], 0
    for name, tensor in net.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            blobs.append(tensor.numpy().astype("<f4").tobytes())
            header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(blobs[-1])]}
            at += len(blobs[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


class Voc:
    """A split of a data set in the layout of PASCAL VOC, decoded into memory."""

    def __init__(self, root, split):
        root = pathlib.Path(root)
        names = (root / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split()
        self.images = [torch.from_numpy(np.array(Image.open(root / "JPEGImages" / f"{name}.jpg").convert("RGB"))).permute(2, 0, 1).contiguous()
                       for name in names]
        self.labels = [torch.from_numpy(np.array(Image.open(root / "SegmentationClass" / f"{name}.png"))) for name in names]

    def whole(self, i):
        return (self.images[i] / 255.0 - MEAN) / DEVIATION


def place(random, resized, crop):
    """Where a crop begins along one side, in pixels of the resized image."""
    slack = round(resized) - crop
    return int(random.integers(0, slack + 1)) if slack >= 0 else -int(random.integers(0, 1 - slack))


def sample(image, labels, options, random):
    """Input and labels of one random crop."""
    height, width = options.imgsz
    scale = random.uniform(options.scale_min, options.scale_max)
    tall, wide = image.shape[1] * scale, image.shape[2] * scale  # the resized image, in pixels of the crop
    x, y = place(random, wide, width) + width / 2, place(random, tall, height) + height / 2  # the crop's centre
    angle = math.radians(random.uniform(-options.rotation, options.rotation))
    mirror = -1 if options.flip and random.random() < 0.5 else 1
    # From the crop to the image, each from -1 at its first edge to 1 at its last.
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ np.diag([mirror * width, height])
    theta = np.hstack([np.diag([1 / wide, 1 / tall]) @ turn, [[2 * x / wide - 1], [2 * y / tall - 1]]])
    grid = F.affine_grid(torch.tensor(theta, dtype=torch.float32)[None], [1, 1, height, width], align_corners=False)
    pixels = F.grid_sample((image - 255 * MEAN)[None], grid, "bilinear", "zeros", align_corners=False)[0]
    # Zero stands for what is outside, so labels are moved until 0 is the one that is ignored.
    target = F.grid_sample((labels.float() - IGNORED)[None, None], grid, "nearest", "zeros", align_corners=False)[0, 0]
    return pixels / (255 * DEVIATION), (target + IGNORED).round().long()


def batches(data, options, random):
    """Batches of random crops without end."""
    while True:
        order = random.permutation(len(data.images))
        for first in range(0, len(order) - options.batch + 1, options.batch):
            made = [sample(data.images[i], data.labels[i], options, random) for i in order[first:first + options.batch]]
            yield torch.stack([image for image, _ in made]), torch.stack([labels for _, labels in made])


def rate(step, options):
    """The factor on the learning rate; `step` updates are done."""
    rise = min(1.0, 0.01 + 0.99 * step / options.warmup) if options.warmup else 1.0
    return rise * (1 + math.cos(math.pi * step / options.iters)) / 2


def train(data, options, seed, net):
    """Trains a network; returns the losses of its updates."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = options.bn_momentum
    optimiser = torch.optim.SGD(net.parameters(), options.lr, options.momentum, weight_decay=options.weight_decay, nesterov=options.nesterov)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, options))
    losses, source = [], batches(data, options, np.random.default_rng(seed))
    net.train()
    for step in range(options.iters):
        images, labels = next(source)
        loss = F.cross_entropy(net(images), labels, ignore_index=IGNORED)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if (step + 1) % 100 == 0:
            print(f"seed {seed}, update {step + 1}: loss {statistics.mean(losses[-100:]):.4f}", flush=True)
    return losses


@torch.no_grad()
def measure(net, data, classes):
    """mIoU in percent and mean cross-entropy."""
    net.eval()
    counts, total = np.zeros((classes, classes), np.int64), 0.0
    for i, labels in enumerate(data.labels):
        logits, target = net(data.whole(i)[None]), labels.long()
        total += F.cross_entropy(logits, target[None], ignore_index=IGNORED, reduction="sum").item()
        counted = target != IGNORED
        pairs = target[counted] * classes + logits[0].argmax(0)[counted]
        counts += np.bincount(pairs.numpy(), minlength=classes * classes).reshape(classes, classes)
    right, union = np.diag(counts), counts.sum(0) + counts.sum(1) - np.diag(counts)
    return 100 * float(np.mean(right[union > 0] / union[union > 0])), total / float(counts.sum())


@torch.no_grad()
def calibrate(net, data, number):
    """A copy of a network whose statistics are averages over batches of four whole training images, evenly spread."""
    net = copy.deepcopy(net).train()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # an average of all
    for i in np.linspace(0, len(data.images) - 4, number).astype(int):
        net(torch.stack([data.whole(i + k) for k in range(4)]))
    return net


def results(net, config, training, validation, options):
    miou, loss = measure(net, validation, config["classes"])
    values = {"miou": miou, "loss": loss}
    if options.calibrate:
        miou, loss = measure(calibrate(net, training, options.calibrate), validation, config["classes"])
        values |= {"calibrated miou": miou, "calibrated loss": loss}
    return values


def tell(name, values, records, options):
    records.append({"name": str(name)} | values)
    print(name, *(f"{key} {value:.4f}" for key, value in values.items()), sep=", ", flush=True)
    pathlib.Path(options.out).write_text(json.dumps(records, indent=1))


def train_all(options):
    training, validation, records = Voc(options.data, "train"), Voc(options.data, "val"), []
    classes = (pathlib.Path(options.data) / "classes.txt").read_text().split()
    config = {"format_version": 1, "model": "custom", **TINY, "head": "segmenter", "classes": len(classes), "class_names": classes,
              "output_stride": options.output_stride, "multigrid": True, "degrid": False,
              "normalization": {"mean": MEAN.flatten().tolist(), "deviation": DEVIATION.flatten().tolist()}}
    for seed in options.seeds:
        torch.manual_seed(seed)
        net = load(options.weights)[0] if options.weights else fresh(config)
        start = time.perf_counter()
        losses = train(training, options, seed, net)
        seconds = time.perf_counter() - start
        if options.save:
            save(net, config, f"{options.save}-{seed}.safetensors")
        last = statistics.mean(losses[-max(1, len(losses) // 10):])
        values = {"first": losses[0], "train": last} | results(net, config, training, validation, options)
        tell(f"seed {seed}", values | {"seconds": seconds}, records, options)


def evaluate_all(options):
    training, validation, records = Voc(options.data, "train"), Voc(options.data, options.split), []
    for path in options.weights:
        net, config = load(path)
        table = pathlib.Path(path).parent.parent / "results.csv"
        values = {}
        if table.exists():
            with open(table, newline="", encoding="utf-8") as file:
                losses = [float(row["train/loss"]) for row in csv.DictReader(file)]
            values = {"train": statistics.mean(losses[-max(1, len(losses) // 10):])}
        tell(path, values | results(net, config, training, validation, options), records, options)


def compare(options):
    sides = [json.loads(pathlib.Path(path).read_text()) for path in options.results]
    print("mean (standard deviation); the difference, and the standard error of it")
    for key in ("miou", "loss", "train", "calibrated miou", "calibrated loss"):
        values = [[record[key] for record in side if key in record] for side in sides]
        if min(map(len, values)) >= 2:
            difference = statistics.mean(values[0]) - statistics.mean(values[1])
            error = math.sqrt(sum(statistics.variance(v) / len(v) for v in values))
            text = "; ".join(f"{statistics.mean(v):.4f} ({statistics.stdev(v):.4f})" for v in values)
            print(f"{key}: {text}; {difference:+.4f}, {error:.4f}: {'within' if abs(difference) <= 2 * error else 'NOT within'} two")


def side(text):
    height, _, width = text.partition("x")
    return int(height), int(width or height)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="of the CPU (1)")
    verbs = parser.add_subparsers(required=True)
    teach, judge, contrast = (verbs.add_parser(name) for name in ("train", "evaluate", "compare"))
    for verb, action in ((teach, train_all), (judge, evaluate_all), (contrast, compare)):
        verb.set_defaults(action=action)
    for verb in (teach, judge):
        verb.add_argument("--data", required=True, help="a folder in the layout of PASCAL VOC, with classes.txt")
        verb.add_argument("--out", required=True, help="receives the results, as JSON")
        verb.add_argument("--calibrate", type=int, default=20, help="batches of the second measure; 0 leaves it out (20)")
    for name, kind, default in (("output-stride", int, 16), ("batch", int, 8), ("imgsz", side, "112x144"), ("iters", int, 1800), ("lr", float, 0.05),
                                ("momentum", float, 0.9), ("weight-decay", float, 5e-4), ("warmup", int, 90), ("bn-momentum", float, 0.05),
                                ("scale-min", float, 0.25), ("scale-max", float, 1.0), ("rotation", float, 10.0)):
        teach.add_argument("--" + name, type=kind, default=default, help=f"as of sunet train ({default})")
    teach.add_argument("--no-flip", dest="flip", action="store_false", help="as of sunet train")
    teach.add_argument("--no-nesterov", dest="nesterov", action="store_false", help="without --nesterov of sunet train")
    teach.add_argument("--seeds", type=lambda text: [int(word) for word in text.split(",")], default=[0], help="one training each (0)")
    teach.add_argument("--weights", help="initial weights, of a safetensors file of either side")
    teach.add_argument("--save", help="the final weights go to SAVE-SEED.safetensors")
    judge.add_argument("--split", default="val")
    judge.add_argument("weights", nargs="+", help="safetensors files")
    contrast.add_argument("results", nargs=2, help="files of --out")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    options.action(options)


if __name__ == "__main__":
    main()
