import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Emotions, Open, Summary } from "./api";
import { query } from "./api";
import { Legend } from "./legend";
import { Caution, Chip, Failure, Heading, Status, useAnswer } from "./parts";
import { hours, minute, names, nameOf, number, percent } from "./words";

const spans: [string, number][] = [
    ["7 days", 7],
    ["30 days", 30],
    ["1 year", 365],
];

export const Working = ({ open }: { open: Open | null }): JSX.Element | null =>
    !open || open.recordings.length + open.others === 0 ? null : (
        <section class="card" aria-label="Being worked on">
            <h2>Being worked on</h2>
            <ul class="plain">
                {open.recordings.map((each) => (
                    <li key={each.recordingId} class="progress">
                        <a href={`/recordings/${each.recordingId}`} class="name">
                            <bdi>{nameOf(each)}</bdi>
                        </a>
                        <Status status={each.status} />
                        {each.expectedChunks ? (
                            <span>
                                <progress
                                    value={each.finishedChunks}
                                    max={each.expectedChunks}
                                    aria-label={`Progress of ${nameOf(each)}`}
                                />{" "}
                                {each.finishedChunks} of {each.expectedChunks}
                            </span>
                        ) : (
                            <span class="muted">being decoded</span>
                        )}
                    </li>
                ))}
                {open.others > 0 && <li class="muted">and {open.others} more</li>}
            </ul>
        </section>
    );

export function Overview({ open, notice }: { open: Open | null; notice: string | null }): JSX.Element {
    const [days, setDays] = useState(30);
    const working = open ? open.recordings.length + open.others : 0;
    const from = new Date(Date.now() - days * 86400000).toISOString().slice(0, 10);
    const { value: summary, error } = useAnswer<Summary>(`/summary${query({ from })}`, working);
    const lake = useAnswer<Emotions>(`/query/emotions${query({ from })}`, useLakeTurn(working));
    useEffect(() => {
        document.title = "Overview – NrSer";
    }, []);
    const all = summary?.days ?? [];
    const sum = (of: (each: Summary["days"][number]) => number): number => all.reduce((total, each) => total + of(each), 0);
    const count = sum((each) => each.recordings);
    return (
        <>
            <div class="title">
                <Heading>Overview</Heading>
                <div class="choice" role="group" aria-label="Uploaded within">
                    {spans.map(([name, length]) => (
                        <button key={length} type="button" aria-pressed={days === length} onClick={() => setDays(length)}>
                            {name}
                        </button>
                    ))}
                </div>
            </div>
            <Failure error={error} />
            {summary?.isDemonstration && <Caution notice={notice} />}
            {summary && count === 0 && working === 0 && (
                <section class="card empty">
                    <h2>Nothing has come in yet</h2>
                    <p>
                        Drop recordings into the container <code>recordings</code>, or:
                    </p>
                    <pre>
                        <code>nrser ingest recordings/</code>
                    </pre>
                    <p>A few seconds later they are here.</p>
                </section>
            )}
            {summary && count > 0 && (
                <>
                    <dl class="figures">
                        <div>
                            <dt>Recordings</dt>
                            <dd>{count.toLocaleString("en")}</dd>
                        </div>
                        <div>
                            <dt>Audio</dt>
                            <dd>{hours(sum((each) => each.seconds))}</dd>
                        </div>
                        <div>
                            <dt>Speech</dt>
                            <dd>{hours(sum((each) => each.speechSeconds))}</dd>
                        </div>
                        <div>
                            <dt>
                                <abbr title="1 is clean speech, 0 is noise alone; no level in dB">Mean S</abbr>
                            </dt>
                            <dd>{number(summary.meanSnrScore)}</dd>
                        </div>
                        <div>
                            <dt>Mean trust</dt>
                            <dd>{number(summary.meanTrust)}</dd>
                        </div>
                    </dl>
                    {!summary.isWhole && (
                        <p class="note">
                            There are more recordings than this page reads at once; figures are those of the first. Choose fewer days, or
                            ask the lake: nrser query.
                        </p>
                    )}
                    <ul class="plain statuses" aria-label="By status">
                        {Object.entries(summary.counts)
                            .filter(([, each]) => each > 0)
                            .map(([status, each]) => (
                                <li key={status}>
                                    <a href={`/recordings${query({ status, from })}`}>
                                        <Status status={status} /> {each.toLocaleString("en")}
                                    </a>
                                </li>
                            ))}
                        {summary.dismissed > 0 && <li class="muted">{summary.dismissed} dismissed</li>}
                    </ul>
                </>
            )}
            <Working open={open} />
            {summary && count > 0 && <OverTime summary={summary} lake={lake.value?.rows.length ? lake.value : null} />}
            <Failure error={lake.error} />
            {lake.value && lake.value.rows.length > 0 && <Trusted answer={lake.value} />}
            {lake.value?.asOf === null && count > 0 && (
                <p class="note">Shares by segment, with trust, follow once the lake is there: some minutes after recordings have ended.</p>
            )}
        </>
    );
}

/** The lake follows some minutes after: it is asked again once a minute for as long as something may come. */
function useLakeTurn(working: number): number {
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        const began = Date.now();
        const timer = window.setInterval(() => {
            if (!document.hidden) setTurn((last) => last + 1);
            if (working === 0 && Date.now() - began > 10 * 60_000) clearInterval(timer);
        }, 60_000);
        return () => clearInterval(timer);
    }, [working]);
    return turn;
}

