// What several views are made of.
import { Component } from "preact";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { get, Problem, query } from "./api";
import { emotions, letterOf, tame } from "./words";

/** Asks once for each address, and again whenever the second argument changes. */
export function useAnswer<T>(path: string | null, again: string | number = 0): { value: T | null; error: Problem | null } {
    const [answer, setAnswer] = useState<{ path: string | null; value: T | null; error: Problem | null }>({
        path: null,
        value: null,
        error: null,
    });
    useEffect(() => {
        if (path === null) return;
        const stop = new AbortController();
        get<T>(path, stop.signal).then(
            (value) => setAnswer({ path, value, error: null }),
            (error: Problem) => {
                if (error.name !== "AbortError") setAnswer((last) => ({ path, value: last.path === path ? last.value : null, error }));
            },
        );
        return () => stop.abort();
    }, [path, again]);
    return answer.path === path ? answer : { value: null, error: null };
}

/** What is drawn anew only when something changes that it is made of: moving the picture of ten hours leaves the rest of the page as it is. */
export class Still extends Component<{ of: readonly unknown[]; children: ComponentChildren }> {
    override shouldComponentUpdate(next: { of: readonly unknown[] }): boolean {
        return next.of.some((each, at) => each !== this.props.of[at]);
    }

    override render(): ComponentChildren {
        return this.props.children;
    }
}

export const Heading = ({ children }: { children: ComponentChildren }): JSX.Element => <h1 tabIndex={-1}>{children}</h1>;

export const Failure = ({ error }: { error: Problem | string | null }): JSX.Element | null =>
    error ? (
        <p class="failure" role="alert">
            {typeof error === "string" ? error : error.message}
        </p>
    ) : null;

/** What stands beside whatever models of demonstration quality made; nothing where it stands on the page already. */
export const Caution = ({ notice }: { notice: string | null }): JSX.Element | null =>
    notice ? (
        <aside class="caution" aria-label="Caution">
            {notice} <a href="/about">How far to trust them</a>
        </aside>
    ) : null;

/** Whom to ask: a link where it is an address. */
export function Contact({ of: contact }: { of: string }): JSX.Element {
    const address = /^[^\s@/?#]+@[^\s@/?#]+$/.test(contact) ? `mailto:${contact}` : /^https?:\/\/[^\s]+$/.test(contact) ? contact : null;
    return address ? (
        <a class="long" href={address} rel="noreferrer">
            {tame(contact)}
        </a>
    ) : (
        <span class="long">{tame(contact)}</span>
    );
}

/** Words for finding recordings again; each leads to all that have it. */
export const Tags = ({ of: tags }: { of: string }): JSX.Element => (
    <>
        {tags.split(", ").map((tag) => (
            <a key={tag} class="tag" href={`/recordings${query({ tag })}`} title={`All that are tagged ${tame(tag)}`}>
                <bdi>{tame(tag)}</bdi>
            </a>
        ))}
    </>
);

export const Chip = ({ emotion, unsure }: { emotion: string; unsure?: boolean }): JSX.Element => (
    <span class={`chip ${emotions[emotion]?.hue ?? "other"}${unsure ? " unsure" : ""}`}>
        <b aria-hidden="true">
            {letterOf(emotion)}
            {unsure ? "?" : ""}
        </b>{" "}
        {unsure ? `unsure: ${emotion}` : emotion}
    </span>
);

export const Status = ({ status }: { status: string }): JSX.Element => <span class={`status ${status.toLowerCase()}`}>{status}</span>;

/** A table of any length, of which the rows in sight are in the document. */
export function LongTable<T>(props: {
    label: string;
    head: ComponentChildren;
    rows: readonly T[];
    whole?: boolean; // whether there are no more rows than these
    rowHeight: number;
    columns: number;
    row: (row: T, index: number) => { key: string | number; class?: string; current?: boolean; cells: ComponentChildren };
    onEnd?: () => void;
    show?: number | null;
}): JSX.Element {
    const box = useRef<HTMLDivElement>(null);
    const behind = useRef<HTMLSpanElement>(null);
    const [range, setRange] = useState<[number, number]>([0, 40]);
    const look = (): void => {
        const element = box.current;
        if (!element) return;
        const first = Math.max(0, Math.floor(element.scrollTop / props.rowHeight) - 10);
        const last = Math.ceil((element.scrollTop + element.clientHeight) / props.rowHeight) + 10;
        setRange((old) => (old[0] === first && old[1] === last ? old : [first, last]));
        if (props.onEnd && last > props.rows.length - 100) props.onEnd();
    };
    useLayoutEffect(look, [props.rows.length]);
    useEffect(() => {
        const watch = new ResizeObserver(look);
        watch.observe(box.current!);
        return () => watch.disconnect();
    });
    useLayoutEffect(() => {
        const element = box.current;
        if (!element || props.show === null || props.show === undefined || props.show < 0) return;
        if (element.querySelector(":focus-visible")) return; // whoever is at a row must not lose it
        const top = props.show * props.rowHeight;
        if (top < element.scrollTop + props.rowHeight || top > element.scrollTop + element.clientHeight - 3 * props.rowHeight)
            element.scrollTop = Math.max(0, top - element.clientHeight / 3);
    }, [props.show]);
    const first = Math.min(range[0], props.rows.length);
    const last = Math.min(range[1], props.rows.length);
    const space = (rows: number): JSX.Element | null =>
        rows > 0 ? (
            <tr aria-hidden="true" class="space">
                <td colSpan={props.columns} style={{ height: `${rows * props.rowHeight}px` }} />
            </tr>
        ) : null;
    return (
        <>
            <button type="button" class="skip here" onClick={() => behind.current?.focus()}>
                Skip the table
            </button>
            <div class="scroll" ref={box} onScroll={look} tabIndex={0} role="region" aria-label={props.label}>
                <table aria-rowcount={props.whole === false ? -1 : props.rows.length + 1}>
                    <thead>{props.head}</thead>
                    <tbody>
                        {space(first)}
                        {props.rows.slice(first, last).map((value, at) => {
                            const row = props.row(value, first + at);
                            return (
                                <tr
                                    key={row.key}
                                    class={row.class}
                                    aria-rowindex={first + at + 2}
                                    aria-current={row.current ? "true" : undefined}
                                    style={{ height: `${props.rowHeight}px` }}
                                >
                                    {row.cells}
                                </tr>
                            );
                        })}
                        {space(props.rows.length - last)}
                    </tbody>
                </table>
            </div>
            <span class="sr" ref={behind} tabIndex={-1}>
                End of the table
            </span>
        </>
    );
}
