"""Decodes every corpus once into flat int16 arrays, and splits speech by speaker and noise by fold.

Each corpus becomes `<work>/corpora/<name>.npz` with `audio` (int16, 16 kHz mono, all clips one after the other), `ends`
(index behind each clip) and `names`. Splits are functions of the name alone, so they never depend on the machine.
"""

import argparse
import csv
import pathlib
import subprocess

import numpy as np
import soundfile

SAMPLE_RATE_HZ = 16000
PROMPTS = pathlib.Path("/usr/share/asterisk/sounds")
MUSIC = pathlib.Path("/usr/share/asterisk/moh")
EMOTION_CORPORA = ("emodb", "ased", "emotale")
LABELS = ("neutral", "happy", "sad", "angry")


class Corpus:
    """Clips of one corpus; `corpus[i]` is float32 in [-1, 1]."""

    def __init__(self, work, name):
        with np.load(pathlib.Path(work) / "corpora" / f"{name}.npz") as stored:
            self.audio, self.names = stored["audio"], [str(n) for n in stored["names"]]
            self.ends = stored["ends"]
        self.starts = np.concatenate([[0], self.ends[:-1]])
        self.name = name

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        return self.audio[self.starts[index]:self.ends[index]].astype(np.float32) / 32768


def split_of_speaker(corpus, name):
    """`train`, `validation` or `test`: whole speakers only."""
    speaker = speaker_of(corpus, name)
    if corpus == "emodb":
        return {"15": "test", "16": "test", "13": "validation", "14": "validation"}.get(speaker, "train")
    if corpus in ("ased", "emotale"):
        return {0: "test", 1: "validation"}.get(int(speaker) % 5, "train")
    return {"it": "test", "ru": "validation"}.get(speaker, "train")


def speaker_of(corpus, name):
    """The speaker's id inside its corpus; the prompts have one speaker per language."""
    if corpus == "emodb":
        return name[:2]
    if corpus == "ased":
        return name.rsplit("-", 1)[1]
    if corpus == "emotale":
        return name.split("_")[1]
    return name[:2]


def split_of_noise(corpus, name):
    """ESC-10 by its published folds; the few long recordings by name."""
    if corpus == "esc10":
        return {"3": "validation", "4": "test"}.get(name.split("/")[1][0], "train")
    return {"dude_miaowing": "test", "reno_project-system": "test", "manolo_camp-morning_coffee": "validation"}.get(name, "train")


def label_of(corpus, name):
    """One of LABELS, or None for a category that the models do not know."""
    if corpus == "emodb":
        return {"N": "neutral", "F": "happy", "T": "sad", "W": "angry"}.get(name[5])
    if corpus == "ased":
        return {"n": "neutral", "h": "happy", "s": "sad", "a": "angry"}.get(name[0].lower())
    return {"N": "neutral", "H": "happy", "S": "sad", "A": "angry"}.get(name.split("_")[2])


def ratings(data):
    """EmoTale's mean arousal, valence and dominance over its annotators, each 1-5, by clip name."""
    means = {}
    with open(pathlib.Path(data) / "emotale" / "annotations.csv", newline="") as file:
        for row in csv.DictReader(file):
            values = [[float(row[f"a{n}_{part}"]) for n in (1, 2, 3) if row[f"a{n}_{part}"]] for part in "AVD"]
            if all(values):
                means[pathlib.Path(row["file"]).stem] = tuple(sum(v) / len(v) for v in values)
    return means


def strip_zeros(samples):
    """Removes the digital silence that one publisher padded clips with."""
    heard = np.flatnonzero(np.abs(samples) > 2)
    return samples[heard[0]:heard[-1] + 1] if heard.size else samples[:0]


def read_any(path):
    """Any format, as int16 at 16 kHz mono."""
    if path.suffix == ".flac":
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
        if rate == SAMPLE_RATE_HZ and samples.shape[1] == 1:
            return samples[:, 0]
    pcm = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(SAMPLE_RATE_HZ), "-f", "s16le", "-"],
        check=True, stdout=subprocess.PIPE).stdout
    return np.frombuffer(pcm, np.int16)


def read_g722(paths):
    """Many headerless G.722 files with one decoder run: a byte is two samples, so the cuts are known beforehand."""
    blobs = [path.read_bytes() for path in paths]
    pcm = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "g722", "-i", "-", "-f", "s16le", "-"],
        input=b"".join(blobs), check=True, stdout=subprocess.PIPE).stdout
    samples, clips, at = np.frombuffer(pcm, np.int16), [], 0
    for blob in blobs:
        clips.append(samples[at:at + 2 * len(blob)])
        at += 2 * len(blob)
    return clips


def store(work, name, names, clips):
    kept = [(n, c) for n, c in zip(names, clips) if len(c) >= SAMPLE_RATE_HZ // 2]
    target = pathlib.Path(work) / "corpora" / f"{name}.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez(target, audio=np.concatenate([c for _, c in kept]), ends=np.cumsum([len(c) for _, c in kept]),
             names=np.array([n for n, _ in kept]))
    print(f"{name}: {len(kept)} clips, {sum(len(c) for _, c in kept) / SAMPLE_RATE_HZ / 60:.1f} min", flush=True)


def prepare(data, work):
    data = pathlib.Path(data)
    for name in EMOTION_CORPORA:
        paths = sorted((data / name).glob("*.flac"))
        clips = [read_any(path) for path in paths]
        store(work, name, [p.stem for p in paths], [strip_zeros(c) for c in clips] if name == "emodb" else clips)
    for name in ("esc10", "speech_commands_noise"):
        paths = sorted(p for p in (data / name).rglob("*") if p.suffix in (".ogg", ".flac"))
        names = [f"{p.parent.name}/{p.stem}" if name == "esc10" else p.stem for p in paths]
        store(work, name, names, [read_any(p) for p in paths])
    paths = sorted(PROMPTS.rglob("*.g722"))
    paths = [p for p in paths if "silence" not in p.parts and not p.stem.startswith(("beep", "ascending", "descending"))]
    names = [f"{p.relative_to(PROMPTS).parts[0][:2]}/{p.stem}" for p in paths]
    store(work, "prompts", names, read_g722(paths))
    paths = sorted(MUSIC.glob("*.g722"))
    store(work, "music", [p.stem for p in paths], read_g722(paths))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with emodb, ased, emotale, esc10, speech_commands_noise")
    parser.add_argument("--work", required=True, help="folder for everything the training writes; keep it outside the work tree")
    arguments = parser.parse_args()
    prepare(arguments.data, arguments.work)


if __name__ == "__main__":
    main()
