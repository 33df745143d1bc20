import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Feed, Open, Recording } from "./api";
import { get, Problem, query } from "./api";
import { Chip, Failure, Heading, LongTable, Status } from "./parts";
import { Working } from "./overview";
import { go, useAddress } from "./router";
import { clock, minute, nameOf, number, percent, tame } from "./words";

interface Page {
    recordings: Recording[];
    cursor: string | null;
    rowsRead: number;
}

const statuses = ["Queued", "Processing", "Completed", "Rejected", "Failed", "Withdrawn"];
const filters = ["q", "tag", "status", "feed", "from", "to", "minTrust", "sort"] as const;

export function Recordings({ open, feeds }: { open: Open | null; feeds: Feed[] }): JSX.Element {
    const address = useAddress();
    const chosen = Object.fromEntries(filters.map((name) => [name, address.searchParams.get(name) ?? ""])) as Record<
        (typeof filters)[number],
        string
    >;
    const wanted = query(chosen);
    const [rows, setRows] = useState<Recording[]>([]);
    const [error, setError] = useState<Problem | null>(null);
    const [state, setState] = useState<"loading" | "more" | "whole">("loading");
    const next = useRef<{ wanted: string; cursor: string | null; busy: boolean; stop: AbortController } | null>(null);
    const working = open ? open.recordings.length + open.others : 0;
    const [shown, setShown] = useState({ working: open && working, again: 0 });
    if (shown.working === null && open) setShown({ ...shown, working });

    const load = async (): Promise<void> => {
        const at = next.current!;
        if (at.busy) return;
        at.busy = true;
        setState("loading");
        try {
            // a page that found little is followed by the next, so that a search goes to the end of what there is
            for (let found = 0; found < 100 && !at.stop.signal.aborted; ) {
                const page = await get<Page>(
                    `/recordings${query({ ...Object.fromEntries(new URLSearchParams(at.wanted)), cursor: at.cursor, limit: 200 })}`,
                    at.stop.signal,
                );
                if (next.current !== at) return;
                found += page.recordings.length;
                setRows((old) => [...old, ...page.recordings]);
                at.cursor = page.cursor;
                if (!at.cursor) {
                    setState("whole");
                    return;
                }
            }
            setState("more");
        } catch (problem) {
            if ((problem as Error).name !== "AbortError") {
                setError(problem as Problem);
                setState("whole");
            }
        } finally {
            at.busy = false;
        }
    };

    useEffect(() => {
        document.title = "Recordings – NrSer";
        next.current?.stop.abort();
        next.current = { wanted, cursor: null, busy: false, stop: new AbortController() };
        setRows([]);
        setError(null);
        void load();
        return () => next.current?.stop.abort();
    }, [wanted, shown.again]);

    const set = (name: string, value: string): void => go(`/recordings${query({ ...chosen, [name]: value })}`, true);
    return (
        <>
            <Heading>Recordings</Heading>
            <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
                <label>
                    Name or id contains
                    <input type="search" value={chosen.q} maxLength={200} onInput={(event) => set("q", event.currentTarget.value)} />
                </label>
                <label>
                    Tag
                    <input type="search" value={chosen.tag} maxLength={200} onInput={(event) => set("tag", event.currentTarget.value)} />
                </label>
                <label>
                    Status
                    <select value={chosen.status} onChange={(event) => set("status", event.currentTarget.value)}>
                        <option value="">any</option>
                        {statuses.map((each) => (
                            <option key={each}>{each}</option>
                        ))}
                    </select>
                </label>
                {feeds.length > 0 && (
                    <label>
                        Feed
                        <select value={chosen.feed} onChange={(event) => set("feed", event.currentTarget.value)}>
                            <option value="">any</option>
                            {feeds
                                .filter((each) => each.folder)
                                .map((each) => (
                                    <option key={each.id} value={each.id}>
                                        {tame(each.title ?? each.folder!)}
                                    </option>
                                ))}
                        </select>
                    </label>
                )}
                <label>
                    Uploaded from
                    <Day value={chosen.from} change={(value) => set("from", value)} />
                </label>
                <label>
                    to
                    <Day value={chosen.to} change={(value) => set("to", value)} />
                </label>
                <label>
                    Mean trust from
                    <input
                        type="number"
                        value={chosen.minTrust}
                        min="0"
                        max="1"
                        step="0.05"
                        onInput={(event) => isMeant(event.currentTarget) && set("minTrust", event.currentTarget.value)}
                    />
                </label>
                <label>
                    Order
                    <select
                        value={chosen.sort || "newest"}
                        onChange={(event) => set("sort", event.currentTarget.value === "newest" ? "" : event.currentTarget.value)}
                    >
                        <option value="newest">newest first</option>
                        <option value="oldest">oldest first</option>
                    </select>
                </label>
            </form>
            <Failure error={error} />
            {open && working !== shown.working && (
                <p class="note">
                    Recordings came in or ended.{" "}
                    <button type="button" onClick={() => setShown({ working, again: shown.again + 1 })}>
                        Show them
                    </button>
                </p>
            )}
            <p class="muted" role="status">
                {state === "loading"
                    ? `Looking… ${rows.length.toLocaleString("en")} so far`
                    : `${rows.length.toLocaleString("en")} recording${rows.length === 1 ? "" : "s"}${state === "more" ? ", more below" : ""}`}
            </p>
            {rows.length === 0 && state === "whole" && !error ? (
                <p class="card empty">No recording matches.</p>
            ) : (
                <LongTable
                    label="Recordings"
                    rows={rows}
                    whole={state === "whole"}
                    rowHeight={46}
                    columns={8}
                    onEnd={() => {
                        if (next.current?.cursor) void load();
                    }}
                    head={
                        <tr>
                            <th scope="col">Recording</th>
                            <th scope="col">Status</th>
                            <th scope="col">
                                Uploaded (UTC)
                            </th>
                            <th scope="col" class="num">
                                Length
                            </th>
                            <th scope="col" class="num">
                                Speech
                            </th>
                            <th scope="col" class="num">
                                Mean S
                            </th>
                            <th scope="col" class="num">
                                Trust
                            </th>
                            <th scope="col">Heard longest</th>
                        </tr>
                    }
                    row={(row) => ({
                        key: row.recordingId,
                        cells: (
                            <>
                                <th scope="row" class="name">
                                    <a href={`/recordings/${row.recordingId}`} title={nameOf(row)}>
                                        <bdi>{nameOf(row)}</bdi>
                                    </a>
                                    {row.tags && (
                                        <span class="tags muted">
                                            <bdi>{tame(row.tags)}</bdi>
                                        </span>
                                    )}
                                </th>
                                <td>
                                    <Status status={row.status} />
                                    {row.isDismissed ? <span class="muted"> dismissed</span> : null}
                                </td>
                                <td>{minute(row.uploadedAt)}</td>
                                <td class="num">{row.durationSeconds === null ? "–" : clock(row.durationSeconds)}</td>
                                <td class="num">
                                    {row.durationSeconds ? percent((row.speechSeconds ?? 0) / row.durationSeconds) : "–"}
                                </td>
                                <td class="num">{number(row.meanSnrScore)}</td>
                                <td class="num">{number(row.meanTrust)}</td>
                                <td>
                                    {row.dominantEmotion ? (
                                        <Chip emotion={row.dominantEmotion} />
                                    ) : row.reason ? (
                                        <span class="reason" title={tame(row.reason)}>
                                            {tame(row.reason)}
                                        </span>
                                    ) : (
                                        <span class="muted">{row.status === "Completed" ? "no speech" : "–"}</span>
                                    )}
                                </td>
                            </>
                        ),
                    })}
                />
            )}
            <Working open={open} />
        </>
    );
}

const isMeant = ({ validity }: HTMLInputElement): boolean => !validity.badInput && !validity.rangeUnderflow && !validity.rangeOverflow;

/** A day; one that is being typed is of the first century for a while, and stays in its field until it is meant. */
function Day({ value, change }: { value: string; change: (value: string) => void }): JSX.Element {
    const [draft, setDraft] = useState<string | null>(null);
    return (
        <input
            type="date"
            min="2000-01-01"
            max="9000-01-01"
            value={draft ?? value}
            onChange={(event) => {
                const meant = isMeant(event.currentTarget);
                setDraft(meant ? null : event.currentTarget.value);
                if (meant) change(event.currentTarget.value);
            }}
        />
    );
}
