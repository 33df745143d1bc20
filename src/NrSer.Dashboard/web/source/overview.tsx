import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Emotions, Open, Summary } from "./api";
import { query } from "./api";
import { OverTime } from "./overtime";
import { Caution, Chip, Failure, Heading, Status, useAnswer } from "./parts";
import { hours, minute, nameOf, number, percent } from "./words";

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
