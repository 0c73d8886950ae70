#!/usr/bin/env python3
"""The networks of Sunet.Native in PyTorch, timed on one GPU: the peer of its CUDA backend.

    python3 pytorch_sunet.py --models sunet64,sunet7128 --imgsz 512 --batches 1,22,64 --precisions bf16,tf32,float32 \\
        --variants eager,graph,graph-mm,compile --modes train,predict --budget 200 --layers --out peer.json

Network: segmenter of 21 classes at output stride 16 with multigrid dilation, as `sunet bench --model NAME` has it; sides are multiples of 64.
Train: one whole step: forward in training mode, bilinear upsampling to the image's size, softmax cross-entropy without label 255, backward, and
  SGD with momentum 0.95 and weight decay 1e-4, at rate 0, which keeps the numbers ordinary. `check` is the loss.
Predict: arg-max over the upsampled logits, left on the device (int64; Sunet.Native's are bytes). Every batch-norm directly behind a
  convolution is folded into it, as Sunet.Native does. `check` is the mean class.
Input: noise that lies on the device, the same every step; nothing is copied between host and device and no value is read back.
  Of `sunet bench`, prediction leaves copies out too; its training step includes copying the batch and reading the loss.
Precisions, all in channels_last: bf16, which trains float32 weights under autocast with upsampling and loss in float32, and predicts with
  everything in bfloat16; tf32, which is float32 with TF32 allowed in convolutions and matrix products; float32, with it off.
Variants:
  eager     as PyTorch runs it
  graph     the whole step or prediction captured in one CUDA graph and replayed
  compile   the network with its loss or arg-max through torch.compile(mode=--compile-mode); the fused optimizer is outside
  eager-mm, graph-mm, compile-mm   training only: the same with bilinear upsampling as two matrix products (in TF32 but for float32)
Times are of steps queued back to back, between CUDA events; `synced_ms` is the host's time of a step that is waited for. Peak memory is that of
the steps without the first, which tries algorithms; of compile the reserved one counts, for its graphs' pools. Child processes measure, what
tells most first, until --budget seconds are over; the report is written after each measurement. Their own output goes to OUT.log.
"""
import argparse
import functools
import gc
import itertools
import json
import multiprocessing
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# Filters within modules, modules in each of blocks 2 and 3, channels out of blocks 1 to 4.
BODIES = {
    "sunet64": (64, 4, (256, 512, 768, 1024)),
    "sunet128": (128, 4, (512, 1024, 1536, 2048)),
    "sunet7128": (128, 7, (512, 1280, 2048, 2304)),
}
CLASSES, IGNORED, STRIDE = 21, 255, 16
CONVOLUTIONS = nn.Conv2d, nn.ConvTranspose2d


def bn_relu(channels):
    norm = nn.BatchNorm2d(channels, momentum=0.01)
    norm.num_batches_tracked = None  # would be counted, by a kernel a layer, for a momentum of None only
    return norm, nn.ReLU(inplace=True)


def conv3(inputs, outputs, stride=1, dilation=1):
    return nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation)


class Fork(nn.Module):
    """Two ways from one input, which are added or put behind each other."""

    def __init__(self, body, other, adds=True):
        super().__init__()
        self.body, self.other, self.adds = nn.Sequential(*body), other, adds

    def forward(self, x):
        y, z = self.body(x), self.other(x)
        return y.add_(z) if self.adds else torch.cat((y, z), 1)


def u_net(inputs, outputs, filters, levels, rate):
    """The layers of a u-net module of one or two levels; a rate above 0 dilates instead of striding."""
    stride, first, second = (1, rate, 2 * rate) if rate else (2, 1, 1)
    deeper = [Fork(u_net(filters, filters, filters, 0, 2 * rate), nn.Identity(), adds=False)] if levels == 2 else []
    lowest = filters * max(levels, 1)
    between = [*bn_relu(filters), conv3(filters, filters, stride, first), *bn_relu(filters), conv3(filters, filters, 1, second), *deeper,
               *bn_relu(lowest), nn.ConvTranspose2d(lowest, filters, 3, stride, second, output_padding=stride - 1, dilation=second),
               *bn_relu(filters), conv3(filters, filters, 1, first)]
    if levels == 0:  # within another
        return between
    whole = [nn.Conv2d(inputs, filters, 1), *between, *bn_relu(filters), nn.Conv2d(filters, outputs, 1)]
    entry = bn_relu(inputs)
    return [Fork([*entry, *whole], nn.Identity())] if inputs == outputs else [*entry, Fork(whole, nn.Conv2d(inputs, outputs, 1))]


