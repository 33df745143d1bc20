// Draws a stretch of a recording.
import type { Cell } from "./api";
import { palette, patternOf } from "./colours";
import type { Version } from "./player";
import type { Outline, Tiles } from "./tiles";
import type { View } from "./view";
import { clock, letterOf } from "./words";

const widths = new Map<string, number>();

/** Width of a letter and a name, in the font of the lane: few, and drawn hundreds of times a frame. */
function widthOf(c: CanvasRenderingContext2D, text: string): number {
    let width = widths.get(text);
    if (width === undefined) widths.set(text, (width = c.measureText(text).width));
    return width;
}

export const lanes = [
    { name: "sound", top: 34, height: 60 },
    { name: "trust", top: 113, height: 46 },
    { name: "heard", top: 178, height: 34 },
    { name: "arousal, valence", top: 231, height: 46 },
] as const;

export const lanesHeight = 282;

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Draws the lanes of a view; what was recorded stays to be seen, pale, behind what the model heard. */
export function draw(
    canvas: HTMLCanvasElement,
    tiles: Tiles,
    view: View,
    version: Version,
    range: [number, number] | null,
    gain: number,
): void {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(lanesHeight * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(lanesHeight * ratio);
    }
    const c = canvas.getContext("2d")!;
    const colours = palette();
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, lanesHeight);
    const span = view.to - view.from;
    const x = (seconds: number): number => ((seconds - view.from) / span) * width;

    // the ruler
    const step = steps.find((each) => (each / span) * width >= 70) ?? 7200;
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.lineWidth = 1;
    for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
        c.fillStyle = colours.line!;
        c.fillRect(Math.round(x(at)), 14, 1, lanesHeight);
        c.fillStyle = colours.muted!;
        c.fillText(clock(at, step < 1 ? 1 : 0), x(at) + 3, 8);
    }

    // sound
    const [sound, trust, heard, mood] = lanes;
    const box = { width, top: sound.top, height: sound.height };
    const own = tiles.peaksOf(version, view, width);
    c.fillStyle = colours.wave!;
    if (version === "heard") {
        c.globalAlpha = 0.35;
        wave(c, tiles.peaksOf("original", view, width), view, box, gain);
        c.globalAlpha = 1;
    }
    if (typeof own === "string") {
        c.fillStyle = colours.muted!;
        c.fillText(own, 6, sound.top + sound.height / 2);
    } else wave(c, own, view, box, gain);

    // cells, each once for all lanes
    const cells = [...tiles.cellsOf(view, width)];
    c.font = "bold 11px system-ui, sans-serif";
    const level = (lane: { top: number; height: number }, value: number): number =>
        lane.top + lane.height - Math.min(1, Math.max(0, value)) * lane.height;
    for (const cell of cells) {
        const left = Math.max(-1, x(cell.start));
        const right = Math.min(width + 1, x(cell.end));
        const across = Math.max(0.75, right - left - (right - left > 5 ? 1 : 0));
        if (cell.speech < 0.5) {
            // closed gate: hatched, and nothing is reported
            c.fillStyle = colours.gate!;
            c.globalAlpha = 0.3;
            c.fillRect(left, trust.top, across, trust.height);
            c.globalAlpha = 1;
        }
        if (cell.emotion !== null) {
            c.globalAlpha = cell.reportable < 0.5 ? 0.35 : 1;
            c.fillStyle = patternOf(c, cell.emotion, colours);
            c.fillRect(left, heard.top + (cell.reportable < 0.5 ? 12 : 0), across, heard.height - (cell.reportable < 0.5 ? 12 : 0));
            c.globalAlpha = 1;
            if (across > 14) {
                const letter = cell.reportable < 0.5 ? `${letterOf(cell.emotion)}?` : letterOf(cell.emotion);
                const text = across > 78 && cell.reportable >= 0.5 && !isMany(cell) ? `${letter} ${cell.emotion}` : letter;
                const wide = widthOf(c, text) + 6;
                if (wide <= across) {
                    c.fillStyle = colours.surface!;
                    c.fillRect(left + 2, heard.top + heard.height / 2 - 2, wide, 14);
                    c.fillStyle = colours.ink!;
                    c.fillText(text, left + 5, heard.top + heard.height / 2 + 5);
                }
            }
        } else if (cell.speech < 0.5) {
            c.fillStyle = colours.line!;
            c.fillRect(left, heard.top + heard.height - 2, across, 2);
        }
    }
    lineOf(c, cells, x, (cell) => (cell.score === null ? null : level(trust, cell.score)), colours.score!, []);
    lineOf(c, cells, x, (cell) => (cell.weight === null ? null : level(trust, cell.weight)), colours.weight!, [4, 3]);
    if (range) {
        const scaled = (value: number | null): number | null =>
            value === null ? null : level(mood, (value - range[0]) / (range[1] - range[0]));
        c.fillStyle = colours.line!;
        c.fillRect(0, mood.top + mood.height / 2, width, 1);
        lineOf(c, cells, x, (cell) => scaled(cell.arousal), colours.arousal!, []);
        lineOf(c, cells, x, (cell) => scaled(cell.valence), colours.valence!, [4, 3]);
    } else {
        c.font = "11px system-ui, sans-serif";
        c.fillStyle = colours.muted!;
        c.fillText("this model does not rate them", 6, mood.top + mood.height / 2);
    }

    function isMany(cell: Cell): boolean {
        return (cell.share ?? 1) < 0.999;
    }
}

