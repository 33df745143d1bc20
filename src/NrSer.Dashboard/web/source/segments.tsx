import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Problem, Recording, Segment } from "./api";
import { root } from "./api";
import { Chip, Failure, LongTable } from "./parts";
import { download } from "./player";
import type { Version } from "./player";
import { clock, heard, isOpen, number, percent, why } from "./words";
import type { Thresholds } from "./words";

/** Every segment, in step with the player. */
export function SegmentTable(props: {
    recording: Recording;
    segments: Segment[];
    whole: boolean;
    error: Problem | null;
    current: number;
    thresholds: Thresholds;
    seek: (seconds: number) => void;
}): JSX.Element {
    const { recording, segments, whole, error, current, thresholds, seek } = props;
    const [follow, setFollow] = useState(true);
    return (
        <section aria-labelledby="segments">
            <div class="title">
                <h2 id="segments">
                    Segments{" "}
                    <span class="muted">
                        {segments.length.toLocaleString("en")}
                        {whole ? "" : "…"}
                    </span>
                </h2>
                <label class="check">
                    <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} /> follow the
                    player
                </label>
            </div>
            <Failure error={error} />
            {whole && segments.length === 0 ? (
                <p class="card empty">It has no segments{isOpen(recording) ? " yet" : ""}.</p>
            ) : (
                <LongTable
                    label="Segments"
                    rows={segments}
                    whole={whole}
                    rowHeight={40}
                    columns={7}
                    show={follow ? current : null}
                    head={
                        <tr>
                            <th scope="col">From</th>
                            <th scope="col">
                                To
                            </th>
                            <th scope="col">Heard</th>
                            <th scope="col" class="num">
                                Probability
                            </th>
                            <th scope="col" class="num">
                                Trust
                            </th>
                            <th scope="col" class="num">
                                S
                            </th>
                            <th scope="col" class="num">
                                S′
                            </th>
                        </tr>
                    }
                    row={(segment, at) => ({
                        key: `${segment.channel} ${segment.startSeconds}`,
                        current: at === current,
                        class: at === current ? "current" : undefined,
                        cells: (
                            <>
                                <th scope="row">
                                    <button type="button" class="link" onClick={() => seek(segment.startSeconds)}>
                                        <span class="sr">Go to </span>
                                        {clock(segment.startSeconds, 1)}
                                    </button>
                                </th>
                                <td>{clock(segment.endSeconds, 1)}</td>
                                <td title={why(segment, thresholds) ?? undefined}>
                                    {segment.emotion ? (
                                        <Chip emotion={segment.emotion} unsure={segment.isReportable === false} />
                                    ) : (
                                        <span class="muted">{heard(segment)}</span>
                                    )}
                                </td>
                                <td class="num">{percent(segment.confidence)}</td>
                                <td class="num">{number(segment.trust)}</td>
                                <td class="num">{number(segment.snrScore)}</td>
                                <td class="num">{number(segment.mixWeight)}</td>
                            </>
                        ),
                    })}
                />
            )}
        </section>
    );
}

/** What other programs read. */
export function Exports({ id, channel, versions }: { id: string; channel: number; versions: Version[] }): JSX.Element {
    return (
        <section class="card" aria-labelledby="take">
            <h2 id="take">Take it with you</h2>
            <ul class="plain exports">
                {(
                    [
                        ["csv", "CSV"],
                        ["vtt", "WebVTT captions"],
                        ["audacity", "Audacity labels"],
                        ["textgrid", "Praat TextGrid"],
                        ["eaf", "ELAN"],
                        ["chapters", "Podcast chapters"],
                    ] as const
                ).map(([format, name]) => (
                    <li key={format}>
                        <a href={`${root}/recordings/${id}/export/${format}?channel=${channel}`} download>
                            {name}
                        </a>
                    </li>
                ))}
                {versions.map((version) => (
                    <li key={version}>
                        <a href={download(id, version, channel)} download={`${id}-${version}.wav`}>
                            WAV, {version === "heard" ? "as the model heard it" : "as it was recorded"}
                        </a>
                    </li>
                ))}
            </ul>
        </section>
    );
}
