"""Decodes every corpus once into flat int16 arrays, and splits speech by speaker and noise by fold.

Each corpus becomes `<work>/corpora/<name>.npy` (int16, 16 kHz mono, all clips one after the other) and `<name>.npz` with `ends`
(index behind each clip) and `names`; speech also `<name>-coded.npy`, each clip behind one of CODECS. Splits are functions of the name
alone, so they never depend on the machine.
"""

import argparse
import csv
import pathlib
import re
import subprocess
import zlib

import numpy as np

from ..shared import SAMPLE_RATE_HZ

# Recordings in Debian packages, below the folder that the packages were unpacked into: glob, and what to leave out (voices, music, doubles).
PROMPTS = ("usr/share/asterisk/sounds/*/**/*.g722", r"/silence/|/(beep|ascending|descending)")
HOLD_MUSIC = ("usr/share/asterisk/moh/*.g722", None)
READ_SPEECH = ("usr/share/festival/voices/russian/*/wav/*.wav", None)
MUSIC = ("usr/share/games/singularity/music/**/*.ogg", None)
EFFECTS = (
    ("usr/share/games/flare/mods/*/soundfx/**/*.ogg", r"/npcs/|/(fe)?male_|warcry|level_up"),
    ("usr/share/games/flare/mods/fantasycore/music/wind_ambient.ogg", None),
    ("usr/share/games/lincity-ng/sounds/*.wav", r"CoalMine2|Harbor3|PowerSolar1|Commune2|School1|ResidentialLow1|ResidentialMed3"),
    ("usr/share/games/scorched3d/data/globalmods/*/data/wav/**/*.wav", r"scream|fight4life|laserdeath"),
    ("usr/share/games/minetest/**/*.ogg", None),
)
EMOTION_CORPORA = ("emodb", "ased", "emotale", "crema-d")
LABELS = ("neutral", "happy", "sad", "angry")
EMOTIONS = (*LABELS, "fearful", "bored", "disgusted")  # the last three are learned beside the labels, but no model reports them
VOTES = 0.5  # of CREMA-D's targets this share is what listeners chose, the rest what the actor meant
SPEECH = (*EMOTION_CORPORA, "prompts", "festvox", "crowd-commands")
ESC_FOLDS = (1, 2, 3, 4)  # as published, but for the fifth; 3 is for validation, 4 for test
NOISE = ("esc10", "speech_commands_noise", "music", "effects", "ambience")
# As podcasts and calls are coded, at the low end: encoder options, container, sampling rate.
CODECS = {
    "mp3": (("-c:a", "libmp3lame", "-b:a", "24k"), "mp3", 16000),
    "opus": (("-c:a", "libopus", "-b:a", "12k", "-application", "voip"), "ogg", 16000),
    "g722": (("-c:a", "g722"), "g722", 16000),
    "opus-narrow": (("-c:a", "libopus", "-b:a", "8k", "-application", "voip"), "ogg", 8000),
    "gsm": (("-c:a", "libgsm"), "gsm", 8000),
    "g726": (("-c:a", "g726", "-b:a", "24k"), "wav", 8000),
}
CREMA_EMOTIONS = {"NEU": "neutral", "HAP": "happy", "SAD": "sad", "ANG": "angry", "FEA": "fearful", "DIS": "disgusted"}
# The whole recordings among the noises that are kept back.
HELD_NOISE = {
    "dude_miaowing": "test", "reno_project-system": "test", "manolo_camp-morning_coffee": "validation",
    "librosa/Karissa_Hobbs_-_Lets_Go_Fishin": "test", "librosa/Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy": "validation",
    "coffee-shop": "test", "waves": "test", "summer-night": "validation",
}


class Corpus:
    """Clips of one corpus; `corpus[i]` is float32 in [-1, 1]."""

    def __init__(self, work, name, coded=False):
        folder = pathlib.Path(work) / "corpora"
        with np.load(folder / f"{name}.npz") as stored:
            self.names, self.ends = [str(n) for n in stored["names"]], stored["ends"]
        # Mapped, not read: two trainings share the pages.
        self.audio = np.load(folder / (f"{name}-coded.npy" if coded else f"{name}.npy"), mmap_mode="r")
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
    if corpus == "crema-d":
        return "test" if int(speaker) > 1065 else "validation" if int(speaker) > 1055 else "train"
    return {"it": "test", "ru": "validation"}.get(speaker, "train") if corpus == "prompts" else "train"


