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

export class Player {
    readonly duration: number;
    playing = false;
    waiting = false;
    error: string | null = null;
    version: Version;
    private at = 0; // where it stands, or where the clock's zero was
    private zero = 0;
    private next = 0; // the block that is scheduled next
    private run = 0; // tells what belongs to an earlier start
    private timer = 0;
    private device: AudioContext | null = null;
    private gains: Partial<Record<Version, GainNode>> = {};
    private sources = new Set<AudioBufferSourceNode>();
    private blocks = new Map<string, Block>();
    private filling = false;

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

    get time(): number {
        if (!this.playing || this.waiting || !this.device) return this.at;
        // what has been handed to the device is heard when it comes out of it: behind a wireless link that is a quarter of a second
        return Math.min(this.duration, this.at + Math.max(0, this.device.currentTime - (this.device.outputLatency || 0) - this.zero));
    }

    async play(): Promise<void> {
        if (this.playing || !this.versions.length) return;
        if (this.at >= this.duration - 0.05) this.at = 0;
        this.device ??= new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
        this.playing = true;
        this.waiting = true;
        this.error = null;
        this.changed();
        void this.device.resume();
        await this.start();
    }

    pause(): void {
        if (!this.playing) return;
        this.at = this.time;
        this.playing = false;
        this.waiting = false;
        this.silence();
        void this.device?.suspend();
        this.changed();
    }

    toggle(): void {
        if (this.playing) this.pause();
        else void this.play();
    }

    seek(seconds: number): void {
        const target = Math.min(this.duration, Math.max(0, seconds));
        this.at = target;
        if (this.playing) {
            this.waiting = true;
            void this.start();
        }
        this.changed();
    }

    choose(version: Version): void {
        if (!this.versions.includes(version) || version === this.version) return;
        this.version = version;
        if (this.device)
            for (const [name, gain] of Object.entries(this.gains))
                gain.gain.setTargetAtTime(name === version ? 1 : 0, this.device.currentTime, fade);
        this.changed();
    }

    /** What there is to be heard may become more, or less, while it plays. */
    offer(versions: readonly Version[]): void {
        if (versions.length === this.versions.length && versions.every((version) => this.versions.includes(version))) return;
        this.versions = versions;
        if (!versions.includes(this.version)) this.version = versions[0] ?? "original";
        if (this.playing && versions.length === 0) this.pause();
        else if (this.playing) this.seek(this.time);
        else this.changed();
    }

    close(): void {
        this.pause();
        void this.device?.close();
        this.device = null;
        this.blocks.clear();
    }

    private silence(): void {
        this.run++;
        clearInterval(this.timer);
        for (const source of this.sources) source.stop();
        this.sources.clear();
    }

    private async start(): Promise<void> {
        this.silence();
        const run = this.run;
        const from = Math.round(this.at * rate);
        this.next = Math.floor(from / blockSamples);
        const versions = this.versions;
        try {
            const first = await Promise.all(versions.map((version) => this.block(version, this.next)));
            if (run !== this.run || !this.device) return;
            for (const version of versions) {
                if (this.gains[version]) continue;
                const gain = this.device.createGain();
                gain.connect(this.device.destination);
                this.gains[version] = gain;
            }
            for (const [name, gain] of Object.entries(this.gains)) gain.gain.value = name === this.version ? 1 : 0;
            this.zero = this.device.currentTime + 0.02;
            this.schedule(first, from - this.next * blockSamples, this.zero);
            this.next++;
            this.waiting = false;
            this.changed();
            this.timer = window.setInterval(() => void this.fill(run), 200);
            await this.fill(run);
        } catch (error) {
            this.fail(run, error);
        }
    }

    private async fill(run: number): Promise<void> {
        if (this.filling || run !== this.run || !this.device) return;
        this.filling = true;
        try {
            while (run === this.run && this.next * blockSeconds < this.duration && this.next * blockSeconds - this.time < ahead) {
                const samples = await Promise.all(this.versions.map((version) => this.block(version, this.next)));
                if (run !== this.run || !this.device) return;
                const start = this.zero + this.next * blockSeconds - this.at;
                if (start < this.device.currentTime) {
                    // too late: wait here, and go on from here
                    this.at = this.next * blockSeconds;
                    void this.start();
                    return;
                }
                this.schedule(samples, 0, start);
                this.next++;
            }
        } catch (error) {
            this.fail(run, error);
        } finally {
            this.filling = false;
        }
        if (run === this.run && this.playing && this.time >= this.duration) {
            this.at = this.duration;
            this.playing = false;
            this.silence();
            this.changed();
        }
    }

    private schedule(samples: Int16Array[], skip: number, start: number): void {
        const device = this.device!;
        this.versions.forEach((version, index) => {
            const pcm = samples[index]!;
            if (pcm.length <= skip) return;
            const buffer = device.createBuffer(1, pcm.length, rate);
            const channel = buffer.getChannelData(0);
            for (let i = 0; i < pcm.length; i++) channel[i] = pcm[i]! / 32768;
            const source = device.createBufferSource();
            source.buffer = buffer;
            source.connect(this.gains[version]!);
            source.start(start, skip / rate);
            this.sources.add(source);
            source.onended = () => this.sources.delete(source);
        });
    }

    private block(version: Version, index: number): Block {
        const key = `${version} ${index}`;
        let block = this.blocks.get(key);
        if (block) {
            this.blocks.delete(key); // and in again, as the latest
        } else {
            const from = headerBytes + index * blockSamples * 2;
            const last = Math.min(from + blockSamples * 2, headerBytes + Math.round(this.duration * rate) * 2) - 1;
            block =
                last < from
                    ? Promise.resolve(new Int16Array(0))
                    : bytes(`/recordings/${this.id}/audio?version=${version}&channel=${this.channel}`, `bytes=${from}-${last}`).then(
                          (raw) => new Int16Array(raw, 0, raw.byteLength >> 1),
                      );
            block.catch(() => this.blocks.delete(key));
        }
        this.blocks.set(key, block);
        while (this.blocks.size > keptBlocks * 2) this.blocks.delete(this.blocks.keys().next().value!);
        return block;
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

export const download = (id: string, version: Version, channel: number): string =>
    `${root}/recordings/${id}/audio?version=${version}&channel=${channel}`;
