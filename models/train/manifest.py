"""Writes the held-out speech and noise as WAV files with a manifest, for `nrser evaluate`; or a manifest alone, for `nrser models fit-snr`.

`<work>/evaluation/<split>/manifest.csv` names everything that training left out: utterances of the split's speakers with labels and
ratings, and the split's noises; `voices.csv` beside it a third of the utterances with babble and songs for noise. Clips are stored as training cut
them (without the zeros that one corpus was padded with).

`--fit MANIFEST` names the recordings of --data where they lie, each with its split; nothing is decoded, and what comes in Debian packages is left
out.
"""

import argparse
import csv
import pathlib

import numpy as np
import soundfile

from ..shared import SAMPLE_RATE_HZ
from .corpora import Corpus, EMOTION_CORPORA, NOISE, SPEECH, label_of, ratings, speaker_of, split_of_noise, split_of_speaker
from .mixing import active_power

FIT_SPEECH = (*EMOTION_CORPORA, "crowd-commands")
FIT_NOISE = ("esc10", "speech_commands_noise", "music", "ambience")
SONGS = ("librosa/Karissa_Hobbs_-_Lets_Go_Fishin",)
BABBLES, BABBLING, BABBLE_SECONDS, EVERY = 16, 6, 5, 3  # clips, voices in each; every third utterance is mixed with them
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


def voices(work, split):
    """Of a split: its songs, and babble, each clip of other speakers; as `rows` has them."""
    music, clips, count = Corpus(work, "music"), {}, BABBLE_SECONDS * SAMPLE_RATE_HZ
    for name in SONGS:
        if split_of_noise("music", name) == split:
            path = f"music/{name.replace('/', '-')}.wav"
            yield path, music[music.names.index(name)][:30 * SAMPLE_RATE_HZ], {"noisePath": path, "noiseType": "singing", "speaker": name}
    for corpus in (Corpus(work, name) for name in EMOTION_CORPORA):
        for index, name in enumerate(corpus.names):
            if split_of_speaker(corpus.name, name) == split:
                clips.setdefault(f"{corpus.name}-{speaker_of(corpus.name, name)}", []).append((corpus, index))
    for number in range(BABBLES):
        random, path, sound = np.random.default_rng(number), f"babble/{number:02}.wav", np.zeros(count)
        for speaker in random.permutation(sorted(clips))[:BABBLING]:
            corpus, index = clips[speaker][random.integers(len(clips[speaker]))]
            said = np.resize(corpus[index], count)
            sound += 0.03 * said / np.sqrt(active_power(said))
        yield path, sound, {"noisePath": path, "noiseType": "babble", "speaker": path}


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
    found = list(rows(arguments.data, arguments.work, arguments.split, with_labels))
    write(folder, "manifest.csv", found)
    said = [row for row in found if "path" in row[2]]
    write(folder, "voices.csv", [*said[::EVERY], *voices(arguments.work, arguments.split)])


def write(folder, name, found):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for path, samples, row in found:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / path, samples, SAMPLE_RATE_HZ, subtype="PCM_16")
            writer.writerow(row)
    print(folder / name)


if __name__ == "__main__":
    main()