function lineOf(
    c: CanvasRenderingContext2D,
    cells: Cell[],
    x: (seconds: number) => number,
    y: (cell: Cell) => number | null,
    colour: string,
    dash: number[],
): void {
    c.strokeStyle = colour;
    c.lineWidth = 1.75;
    c.setLineDash(dash);
    c.beginPath();
    let end = Number.NaN;
    for (const cell of cells) {
        const at = y(cell);
        if (at === null) continue;
        if (Math.abs(cell.start - end) < 0.01) c.lineTo(x(cell.start), at);
        else c.moveTo(x(cell.start), at);
        c.lineTo(x(cell.end), at);
        end = cell.end;
    }
    c.stroke();
    c.setLineDash([]);
}

/** Draws what a stretch sounds like, a column a pixel; nothing where there will be no peaks. */
function wave(
    c: CanvasRenderingContext2D,
    between: Outline | string,
    view: View,
    { width, top, height }: { width: number; top: number; height: number },
    gain: number,
): void {
    if (typeof between === "string") return;
    const middle = top + height / 2;
    const perPixel = (view.to - view.from) / width;
    c.beginPath();
    for (let pixel = 0; pixel < width; pixel++) {
        const found = between(view.from + pixel * perPixel, view.from + (pixel + 1) * perPixel);
        if (!found) continue;
        const highest = middle - (Math.min(1, found[1] * gain) * height) / 2;
        const lowest = middle - (Math.max(-1, found[0] * gain) * height) / 2;
        c.rect(pixel, highest, 1, Math.max(1, lowest - highest));
    }
    c.fill();
}

/** Draws the whole recording, small. */
export function drawMinimap(canvas: HTMLCanvasElement, tiles: Tiles, gain: number): void {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const c = canvas.getContext("2d")!;
    const colours = palette();
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    const whole = { from: 0, to: tiles.duration };
    c.fillStyle = colours.wave!;
    wave(c, tiles.peaksOf("original", whole, width), whole, { width, top: 0, height: height - 10 }, gain);
    for (const cell of tiles.cellsOf(whole, width)) {
        if (cell.emotion === null || cell.reportable < 0.5) continue;
        c.fillStyle = patternOf(c, cell.emotion, colours);
        const left = (cell.start / tiles.duration) * width;
        c.fillRect(left, height - 8, Math.max(1, (cell.end / tiles.duration) * width - left), 8);
    }
}