/** By segment as far as the lake knows them; until then each recording as a whole. */
function OverTime({ summary, lake }: { summary: Summary; lake: Emotions | null }): JSX.Element {
    const bySegment = new Map<string, Summary["days"][number]["secondsByEmotion"]>();
    for (const row of lake?.rows ?? []) bySegment.set(row.key, { ...bySegment.get(row.key), [row.emotion]: row.seconds });
    const days = summary.days.slice(-60).map((each) => {
        const secondsByEmotion = lake ? (bySegment.get(each.date) ?? {}) : each.secondsByEmotion;
        const heard = Object.values(secondsByEmotion).reduce((sum, one) => sum + one, 0);
        // the lake may have recordings that were dismissed since, or that the rows' limit leaves out
        const speechSeconds = Math.max(each.speechSeconds, heard);
        return { ...each, secondsByEmotion, speechSeconds, rest: speechSeconds - heard };
    });
    const most = Math.max(1, ...days.map((each) => each.speechSeconds));
    const height = 150;
    const width = Math.min(64, Math.max(8, Math.floor(1160 / days.length)));
    const used = names.filter((name) => days.some((each) => (each.secondsByEmotion[name] ?? 0) > 0));
    return (
        <section class="card" aria-labelledby="over-time">
            <h2 id="over-time">Speech by day of upload</h2>
            <p class="muted">
                {lake
                    ? `By the emotion of each reportable segment, as of ${minute(lake.asOf)} UTC; the rest is speech of which none is reported, or not in the lake yet.`
                    : "Coloured by the emotion that was heard longest in its recording."}{" "}
                The tallest day has {hours(most)}.
                {summary.days.length > days.length && ` Of ${summary.days.length} days with recordings, the last ${days.length}.`}
            </p>
            <div class="chart" tabIndex={0} role="region" aria-label="Chart of speech by day">
                <svg
                    width={days.length * width}
                    height={height + 22}
                    role="img"
                    aria-label={`Speech on ${days.length} days; the figures are in the table below.`}
                >
                    {days.map((each, at) => {
                        let top = height;
                        const speech = (each.speechSeconds / most) * (height - 4);
                        return (
                            <g key={each.date}>
                                {speech > 0 && (
                                    <rect class="rest" x={at * width + 1.5} y={height - speech} width={width - 3} height={speech}>
                                        <title>{`${each.date}: ${hours(each.rest)} of speech without`}</title>
                                    </rect>
                                )}
                                {names.map((name) => {
                                    const tall = ((each.secondsByEmotion[name] ?? 0) / most) * (height - 4);
                                    top -= tall;
                                    return tall > 0 ? (
                                        <rect
                                            key={name}
                                            x={at * width + 1}
                                            y={top}
                                            width={width - 2}
                                            height={tall}
                                            fill={`url(#pattern-${name})`}
                                        >
                                            <title>{`${each.date}: ${name} ${hours(each.secondsByEmotion[name]!)}`}</title>
                                        </rect>
                                    ) : null;
                                })}
                                {at % Math.ceil(84 / width) === 0 && (
                                    <text x={at * width + 1} y={height + 16} class="tick">
                                        {each.date}
                                    </text>
                                )}
                            </g>
                        );
                    })}
                    <line x1="0" x2={days.length * width} y1={height} y2={height} class="axis" />
                </svg>
            </div>
            <Legend of={used}>
                <span class="key rest">no emotion reported{lake ? ", or not yet" : ""}</span>
            </Legend>
            <details>
                <summary>As a table</summary>
                <div class="scroll short" tabIndex={0} role="region" aria-label="Speech by day">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">Day</th>
                                <th scope="col">Recordings</th>
                                <th scope="col">Speech</th>
                                {used.map((name) => (
                                    <th key={name} scope="col">
                                        {name}
                                    </th>
                                ))}
                                <th scope="col">none reported{lake ? ", or not yet" : ""}</th>
                            </tr>
                        </thead>
                        <tbody>
                            {days.map((each) => (
                                <tr key={each.date}>
                                    <th scope="row">{each.date}</th>
                                    <td>{each.recordings}</td>
                                    <td>{hours(each.speechSeconds)}</td>
                                    {used.map((name) => (
                                        <td key={name}>{percent((each.secondsByEmotion[name] ?? 0) / (each.speechSeconds || 1))}</td>
                                    ))}
                                    <td>{percent(each.rest / (each.speechSeconds || 1))}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            </details>
        </section>
    );
}

function Trusted({ answer }: { answer: Emotions }): JSX.Element {
    const by = new Map<string, { seconds: number; trust: number }>();
    for (const row of answer.rows) {
        const each = by.get(row.emotion) ?? { seconds: 0, trust: 0 };
        by.set(row.emotion, { seconds: each.seconds + row.seconds, trust: each.trust + row.trust * row.seconds });
    }
    const all = [...by.values()].reduce((sum, each) => sum + each.seconds, 0);
    return (
        <section class="card" aria-labelledby="trusted">
            <h2 id="trusted">What was heard, where it can be trusted</h2>
            <table>
                <thead>
                    <tr>
                        <th scope="col">Heard</th>
                        <th scope="col">Speech</th>
                        <th scope="col">Share</th>
                        <th scope="col">Mean trust</th>
                    </tr>
                </thead>
                <tbody>
                    {[...by]
                        .sort((a, b) => b[1].seconds - a[1].seconds)
                        .map(([emotion, each]) => (
                            <tr key={emotion}>
                                <th scope="row">
                                    <Chip emotion={emotion} />
                                </th>
                                <td>{hours(each.seconds)}</td>
                                <td>
                                    <meter min={0} max={1} value={each.seconds / all} aria-label={`Share of ${emotion}`} />{" "}
                                    {percent(each.seconds / all)}
                                </td>
                                <td>{number(each.trust / each.seconds)}</td>
                            </tr>
                        ))}
                </tbody>
            </table>
            <p class="muted">Reportable segments alone, as of {minute(answer.asOf)} UTC.</p>
        </section>
    );
}
