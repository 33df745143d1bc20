import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Episode, Feed } from "./api";
import { query } from "./api";
import { Failure, Heading, LongTable, useAnswer } from "./parts";
import { useAddress } from "./router";
import { clock, day, minute, tame } from "./words";

export function Feeds({ feeds }: { feeds: Feed[] }): JSX.Element {
    const chosen = useAddress().searchParams.get("feed");
    const feed = feeds.find((each) => each.id === chosen) ?? null;
    const { value, error } = useAnswer<{ isWhole: boolean; episodes: Episode[] }>(feed ? `/feeds/${feed.id}/episodes` : null);
    useEffect(() => {
        document.title = "Feeds – NrSer";
    }, []);
    return (
        <>
            <Heading>Feeds</Heading>
            {feeds.length === 0 && (
                <p class="card empty">
                    No podcast is followed. Follow one with <code>nrser podcast add ADDRESS</code>.
                </p>
            )}
            {feeds.length > 0 && (
                <div class="card table">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">Podcast</th>
                                <th scope="col">State</th>
                                <th scope="col">
                                    Last asked (UTC)
                                </th>
                                <th scope="col">Recordings</th>
                            </tr>
                        </thead>
                        <tbody>
                            {feeds.map((each) => (
                                <tr key={each.id} aria-current={each.id === chosen ? "true" : undefined}>
                                    <th scope="row" class="name">
                                        <a href={`/feeds${query({ feed: each.id })}`}>
                                            <bdi>{tame(each.title ?? each.id)}</bdi>
                                        </a>
                                    </th>
                                    <td>
                                        {each.reason ? (
                                            <span class="reason" title={tame(each.reason)}>
                                                {tame(each.reason)}
                                            </span>
                                        ) : each.isFollowed ? (
                                            "followed"
                                        ) : (
                                            "no longer followed"
                                        )}
                                    </td>
                                    <td>{minute(each.checkedAt)}</td>
                                    <td>{each.folder ? <a href={`/recordings${query({ feed: each.id })}`}>show</a> : "–"}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            <Failure error={error} />
            {feed && value && (
                <section aria-labelledby="episodes">
                    <h2 id="episodes">
                        Episodes of <bdi>{tame(feed.title ?? feed.id)}</bdi>
                    </h2>
                    {!value.isWhole && <p class="note">There are more than these {value.episodes.length}: nrser podcast list has all.</p>}
                    <LongTable
                        label="Episodes"
                        rows={value.episodes}
                        rowHeight={46}
                        columns={4}
                        head={
                            <tr>
                                <th scope="col">Episode</th>
                                <th scope="col">State</th>
                                <th scope="col">
                                    Published
                                </th>
                                <th scope="col" class="num">
                                    Declared length
                                </th>
                            </tr>
                        }
                        row={(each) => ({
                            key: each.key,
                            cells: (
                                <>
                                    <th scope="row" class="name">
                                        {each.blobName ? (
                                            <a href={`/recordings${query({ q: each.blobName.slice(0, 200) })}`}>
                                                <bdi>{tame(each.title ?? each.key)}</bdi>
                                            </a>
                                        ) : (
                                            <bdi>{tame(each.title ?? each.key)}</bdi>
                                        )}
                                    </th>
                                    <td>
                                        {each.status}
                                        {each.reason ? (
                                            <span class="reason" title={tame(each.reason)}>
                                                {" "}
                                                {tame(each.reason)}
                                            </span>
                                        ) : null}
                                    </td>
                                    <td>{day(each.publishedAt)}</td>
                                    <td class="num">{each.declaredSeconds === null ? "–" : clock(each.declaredSeconds)}</td>
                                </>
                            ),
                        })}
                    />
                </section>
            )}
        </>
    );
}