def speaker_of(corpus, name):
    """The speaker's id inside its corpus; the prompts have one speaker per language, Festvox has one in all.

    The spoken commands name nobody, so all of them train.
    """
    if corpus == "emodb":
        return name[:2]
    if corpus == "ased":
        return name.rsplit("-", 1)[1]
    if corpus == "emotale":
        return name.split("_")[1]
    if corpus == "crema-d":
        return name[:4]
    return "unknown" if corpus == "crowd-commands" else name[:2]


def fold_of(name):
    """Of a clip of ESC-10."""
    return int(name.split("/")[1][0])


def split_of_noise(corpus, name):
    """ESC-10 by its published folds; the few long recordings by name; effects, which come in families, are for training alone."""
    if corpus == "esc10":
        return {3: "validation", 4: "test"}.get(fold_of(name), "train")
    return HELD_NOISE.get(name, "train")


def emotion_of(corpus, name):
    """One of EMOTIONS, the intended one; each corpus knows some of them."""
    if corpus == "crema-d":
        return CREMA_EMOTIONS[name.split("_")[2]]
    if corpus == "emodb":
        letters, letter = {"N": "neutral", "F": "happy", "T": "sad", "W": "angry", "A": "fearful", "L": "bored", "E": "disgusted"}, name[5]
    elif corpus == "ased":
        letters, letter = {"n": "neutral", "h": "happy", "s": "sad", "a": "angry", "f": "fearful"}, name[0].lower()
    else:
        letters, letter = {"N": "neutral", "H": "happy", "S": "sad", "A": "angry", "B": "bored"}, name.split("_")[2]
    return letters[letter]


def label_of(corpus, name):
    """One of LABELS, or None for an emotion that the models do not report."""
    emotion = emotion_of(corpus, name)
    return emotion if emotion in LABELS else None


def ratings(data):
    """EmoTale's mean arousal, valence and dominance over its annotators, each 1-5, by clip name."""
    means = {}
    with open(pathlib.Path(data) / "emotale" / "annotations.csv", newline="") as file:
        for row in csv.DictReader(file):
            values = [[float(row[f"a{n}_{part}"]) for n in (1, 2, 3) if row[f"a{n}_{part}"]] for part in "AVD"]
            if all(values):
                means[pathlib.Path(row["file"]).stem] = tuple(sum(v) / len(v) for v in values)
    return means


def votes(data):
    """How many listeners of CREMA-D's voices alone chose each of EMOTIONS, by clip name: [7], none of them bored."""
    columns = {"neutral": "neutral", "happy": "happy", "sad": "sad", "angry": "angry", "fearful": "fear", "disgusted": "disgust"}
    with open(pathlib.Path(data) / "crema-d" / "votes.csv", newline="") as file:
        return {row["file"]: np.array([float(row[columns[e]]) if e in columns else 0 for e in EMOTIONS], np.float32) for row in csv.DictReader(file)}


def soft_targets(corpus, names, heard):
    """[rows, 7]: the emotion meant, and half of it what listeners chose where there are votes."""
    meant = np.eye(len(EMOTIONS), dtype=np.float32)[[EMOTIONS.index(emotion_of(corpus, name)) for name in names]]
    if corpus != "crema-d":
        return meant
    chosen = counts(names, heard)
    total = chosen.sum(1, keepdims=True)
    return np.where(total > 0, (1 - VOTES) * meant + VOTES * chosen / np.maximum(total, 1), meant)


def counts(names, heard):
    """[rows, 7] of `votes`; none where nobody was asked, as of one clip whose name is cut short."""
    return np.stack([heard.get(name, np.zeros(len(EMOTIONS), np.float32)) for name in names])


def strip_zeros(samples):
    """Removes the digital silence that one publisher padded clips with."""
    heard = np.flatnonzero(np.abs(samples) > 2)
    return samples[heard[0]:heard[-1] + 1] if heard.size else samples[:0]


def read_any(path):
    """A sound file as int16 at 16 kHz mono; without a process each, since there are thousands."""
    import soundfile  # here, because a machine that only trains (device.py) need not have it
    from scipy.signal import resample_poly
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    if rate == SAMPLE_RATE_HZ and samples.shape[1] == 1:
        return samples[:, 0]
    mono = samples.mean(1, dtype=np.float32)
    return int16(mono if rate == SAMPLE_RATE_HZ else resample_poly(mono, SAMPLE_RATE_HZ, rate))


def int16(samples):
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16)


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


