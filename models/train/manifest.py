"""Writes the held-out speech and noise as WAV files with a manifest, for `nrser evaluate`; or a manifest alone, for `nrser models fit-snr`.

`<work>/evaluation/<split>/manifest.csv` names everything that training left out: utterances of the split's speakers with labels and
ratings, and the split's noises. Clips are stored as training cut them (without the zeros that one corpus was padded with).

`--fit MANIFEST` names the recordings of --data where they lie, each with its split; nothing is decoded, and what comes in Debian packages is left
out.
"""

import argparse
import csv
import pathlib

import soundfile

from ..shared import SAMPLE_RATE_HZ
from .corpora import Corpus, EMOTION_CORPORA, NOISE, SPEECH, label_of, ratings, speaker_of, split_of_noise, split_of_speaker

FIT_SPEECH = (*EMOTION_CORPORA, "crowd-commands")
FIT_NOISE = ("esc10", "speech_commands_noise", "music", "ambience")
FIT_COLUMNS = ("path", "noisePath", "speaker", "corpus", "noiseType", "split")
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


def fit_rows(data):
    for corpus in (*FIT_SPEECH, *FIT_NOISE):
        for path in sorted(p for p in (data / corpus).rglob("*") if p.suffix in (".ogg", ".flac", ".opus")):
            name = f"{path.parent.name}/{path.stem}" if corpus == "esc10" else f"librosa/{path.stem}" if corpus == "music" else path.stem
            if corpus in FIT_SPEECH:
                speaker = speaker_of(corpus, name)
                yield {"path": path, "speaker": path.stem if speaker == "unknown" else f"{corpus}-{speaker}", "corpus": corpus,
                       "split": split_of_speaker(corpus, name)}
            else:
                yield {"noisePath": path, "speaker": name, "noiseType": noise_type(corpus, name), "split": split_of_noise(corpus, name)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work")
    parser.add_argument("--fit", type=pathlib.Path, help="write this manifest alone")
    parser.add_argument("--split", default="test", choices=["validation", "test"])
    parser.add_argument("--emotion-only", action="store_true", help="leave out the read prompts, which carry no emotion")
    arguments = parser.parse_args()
    if arguments.fit:
        with open(arguments.fit, "w", newline="") as file:
            writer = csv.DictWriter(file, FIT_COLUMNS)
            writer.writeheader()
            writer.writerows(fit_rows(pathlib.Path(arguments.data).resolve()))
        return
    if not arguments.work:
        parser.error("give --work or --fit")
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
