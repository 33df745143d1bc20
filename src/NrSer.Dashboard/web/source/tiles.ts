// Pictures of a recording come in tiles, so that scrolling asks for what is new alone, and what was asked for is there at once.
import { bytes, get, Problem, query } from "./api";
import type { Cell, Timeline } from "./api";
import type { Version } from "./player";
import type { View } from "./view";

export type Outline = (from: number, to: number) => [number, number] | null;

const tileCells = 512;
const kept = 160;
const retryAfter = 5000; // ms
const cellsPerPixel = 0.5;

/** Tiles of cells and of peaks. The width of a tile is a power of two, so that few of them serve every zoom. */
export class Tiles {
    private readonly cells = new Map<string, Timeline | null>();
    private readonly peaks = new Map<string, Int8Array | null>();
    private readonly missing = new Map<Version, string>();
    readonly closed = new AbortController();

    constructor(
        private readonly id: string,
        private readonly channel: number,
        readonly duration: number,
        private readonly arrived: () => void,
    ) {}

    close(): void {
        this.closed.abort();
    }

    /** Cells of a view, in order; as coarse as is there while finer ones are on their way. */
    *cellsOf(view: View, pixels: number): Generator<Cell> {
        const width = 2 ** Math.ceil(Math.log2(((view.to - view.from) / (pixels * cellsPerPixel)) * tileCells));
        const seconds = Math.max(16, Math.min(width, 2 ** Math.ceil(Math.log2(this.duration + 1))));
        for (let index = Math.floor(view.from / seconds); index * seconds < Math.min(view.to, this.duration); index++) {
            const tile = this.tile(seconds, index) ?? this.coarser(seconds, index);
            if (!tile) continue;
            const from = Math.max(view.from, index * seconds);
            const to = Math.min(view.to, (index + 1) * seconds);
            for (const cell of tile.cells) if (cell.end > from && cell.start < to) yield cell;
        }
    }

    /** Lowest and highest sample between two times, −1 to 1, null where they are not there yet; or why there will be none. */
    peaksOf(version: Version, view: View, pixels: number): Outline | string {
        const why = this.missing.get(version);
        if (why !== undefined) return why;
        const perPixel = (view.to - view.from) / pixels;
        const perSecond = perPixel >= 1 ? 1 : perPixel >= 0.1 ? 10 : 100;
        const seconds = { 1: 36000, 10: 3600, 100: 300 }[perSecond]!;
        for (let index = Math.floor(view.from / seconds); index * seconds < Math.min(view.to, this.duration); index++)
            this.ask(version, perSecond, seconds, index);
        const fine = this.between(version, perSecond, seconds, view);
        if (perSecond === 1) return fine;
        this.ask(version, 1, 36000, Math.floor(view.from / 36000)); // to be seen until the others are there
        const coarse = this.between(version, 1, 36000, view);
        return (from, to) => fine(from, to) ?? coarse(from, to);
    }

    /** Looks tiles up once a view: there are thousands of pairs in one. */
    private between(version: Version, perSecond: number, seconds: number, view: View): Outline {
        const pairs = seconds * perSecond;
        const first = Math.floor(view.from / seconds);
        const tiles: (Int8Array | null | undefined)[] = [];
        for (let index = first; index * seconds <= view.to; index++) tiles.push(this.peaks.get(`${version} ${perSecond} ${index}`));
        return (from, to) => {
            let low = 127;
            let high = -127;
            const start = Math.floor(from * perSecond);
            const end = Math.max(start + 1, Math.ceil(to * perSecond));
            for (let at = start; at < end; at++) {
                const index = Math.floor(at / pairs);
                const tile = tiles[index - first];
                if (!tile) return null;
                const pair = (at - index * pairs) * 2;
                if (pair + 1 >= tile.length) break;
                if (tile[pair]! < low) low = tile[pair]!;
                if (tile[pair + 1]! > high) high = tile[pair + 1]!;
            }
            return low > high ? null : [low / 127, high / 127];
        };
    }

    private tile(seconds: number, index: number): Timeline | null {
        const key = `${seconds} ${index}`;
        const known = this.cells.get(key);
        if (known !== undefined) return known;
        this.cells.set(key, null);
        const from = index * seconds;
        void get<Timeline>(
            `/recordings/${this.id}/timeline${query({ from, to: Math.min(from + seconds, this.duration), px: tileCells, channel: this.channel })}`,
            this.closed.signal,
        ).then(
            (tile) => {
                this.cells.set(key, tile);
                for (const old of this.cells.keys()) {
                    if (this.cells.size <= kept) break;
                    this.cells.delete(old);
                }
                this.arrived();
            },
            () => this.later(this.cells, key),
        );
        return null;
    }

    /** What could not be had now is asked for again, when somebody looks at it still. */
    private later(tiles: Map<string, unknown>, key: string): void {
        if (this.closed.signal.aborted) return;
        setTimeout(() => {
            if (tiles.get(key) !== null) return;
            tiles.delete(key);
            this.arrived();
        }, retryAfter);
    }

    private coarser(seconds: number, index: number): Timeline | null {
        for (let width = seconds * 2, at = index >> 1; width < this.duration * 4; width *= 2, at >>= 1) {
            const known = this.cells.get(`${width} ${at}`);
            if (known) return known;
        }
        return null;
    }

    private ask(version: Version, perSecond: number, seconds: number, index: number): void {
        const key = `${version} ${perSecond} ${index}`;
        if (this.peaks.has(key)) return;
        this.peaks.set(key, null);
        const from = index * seconds;
        void bytes(
            `/recordings/${this.id}/peaks${query({ version, perSecond, from, to: from + seconds, channel: this.channel })}`,
            undefined,
            this.closed.signal,
        ).then(
            (file) => {
                this.peaks.set(key, new Int8Array(file, 24));
                for (const old of this.peaks.keys()) {
                    if (this.peaks.size <= 40) break;
                    if (!old.includes(" 1 ")) this.peaks.delete(old);
                }
                this.arrived();
            },
            (error: Error) => {
                if (error instanceof Problem && error.status >= 400 && error.status < 500) {
                    this.missing.set(version, error.message);
                    this.arrived();
                } else this.later(this.peaks, key);
            },
        );
    }
}
