// Plays a recording sample by sample: blocks of PCM are fetched as they are needed and put one behind the other on the clock of the audio device. What
// was recorded and what the model heard run on the same clock, so that they can be switched in place.
import { bytes, root } from "./api";

export type Version = "original" | "heard";

const rate = 16000;
const headerBytes = 44;
const blockSeconds = 2;
const blockSamples = blockSeconds * rate;
const ahead = 6; // seconds that are scheduled
const keptBlocks = 90; // of each version: 3 min, 6 MB
const fade = 0.008;

type Block = Promise<Int16Array>;

/** How far the blocks of a version are handed to the device, in step with those of the other. */
interface Lane {
    from: number; // the first of them without a gap
    next: number; // the first that is not
    busy: boolean;
}

export class Player {
    readonly duration: number;
    playing = false;
    waiting = false;
    error: string | null = null;
    version: Version;
    wished: Version | null = null; // asked for before it can be heard
    private at = 0; // where it stands, or where the clock's zero was
    private zero = 0;
    private run = 0; // tells what belongs to an earlier start
    private timer = 0;
    private device: AudioContext | null = null;
    private gains: Partial<Record<Version, GainNode>> = {};
    private lanes: Partial<Record<Version, Lane>> = {};
    private sources = new Set<AudioBufferSourceNode>();
    private blocks = new Map<string, Block>();
    private pending = new Map<string, AbortController>();

    constructor(
        private readonly id: string,
        private readonly channel: number,
        duration: number,
        public versions: readonly Version[],
        private readonly changed: () => void,
    ) {
        this.duration = duration;
        this.version = versions[0] ?? "original";
    }

    /** What is to be heard, now or as soon as it can be. */
    get meant(): Version {
        return this.wished ?? this.version;
    }

    get time(): number {
        if (!this.playing || this.waiting) return this.at;
        return Math.min(this.duration, this.elapsed(), this.lanes[this.version]!.next * blockSeconds);
    }

    async play(): Promise<void> {
        if (this.playing || !this.versions.length) return;
        if (this.at >= this.duration - 0.05) this.at = 0;
        this.device ??= new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
        this.playing = true;
        this.error = null;
        void this.device.resume();
        await this.start();
    }

    pause(): void {
        if (!this.playing) return;
        this.at = this.time;
        this.playing = false;
        this.waiting = false;
        this.silence();
        this.abandon(() => true);
        void this.device?.suspend();
        this.changed();
    }

    toggle(): void {
        if (this.playing) this.pause();
        else void this.play();
    }

    seek(seconds: number): void {
        this.at = Math.min(this.duration, Math.max(0, seconds));
        if (this.playing) void this.start();
        else this.changed();
    }

    choose(version: Version): void {
        this.wished = this.versions.includes(version) ? null : version;
        if (this.wished || version === this.version) {
            this.changed();
            return;
        }
        const time = this.time;
        const lane = this.lanes[version];
        this.version = version;
        if (this.playing && (this.waiting || !lane || time < lane.from * blockSeconds || time >= lane.next * blockSeconds)) {
            this.seek(time); // it has not come as far as the other
            return;
        }
        if (this.device)
            for (const [name, gain] of Object.entries(this.gains))
                gain.gain.setTargetAtTime(name === version ? 1 : 0, this.device.currentTime, fade);
        this.changed();
    }

    /** What there is to be heard may become more, or less, while it plays. */
    offer(versions: readonly Version[]): void {
        if (versions.length === this.versions.length && versions.every((version) => this.versions.includes(version))) return;
        const time = this.time;
        this.versions = versions;
        if (this.wished && versions.includes(this.wished)) [this.version, this.wished] = [this.wished, null];
        else if (!versions.includes(this.version)) this.version = versions[0] ?? "original";
        if (this.playing && versions.length === 0) this.pause();
        else if (this.playing) this.seek(time);
        else this.changed();
    }

    close(): void {
        this.pause();
        void this.device?.close();
        this.device = null;
        this.blocks.clear();
    }

    /** What has been handed to the device is heard when it comes out of it: behind a wireless link that is a quarter of a second. */
    private elapsed(): number {
        return this.at + Math.max(0, this.device!.currentTime - (this.device!.outputLatency || 0) - this.zero);
    }

    private silence(): void {
        this.run++;
        clearInterval(this.timer);
        for (const source of this.sources) source.stop();
        this.sources.clear();
    }

