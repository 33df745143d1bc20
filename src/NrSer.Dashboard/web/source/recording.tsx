import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Audio, Model, Open, Recording } from "./api";
import { post, Problem } from "./api";
import { Caution, Contact, Failure, Heading, Status, Tags, useAnswer } from "./parts";
import { Stage } from "./stage";
import { clock, isOpen, minute, nameOf, number, percent, tame } from "./words";

interface Detail {
    recording: Recording;
    audio: Audio;
    mayOperate: boolean;
}

export function RecordingView(props: { id: string; models: Model[] | null; open: Open | null; notice: string | null }): JSX.Element {
    const { id, models, open, notice } = props;
    const working = open?.recordings.find((each) => each.recordingId === id);
    const [again, setAgain] = useState(0);
    const progress = working ? `${working.status} ${working.finishedChunks}` : "";
    const { value, error } = useAnswer<Detail>(`/recordings/${encodeURIComponent(id)}`, `${again} ${progress}`);
    useEffect(() => {
        document.title = value ? `${nameOf(value.recording)} – NrSer` : "Recording – NrSer";
    }, [value]);
    if (error && !value)
        return (
            <>
                <Heading>Recording</Heading>
                <Failure error={error} />
                <p>
                    <a href="/recordings">All recordings</a>
                </p>
            </>
        );
    if (!value)
        return (
            <>
                <Heading>Recording</Heading>
                <p role="status">Looking…</p>
            </>
        );
    const { recording, audio, mayOperate } = value;
    const refresh = (): void => setAgain((count) => count + 1);
    return (
        <>
            <p class="crumbs">
                <a href="/recordings">Recordings</a>
            </p>
            <div class="title">
                <Heading>
                    <bdi class="long">{nameOf(recording)}</bdi>
                </Heading>
                <Status status={recording.status} />
            </div>
            <Facts recording={recording} />
            {recording.modelQuality === "demonstration" && <Caution notice={notice} />}
            {recording.status === "Forgotten" && (
                <p class="note" role="status">
                    It was forgotten: nothing of it is shown any more, and whatever is left is deleted within minutes.{" "}
                    <code>nrser forget verify</code> checks the proof.
                </p>
            )}
            {working?.expectedChunks ? (
                <p role="status">
                    <progress value={working.finishedChunks} max={working.expectedChunks} aria-label="Progress" /> {working.finishedChunks}{" "}
                    of {working.expectedChunks} pieces
                </p>
            ) : null}
            {recording.reason ? (
                <p class="failure">
                    <strong>{recording.status}:</strong> {tame(recording.reason)}
                </p>
            ) : null}
            {recording.warnings ? (
                <p class="note">
                    <strong>Noticed while it was read:</strong> {tame(recording.warnings)}
                </p>
            ) : null}
            {mayOperate && (recording.status === "Failed" || recording.status === "Rejected") && <Retry recording={recording} done={refresh} />}
            {recording.durationSeconds !== null &&
                (recording.status === "Completed" || recording.status === "Failed" || isOpen(recording)) && (
                    <Stage key={`${recording.status} ${recording.segmentCount}`} recording={recording} audio={audio} models={models} />
                )}
            {mayOperate && recording.status !== "Forgotten" && <Forget recording={recording} done={refresh} />}
        </>
    );
}

function Facts({ recording }: { recording: Recording }): JSX.Element {
    const facts: [string, JSX.Element | string | null][] = [
        ["Uploaded", `${minute(recording.uploadedAt)} UTC`],
        ["Recorded", recording.recordedAt ? `${minute(recording.recordedAt)} UTC` : null],
        ["Length", recording.durationSeconds === null ? null : clock(recording.durationSeconds)],
        [
            "Speech",
            recording.durationSeconds && recording.speechSeconds !== null
                ? percent(recording.speechSeconds / recording.durationSeconds)
                : null,
        ],
        ["Mean S", recording.meanSnrScore === null ? null : number(recording.meanSnrScore)],
        ["Mean trust", recording.meanTrust === null ? null : number(recording.meanTrust)],
        [
            "Source",
            recording.encoding
                ? `${recording.encoding}, ${recording.sampleRateHz} Hz, ${recording.channels} channel${recording.channels === 1 ? "" : "s"}`
                : null,
        ],
        ["Models", [recording.enhancerModel, recording.snrLevelModel, recording.emotionModel].filter(Boolean).join(", ") || null],
        ["Quality", recording.modelQuality],
        ["Tags", recording.tags ? <Tags of={recording.tags} /> : null],
        ["Published at", recording.listenUrl ? <Contact of={recording.listenUrl} /> : null],
        ["Purpose", recording.purpose ? tame(recording.purpose) : null],
    ];
    return (
        <dl class="facts">
            {facts
                .filter(([, value]) => value)
                .map(([name, value]) => (
                    <div key={name}>
                        <dt>{name}</dt>
                        <dd>{value}</dd>
                    </div>
                ))}
        </dl>
    );
}

function Retry({ recording, done }: { recording: Recording; done: () => void }): JSX.Element {
    const [state, setState] = useState<"" | "asked" | Problem>("");
    if (recording.retryRequested || state === "asked")
        return (
            <p role="status" class="note">
                It will be started again within minutes.
            </p>
        );
    return (
        <>
            <button
                type="button"
                onClick={() =>
                    void post(`/recordings/${recording.recordingId}/retry`).then(() => {
                        setState("asked");
                        done();
                    }, setState)
                }
            >
                Start again
            </button>
            {state instanceof Problem && <Failure error={state} />}
        </>
    );
}

function Forget({ recording, done }: { recording: Recording; done: () => void }): JSX.Element {
    const [typed, setTyped] = useState("");
    const [error, setError] = useState<Problem | null>(null);
    const shown = nameOf(recording);
    const meant = typed.trim() === shown ? (recording.blobName ?? recording.recordingId) : typed.trim();
    const isMeant = meant === recording.blobName || meant === recording.recordingId;
    return (
        <details class="card forget">
            <summary>Forget this recording</summary>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    void post(`/recordings/${recording.recordingId}/forget`, { name: meant }).then(() => {
                        done();
                        document.querySelector<HTMLElement>("main h1")?.focus();
                    }, setError);
                }}
            >
                <p>
                    The upload, its audio and every row made of it are deleted for good, and a proof is written. Nothing undoes it. The same
                    content may be uploaded again; <code>nrser forget --refuse-again</code> keeps it out.
                </p>
                <label>
                    <span>
                        To go on, type its name as it stands above, or its id, <code>{recording.recordingId}</code>
                    </span>
                    <input type="text" value={typed} autocomplete="off" spellcheck={false} onInput={(event) => setTyped(event.currentTarget.value)} />
                </label>
                <button type="submit" disabled={!isMeant}>
                    Forget it for good
                </button>
                <Failure error={error} />
            </form>
        </details>
    );
}
