// What the API answers, and how it is asked. Names are those of the columns: docs/results.md says what each means.

export interface Recording {
    recordingId: string;
    blobName: string | null;
    status: string;
    reason: string | null;
    generation: number;
    retryRequested: boolean | null;
    isDismissed: boolean | null;
    uploadedAt: string | null;
    recordedAt: string | null;
    tags: string | null;
    listenUrl: string | null;
    completedAt: string | null;
    durationSeconds: number | null;
    sampleRateHz: number | null;
    channels: number | null;
    channelMode: string | null;
    channelsHeard: string | null;
    encoding: string | null;
    peakDbfs: number | null;
    clippedShare: number | null;
    bandwidthHz: number | null;
    missingSeconds: number | null;
    warnings: string | null;
    segmentCount: number | null;
    speechSegmentCount: number | null;
    speechSeconds: number | null;
    meanSnrScore: number | null;
    meanTrust: number | null;
    dominantEmotion: string | null;
    enhancerModel: string | null;
    snrLevelModel: string | null;
    emotionModel: string | null;
    modelQuality: string | null;
    purpose: string | null;
    contact: string | null;
    retention: string | null;
}

export interface Segment {
    channel: number;
    startSeconds: number;
    endSeconds: number;
    snrScore: number;
    mixWeight: number;
    isSpeech: boolean;
    emotion: string | null;
    confidence: number | null;
    trust: number | null;
    isReportable: boolean | null;
    arousal: number | null;
    valence: number | null;
    dominance: number | null;
    ratingScale: string | null;
    [probability: `probability_${string}`]: number | null;
}

export interface Audio {
    original: "stored" | "decoded" | "none";
    heard: "stored" | "made" | "none";
    reason: string | null;
}

export interface Cell {
    start: number;
    end: number;
    score: number | null;
    weight: number | null;
    speech: number;
    reportable: number;
    trust: number | null;
    emotion: string | null;
    share: number | null;
    arousal: number | null;
    valence: number | null;
}

export interface Timeline {
    from: number;
    to: number;
    isAggregated: boolean;
    cells: Cell[];
}

export interface Summary {
    from: string;
    to: string;
    counts: Record<string, number>;
    dismissed: number;
    meanSnrScore: number | null;
    meanTrust: number | null;
    isDemonstration: boolean;
    isWhole: boolean;
    days: { date: string; recordings: number; seconds: number; speechSeconds: number; secondsByEmotion: Record<string, number> }[];
}

export interface Model {
    id: string;
    kind: string;
    quality: string;
    licence: string;
    isUsed: boolean;
    emotions: string[];
    reportableAbove: number | null;
    noiseThreshold: number | null;
    keptEnergyThresholdDb: number | null;
    speechThreshold: number | null;
    attributeRange: [number, number] | null;
    trainingData: string[];
}

/** What a deployment says of itself. */
export interface Said {
    purpose: string | null;
    setting: string | null;
    contact: string | null;
    setAt: string | null;
    kept: { store: string; feedId: string | null; days: number; through: string | null }[];
    demonstrationNotice: string;
    models: Model[];
}

export interface Emotions {
    asOf: string | null;
    rows: { key: string; emotion: string; seconds: number; trust: number }[];
}

export interface Feed {
    id: string;
    title: string | null;
    folder: string | null;
    isFollowed: boolean;
    reason: string | null;
    checkedAt: string | null;
}

export interface Episode {
    key: string;
    title: string | null;
    status: string;
    reason: string | null;
    publishedAt: string | null;
    declaredSeconds: number | null;
    blobName: string | null;
}

export interface Open {
    recordings: { recordingId: string; blobName: string; status: string; finishedChunks: number; expectedChunks: number | null }[];
    others: number;
}

/** An answer that says no; the message is for a person. */
export class Problem extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message);
    }
}

export const root = "/api/v1";

async function asked(path: string, init?: RequestInit): Promise<Response> {
    let response: Response;
    try {
        response = await fetch(root + path, init);
    } catch (error) {
        if ((error as Error).name === "AbortError") throw error;
        throw new Problem(0, "The server does not answer. Is nrser still running? Where you signed in, load the page again.");
    }
    if (response.ok) return response;
    let detail = `The server answered ${response.status}.`;
    try {
        const problem = (await response.json()) as { detail?: string; title?: string };
        detail = problem.detail ?? problem.title ?? detail;
    } catch {
        // not a problem document
    }
    throw new Problem(response.status, detail);
}

export const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
    (await (await asked(path, { signal: signal ?? null })).json()) as T;

export const bytes = async (path: string, range?: string, signal?: AbortSignal): Promise<ArrayBuffer> =>
    (await asked(path, { headers: range ? { Range: range } : {}, signal: signal ?? null })).arrayBuffer();

export const post = async (path: string, body?: object): Promise<void> => {
    const headers: Record<string, string> = { "X-NrSer-Request": "1" };
    if (body) headers["Content-Type"] = "application/json";
    await asked(path, { method: "POST", headers, body: body ? JSON.stringify(body) : null });
};

/** A query string of what is set. */
export const query = (values: Record<string, string | number | null | undefined>): string => {
    const set = new URLSearchParams();
    for (const [name, value] of Object.entries(values))
        if (value !== null && value !== undefined && value !== "") set.set(name, String(value));
    const text = set.toString();
    return text ? `?${text}` : "";
};
