"""The floor that the emotion classifier has to beat: statistics of mel, cepstral and pitch contours into a support vector machine.

Trained and measured on the same speakers as the network. Prints and writes `<work>/floor.json`: unweighted average recall over four
classes per corpus and pooled, and for each corpus left out of training altogether, as it is and with the statistics of every corpus
standardised by that corpus itself; and pooled again with a share of the speakers to learn from, a mean of draws.
"""

import argparse
import json
import pathlib

import numpy as np
from scipy.fft import dct
from sklearn.base import clone
from sklearn.model_selection import PredefinedSplit, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ..shared import SAMPLE_RATE_HZ
from .corpora import EMOTION_CORPORA, LABELS, Corpus, label_of, speaker_of, split_of_speaker

FRAME, HOP, FFT = 400, 160, 512
MELS, CEPSTRA = 40, 20
PITCH_HZ = (70, 450)
PERCENTILES = (5, 25, 50, 75, 95)
SPEAKER_SHARES, DRAWS = (0.125, 0.25, 0.5, 0.75), 12


def mel_filters():
    mel = lambda hertz: 2595 * np.log10(1 + hertz / 700)
    edges = 700 * (10 ** (np.linspace(mel(50), mel(7800), MELS + 2) / 2595) - 1)
    bins = np.arange(FFT // 2 + 1) * SAMPLE_RATE_HZ / FFT
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(np.minimum(rising, falling), 0)


FILTERS, WINDOW = mel_filters(), np.hanning(FRAME)


def pitch(frames):
    """(semitones above 70 Hz, strength) per frame, from the highest peak of the autocorrelation in the voice's range."""
    spectrum = np.abs(np.fft.rfft(frames, 2048)) ** 2
    correlation = np.fft.irfft(spectrum)
    correlation = correlation / (correlation[:, :1] + 1e-9)
    lags = np.arange(SAMPLE_RATE_HZ // PITCH_HZ[1], SAMPLE_RATE_HZ // PITCH_HZ[0])
    best = correlation[:, lags].argmax(1)
    return 12 * np.log2(SAMPLE_RATE_HZ / lags[best] / PITCH_HZ[0]), correlation[np.arange(len(frames)), lags[best]]


def statistics(contours):
    """Of each column: mean, deviation, percentiles, mean slope up and down."""
    steps = np.diff(contours, axis=0)
    return np.concatenate([contours.mean(0), contours.std(0), *np.percentile(contours, PERCENTILES, axis=0), np.abs(steps).mean(0)])


def features(samples):
    x = samples - samples.mean()
    x = x / (np.sqrt((x ** 2).mean()) + 1e-9)
    count = max(1, 1 + (len(x) - 1024) // HOP)
    long = np.stack([x[i * HOP:i * HOP + 1024] for i in range(count)])
    frames = long[:, 312:312 + FRAME] * WINDOW
    power = np.abs(np.fft.rfft(frames, FFT)) ** 2
    mels = np.log(power @ FILTERS.T + 1e-3)
    cepstra = dct(mels, norm="ortho")[:, :CEPSTRA]
    loudness = np.log(power.sum(1) + 1e-3)[:, None]
    bins = np.arange(power.shape[1])
    centroid = (power @ bins / (power.sum(1) + 1e-6))[:, None]
    tone, strength = pitch(long * np.hanning(1024))
    voiced = strength > 0.5
    tones = tone[voiced] if voiced.sum() > 3 else np.zeros(4)
    return np.concatenate([
        statistics(mels), statistics(np.hstack([cepstra, loudness, centroid, strength[:, None]])), statistics(tones[:, None]),
        [voiced.mean(), np.abs(np.diff(voiced.astype(float))).mean(), len(x) / SAMPLE_RATE_HZ]])


def average_recall(actual, predicted):
    return float(np.mean([(predicted[actual == label] == label).mean() for label in np.unique(actual)]))


def fit(inputs, labels, validation):
    """The machine whose penalty does best on validation speakers, trained on train speakers alone."""
    machine = make_pipeline(StandardScaler(), SVC(class_weight="balanced", gamma="scale"))
    search = GridSearchCV(machine, {"svc__C": (0.5, 2, 8, 32)}, cv=PredefinedSplit(np.where(validation, 0, -1)), scoring="balanced_accuracy",
                          refit=False)
    search.fit(inputs, labels)
    machine.set_params(**search.best_params_)
    return machine.fit(inputs[~validation], labels[~validation])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    inputs, labels, splits, corpora, speakers = [], [], [], [], []
    for corpus in (Corpus(arguments.work, name) for name in EMOTION_CORPORA):
        for index, name in enumerate(corpus.names):
            label = label_of(corpus.name, name)
            if label is None or len(corpus[index]) < SAMPLE_RATE_HZ // 2:
                continue
            inputs.append(features(corpus[index]))
            labels.append(LABELS.index(label))
            splits.append(split_of_speaker(corpus.name, name))
            corpora.append(corpus.name)
            speakers.append(f"{corpus.name} {speaker_of(corpus.name, name)}")
    inputs, labels, splits, corpora, speakers = np.stack(inputs), np.array(labels), np.array(splits), np.array(corpora), np.array(speakers)

    def recall(machine, rows, inputs=inputs):
        return round(average_recall(labels[rows], machine.predict(inputs[rows])), 4)

    def trained(rows, inputs=inputs):
        return fit(inputs[rows], labels[rows], splits[rows] == "validation")

    def left_out(inputs):
        found = {c: recall(trained(learnt & (corpora != c), inputs), corpora == c, inputs) for c in EMOTION_CORPORA}
        return found | {"mean": round(float(np.mean(list(found.values()))), 4)}

    groups = [np.unique(speakers[(splits == "train") & (corpora == corpus)]) for corpus in EMOTION_CORPORA]

    def with_share(share):
        """[mean, deviation] over draws of that share of each corpus's training speakers."""
        found = []
        for random in (np.random.default_rng(draw) for draw in range(DRAWS)):
            drawn = np.concatenate([random.choice(group, max(1, round(share * len(group))), replace=False) for group in groups])
            rows = np.isin(speakers, drawn)
            found.append(average_recall(labels[test], clone(machine).fit(inputs[rows], labels[rows]).predict(inputs[test])))
        return [round(float(np.mean(found)), 4), round(float(np.std(found)), 4)]

    test, learnt = splits == "test", splits != "test"
    machine = trained(learnt)
    by_corpus = inputs.copy()  # what an archive's owner could do: no labels are needed for it
    for corpus in EMOTION_CORPORA:
        by_corpus[corpora == corpus] = StandardScaler().fit_transform(inputs[corpora == corpus])
    by_name = {c: recall(machine, test & (corpora == c)) for c in EMOTION_CORPORA}
    result = {"features": inputs.shape[1], "test": {**by_name, "pooled": recall(machine, test)},
              "testByShareOfSpeakers": {share: with_share(share) for share in SPEAKER_SHARES},
              "leftOut": left_out(inputs), "leftOutStandardisedByCorpus": left_out(by_corpus)}
    (pathlib.Path(arguments.work) / "floor.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
