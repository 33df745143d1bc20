"""Writes the held-out speech and noise as WAV files with a manifest, for `nrser evaluate`.

`<work>/evaluation/<split>/manifest.csv` names everything that training left out: utterances of the split's speakers with labels and
ratings, and the split's noises. Clips are stored as training cut them (without the zeros that one corpus was padded with).
"""

import argparse
import csv
import pathlib

import soundfile

from ..shared import SAMPLE_RATE_HZ
from .corpora import Corpus, EMOTION_CORPORA, NOISE, SPEECH, label_of, ratings, speaker_of, split_of_noise, split_of_speaker

COLUMNS = ("path", "noisePath", "label", "speaker", "corpus", "noiseType", "arousal", "valence", "dominance")


def noise_type(corpus, name):
    """ESC-10 by its classes; the others are one kind each."""
    return name.split("/")[0].split("-")[-1].strip().lower() if corpus == "esc10" else corpus.replace("_", " ")


def rows(data, work, split, corpora):
    rated = ratings(data)
    for corpus in (Corpus(work, name) for name in corpora):
        for index, name in enumerate(corpus.names):
            if split_of_speaker(corpus.name, name) != split or len(corpus[index]) < SAMPLE_RATE_HZ // 2:
                continue
            emotional = corpus.name in EMOTION_CORPORA
            row = {"path": f"{corpus.name}/{name}.wav", "speaker": f"{corpus.name}-{speaker_of(corpus.name, name)}", "corpus": corpus.name,
                   "label": (label_of(corpus.name, name) or "") if emotional else ""}
            row.update(zip(("arousal", "valence", "dominance"), rated[name]) if corpus.name == "emotale" and name in rated else ())
            yield row["path"], corpus[index], row
    for corpus in (Corpus(work, name) for name in NOISE):
        for index, name in enumerate(corpus.names):
            if split_of_noise(corpus.name, name) == split:
                path = f"{corpus.name}/{name.replace('/', '-')}.wav"
                yield path, corpus[index][:30 * SAMPLE_RATE_HZ], {"noisePath": path, "noiseType": noise_type(corpus.name, name), "speaker": name}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--split", default="test", choices=["validation", "test"])
    parser.add_argument("--emotion-only", action="store_true", help="leave out the read prompts, which carry no emotion")
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.work) / "evaluation" / arguments.split
    with_labels = EMOTION_CORPORA if arguments.emotion_only else SPEECH
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "manifest.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for path, samples, row in rows(arguments.data, arguments.work, arguments.split, with_labels):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / path, samples, SAMPLE_RATE_HZ, subtype="PCM_16")
            writer.writerow(row)
    print(folder / "manifest.csv")


if __name__ == "__main__":
    main()
