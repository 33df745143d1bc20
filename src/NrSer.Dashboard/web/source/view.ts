// Which stretch of a recording is in sight.
import type { Segment } from "./api";
import type { Version } from "./player";

export interface View {
    from: number;
    to: number;
}

const least = 1;

function bounded(from: number, length: number, duration: number): View {
    const kept = Math.min(duration, Math.max(Math.min(least, duration), length));
    const start = Math.max(0, Math.min(from, duration - kept));
    return { from: start, to: start + kept };
}

export const moved = (view: View, by: number, duration: number): View => bounded(view.from + by, view.to - view.from, duration);

export function zoomed(view: View, factor: number, at: number, duration: number): View {
    const length = Math.min(duration, Math.max(least, (view.to - view.from) * factor));
    const fixed = at >= view.from && at <= view.to ? at : (view.from + view.to) / 2;
    return bounded(fixed - ((fixed - view.from) / (view.to - view.from)) * length, length, duration);
}

export const revealed = (view: View, at: number, duration: number): View =>
    at >= view.from && at <= view.to ? view : bounded(at - (view.to - view.from) * 0.1, view.to - view.from, duration);

/** The segment at a time; −1 where none is. */
export function indexAt(segments: Segment[], seconds: number): number {
    let low = 0;
    let high = segments.length - 1;
    while (low <= high) {
        const middle = (low + high) >> 1;
        if (segments[middle]!.endSeconds <= seconds) low = middle + 1;
        else if (segments[middle]!.startSeconds > seconds) high = middle - 1;
        else return middle;
    }
    return -1;
}

/** The scale of arousal and valence as rows name it, "1–5"; null where they name none. */
export function scaleOf(text: string | null | undefined): [number, number] | null {
    const [, low, high] = /^(-?[\d.]+)–(-?[\d.]+)$/.exec(text ?? "") ?? [];
    return low && high && Number(low) < Number(high) ? [Number(low), Number(high)] : null;
}

/** #t=754.25&v=heard, and c=2 for the second of channels that were kept apart */
export function place(): { time: number | null; version: Version | null; channel: number } {
    const given = new URLSearchParams(location.hash.slice(1));
    const time = Number.parseFloat(given.get("t") ?? "");
    const version = given.get("v");
    const channel = Number.parseInt(given.get("c") ?? "", 10);
    return {
        time: Number.isFinite(time) && time >= 0 ? time : null,
        version: version === "heard" || version === "original" ? version : null,
        channel: channel >= 1 ? channel - 1 : 0,
    };
}