    /** Waits for the chosen version alone: the other joins when it comes, if it does. */
    private async start(): Promise<void> {
        this.silence();
        const run = this.run;
        const version = this.version;
        this.at = Math.round(this.at * rate) / rate;
        const first = Math.floor(this.at / blockSeconds);
        this.waiting = true;
        this.lanes = Object.fromEntries(this.versions.map((each) => [each, { from: first, next: first, busy: false }]));
        this.abandon((key) => !this.versions.some((each) => key === keyOf(each, first)));
        this.changed();
        try {
            for (const each of this.versions) void this.block(each, first);
            const pcm = await this.block(version, first);
            if (run !== this.run || !this.device) return;
            for (const each of this.versions) {
                if (this.gains[each]) continue;
                const gain = this.device.createGain();
                gain.connect(this.device.destination);
                this.gains[each] = gain;
            }
            for (const [name, gain] of Object.entries(this.gains)) gain.gain.value = name === version ? 1 : 0;
            this.zero = this.device.currentTime + 0.02;
            this.schedule(version, pcm, this.zero + first * blockSeconds - this.at, this.zero);
            this.lanes[version]!.next++;
            this.waiting = false;
            this.changed();
            this.timer = window.setInterval(() => this.tick(run), 200);
            this.tick(run);
        } catch (error) {
            this.fail(run, error);
        }
    }

    private tick(run: number): void {
        if (run !== this.run || !this.device) return;
        const reached = this.lanes[this.version]!.next * blockSeconds;
        if (!this.waiting && reached < this.duration && this.elapsed() >= reached) {
            this.at = reached; // the block that comes next is late
            this.waiting = true;
            this.changed();
        }
        for (const version of this.versions) void this.fill(run, version);
        if (this.time >= this.duration) {
            this.at = this.duration;
            this.playing = false;
            this.silence();
            this.changed();
        }
    }

    /** Hands blocks of a version to the device, as far ahead as is needed. */
    private async fill(run: number, version: Version): Promise<void> {
        const lane = this.lanes[version]!;
        if (lane.busy) return;
        lane.busy = true;
        try {
            while (lane.next * blockSeconds < this.duration && lane.next * blockSeconds - this.time < ahead) {
                const pcm = await this.block(version, lane.next);
                if (run !== this.run || !this.device) return;
                const due = this.zero + lane.next * blockSeconds - this.at;
                if (version === this.version && (this.waiting || due < this.device.currentTime)) {
                    this.at = lane.next * blockSeconds;
                    void this.start(); // too late: go on from here
                    return;
                }
                this.schedule(version, pcm, due, Math.max(this.zero, this.device.currentTime));
                lane.next++;
                const now = Math.floor(this.time / blockSeconds);
                if (lane.next < now) lane.from = lane.next = now; // the other has gone on
            }
            lane.busy = false;
        } catch (error) {
            if (version === this.version) this.fail(run, error); // the other's is told when somebody wants to hear it, and not asked for again before
        }
    }

    /** Plays a block whose first sample is due at a time, from some later time on. */
    private schedule(version: Version, pcm: Int16Array, due: number, from: number): void {
        const device = this.device!;
        const skip = Math.max(0, from - due);
        if (pcm.length / rate <= skip) return;
        const buffer = device.createBuffer(1, pcm.length, rate);
        const channel = buffer.getChannelData(0);
        for (let i = 0; i < pcm.length; i++) channel[i] = pcm[i]! / 32768;
        const source = device.createBufferSource();
        source.buffer = buffer;
        source.connect(this.gains[version]!);
        source.start(due + skip, skip);
        this.sources.add(source);
        source.onended = () => this.sources.delete(source);
    }

    private block(version: Version, index: number): Block {
        const key = keyOf(version, index);
        let block = this.blocks.get(key);
        if (block) {
            this.blocks.delete(key); // and in again, as the latest
        } else {
            const from = headerBytes + index * blockSamples * 2;
            const last = Math.min(from + blockSamples * 2, headerBytes + Math.round(this.duration * rate) * 2) - 1;
            block = last < from ? Promise.resolve(new Int16Array(0)) : this.fetch(key, version, `bytes=${from}-${last}`);
        }
        this.blocks.set(key, block);
        while (this.blocks.size > keptBlocks * 2) this.blocks.delete(this.blocks.keys().next().value!);
        return block;
    }

    private fetch(key: string, version: Version, range: string): Block {
        const stop = new AbortController();
        this.pending.set(key, stop);
        const block = bytes(pathOf(this.id, version, this.channel), range, stop.signal)
            .then((raw) => new Int16Array(raw, 0, raw.byteLength >> 1))
            .finally(() => this.pending.get(key) === stop && this.pending.delete(key));
        block.catch(() => stop.signal.aborted || this.blocks.delete(key));
        return block;
    }

    /** Ends requests that nobody waits for any more: a browser has six connections, and what is made again may take half a minute. */
    private abandon(which: (key: string) => boolean): void {
        for (const [key, stop] of this.pending) {
            if (!which(key)) continue;
            this.pending.delete(key);
            this.blocks.delete(key);
            stop.abort();
        }
    }

    private fail(run: number, error: unknown): void {
        if (run !== this.run) return;
        this.error = (error as Error).message;
        this.at = this.time;
        this.playing = false;
        this.waiting = false;
        this.silence();
        this.changed();
    }
}

const keyOf = (version: Version, index: number): string => `${version} ${index}`;

const pathOf = (id: string, version: Version, channel: number): string => `/recordings/${id}/audio?version=${version}&channel=${channel}`;

export const download = (id: string, version: Version, channel: number): string => root + pathOf(id, version, channel);