def network(name):
    """Images to logits at a sixteenth of their size, with He initialisation."""
    filters, depth, widths = BODIES[name]
    residual = Fork([conv3(64, 128, 2), *bn_relu(128), conv3(128, 128)], nn.Conv2d(64, 128, 1, 2))
    layers, channels = [nn.Conv2d(3, 64, 7, 2, 3), *bn_relu(64), residual], 128
    for block, (count, width) in enumerate(zip((2, depth, depth, 1), widths)):
        for _ in range(count):
            layers += u_net(channels, width, filters, *((1, 2) if block == 3 else (2, 0)))
            channels = width
        layers += [nn.AvgPool2d(2)] if block < 2 else []
    net = nn.Sequential(*layers, *bn_relu(channels), nn.Conv2d(channels, CLASSES, 1))
    for layer in net.modules():
        if isinstance(layer, CONVOLUTIONS):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out" if isinstance(layer, nn.ConvTranspose2d) else "fan_in")
            nn.init.zeros_(layer.bias)
    return net


def fold(module):
    """Takes every batch-norm directly behind a convolution into it, for prediction."""
    for child in module.children():
        fold(child)
    for i, (conv, norm) in enumerate(itertools.pairwise(list(module)) if isinstance(module, nn.Sequential) else ()):
        if isinstance(conv, CONVOLUTIONS) and isinstance(norm, nn.BatchNorm2d):
            module[i], module[i + 1] = fuse_conv_bn_eval(conv, norm, isinstance(conv, nn.ConvTranspose2d)), nn.Identity()