def coded(audio, codec):
    """What is left of int16 audio behind a lossy codec, in time with it, and by how many samples that was late."""
    options, container, rate = CODECS[codec]
    raw = ["-f", "s16le", "-ar", str(SAMPLE_RATE_HZ), "-ac", "1"]
    packed = subprocess.run(["ffmpeg", "-v", "error", *raw, "-i", "-", "-ar", str(rate), *options, "-f", container, "-"],
                            input=audio.tobytes(), check=True, stdout=subprocess.PIPE).stdout
    pcm = np.frombuffer(subprocess.run(["ffmpeg", "-v", "error", "-f", container, "-i", "-", *raw, "-"],
                                       input=packed, check=True, stdout=subprocess.PIPE).stdout, np.int16)
    probe = 20 * SAMPLE_RATE_HZ
    spectrum = np.fft.rfft(pcm[:probe].astype(float), 2 * probe) * np.fft.rfft(audio[:probe].astype(float), 2 * probe).conj()
    lag = int(np.argmax(np.fft.irfft(spectrum)))
    lag = lag - 2 * probe if lag > probe else lag
    moved = np.zeros_like(audio)
    kept = pcm[max(lag, 0):][:len(audio) - max(-lag, 0)]
    moved[max(-lag, 0):max(-lag, 0) + len(kept)] = kept
    return moved, lag


def store_coded(work, name):
    """`<name>-coded.npy`, cut like the original: the clips are dealt out to the codecs, so that none tells a corpus."""
    corpus = Corpus(work, name)
    audio = np.array(corpus.audio)
    dealt = np.array([zlib.crc32(n.encode()) % len(CODECS) for n in corpus.names])
    for number, codec in enumerate(CODECS):
        spans = [slice(corpus.starts[i], corpus.ends[i]) for i in np.flatnonzero(dealt == number)]
        moved, lag = coded(np.concatenate([audio[span] for span in spans]), codec)
        at = 0
        for span in spans:
            audio[span] = moved[at:at + span.stop - span.start]
            at += span.stop - span.start
        print(f"{name}: {codec}, {len(spans)} clips, {lag} samples late before they were taken off", flush=True)
    np.save(pathlib.Path(work) / "corpora" / f"{name}-coded.npy", audio)


def store(work, name, names, clips):
    kept = [(n, c) for n, c in zip(names, clips) if len(c) >= SAMPLE_RATE_HZ // 2]
    folder = pathlib.Path(work) / "corpora"
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{name}.npy", np.concatenate([c for _, c in kept]))
    np.savez(folder / f"{name}.npz", ends=np.cumsum([len(c) for _, c in kept]), names=np.array([n for n, _ in kept]))
    print(f"{name}: {len(kept)} clips, {sum(len(c) for _, c in kept) / SAMPLE_RATE_HZ / 60:.1f} min", flush=True)


def found(packages, pattern, left_out):
    return sorted(p for p in packages.glob(pattern) if p.is_file() and not (left_out and re.search(left_out, str(p))))


def prepare(data, packages, work):
    data, packages = pathlib.Path(data), pathlib.Path(packages)
    recordings = (".ogg", ".flac", ".opus")
    for name in (*EMOTION_CORPORA, "crowd-commands", "esc10", "speech_commands_noise", "ambience"):
        paths = sorted(p for p in (data / name).rglob("*") if p.suffix in recordings)
        names = [f"{p.parent.name}/{p.stem}" if name == "esc10" else p.stem for p in paths]
        clips = [read_any(path) for path in paths]
        store(work, name, names, [strip_zeros(c) for c in clips] if name == "emodb" else clips)
    paths = found(packages, *PROMPTS)
    store(work, "prompts", [f"{p.relative_to(packages / 'usr/share/asterisk/sounds').parts[0][:2]}/{p.stem}" for p in paths], read_g722(paths))
    paths = found(packages, *READ_SPEECH)
    store(work, "festvox", [p.stem for p in paths], [read_any(p) for p in paths])
    held, games, pieces = found(packages, *HOLD_MUSIC), found(packages, *MUSIC), sorted((data / "music").glob("*.flac"))
    store(work, "music", [p.stem for p in held] + [f"singularity/{p.stem}" for p in games] + [f"librosa/{p.stem}" for p in pieces],
          read_g722(held) + [read_any(p) for p in games + pieces])
    paths = [path for effects in EFFECTS for path in found(packages, *effects)]
    store(work, "effects", [str(p.relative_to(packages / "usr/share/games").with_suffix("")) for p in paths], [read_any(p) for p in paths])
    for name in SPEECH:
        store_coded(work, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the corpora of SPEECH and NOISE that are no Debian packages, each in its own")
    parser.add_argument("--packages", default="/", help="folder that Debian's packages with recordings are unpacked into")
    parser.add_argument("--work", required=True, help="folder for everything the training writes; keep it outside the work tree")
    arguments = parser.parse_args()
    prepare(arguments.data, arguments.packages, arguments.work)


if __name__ == "__main__":
    main()
