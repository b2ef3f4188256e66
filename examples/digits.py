"""Train a classifier on the 1,797 handwritten digits of scikit-learn, on the best OpenCL device.

`CLGRAD_DEVICE=gpu` or `CLGRAD_DEVICE=cpu` before the command chooses another device.
"""

import argparse
import time

from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import trange

from clgrad import autograd, np, npx

BATCH, HIDDEN, DROPOUT, LEARNING_RATE, MOMENTUM = 64, 256, 0.3, 0.1, 0.9


def load():
    """1,347 images to train on and 450 to test on, always the same ones: arrays (n, 64) and labels (n,)."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.25, stratify=labels, random_state=0)
    return [np.array(part, dtype="float32") for part in parts]


def make_parameters():
    """Weights and biases of 64 pixels -> hidden -> 10 digits, with gradients attached."""
    parameters = []
    for inputs, outputs in ((64, HIDDEN), (HIDDEN, 10)):
        parameters.append(np.random.normal(0, (2 / inputs) ** 0.5, size=(inputs, outputs)))
        parameters.append(np.zeros(outputs))
    for parameter in parameters:
        parameter.attach_grad()
    return parameters


def predict(images, parameters):
    """Unnormalised log probabilities, shape (n, 10). Dropout acts in training only."""
    weight1, bias1, weight2, bias2 = parameters
    hidden = npx.relu(np.dot(images, weight1) + bias1)
    return np.dot(npx.dropout(hidden, DROPOUT), weight2) + bias2


def train_epoch(images, labels, parameters, velocities):
    """One pass over the images in a random order; returns the mean loss."""
    order = np.random.permutation(len(images))
    images, labels = images[order], labels[order]
    starts, total = range(0, len(images) - BATCH + 1, BATCH), np.zeros(())
    for start in starts:
        batch = slice(start, start + BATCH)
        with autograd.record():
            scores = npx.log_softmax(predict(images[batch], parameters))
            loss = -npx.pick(scores, labels[batch]).mean()
        loss.backward()
        for parameter, velocity in zip(parameters, velocities):
            velocity[:] = MOMENTUM * velocity - LEARNING_RATE * parameter.grad
            parameter += velocity
        total += loss.detach()
    return float(total) / len(starts)


def save_picture(path, losses, accuracies, images, labels, predictions):
    """Draw the learning curve, and 24 test images with what the network made of them, mistakes first."""
    figure = Figure(figsize=(8, 7), layout="constrained")
    axes = figure.subplot_mosaic([["curve"] * 8] * 3 + [list(range(row, row + 8)) for row in (0, 8, 16)])
    axes["curve"].plot(losses, label="training loss")
    axes["curve"].plot(accuracies, label="test accuracy")
    axes["curve"].set_xlabel("epoch")
    axes["curve"].legend()
    right = labels == predictions
    for place, index in enumerate(right.argsort(kind="stable")[:24]):
        axes[place].imshow(images[index].reshape(8, 8), cmap="gray_r")
        axes[place].set_title(f"{predictions[index]:.0f}", color="black" if right[index] else "red")
        axes[place].axis("off")
    figure.savefig(path)


def main(epochs, picture):
    """Train, save the picture, and print the test accuracy and the speed."""
    npx.random.seed(0)
    train_images, test_images, train_labels, test_labels = load()
    parameters = make_parameters()
    velocities = [np.zeros_like(parameter) for parameter in parameters]
    losses, accuracies, began = [], [], time.perf_counter()
    for _ in (progress := trange(epochs, desc=f"training on {train_images.device}", unit="epoch")):
        losses.append(train_epoch(train_images, train_labels, parameters, velocities))
        predictions = predict(test_images, parameters).argmax(axis=1)
        accuracies.append(float((predictions == test_labels).mean()))
        progress.set_postfix(loss=f"{losses[-1]:.4f}", accuracy=f"{accuracies[-1]:.4f}")
    rate = epochs * len(train_images) / (time.perf_counter() - began)
    save_picture(picture, losses, accuracies, *(x.asnumpy() for x in (test_images, test_labels, predictions)))
    print(f"test accuracy {accuracies[-1]:.3f}, {rate:,.0f} images per second; see {picture}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--picture", default="digits.png")
    main(**vars(parser.parse_args()))
