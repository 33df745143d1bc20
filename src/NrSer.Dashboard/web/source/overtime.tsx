import type { JSX } from "preact";
import type { Emotions, Summary } from "./api";
import { Legend } from "./legend";
import { hours, minute, names, percent } from "./words";

/** By segment as far as the lake knows them; until then each recording as a whole. */
export function OverTime({ summary, lake }: { summary: Summary; lake: Emotions | null }): JSX.Element {
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
