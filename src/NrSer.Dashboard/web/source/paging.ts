import { useEffect, useState } from "preact/hooks";
import type { Problem, Segment } from "./api";
import { get, query } from "./api";

/** Every segment of a channel, page by page: 10 h are 9,000 rows. */
export function useSegments(id: string, channel: number): { segments: Segment[]; whole: boolean; error: Problem | null } {
    const [segments, setSegments] = useState<Segment[]>([]);
    const [whole, setWhole] = useState(false);
    const [error, setError] = useState<Problem | null>(null);
    useEffect(() => {
        const stop = new AbortController();
        setSegments([]);
        setWhole(false);
        void (async () => {
            let cursor: string | null = null;
            const all: Segment[] = [];
            do {
                const page: { segments: Segment[]; cursor: string | null } = await get(
                    `/recordings/${id}/segments${query({ channel, limit: 1000, cursor })}`,
                    stop.signal,
                );
                all.push(...page.segments);
                setSegments([...all]);
                cursor = page.cursor;
            } while (cursor !== null);
            setWhole(true);
        })().catch((problem: Problem) => problem.name !== "AbortError" && setError(problem));
        return () => stop.abort();
    }, [id, channel]);
    return { segments, whole, error };
}
