#!/usr/bin/python3
"""Metrics of segmentations in a few lines of NumPy: mean-iou.py > mean-iou.json, the cases of ConfusionMatrixTests."""
import json

import numpy as np


def metrics(images, classes):
    label = np.concatenate([l.ravel() for l, _ in images])
    prediction = np.concatenate([p.ravel() for _, p in images])
    prediction, label = prediction[label != 255], label[label != 255]
    iou, accuracy = [], []
    for c in range(classes):
        both, either = np.sum((label == c) & (prediction == c)), np.sum((label == c) | (prediction == c))
        iou.append(float(both / either) if either else None)
        accuracy.append(float(both / np.sum(label == c)) if np.any(label == c) else None)
    mean = lambda values: float(np.mean([v for v in values if v is not None])) if any(v is not None for v in values) else None
    return {"iou": iou, "mIoU": mean(iou), "mAcc": mean(accuracy),
            "aAcc": float(np.mean(label == prediction)) if label.size else None}


def case(name, classes, *images):
    return {"name": name, "classes": classes,
            "images": [{"width": l.shape[1], "labels": l.ravel().tolist(), "predictions": p.ravel().tolist()} for l, p in images],
            **metrics(images, classes)}


def draw(rng, classes, height, width, ignored=0.1):
    label = rng.integers(0, classes, (height, width))
    prediction = np.where(rng.random((height, width)) < 0.6, label, rng.integers(0, classes, (height, width)))
    return np.where(rng.random((height, width)) < ignored, 255, label), prediction


def main():
    rng = np.random.default_rng(7)
    ones, void = np.ones((3, 4), int), np.full((3, 4), 255)
    print(json.dumps([
        case("random", 5, *[draw(rng, 5, 7 + i, 9) for i in range(4)]),
        case("many classes", 21, *[draw(rng, 21, 12, 11, 0.3) for _ in range(3)]),
        case("one image", 3, draw(rng, 3, 8, 6)),
        case("absent class", 4, *[tuple(np.where(m == 2, 0, m) for m in draw(rng, 4, 6, 6)) for _ in range(2)]),
        case("class only in predictions", 3, (np.zeros((3, 4), int), ones * 2), (ones, ones)),
        case("class only in labels", 3, (ones * 2, np.zeros((3, 4), int)), (ones, ones)),
        case("all ignored", 3, (void, ones)),
        case("one image of two ignored", 3, (void, ones), draw(rng, 3, 5, 5)),
        case("all right", 2, (ones, ones)),
        case("all wrong", 2, (ones, ones * 0)),
    ], separators=(",", ":")))


if __name__ == "__main__":
    main()
