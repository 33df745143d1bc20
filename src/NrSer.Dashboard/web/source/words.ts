// How numbers and emotions are put.
import type { Recording, Segment } from "./api";

/** Each emotion has a letter, a pattern and a colour: none has to be told by its colour. */
export const emotions: Record<string, { letter: string; hue: string }> = {
    neutral: { letter: "N", hue: "neutral" },
    happy: { letter: "H", hue: "happy" },
    sad: { letter: "S", hue: "sad" },
    angry: { letter: "A", hue: "angry" },
    fear: { letter: "F", hue: "fear" },
    disgust: { letter: "D", hue: "disgust" },
    surprise: { letter: "U", hue: "surprise" },
    contempt: { letter: "C", hue: "contempt" },
    other: { letter: "O", hue: "other" },
};

export const names = Object.keys(emotions);

export const letterOf = (emotion: string): string => emotions[emotion]?.letter ?? "?";

/** 1:02:03, or 1:02:03.4 */
export function clock(seconds: number, decimals = 0): string {
    const factor = 10 ** decimals;
    const all = Math.round(Math.max(0, seconds) * factor) / factor;
    const h = Math.floor(all / 3600);
    const m = Math.floor((all % 3600) / 60);
    const s = (all % 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
    return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** For those who hear it: 1 hour 2 minutes 3 seconds. */
export function spoken(seconds: number): string {
    const all = Math.round(seconds);
    const parts: [number, string][] = [
        [Math.floor(all / 3600), "hour"],
        [Math.floor((all % 3600) / 60), "minute"],
        [all % 60, "second"],
    ];
    const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`);
    return said.length ? said.join(" ") : "0 seconds";
}

export const hours = (seconds: number): string =>
    seconds >= 36000
        ? `${Math.round(seconds / 3600).toLocaleString("en")} h`
        : seconds >= 3600
          ? `${(seconds / 3600).toFixed(1)} h`
          : seconds >= 60
            ? `${Math.round(seconds / 60)} min`
            : `${Math.round(seconds)} s`;

export const percent = (share: number | null): string => (share === null ? "–" : `${Math.round(share * 100)} %`);

export const number = (value: number | null, digits = 2): string => (value === null ? "–" : value.toFixed(digits));

export const day = (time: string | null): string => (time ? time.slice(0, 10) : "–");

export const minute = (time: string | null): string => (time ? `${time.slice(0, 10)} ${time.slice(11, 16)}` : "–");

/** Text of strangers: what turns the direction of writing or cannot be seen is shown for what it is. */
export const tame = (text: string): string =>
    text.replace(
        /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
        (c) => `⟨${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
    );

export const nameOf = (recording: { blobName: string | null; recordingId: string }): string =>
    recording.blobName ? tame(recording.blobName) : recording.recordingId;

/** What a segment is counted as. */
export const heard = (segment: Segment): string =>
    !segment.isSpeech ? "no speech" : segment.emotion === null ? "waiting" : segment.isReportable === false ? "unsure" : segment.emotion;

/** From where on a model hears speech, and reports an emotion; null where this machine does not know the model. */
export interface Thresholds {
    noise: number | null;
    keptDb: number | null;
    speech: number | null;
    reportable: number | null;
}

/** Why there is no emotion to report, or null where there is one. */
export function why(segment: Segment, thresholds: Thresholds): string | null {
    if (!segment.isSpeech) {
        if (thresholds.noise !== null && segment.snrScore < thresholds.noise)
            return `S is ${segment.snrScore.toFixed(3)}, below ${thresholds.noise}, where this model hears noise alone. It may be a voice too deep in noise.`;
        if (thresholds.noise === null)
            return `S is ${segment.snrScore.toFixed(3)}. The model heard noise alone, or no clear voice in what the enhancer left; its borders are not known here.`;
        const kept = thresholds.keptDb === null ? "most of its energy" : `more than ${(-thresholds.keptDb).toFixed(1)} dB of its energy`;
        const other = thresholds.speech === null ? "" : ", or the model hears no voice in it";
        return `S is ${segment.snrScore.toFixed(3)} and would pass, but it is silence, or the enhancer took away ${kept}${other}: what was left is no clear voice.`;
    }
    if (segment.emotion === null) return "It waits to be recognised.";
    if (segment.isReportable === false)
        return (
            `Trust is ${number(segment.trust)}${thresholds.reportable === null ? "" : `, below ${thresholds.reportable.toFixed(2)}`}: ${segment.emotion} ` +
            "was the likeliest, but not likely enough to be counted."
        );
    return null;
}

export const isOpen = (recording: Recording): boolean => recording.status === "Queued" || recording.status === "Processing";