class Work(nn.Module):
    """Images and labels to the loss, or images alone to classes."""

    def __init__(self, net, size, autocast, products):
        super().__init__()
        self.net, self.size, self.autocast, self.products = net, size, autocast, products
        self.register_buffer("spread", resize(torch.eye(size // STRIDE)[None, None], size, size // STRIDE)[0, 0])  # upsamples a column

    def forward(self, images, labels=None):
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.autocast, cache_enabled=False):
            low = self.net(images)
        low = (low if labels is None else low.float()).contiguous()  # softmax and arg-max over channels are made for planes
        logits = self.spread @ low @ self.spread.T if self.products else resize(low, self.size, self.size)
        return logits.argmax(1) if labels is None else F.cross_entropy(logits, labels, ignore_index=IGNORED)


def resize(x, height, width):
    return F.interpolate(x, (height, width), mode="bilinear", align_corners=False)


def compiles(job):
    return job["variant"].startswith("compile")


def allow_tf32(precision):
    # The older of two ways to say so: torch.compile fails beside the newer one (pytorch issue 166387).
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "float32"


def settle(options):
    """Frees what is not in use, so that peaks of memory are those of what follows."""
    gc.collect()
    if options.device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def build(job, options):
    """The module of a measurement, and a function that makes a step and returns the loss or the classes."""
    torch.manual_seed(0)
    allow_tf32(job["precision"])
    size, device, train = options.imgsz, options.device, job["mode"] == "train"
    net = network(job["model"])
    if not train:
        fold(net.eval())
    bf16 = job["precision"] == "bf16"
    kind = torch.bfloat16 if bf16 and not train else torch.float32
    module = Work(net, size, bf16 and train, job["variant"].endswith("-mm")).to(device, kind, memory_format=torch.channels_last)
    images = (torch.rand(job["batch"], 3, size, size, device=device) * 4 - 2).to(kind, memory_format=torch.channels_last)
    labels = torch.randint(CLASSES, (job["batch"], size, size), device=device)
    run = torch.compile(module, mode=options.compile_mode, dynamic=False) if compiles(job) else module
    optimizer = torch.optim.SGD(module.parameters(), lr=0.0, momentum=0.95, weight_decay=1e-4, **({"fused": True} if device == "cuda" else {}))

    def step():
        if compiles(job):
            torch.compiler.cudagraph_mark_step_begin()
        optimizer.zero_grad(set_to_none=True)
        loss = run(images, labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def predict():
        with torch.no_grad() if compiles(job) else torch.inference_mode():
            return run(images)
    return module, step if train else predict


def capture(module, step, options):
    """Records a step in a CUDA graph, behind a few on the same stream; returns what replays it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    module.zero_grad(set_to_none=True)  # so that the capture makes gradients of its own
    settle(options)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        result = step()

    def replay():
        graph.replay()
        return result
    return replay


def clock(step, options):
    """Warms up; returns milliseconds of steps queued on the device and of steps waited for, 5 or more of each."""
    cuda = options.device == "cuda"

    def waited(count):
        times = [time.perf_counter()]
        for _ in range(count):
            step()
            if cuda:
                torch.cuda.synchronize()
            times.append(time.perf_counter())
        return [1e3 * (b - a) for a, b in itertools.pairwise(times)]

    warm = waited(options.warmup)
    while sum(warm) < 500:
        warm += waited(1)
    count = max(5, min(options.steps, int(1e3 * options.seconds / warm[-1])))
    if not cuda:
        return waited(count), warm
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
    marks[0].record()
    for mark in marks[1:]:
        step()
        mark.record()
    torch.cuda.synchronize()
    return [a.elapsed_time(b) for a, b in itertools.pairwise(marks)], waited(5)


def measure(job, options):
    start = time.perf_counter()
    module, step = build(job, options)
    if "graph" in job["variant"]:
        step = capture(module, step, options)
    else:
        step()
        settle(options)
    ready = time.perf_counter() - start
    times, waited = clock(step, options)
    ms = statistics.median(times)
    return {"ms": ms, "min_ms": min(times), "p90_ms": statistics.quantiles(times, n=10, method="inclusive")[-1], "steps": len(times),
            "synced_ms": statistics.median(waited), "images_per_s": 1e3 * job["batch"] / ms, "ready_s": ready, "check": float(step().float().mean()),
            "peak_allocated_mib": torch.cuda.max_memory_allocated() / 2 ** 20, "peak_reserved_mib": torch.cuda.max_memory_reserved() / 2 ** 20}


def profile(job, options):
    """The kernels of one eager step that take longest."""
    _, step = build(job, options)
    for _ in range(3):
        step()
    torch.cuda.synchronize()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as recorded:
        step()
        torch.cuda.synchronize()
    kernels = sorted(((e.self_device_time_total / 1e3, e.count, e.key) for e in recorded.key_averages()), reverse=True)
    total = sum(ms for ms, _, _ in kernels)
    top = [{"name": name, "count": count, "ms": ms, "share": ms / total} for ms, count, name in kernels[:25]]
    return {"of": job, "total_ms": total, "kernels": top}


def machine(_, options):
    """What it ran on, and what that reaches at best."""
    cuda = options.device == "cuda"
    facts = {"torch": torch.__version__, "python": sys.version.split()[0], "device": options.device}
    if cuda:
        smi = "nvidia-smi --query-gpu=driver_version,power.limit,clocks.max.sm,clocks.max.mem --format=csv,noheader"
        facts |= {"gpu": torch.cuda.get_device_name(), "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
                  "driver, power limit, SM clock, memory clock": os.popen(smi).read().strip()}
    source, target = torch.ones(2, 2 ** 29 if cuda else 2 ** 22, device=options.device)
    facts["copy_gb_per_s"] = 8 * source.numel() / statistics.median(clock(lambda: target.copy_(source), options)[0]) / 1e6
    side = 8192 if cuda else 256
    for precision in options.precisions:
        allow_tf32(precision)
        a, b, out = torch.randn(3, side, side, device=options.device, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
        ms = statistics.median(clock(functools.partial(torch.mm, a, b, out=out), options)[0])
        facts[f"matmul_{side}_{precision}_tflop_per_s"] = 2 * side ** 3 / ms / 1e9
    return facts


def serve(connection, options):
    """A child process: answers jobs until one fails in a way that can spoil those behind it."""
    log = os.open(options.out + ".log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    torch.backends.cudnn.benchmark = True
    usable = True
    while usable:
        task, job = connection.recv()
        try:
            result = {"machine": machine, "measure": measure, "profile": profile}[task](job, options)
        except torch.cuda.OutOfMemoryError:
            result = {"error": "out of memory"}
        except Exception as e:  # whatever it is, the report says so and others go on
            result, usable = {"error": f"{type(e).__name__}: {e}"[:600]}, False
        connection.send((result, usable))
        settle(options)


class Worker:
    """The child process, started when there is something to do."""

    def __init__(self, options):
        self.options, self.process, self.connection = options, None, None

    def ask(self, task, job, seconds):
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.connection, end = context.Pipe()
            self.process = context.Process(target=serve, args=(end, self.options))
            self.process.start()
            end.close()
        try:
            self.connection.send((task, job))
            answer = self.connection.recv() if self.connection.poll(seconds) else ({"error": f"not done within {seconds:.0f} s"}, False)
        except (EOFError, OSError):
            answer = {"error": "the process died; see the log"}, False
        if not answer[1]:
            self.stop()
        return answer[0]

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def plan(options):
    """Tasks with their jobs, what tells most first."""
    usual = 22 if 22 in options.batches else options.batches[0]
    names = ("model", "precision", "mode", "batch", "variant")

    def rank(job):
        first, train = job["precision"] == options.precisions[0], job["mode"] == "train"
        main = job["batch"] == usual and (first or train) or first and not train and job["batch"] == 1
        if compiles(job):
            return 2 if main and first and train and job["model"] == options.models[0] else 5
        return 4 if job["precision"] == "float32" and not first else 1 if main else 3

    every = itertools.product(options.models, options.precisions, options.modes, options.batches, options.variants)
    jobs = [job for job in (dict(zip(names, values)) for values in every) if job["mode"] == "train" or not job["variant"].endswith("-mm")]
    tasks = [("machine", {}), *(("measure", job) for job in sorted(jobs, key=rank))]
    if options.layers:  # before compiling; the child ends behind it, lest a profiler that was once on slows what follows
        place = next((i for i, (_, job) in enumerate(tasks) if job and compiles(job)), len(tasks))
        tasks.insert(place, ("profile", dict(zip(names, (options.models[0], options.precisions[0], "train", usual, "eager")))))
    return tasks


def main():
    words = functools.partial(str.split, sep=",")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, default, description in (
            ("models", words, "sunet64,sunet7128", "of " + ", ".join(BODIES)),
            ("imgsz", int, 512, "side of the square images"), ("batches", words, "1,22,64", "images in a batch"),
            ("precisions", words, "bf16,tf32,float32", "see above"), ("variants", words, "eager,graph,graph-mm,compile", "see above"),
            ("modes", words, "train,predict", "see above"),
            ("compile-mode", str, "max-autotune", "or max-autotune-no-cudagraphs, reduce-overhead, default"),
            ("budget", float, 200, "seconds for everything"), ("limit", float, 60, "seconds for a measurement that compiles nothing"),
            ("compile-limit", float, 150, "seconds for one that does"),
            ("warmup", int, 3, "steps before those timed; half a second at least"), ("steps", int, 20, "steps timed, at most"),
            ("seconds", float, 2, "fewer steps, but 5, where they would take longer"),
            ("device", str, "cuda", "cpu to try the script itself"), ("out", str, "peer.json", "the report")):
        parser.add_argument("--" + name, type=kind, default=default, help=f"{description} ({default})")
    parser.add_argument("--layers", action="store_true", help="also profile the kernels of a training step")
    options = parser.parse_args()
    options.batches = [int(batch) for batch in options.batches]
    end, tasks, worker = time.monotonic() + options.budget, plan(options), Worker(options)
    report = {"command": sys.argv, "machine": None, "profile": None, "measurements": [], "not_measured": [job for _, job in tasks if job]}
    for task, job in tasks:
        alone = task == "measure" and compiles(job)
        if alone:
            worker.stop()
        if end - time.monotonic() < 5:
            break
        result = worker.ask(task, job, min(end - time.monotonic(), options.compile_limit if alone else options.limit))
        if alone or task == "profile":
            worker.stop()
        if task == "measure":
            report["measurements"].append(job | {"imgsz": options.imgsz} | result)
        else:
            report[task] = result
        report["not_measured"] = report["not_measured"][1 if job else 0:]
        with open(options.out + ".part", "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
        os.replace(options.out + ".part", options.out)
        brief = {name: round(value, 3) if isinstance(value, float) else value for name, value in result.items() if name != "kernels"}
        print(f"{options.budget - end + time.monotonic():.0f} s", task, *job.values(), json.dumps(brief), flush=True)
    worker.stop()


if __name__ == "__main__":
    main()
